"""Operations that are joined sample by sample: the bits of eager steps, and one operation instead of several."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import juanji
from juanji import _core, layers, ops
from juanji.models.data import gathered
from juanji.ops._rows import Rows, rows_of
from juanji.program import Recorded
from recordings import attempts, operations, programs


def pixels(n: int, dtype: str = "uint8", size: int = 32) -> tuple[Any, Any]:
    rng = np.random.default_rng(n)
    return rng.integers(0, 256, (n, size, size, 3)).astype(dtype), rng.integers(0, 4, n)


def adapted() -> Any:
    layer = layers.Normalization()
    layer.adapt(pixels(40)[0])
    return layer


FRONTS: dict[str, Any] = {
    "rescaling": lambda: [layers.Rescaling(1 / 255)],
    "per channel": lambda: [layers.Rescaling([0.1, 0.2, 0.3], offset=[1.0, 2.0, 3.0])],
    "normalization": lambda: [adapted()],
    "moved": lambda: [
        layers.Rescaling(1 / 127.5, offset=-1),
        layers.RandomFlip("horizontal"),
        layers.RandomTranslation(0.1, 0.2),
    ],
    "moved first": lambda: [
        layers.RandomFlip(),
        layers.RandomRotation(0.1),
        layers.RandomCrop(24, 24),
        layers.Rescaling(0.1),
    ],
    "colors": lambda: [layers.RandomBrightness(0.2), layers.RandomHue(0.2), layers.RandomInvert(0.5)],
    "another size": lambda: [layers.Resizing(20, 17), layers.RandomContrast(0.3)],
}


def network(front: str, eagerly: bool) -> Any:
    juanji.utils.set_random_seed(3)
    head = [layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D(), layers.Dense(4)]
    model = juanji.Sequential([layers.Input((32, 32, 3)), *FRONTS[front](), *head])
    loss = juanji.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, run_eagerly=eagerly)
    return model


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("front", FRONTS)
def test_models_with_joined_operations_have_the_bits_of_eager_ones(front: str, dtype: str) -> None:
    x, y = pixels(96 + 7, dtype)
    results = []
    for eagerly, threads in ((True, 2), (False, 1), (False, 3)):
        before = _core.num_threads()
        juanji.set_num_threads(threads)
        try:
            model = network(front, eagerly)
            model.fit(x, y, batch_size=32, epochs=2, verbose=0)
            found = [*model.get_weights(), model.evaluate(x, y, verbose=0), model.predict(x[:64], verbose=0)]
        finally:
            juanji.set_num_threads(before)
        results.append([np.asarray(part).tobytes() for part in found])
    assert results[0] == results[1] == results[2]


def test_gathering_scaling_and_moving_are_one_operation() -> None:
    x, y = pixels(128)
    model = network("moved", False)
    model.fit(x, y, batch_size=32, verbose=0)
    assert "take_rows + multiply + add + flip + where + affine_transform" in operations(model, "train_step")
    model.predict(x, verbose=0)
    assert operations(model, "predict_step")[0] == "take_rows + multiply + add"


def test_data_of_any_length_share_a_program() -> None:
    x, y = pixels(160)
    model = network("rescaling", False)
    model.fit(x, y, batch_size=32, verbose=0)
    known = set(attempts(model))
    for n in (64, 96):
        expected = [model.predict_on_batch(part.astype("float32")) for part in np.split(x[:n], n // 32)]
        assert np.concatenate(expected).tobytes() == model.predict(x[:n], batch_size=32, verbose=0).tobytes()
        model.fit(x[:n], y[:n], batch_size=32, verbose=0)
    assert known <= set(attempts(model))
    assert len(programs(model, "train_step")) == 1


def test_rows_of_a_data_set_are_checked() -> None:
    x = np.arange(12.0).reshape(4, 3)
    step = Recorded(lambda table, rows: ops.add(Rows(x, rows, "float32").of(table, rows), 1.0),
                    [x, np.array([1, 2])], _core.Arena(), [True, False])  # fmt: skip
    np.testing.assert_array_equal(step(x, np.array([3, 0])), x[[3, 0]].astype("float32") + 1)
    np.testing.assert_array_equal(step(x[:1], np.array([0, 0])), x[[0, 0]].astype("float32") + 1)
    with pytest.raises(ValueError, match=r"take_rows: index out of range; expected 0 to 1, got indices\[1\]=2"):
        step(x[:2], np.array([0, 2]))
    with pytest.raises(ValueError, match="program: input 0 does not fit"):
        step(x[:, :2], np.array([0, 1]))


def test_rows_that_cannot_be_read_in_place_are_gathered() -> None:
    x = np.arange(24.0).reshape(4, 6)
    assert isinstance(rows_of(x, np.array([1]), "float32"), Rows)
    assert isinstance(rows_of(x[:, ::2], np.array([1]), "float32"), np.ndarray)
    assert isinstance(rows_of(x.astype("float16"), np.array([1]), "float32"), np.ndarray)
    batch = ({"a": Rows(x, np.array([2]), "float32"), "b": [x]}, None, x)
    found = gathered(batch)
    np.testing.assert_array_equal(found[0]["a"], x[[2]])
    assert found[0]["b"] is batch[0]["b"]  # type: ignore[index]
    assert found[2] is x


def joined(function: Any, *arrays: Any) -> list[str]:
    """The operations of a recorded function, whose results have the bits of the eager ones."""
    step = Recorded(function, arrays, _core.Arena())
    results, expected = step(*arrays), function(*map(juanji.Tensor, arrays))
    for got, wanted in zip(results, expected):
        assert np.asarray(got).tobytes() == np.asarray(wanted).tobytes()
    return [node.name for node in step._steps]


def values(*shape: int) -> Any:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype("float32")


def test_what_others_need_is_a_result_too() -> None:
    def function(x: Any) -> Any:
        scaled = ops.multiply(x, 2.0)
        moved = ops.add(ops.flip(scaled, 1), scaled)
        return moved, scaled, ops.sum(scaled, axis=0)

    assert joined(function, values(32, 40, 30))[0] == "multiply + flip + add"


def test_a_chain_ends_before_operations_that_mix_samples() -> None:
    def function(x: Any) -> Any:
        y = ops.add(ops.multiply(x, 2.0), 1.0)
        z = ops.subtract(y, ops.mean(y, axis=0, keepdims=True))
        return ops.exp(ops.flip(z, 0)), ops.transpose(y, (1, 0, 2)), y[::-1]

    assert joined(function, values(32, 32, 30))[:2] == ["multiply + add", "mean"]


@pytest.mark.parametrize("shape", [(15, 64, 64), (37, 1100), (1, 50_000), (16, 10), (50_000,), (4099, 7)])
def test_few_small_and_prime_numbers_of_samples(shape: tuple[int, ...]) -> None:
    ran = joined(lambda x: (ops.maximum(ops.add(ops.multiply(x, 2.0), 1.0), 0.5),), values(*shape))
    assert ran == (["multiply + add + maximum"] if shape in ((37, 1100), (50_000,)) else ["multiply", "add", "maximum"])


def test_inputs_with_one_sample_or_without_the_axis_serve_all() -> None:
    x, scale, row, each = values(32, 20, 40), values(1, 1, 40), values(40), values(32, 1, 1)
    ran = joined(lambda *a: (ops.multiply(ops.add(ops.multiply(a[0], a[1]), a[2]), a[3]),), x, scale, row, each)
    assert ran == ["multiply + add + multiply"]


def test_nothing_is_joined_across_a_change_of_a_variable() -> None:
    w = juanji.Variable(np.float32(2.0))
    x = values(32, 1000)

    def function(x: Any) -> Any:
        y = ops.multiply(x, w)
        w.assign_add(1.0)
        return (ops.add(y, w),)

    w.assign(2.0)
    expected = np.asarray(function(juanji.Tensor(x))[0])
    w.assign(2.0)
    step = Recorded(function, [x], _core.Arena())
    w.assign(2.0)
    assert np.asarray(step(x)[0]).tobytes() == expected.tobytes()


def test_native_chains_refuse_what_does_not_fit() -> None:
    add = _core.Binary("add")
    with pytest.raises(ValueError, match="chain: a stage reads a value that comes later"):
        _core.Chain("c", 2, [False], [(add, [0, 1])], [1])
    with pytest.raises(ValueError, match="chain: a wanted value is not that of a stage"):
        _core.Chain("c", 2, [False], [(add, [0, 0])], [0])
    with pytest.raises(ValueError, match="chain: there is nothing to do"):
        _core.Chain("c", 0, [False], [(add, [0, 0])], [1])
    chain = _core.Chain("c", 2, [False], [(add, [0, 0])], [1])
    with pytest.raises(ValueError, match="c: the samples of an input cannot be shared out"):
        chain(np.ones((3, 2), "float32"))
    np.testing.assert_array_equal(chain(np.ones((4, 2), "float32")), np.full((4, 2), 2.0))

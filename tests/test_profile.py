"""juanji.profile and Model.estimate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import juanji
from juanji import layers
from juanji.program.profile import flop_of


def network() -> Any:
    model = juanji.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(5, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def state(model: Any) -> list[bytes]:
    return [w.tobytes() for w in [*model.get_weights(), *(v.numpy() for v in model.optimizer.variables)]]


def test_a_training_step_is_listed_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    model = network()
    juanji.utils.set_random_seed(4)
    before, draw = state(model), juanji.random.make_default_seed()
    juanji.utils.set_random_seed(4)
    found = juanji.profile(model, np.ones((6, 8, 8, 3)), np.zeros(6, "int64"), repeats=2)
    assert state(model) == before
    assert juanji.random.make_default_seed() == draw
    text = capsys.readouterr().out
    lines = text.rstrip().splitlines()
    assert len(lines) == len(found.operations) + 5
    assert len({len(line) for line in lines[:-1]}) == 1
    names = [op.name for op in found.operations]
    assert {"conv2d", "conv2d_weight_gradient", "adam_update", "batch_norm", "dropout"} <= set(names)
    conv = found.operations[names.index("conv2d")]
    assert conv.flop == 2 * 6 * 8 * 8 * 4 * 27
    assert conv.bytes == 4 * (6 * 64 * 3 + 27 * 4 + 4 + 6 * 64 * 4)
    assert found.flop > conv.flop
    assert found.seconds == pytest.approx(sum(op.seconds for op in found.operations))


def test_a_prediction_is_listed() -> None:
    found = juanji.profile(network(), np.ones((6, 8, 8, 3)), repeats=1)
    assert "adam_update" not in [op.name for op in found.operations]


def test_packed_weights_are_counted_like_others() -> None:
    model = juanji.Sequential(
        [
            layers.Input((8, 8, 4)),
            layers.Conv2D(6, 3, groups=2),
            layers.Conv2D(6, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(5),
        ]
    )
    found = juanji.profile(model, np.ones((6, 8, 8, 4)), repeats=1)
    assert [op.name for op in found.operations] == ["conv2d_packed", "conv2d_packed", "dense_packed"]
    assert [op.flop for op in found.operations] == [
        2 * 6 * 36 * 6 * 9 * 2,
        2 * 6 * 16 * 6 * 9 * 6,
        2 * 6 * 24 * 5,
    ]


@pytest.mark.skipif(juanji._core.winograd_use() != "where it pays", reason="the switch is set")
def test_effective_rates_are_no_shares_of_the_peak(capsys: pytest.CaptureFixture[str]) -> None:
    model = juanji.Sequential(
        [layers.Input((16, 16, 32)), layers.Conv2D(32, 3, padding="same"), layers.Conv2D(32, 3, padding="same")]
    )
    model.compile("sgd", "mse")
    found = juanji.profile(model, np.ones((8, 16, 16, 32)), np.zeros((8, 16, 16, 32)), repeats=1)
    marked = {op.name for op in found.operations if op.effective}
    assert marked == {"conv2d", "conv2d_input_gradient", "conv2d_weight_gradient"}
    text = capsys.readouterr().out
    assert text.count(" * ") == 5 + 1 + 1
    assert "effective rate" in text


def test_python_models_are_refused() -> None:
    class Own(layers.Layer):
        calls = 0

        def call(self, inputs: Any) -> Any:
            self.calls += 1  # which a recorded step would not do
            return inputs * 2.0

    model = juanji.Sequential([layers.Input((3,)), Own()])
    with pytest.raises(ValueError, match=r"profile: the steps of .* run in Python"):
        juanji.profile(model, np.ones((2, 3)))


@pytest.mark.parametrize(
    ("name", "inputs", "output", "flop"),
    [
        ("conv2d", [(2, 8, 8, 3), (5, 5, 3, 7)], (2, 4, 4, 7), 2 * 2 * 4 * 4 * 7 * 75),
        ("conv2d_moments", [(2, 8, 8, 3), (5, 5, 3, 7)], (2, 4, 4, 7), 2 * 2 * 4 * 4 * 7 * 75),
        ("conv2d_input_gradient", [(2, 4, 4, 7), (5, 5, 3, 7)], (2, 8, 8, 3), 2 * 2 * 4 * 4 * 7 * 75),
        ("conv2d_weight_gradient", [(2, 8, 8, 3), (2, 4, 4, 7)], (5, 5, 3, 7), 2 * 2 * 4 * 4 * 7 * 75),
        ("conv2d_max_pool", [(2, 8, 8, 3), (5, 5, 3, 7)], (2, 2, 2, 7), 2 * 2 * 4 * 4 * 7 * 75),
        ("depthwise_conv2d", [(2, 8, 8, 3), (3, 3, 3, 2)], (2, 8, 8, 6), 2 * 2 * 64 * 6 * 9),
        ("depthwise_conv2d_weight_gradient", [(2, 8, 8, 3), (2, 8, 8, 6)], (3, 3, 3, 2), 2 * 2 * 64 * 6 * 9),
        ("norm_depthwise", [(2, 8, 8, 6), *[(6,)] * 4, (3, 3, 6, 1)], (2, 4, 4, 6), 2 * 2 * 16 * 6 * 9),
        (
            "norm_depthwise_gradient",
            [(2, 4, 4, 6), (2, 4, 4, 6), *[(6,)] * 4, (2, 6), (3, 3, 6, 1), (2, 8, 8, 6), *[(6,)] * 4],
            (2, 8, 8, 6),
            2 * 2 * 2 * 16 * 6 * 9,
        ),
        ("dense", [(4, 6, 3), (3, 5)], (4, 6, 5), 2 * 24 * 15),
        ("matmul", [(7, 4, 3), (7, 3, 5)], (7, 4, 5), 2 * 7 * 60),
        ("matmul", [(7, 4, 3), (3, 5)], (7, 4, 5), 2 * 7 * 60),
        ("relu", [(7, 4)], (7, 4), 0),
    ],
)
def test_operations_are_counted(name: str, inputs: list[Any], output: Any, flop: int) -> None:
    assert flop_of(name, [("float32", s) for s in inputs], [("float32", output)]) == flop


def test_an_estimate_changes_nothing() -> None:
    model = network()
    before = state(model)
    cost = model.estimate(batch_size=4, samples=400, seconds=0.0)
    assert state(model) == before
    parameters = model.count_params()
    assert cost.weight_bytes > 4 * parameters * 2
    assert cost.step_bytes > 4 * 64 * 3
    assert cost.bytes == cost.weight_bytes + cost.step_bytes
    assert cost.seconds_per_epoch == pytest.approx(400 / cost.samples_per_second)
    assert "s for an epoch of 400 samples" in str(cost)
    assert "epoch" not in str(model.estimate(batch_size=4, seconds=0.0))


def test_estimates_need_a_compiled_model_of_known_size() -> None:
    model = juanji.Sequential([layers.Input((None, 3)), layers.GlobalAveragePooling1D(), layers.Dense(2)])
    plain = juanji.Sequential([layers.Input((3,)), layers.Dense(2)])
    with pytest.raises(ValueError, match="estimate: the model is not compiled"):
        plain.estimate()
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="estimate: the size of the input is not known"):
        model.estimate()
    with pytest.raises(ValueError, match="batch_size"):
        network().estimate(batch_size=0)

"""Layers that prepare data: statistics, encodings, chains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import juanji
from juanji import layers

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("axis", [-1, None, 1, (1, -1), (0, 3)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normalization(axis: Any, dtype: str) -> None:
    x = RNG.normal(3.0, 2.0, (5, 4, 3, 2))
    layer = layers.Normalization(axis, dtype=dtype)
    layer.adapt(x)
    kept = () if axis is None else (axis,) if isinstance(axis, int) else axis
    others = tuple(k for k in range(4) if k not in [a % 4 for a in kept])
    mean, deviation = x.mean(axis=others, keepdims=True), x.std(axis=others, keepdims=True)
    np.testing.assert_allclose(np.asarray(layer.mean), mean, rtol=1e-6)
    y = layer(x)
    assert y.dtype == dtype
    expected = (x - mean) / deviation
    np.testing.assert_allclose(y.numpy(), expected, rtol=0, atol=20 * np.finfo(dtype).eps * np.abs(expected).max())
    back = layers.Normalization(axis, mean=np.squeeze(mean), variance=np.squeeze(deviation**2), invert=True)
    np.testing.assert_allclose(back(expected.astype("float32")), x, rtol=1e-5, atol=1e-5)


def test_normalization_of_batches_is_that_of_the_whole() -> None:
    x = RNG.integers(0, 256, (50, 3, 3, 2)).astype("uint8")

    class Numbered:
        def __len__(self) -> int:
            return 5

        def __getitem__(self, k: int) -> Any:
            return x[k * 10 : k * 10 + 10], None

    whole = layers.Normalization()
    whole.adapt(x)
    for data in (
        [x[:7], x[7:]],
        ((part, None) for part in (x[:30], x[30:])),
        Numbered(),
        juanji.Tensor(x.astype("float32")),
    ):
        layer = layers.Normalization()
        layer.adapt(data)
        for a, b in zip(layer.get_weights(), whole.get_weights()):
            np.testing.assert_allclose(a, b, rtol=1e-6)


def test_normalization_forgets_earlier_data_and_is_a_weight_of_the_model() -> None:
    x = RNG.normal(size=(20, 3)).astype("float32")
    layer = layers.Normalization()
    layer.adapt(x * 5)
    layer.adapt(x)
    np.testing.assert_allclose(layer(x).numpy().std(axis=0), 1, rtol=1e-6)

    def built(first: Any) -> Any:
        return juanji.Sequential([layers.Input((3,)), first, layers.Dense(1)])

    model, other = built(layer), built(layers.Normalization())
    assert len(model.trainable_weights) == 2
    assert len(model.weights) == 5
    other.set_weights(model.get_weights())
    np.testing.assert_array_equal(other.predict(x, verbose=0), model.predict(x, verbose=0))


def test_constant_features_stay_finite() -> None:
    layer = layers.Normalization()
    layer.adapt(np.ones((4, 2)))
    np.testing.assert_array_equal(layer(np.ones((1, 2))).numpy(), 0)


def test_category_encoding() -> None:
    numbers = RNG.integers(0, 6, (4, 3))
    eye = np.eye(6)
    multi, count, one = (
        layers.CategoryEncoding(6, output_mode=mode)(numbers) for mode in ("multi_hot", "count", "one_hot")
    )
    np.testing.assert_array_equal(multi, eye[numbers].max(axis=1))
    np.testing.assert_array_equal(count, eye[numbers].sum(axis=1))
    np.testing.assert_array_equal(one, eye[numbers])
    np.testing.assert_array_equal(layers.CategoryEncoding(6, output_mode="one_hot")(numbers[:, :1]), eye[numbers[:, 0]])
    np.testing.assert_array_equal(layers.CategoryEncoding(6)(np.array(3)), eye[3])
    weights = RNG.uniform(size=(4, 3))
    weighted = layers.CategoryEncoding(6, output_mode="count", dtype="float64")(numbers, count_weights=weights)
    np.testing.assert_allclose(weighted, (eye[numbers] * weights[..., None]).sum(axis=1), rtol=1e-15)
    for mode, shape in (("multi_hot", (None, 6)), ("one_hot", (None, 3, 6)), ("count", (None, 6))):
        model_input = layers.Input((3,), dtype="int32")
        assert layers.CategoryEncoding(6, output_mode=mode)(model_input).shape == shape


def test_discretization() -> None:
    x = RNG.normal(size=(7, 5))
    boundaries = [-1.0, 0.0, 0.25]
    np.testing.assert_array_equal(layers.Discretization(boundaries)(x), np.digitize(x.astype("float32"), boundaries))
    np.testing.assert_array_equal(layers.Discretization(boundaries)(boundaries), [1, 2, 3])
    bins = np.digitize(x.astype("float32"), boundaries)
    np.testing.assert_array_equal(layers.Discretization(boundaries, output_mode="one_hot")(x), np.eye(4)[bins])
    counts = layers.Discretization(boundaries, output_mode="count")(x)
    np.testing.assert_array_equal(counts, np.eye(4)[bins].sum(axis=1))
    assert layers.Discretization(boundaries)(layers.Input((5,))).dtype == "int32"


def test_discretization_finds_quantiles() -> None:
    x = RNG.permutation(10000).astype("float32")
    layer: Any = layers.Discretization(num_bins=4, epsilon=0.01)
    layer.adapt(x)
    np.testing.assert_allclose(layer.bin_boundaries, [2500, 5000, 7500], atol=200)
    layer.adapt(x[k : k + 1000] + 10000 for k in range(0, 10000, 1000))
    np.testing.assert_allclose(layer.bin_boundaries, [12500, 15000, 17500], atol=400)
    again = layers.Discretization.from_config(layer.get_config())
    assert again.bin_boundaries == layer.bin_boundaries


def test_pipeline() -> None:
    chain = [layers.RandomFlip("horizontal", seed=1), layers.Rescaling(2.0), layers.MixUp(seed=2)]
    pipeline = layers.Pipeline(chain)
    data = {"images": RNG.uniform(size=(4, 5, 6, 3)), "labels": np.eye(4)}
    for training in (True, None):
        result = layers.Pipeline([chain[0], chain[2]])(data, training=training)
        assert result["images"].shape == (4, 5, 6, 3)
        assert (result["labels"] != data["labels"]).any()
    expected = data["images"].astype("float32") * 2
    np.testing.assert_allclose(pipeline(data["images"], training=False), expected, rtol=1e-6)
    again = layers.Pipeline.from_config(pipeline.get_config())
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in chain]
    assert pipeline.compute_output_shape((None, 5, 6, 3)) == (None, 5, 6, 3)


# fmt: off
REFUSED = [
    (lambda: layers.Normalization(mean=1.0), "mean and variance do not fit"),
    (lambda: layers.Normalization(mean=[1.0], variance=[1.0, 2.0]), "mean and variance do not fit"),
    (lambda: layers.Normalization(mean=[[1.0]], variance=[[1.0]]), "too many axes"),
    (lambda: layers.Normalization(axis=3)(np.zeros((2, 2))), "no such axis"),
    (lambda: layers.Normalization(axis=1)(layers.Input((None, 2))), "not known"),
    (lambda: layers.Normalization().adapt([]), "no data"),
    (lambda: layers.Normalization(mean=1.0, variance=1.0).adapt(np.zeros((2, 2))), "are given"),
    (lambda: layers.Normalization().adapt([np.zeros((2, 2)), np.zeros((2, 3))]), "another shape"),
    (lambda: layers.CategoryEncoding(), "num_tokens"),
    (lambda: layers.CategoryEncoding(0), "num_tokens"),
    (lambda: layers.CategoryEncoding(3, output_mode="int"), "unknown output_mode"),
    (lambda: layers.CategoryEncoding(3, sparse=True), "dense here"),
    (lambda: layers.CategoryEncoding(3)([[0]], count_weights=[[1.0]]), "for counting"),
    (lambda: layers.Discretization(), "not clear"),
    (lambda: layers.Discretization([1.0], num_bins=3), "not clear"),
    (lambda: layers.Discretization([1.0], output_mode="hot"), "unknown output_mode"),
    (lambda: layers.Discretization(num_bins=3)([1.0]), "no boundaries"),
    (lambda: layers.Discretization([1.0]).adapt([1.0]), "boundaries are given"),
]
# fmt: on


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_refusals(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_what_cannot_be_adapted_to() -> None:
    with pytest.raises(TypeError, match="cannot read"):
        layers.Normalization().adapt(3)
    with pytest.raises(TypeError, match="expects arrays"):
        layers.Normalization().adapt([3])

"""Spectral and local response normalisation against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import GradientTape, Sequential, layers
from juanji.layers.local_response_normalization import local_response_normalization
from reference.gradients import check_gradients

RNG = np.random.default_rng(0)
EPS = np.finfo(np.float64).eps


@pytest.mark.parametrize("iterations", [1, 3])
@pytest.mark.parametrize(("inner", "shape"), [("Dense", (2, 5)), ("Conv2D", (2, 6, 6, 3)), ("Embedding", (2, 4))])
def test_weights_are_divided_as_the_power_iteration_says(inner, shape, iterations):
    make = {"Dense": (4,), "Conv2D": (4, 3), "Embedding": (7, 3)}[inner]
    layer = layers.SpectralNormalization(
        getattr(layers, inner)(*make, dtype="float64"), power_iterations=iterations, dtype="float64"
    )
    x = RNG.integers(0, 7, shape) if inner == "Embedding" else RNG.normal(size=shape)
    layer(x)
    name = "embeddings" if inner == "Embedding" else "kernel"
    w, u = (np.array(v) for v in (getattr(layer.layer, name), layer.vector_u))
    matrix = w.reshape(-1, w.shape[-1])
    np.testing.assert_array_equal(layer(x), layer.layer(x))
    y = layer(x, training=True)
    for _ in range(iterations):
        v = u @ matrix.T
        v /= np.linalg.norm(v)
        u = v @ matrix
        u /= np.linalg.norm(u)
    sigma = (v @ matrix @ u.T).item()
    np.testing.assert_allclose(getattr(layer.layer, name), w / sigma, rtol=256 * EPS)
    np.testing.assert_allclose(layer.vector_u, u, rtol=0, atol=256 * EPS)
    np.testing.assert_array_equal(y, layer.layer(x))
    assert len(layer.trainable_weights) == len(layer.weights) - 1
    again = type(layer).from_config(layer.get_config())
    assert again.power_iterations == iterations
    assert type(again.layer) is type(layer.layer)


def test_gradients_are_those_of_the_divided_weights():
    layer = layers.SpectralNormalization(layers.Dense(3, dtype="float64"), dtype="float64")
    x = RNG.normal(size=(4, 5))
    layer(x)
    with GradientTape() as tape:
        y = layer(x, training=True)
    np.testing.assert_allclose(tape.gradient(y, layer.kernel), x.sum(0)[:, None] * np.ones(3), rtol=1e-12)


def test_weights_of_zeros_stay():
    layer = layers.SpectralNormalization(layers.Dense(3, kernel_initializer="zeros"))
    np.testing.assert_array_equal(layer(np.ones((1, 2)), training=True), np.zeros((1, 3)))
    assert np.isfinite(layer.vector_u.numpy()).all()


def test_training_ends_with_a_singular_value_of_one():
    model = Sequential([layers.Input((6,)), layers.SpectralNormalization(layers.Dense(5)), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = RNG.normal(size=(16, 6)).astype("float32")
    for _ in range(60):
        model.train_on_batch(x, x[:, :1])
    layer = model.layers[0]
    layer(x, training=True)
    assert np.linalg.norm(layer.kernel.numpy(), 2) == pytest.approx(1, abs=1e-3)


def test_mistakes_are_told():
    with pytest.raises(ValueError, match="there is nothing to divide"):
        layers.SpectralNormalization(layers.Flatten())(np.ones((1, 2)))
    with pytest.raises(ValueError, match="power_iterations has to be a whole number"):
        layers.SpectralNormalization(layers.Dense(2), power_iterations=0)
    with pytest.raises(ValueError, match="k is out of range; expected a number above 0, got k=0"):
        layers.LocalResponseNormalization(k=0)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("shape", [(2, 7), (2, 3, 4, 5), (1, 1)])
def test_local_response_normalization_is_its_formula(size, shape):
    x = RNG.normal(size=shape)
    expected = np.empty(shape)
    for c in range(shape[-1]):
        first = c - (size - 1) // 2
        around = x[..., max(first, 0) : max(first + size, 0)]
        expected[..., c] = x[..., c] / (1.5 + 0.3 * (around**2).sum(-1)) ** 0.6
    layer = layers.LocalResponseNormalization(size, 0.3, 0.6, 1.5, dtype="float64")
    np.testing.assert_allclose(layer(x), expected, rtol=0, atol=16 * EPS * np.abs(expected).max())
    check_gradients(lambda x: local_response_normalization(x, size, 0.3, 0.6, 1.5), x)
    again = layers.LocalResponseNormalization.from_config(layer.get_config())
    np.testing.assert_array_equal(again(x), layer(x))

"""Softmax and cross-entropies next to Keras on TensorFlow: values and gradients."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import juanji
import juanji.activations
from juanji import ops

if importlib.util.find_spec("tensorflow") is None or importlib.util.find_spec("keras") is None:
    pytest.skip("Keras and TensorFlow are not installed", allow_module_level=True)

EPS = float(np.finfo("float32").eps)


def keras_gradients(f, x, dy):
    import tensorflow as tf

    variable = tf.Variable(x)
    with tf.GradientTape() as tape:
        y = f(variable)
    return y.numpy(), tape.gradient(y, variable, output_gradients=tf.constant(dy)).numpy()


def our_gradients(f, x, dy):
    variable = juanji.Variable(x)
    with juanji.GradientTape() as tape:
        y = f(variable)
    return y.numpy(), tape.gradient(y, variable, output_gradients=dy).numpy()


def compare(ours, theirs, x, dy, factor=32):
    for a, b in zip(our_gradients(ours, x, dy), keras_gradients(theirs, x, dy), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=0, atol=factor * EPS * max(1.0, np.abs(b).max()))


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_softmax(name, axis):
    import keras

    x, dy = numbers(6, 10, 4), numbers(6, 10, 4, seed=1)
    compare(lambda v: getattr(ops, name)(v, axis=axis), lambda v: getattr(keras.ops, name)(v, axis=axis), x, dy)


@pytest.mark.parametrize("kind", ["logits", "probabilities", "softmax"])
@pytest.mark.parametrize("name", ["categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_cross_entropy(name, kind):
    import keras

    rng = np.random.default_rng(2)
    labels = rng.integers(0, 10, 17)
    target = labels if name.startswith("sparse") else np.eye(10, dtype="float32")[labels]
    x, dy = numbers(17, 10), numbers(17, seed=3)
    if kind == "probabilities":
        x = (rng.random((17, 10)) / 5).astype("float32")

    def loss(library, value):
        output = library.activations.softmax(value) if kind == "softmax" else value
        return getattr(library.ops, name)(target, output, from_logits=kind == "logits")

    compare(lambda v: loss(juanji, v), lambda v: loss(keras, v), x, dy)


@pytest.mark.parametrize("kind", ["logits", "probabilities", "sigmoid"])
def test_binary_cross_entropy(kind):
    import keras

    rng = np.random.default_rng(2)
    target = (rng.random((17, 3)) < 0.5).astype("float32")
    x, dy = numbers(17, 3), numbers(17, 3, seed=3)
    if kind == "probabilities":
        x = (0.1 + 0.8 * rng.random((17, 3))).astype("float32")

    def loss(library, value):
        output = library.activations.sigmoid(value) if kind == "sigmoid" else value
        return library.ops.binary_crossentropy(target, output, from_logits=kind == "logits")

    compare(lambda v: loss(juanji, v), lambda v: loss(keras, v), x, dy)


def test_saturated_softmax():
    import keras

    x = np.array([[100.0, -100.0, 0.0], [-1000.0, 1000.0, 0.0]], "float32")
    target, dy = np.eye(3, dtype="float32")[[1, 0]], np.ones(2, "float32")
    compare(
        lambda v: ops.categorical_crossentropy(target, ops.softmax(v)),
        lambda v: keras.ops.categorical_crossentropy(target, keras.activations.softmax(v)),
        x,
        dy,
    )

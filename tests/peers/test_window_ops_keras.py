"""Pooling and depthwise convolution next to Keras on TensorFlow: values and gradients."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import juanji
from juanji import ops

if importlib.util.find_spec("tensorflow") is None or importlib.util.find_spec("keras") is None:
    pytest.skip("Keras and TensorFlow are not installed", allow_module_level=True)

WINDOWS = ((2, 2), (3, 2), (2, 1), (3, 3), (2, 3))  # size, stride


def random(shape, seed):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def keras_gradients(f, inputs, dy):
    import tensorflow as tf

    variables = [tf.Variable(x) for x in inputs]
    with tf.GradientTape() as tape:
        y = f(*variables)
    return [y.numpy(), *(g.numpy() for g in tape.gradient(y, variables, output_gradients=tf.constant(dy)))]


def our_gradients(f, inputs, dy):
    variables = [juanji.Variable(x) for x in inputs]
    with juanji.GradientTape() as tape:
        y = f(*variables)
    return [y.numpy(), *(g.numpy() for g in tape.gradient(y, variables, output_gradients=dy))]


def same(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=0, atol=64 * np.finfo("float32").eps * np.abs(b).max())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("size", "stride"), WINDOWS)
@pytest.mark.parametrize("name", ["max_pool", "average_pool"])
def test_pooling(name, size, stride, padding):
    import keras

    x = random((2, 9, 8, 5), 1)
    f, g = getattr(ops, name), getattr(keras.ops, name)
    dy = random(f(x, size, stride, padding).shape, 2)
    same(
        our_gradients(lambda t: f(t, size, stride, padding), [x], dy),
        keras_gradients(lambda t: g(t, size, stride, padding, data_format="channels_last"), [x], dy),
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2)])
@pytest.mark.parametrize(("kernel", "multiplier"), [(3, 1), (5, 1), (2, 3)])
def test_depthwise_convolution(kernel, multiplier, stride, dilation, padding):
    import keras

    x, w = random((2, 11, 10, 5), 1), random((kernel, kernel, 5, multiplier), 2)
    arguments = {"strides": stride, "padding": padding, "data_format": "channels_last", "dilation_rate": dilation}
    dy = random(ops.depthwise_conv(x, w, **arguments).shape, 3)
    same(
        our_gradients(lambda a, b: ops.depthwise_conv(a, b, **arguments), [x, w], dy),
        keras_gradients(lambda a, b: keras.ops.depthwise_conv(a, b, **arguments), [x, w], dy),
    )

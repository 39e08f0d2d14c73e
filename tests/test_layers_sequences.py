"""Layers over sequences, and transposed convolutions, against the sums that define them."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import Input, layers, ops
from reference.conv import input_gradient
from reference.gradients import check_gradients

RNG = np.random.default_rng(0)
EPS = np.finfo(np.float64).eps


def padded(x, kernel, stride, dilation, padding):
    """Zeros before and after a sequence (N, W, C)."""
    reach = (kernel - 1) * dilation + 1
    before = after = 0
    if padding == "causal":
        before = reach - 1
    elif padding == "same":
        total = max((-(-x.shape[1] // stride) - 1) * stride + reach - x.shape[1], 0)
        before, after = total // 2, total - total // 2
    return np.pad(x, [(0, 0), (before, after), (0, 0)])


def conv1d_reference(x, w, stride, dilation, padding, groups=1):
    k, c, o = w.shape
    p = padded(x, k, stride, dilation, padding)
    count = (p.shape[1] - (k - 1) * dilation - 1) // stride + 1
    y = np.zeros((len(x), count, o))
    for i in range(count):
        for a in range(k):
            pixel = p[:, i * stride + a * dilation]
            for g in range(groups):
                out = slice(g * o // groups, (g + 1) * o // groups)
                y[:, i, out] += pixel[:, g * c : (g + 1) * c] @ w[a, :, out]
    return y


SETTINGS = [(s, d, p) for s in (1, 2, 3) for d in (1, 2) for p in ("valid", "same", "causal") if s == 1 or d == 1]


@pytest.mark.parametrize(("stride", "dilation", "padding"), SETTINGS)
@pytest.mark.parametrize(("length", "kernel", "groups"), [(9, 3, 1), (8, 1, 2), (5, 2, 1), (12, 4, 2)])
def test_conv1d_is_its_sum(length, kernel, groups, stride, dilation, padding):
    if padding == "valid" and (kernel - 1) * dilation + 1 > length:
        pytest.skip("the window is longer than the sequence")
    x = RNG.normal(size=(2, length, 4))
    layer = layers.Conv1D(
        6, kernel, stride, padding, dilation_rate=dilation, groups=groups, dtype="float64", bias_initializer="ones"
    )
    y = layer(x)
    expected = conv1d_reference(x, layer.kernel.numpy(), stride, dilation, padding, groups) + 1
    assert y.shape == expected.shape == layer.compute_output_shape(x.shape)
    np.testing.assert_allclose(y, expected, rtol=0, atol=64 * EPS * np.abs(expected).max())


@pytest.mark.parametrize(("stride", "dilation", "padding"), [s for s in SETTINGS if s[2] != "causal"])
@pytest.mark.parametrize("multiplier", [1, 3])
def test_depthwise_and_separable_are_their_sums(stride, dilation, padding, multiplier):
    x = RNG.normal(size=(2, 10, 4))
    geometry = {"strides": stride, "dilation_rate": dilation, "padding": padding, "depth_multiplier": multiplier}
    depthwise = layers.DepthwiseConv1D(3, dtype="float64", activation="tanh", **geometry)
    y = depthwise(x)
    whole = depthwise.kernel.numpy().reshape(3, 1, -1)
    expected = conv1d_reference(x, whole, stride, dilation, padding, groups=4)
    np.testing.assert_allclose(y, np.tanh(expected), rtol=0, atol=64 * EPS)
    separable = layers.SeparableConv1D(5, 3, dtype="float64", bias_initializer="ones", **geometry)
    y = separable(x)
    middle = conv1d_reference(
        x, separable.depthwise_kernel.numpy().reshape(3, 1, -1), stride, dilation, padding, groups=4
    )
    expected = middle @ separable.pointwise_kernel.numpy()[0] + 1
    np.testing.assert_allclose(y, expected, rtol=0, atol=64 * EPS * np.abs(expected).max())
    assert y.shape == separable.compute_output_shape(x.shape)


def test_separable_conv2d_is_two_convolutions():
    x = RNG.normal(size=(2, 7, 6, 4))
    layer = layers.SeparableConv2D(5, (3, 2), 2, "same", depth_multiplier=2, activation="relu", dtype="float64")
    y = layer(x)
    middle = ops.depthwise_conv(x, layer.depthwise_kernel.numpy(), 2, "same")
    expected = np.maximum(np.asarray(middle) @ layer.pointwise_kernel.numpy()[0, 0], 0)
    np.testing.assert_allclose(y, expected, rtol=0, atol=64 * EPS * np.abs(expected).max())
    assert [v.name for v in layer.weights] == ["depthwise_kernel", "pointwise_kernel", "bias"]


def transposed_reference(x, w, strides, padding, dilation, size):
    """What every pixel adds to the output, one kernel element at a time; w (KH, KW, OC, C)."""
    n, _, _, _ = x.shape
    whole = np.zeros((n, *size, w.shape[2]))
    return input_gradient(whole, w, x, strides, padding, dilation, 1)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("kernel", [(1, 1), (2, 3), (3, 3), (4, 5)])
@pytest.mark.parametrize(
    ("strides", "dilation"), [((1, 1), (1, 1)), ((2, 3), (1, 1)), ((1, 1), (2, 2)), ((4, 4), (1, 1))]
)
def test_conv2d_transpose_is_its_sum(padding, kernel, strides, dilation):
    x = RNG.normal(size=(2, 4, 3, 5))
    layer = layers.Conv2DTranspose(
        3, kernel, strides, padding, dilation_rate=dilation, bias_initializer="ones", dtype="float64"
    )
    y = layer(x)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    size = [n * s + (max(r - s, 0) if padding == "valid" else 0) for n, s, r in zip((4, 3), strides, reach)]
    expected = transposed_reference(x, layer.kernel.numpy(), strides, padding, dilation, size) + 1
    assert y.shape == expected.shape == layer.compute_output_shape(x.shape)
    np.testing.assert_allclose(y, expected, rtol=0, atol=64 * EPS * np.abs(expected).max())


def test_output_padding_adds_to_the_size():
    x = RNG.normal(size=(1, 4, 3, 2))
    for padding, size in (("valid", (10, 8)), ("same", (8, 6))):
        layer = layers.Conv2DTranspose(3, 3, 2, padding, output_padding=1, dtype="float64")
        y = layer(x)
        expected = transposed_reference(x, layer.kernel.numpy(), (2, 2), padding, (1, 1), size)
        np.testing.assert_allclose(y, expected, rtol=0, atol=64 * EPS * np.abs(expected).max())
    assert layers.Conv1DTranspose(3, 3, 2, output_padding=(1,)).compute_output_shape((None, 4, 2)) == (None, 10, 3)
    with pytest.raises(ValueError, match="output_padding is out of range"):
        layers.Conv2DTranspose(3, 3, 2, output_padding=2)
    with pytest.raises(ValueError, match="output_padding is too large"):
        ops.conv_transpose(x, np.ones((3, 3, 1, 2)), output_padding=1)


def test_conv1d_transpose_is_an_image_of_one_row():
    x = RNG.normal(size=(2, 5, 4))
    for padding in ("valid", "same"):
        layer = layers.Conv1DTranspose(3, 4, 3, padding, activation="tanh", dtype="float64")
        y = layer(x)
        whole = transposed_reference(
            x[:, None],
            layer.kernel.numpy()[None],
            (1, 3),
            padding,
            (1, 1),
            (1, 5 * 3 + (1 if padding == "valid" else 0)),
        )
        np.testing.assert_allclose(y, np.tanh(whole[:, 0]), rtol=0, atol=64 * EPS)


def test_gradients_of_the_operations_behind():
    x, w = RNG.normal(size=(2, 3, 4, 2)), RNG.normal(size=(3, 3, 3, 2))
    check_gradients(lambda x, w: ops.conv_transpose(x, w, 2, "same"), x, w)
    check_gradients(lambda x, w: ops.conv_transpose(x, w, 2), x[:, 0], w[0])
    layer = layers.Conv1D(3, 3, padding="causal", dtype="float64")
    check_gradients(layer, RNG.normal(size=(2, 5, 2)))
    check_gradients(layers.SeparableConv1D(3, 2, dtype="float64"), RNG.normal(size=(2, 5, 2)))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("length", "size", "stride"), [(7, 2, None), (7, 3, 1), (8, 3, 2), (3, 3, 3), (1, 1, 1)])
def test_pooling_of_sequences(length, size, stride, padding):
    x = RNG.normal(size=(2, length, 3))
    step = stride or size
    total = max((-(-length // step) - 1) * step + size - length, 0) if padding == "same" else 0
    starts = range(-(total // 2), length + total - total // 2 - size + 1, step)
    seen = [x[:, max(i, 0) : i + size] for i in starts]
    for layer, function in (
        (layers.MaxPooling1D(size, stride, padding, dtype="float64"), np.max),
        (layers.AveragePooling1D(size, stride, padding, dtype="float64"), np.mean),
    ):
        expected = np.stack([function(window, axis=1) for window in seen], axis=1)
        np.testing.assert_allclose(layer(x), expected, rtol=0, atol=4 * EPS * np.abs(expected).max())
        assert layer.compute_output_shape(x.shape) == expected.shape


@pytest.mark.parametrize("keepdims", [False, True])
def test_global_pooling_of_sequences(keepdims):
    x = RNG.normal(size=(2, 5, 3))
    for layer, function in ((layers.GlobalMaxPooling1D, np.max), (layers.GlobalAveragePooling1D, np.mean)):
        made = layer(keepdims=keepdims, dtype="float64")
        expected = function(x, axis=1, keepdims=keepdims)
        np.testing.assert_allclose(made(x), expected, rtol=0, atol=4 * EPS * np.abs(x).max())
        assert made(Input((5, 3))).shape == (None, *expected.shape[1:])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Conv1D(2, (3, 3)), r"kernel_size has the wrong length; expected one integer or \(length,\)"),
        (lambda: layers.Conv2D(2, 3, padding="causal"), "unknown padding; expected 'valid' or 'same'"),
        (lambda: layers.Conv1D(2, 3, padding="full"), "expected 'valid' or 'same' or 'causal'"),
        (lambda: layers.Conv1D(2, 3)(np.ones((2, 3))), r"expected 3 axes \(batch, steps, channels\)"),
        (
            lambda: layers.Conv1D(2, 4)(Input((3, 1))),
            "the window does not fit; expected an input length of at least",
        ),
        (
            lambda: layers.Conv2DTranspose(2, 4, 2, "same", output_padding=0)(Input((3, 3, 1))),
            "output_padding does not",
        ),
        (lambda: layers.SeparableConv2D(0, 3), "filters has to be a whole number"),
        (
            lambda: layers.Conv2DTranspose(2, 3)(np.ones((1, 3, 3))),
            r"expected 4 axes \(batch, height, width, channels\)",
        ),
        (lambda: layers.MaxPooling1D(4)(np.ones((1, 3, 1))), "the window is larger"),
        (lambda: ops.conv_transpose(np.ones((1, 3)), np.ones((1, 3))), "wrong number of dimensions"),
        (lambda: ops.conv_transpose(np.ones((1, 3, 1)), np.ones((1, 3, 1)), padding="full"), "unknown padding"),
        (lambda: ops.conv_transpose(np.ones((1, 3, 1)), np.ones((1, 3, 1)), strides=0), "wrong strides"),
    ],
)
def test_mistakes_are_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()

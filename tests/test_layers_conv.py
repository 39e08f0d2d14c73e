"""Conv2D and DepthwiseConv2D against the sums that define them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from juanji import GradientTape, layers

EPS = np.finfo(np.float64).eps


def pad_same(x, kernel, strides, dilation):
    """TensorFlow's 'same': as little as possible, the odd zero at the end."""
    amounts = []
    for size, k, s, d in zip(x.shape[1:3], kernel, strides, dilation):
        total = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
        amounts.append((total // 2, total - total // 2))
    return np.pad(x, [(0, 0), *amounts, (0, 0)])


def windows(x, kernel, strides, dilation, padding):
    """The pixels under each kernel position: (N, OH, OW, KH, KW, C)."""
    if padding == "same":
        x = pad_same(x, kernel, strides, dilation)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    found = np.lib.stride_tricks.sliding_window_view(x, reach, axis=(1, 2))
    found = found[:, :: strides[0], :: strides[1], :, :: dilation[0], :: dilation[1]]
    return np.moveaxis(found, 3, -1)


def conv_reference(x, w, b, strides, dilation, padding, groups):
    seen = windows(x, w.shape[:2], strides, dilation, padding)
    parts = zip(np.split(seen, groups, axis=-1), np.split(w, groups, axis=-1))
    return np.concatenate([np.einsum("nijabc,abco->nijo", s, k) for s, k in parts], axis=-1) + b


SETTINGS = [
    s
    for s in itertools.product(["valid", "same"], [(1, 1), (2, 2), (1, 3)], [(1, 1), (2, 2)], [1, 2], [(1, 1), (3, 2)])
    if s[1] == (1, 1) or s[2] == (1, 1)
]


@pytest.mark.parametrize(("padding", "strides", "dilation", "groups", "kernel"), SETTINGS)
def test_conv2d_is_its_sum(padding, strides, dilation, groups, kernel):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 7, 8, 4))
    layer = layers.Conv2D(
        6, kernel, strides, padding, dilation_rate=dilation, groups=groups, dtype="float64", bias_initializer="ones"
    )
    y = layer(x)
    expected = conv_reference(x, layer.kernel.numpy(), layer.bias.numpy(), strides, dilation, padding, groups)
    assert y.shape == expected.shape == layer.compute_output_shape(x.shape)
    np.testing.assert_allclose(y.numpy(), expected, rtol=0, atol=64 * EPS * np.abs(expected).max())


@pytest.mark.parametrize("activation", [None, "relu", "relu6", "sigmoid", "tanh", "softmax", np.square])
def test_activations_are_applied(activation):
    formulas = {
        None: lambda z: z,
        "relu": lambda z: np.maximum(z, 0),
        "relu6": lambda z: np.clip(z, 0, 6),
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "tanh": np.tanh,
        "softmax": lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True),
        np.square: np.square,
    }
    x = np.random.default_rng(1).standard_normal((2, 5, 5, 3))
    act = (lambda t: t * t) if activation is np.square else activation
    layer = layers.Conv2D(4, 3, activation=act, dtype="float64")
    y = layer(x)
    z = conv_reference(x, layer.kernel.numpy(), 0, (1, 1), (1, 1), "valid", 1)
    np.testing.assert_allclose(np.asarray(y), formulas[activation](z), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("multiplier", [1, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("strides", "dilation"), [((1, 1), (1, 1)), ((2, 2), (1, 1)), ((1, 1), (2, 2))])
def test_depthwise_is_its_sum(padding, strides, dilation, multiplier):
    x = np.random.default_rng(2).standard_normal((2, 7, 8, 3))
    layer = layers.DepthwiseConv2D(
        3, strides, padding, multiplier, dilation_rate=dilation, dtype="float64", bias_initializer="ones"
    )
    y = layer(x)
    seen = windows(x, (3, 3), strides, dilation, padding)
    expected = np.einsum("nijabc,abcm->nijcm", seen, layer.kernel.numpy())
    expected = expected.reshape(*expected.shape[:3], -1) + 1
    assert y.shape == expected.shape == layer.compute_output_shape(x.shape)
    np.testing.assert_allclose(y.numpy(), expected, rtol=0, atol=64 * EPS * np.abs(expected).max())


@pytest.mark.parametrize(
    "make", [lambda: layers.Conv2D(2, 2, dtype="float64"), lambda: layers.DepthwiseConv2D(2, dtype="float64")]
)
def test_gradients_reach_kernel_and_bias(make):
    x = np.random.default_rng(3).standard_normal((1, 4, 4, 2))
    layer = make()
    layer.build(x.shape)

    def value():
        return float(np.sum(np.square(np.asarray(layer(x)))))

    with GradientTape() as tape:
        y = layer(x)
        loss = (y * y).sum() if hasattr(y, "sum") else _sum_of_squares(y)
    gradients = tape.gradient(loss, layer.trainable_variables)
    for variable, gradient in zip(layer.trainable_variables, gradients):
        before = variable.numpy().copy()
        for index in list(np.ndindex(before.shape))[:5]:
            step = np.zeros_like(before)
            step[index] = 1e-6
            variable.assign(before + step)
            up = value()
            variable.assign(before - step)
            down = value()
            variable.assign(before)
            np.testing.assert_allclose(gradient.numpy()[index], (up - down) / 2e-6, rtol=1e-6, atol=1e-8)


def _sum_of_squares(y):
    from juanji import ops

    return ops.sum(y * y)


def test_wrong_rank_names_layer_and_shapes():
    layer = layers.Conv2D(4, 3, name="edges")
    with pytest.raises(
        ValueError, match=r"Conv2D 'edges': wrong rank.*expected 4 axes.*got shape=\(32, 32, 3\).*newaxis"
    ):
        layer(np.zeros((32, 32, 3)))
    assert not layer.built


def test_wrong_channels_name_layer_and_shapes():
    layer = layers.Conv2D(4, 3, name="edges")
    layer.build((None, 8, 8, 3))
    with pytest.raises(
        ValueError,
        match=r"Conv2D 'edges': wrong number of channels; expected shape \(.*, 3\), got shape=\(1, 8, 8, 1\)",
    ):
        layer(np.zeros((1, 8, 8, 1)))


def test_windows_that_do_not_fit_are_refused():
    with pytest.raises(
        ValueError, match=r"the window does not fit; expected an input height of at least 5.*got shape="
    ):
        layers.Conv2D(1, 3, dilation_rate=2).compute_output_shape((None, 4, 9, 1))
    assert layers.Conv2D(1, 3).compute_output_shape((None, 3, None, 1)) == (None, 1, None, 1)


def test_groups_have_to_divide_channels_and_filters():
    with pytest.raises(
        ValueError, match="filters do not divide into groups; expected a multiple of groups=2, got filters=3"
    ):
        layers.Conv2D(3, 1, groups=2)
    with pytest.raises(ValueError, match="input channels do not divide into groups"):
        layers.Conv2D(4, 1, groups=2).build((None, 4, 4, 3))


@pytest.mark.parametrize("padding", ["full", "causal", 1, None])
def test_unknown_padding_is_refused(padding):
    with pytest.raises(ValueError, match="Conv2D: unknown padding; expected 'valid' or 'same'"):
        layers.Conv2D(1, 1, padding=padding)


def test_frozen_and_biasless_layers():
    layer = layers.Conv2D(2, 1, use_bias=False, trainable=False)
    layer(np.zeros((1, 2, 2, 1)))
    assert layer.bias is None
    assert [v.name for v in layer.non_trainable_weights] == ["kernel"]


def test_an_empty_batch_gives_an_empty_output():
    assert layers.Conv2D(2, 3)(np.zeros((0, 5, 5, 1))).shape == (0, 3, 3, 2)


def test_a_convolution_with_weights_of_its_own():
    class Halved(layers.Conv2D):
        def convolution_op(self, inputs, kernel):
            return super().convolution_op(inputs, kernel * 0.5)

    x = np.random.default_rng(0).normal(size=(2, 6, 5, 3)).astype("float32")
    for activation in ("relu", "elu"):
        plain, halved = (kind(4, 3, activation=activation, bias_initializer="ones") for kind in (layers.Conv2D, Halved))
        plain(x), halved(x)
        halved.set_weights(plain.get_weights())
        plain.set_weights([plain.get_weights()[0] / 2, plain.get_weights()[1]])
        np.testing.assert_allclose(halved(x), plain(x), rtol=1e-5, atol=1e-6)

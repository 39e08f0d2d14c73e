"""Convolution against its definition: three passes, every geometry, epilogue, edges, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import juanji
from juanji import ops
from juanji.ops import conv2d
from reference import conv as reference

DTYPES = ("float32", "float64")
PADDINGS = ("valid", "same", ((2, 1), (0, 3)))
KERNELS = ((1, 1), (3, 3), (2, 5), (7, 1))
STEPS = (((1, 1), (1, 1)), ((2, 2), (1, 1)), ((1, 1), (2, 2)), ((1, 3), (2, 1)), ((4, 2), (1, 2)))
# (input channels of a group, output channels of a group, groups): below, at and above tiles of 4 to 32 channels
CHANNELS = ((1, 1, 1), (3, 17, 1), (16, 16, 1), (13, 33, 1), (2, 5, 4), (4, 8, 3), (1, 2, 6))
SIZES = ((1, 1, 1), (2, 7, 5), (3, 8, 8), (1, 19, 26))
ACTIVATIONS = {
    None: lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
}
# A sum of K products of size s wanders as s·√k; each addition rounds by eps/2 of that, which adds up to eps·s·K/3
# (standard deviation). With s = 1/√K that is eps·√K/3: C_FORWARD allows for K up to 1500 and a few standard
# deviations. The weight gradient adds products of size one over K pixels: C_WEIGHTS·eps·K.
C_FORWARD = 16.0
C_WEIGHTS = 2.0


def close(got, expected, c, dtype, scale=None):
    """|got - expected| <= c·eps·scale, where scale is max|expected| unless given."""
    assert got.dtype == dtype
    assert got.shape == expected.shape
    scale = np.abs(expected).max(initial=0.0) if scale is None else scale
    np.testing.assert_allclose(got, expected, rtol=0, atol=c * np.finfo(dtype).eps * scale)


def fits(size, kernel, dilation, padding):
    amounts = padding if isinstance(padding, tuple) else ((0, 0), (0, 0))
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    return padding == "same" or all(s <= n + sum(p) for s, n, p in zip(spans, size, amounts))


def check_three_passes(size, channels, kernel, strides, dilation, padding, dtype, seed=0):
    rng = np.random.default_rng(seed)
    c, o, groups = channels
    n, height, width = size
    x = rng.standard_normal((n, height, width, c * groups)).astype(dtype)
    w = (rng.standard_normal((*kernel, c, o * groups)) / np.sqrt(kernel[0] * kernel[1] * c)).astype(dtype)
    geometry = (strides, padding, dilation, groups)
    expected = reference.conv2d(x, w, *geometry)
    dy = rng.standard_normal(expected.shape).astype(dtype)

    xv, wv = juanji.Variable(x), juanji.Variable(w)
    with juanji.GradientTape() as tape:
        y = conv2d(xv, wv, strides=strides, padding=padding, dilation_rate=dilation, groups=groups)
    dx, dw = tape.gradient(y, [xv, wv], output_gradients=dy)
    close(y.numpy(), expected, C_FORWARD, dtype, max(1.0, np.abs(expected).max()))
    expected_dx = reference.input_gradient(x, w, dy, *geometry)
    close(dx.numpy(), expected_dx, C_FORWARD, dtype, max(1.0, np.abs(expected_dx).max()))
    pixels = dy[..., 0].size
    close(dw.numpy(), reference.weight_gradient(x, w, dy, *geometry), C_WEIGHTS, dtype, 8 + pixels)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(("strides", "dilation"), STEPS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_three_passes_follow_the_definition(kernel, strides, dilation, padding, dtype):
    checked = 0
    for i, size in enumerate(SIZES):
        for channels in CHANNELS[i % 2 :: 2] if size[0] > 1 else CHANNELS:
            if fits(size[1:], kernel, dilation, padding):
                check_three_passes(size, channels, kernel, strides, dilation, padding, dtype)
                checked += 1
    assert checked > 0


@pytest.mark.parametrize(
    ("size", "channels", "kernel", "strides", "padding"),
    [
        ((4, 32, 32), (3, 32, 1), (3, 3), (1, 1), "same"),
        ((5, 16, 16), (32, 64, 1), (3, 3), (1, 1), "same"),
        ((9, 8, 8), (64, 128, 1), (3, 3), (1, 1), "same"),
        ((2, 30, 31), (96, 50, 1), (3, 3), (2, 2), "same"),
        ((1, 57, 61), (3, 40, 1), (7, 7), (2, 2), "same"),
        ((2, 7, 7), (200, 130, 1), (3, 3), (1, 1), "same"),
        ((3, 14, 14), (100, 96, 1), (1, 1), (2, 2), "valid"),
        ((3, 14, 14), (33, 50, 1), (1, 1), (1, 1), "same"),
        ((5, 16, 16), (64, 64, 1), (1, 1), (1, 1), "same"),
        ((5, 13, 13), (64, 130, 1), (1, 1), (1, 1), "same"),
        ((70, 3, 3), (20, 20, 1), (3, 3), (1, 1), "same"),
    ],
)
def test_layers_of_real_networks(size, channels, kernel, strides, padding):
    check_three_passes(size, channels, kernel, strides, (1, 1), padding, "float32")


@settings(max_examples=150, deadline=None)
@given(
    size=st.tuples(st.integers(1, 3), st.integers(1, 12), st.integers(1, 12)),
    channels=st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 3)),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    strides=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    dilation=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    amounts=st.one_of(
        st.sampled_from(["same", "valid"]),
        st.tuples(st.tuples(st.integers(0, 4), st.integers(0, 4)), st.tuples(st.integers(0, 4), st.integers(0, 4))),
    ),
    seed=st.integers(0, 1000),
)
def test_any_geometry(size, channels, kernel, strides, dilation, amounts, seed):
    if fits(size[1:], kernel, dilation, amounts):
        check_three_passes(size, channels, kernel, strides, dilation, amounts, "float64", seed)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_bias_and_activation_in_one_pass(activation, dtype):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 9, 10, 5)).astype(dtype)
    w = (rng.standard_normal((3, 3, 5, 19)) / np.sqrt(45)).astype(dtype)
    b = rng.standard_normal(19).astype(dtype)
    geometry = ((1, 1), "same", (1, 1), 1)
    z = reference.conv2d(x, w, *geometry) + b.astype(np.float64)
    expected = ACTIVATIONS[activation](z)
    close(conv2d(x, w, b, padding="same", activation=activation), expected, C_FORWARD, dtype, np.abs(z).max())


@pytest.mark.parametrize("activation", ["relu", "relu6", "sigmoid", "tanh", None])
def test_gradients_by_finite_differences(activation):
    rng = np.random.default_rng(2)
    values = [rng.standard_normal(s) for s in ((2, 5, 4, 3), (3, 2, 3, 4), (4,))]
    dy = rng.standard_normal((2, 5, 4, 4))

    def loss(x, w, b):
        return (conv2d(x, w, b, padding="same", activation=activation) * dy).sum()

    variables = [juanji.Variable(v) for v in values]
    with juanji.GradientTape() as tape:
        y = conv2d(*variables, padding="same", activation=activation)
    gradients = tape.gradient(y, variables, output_gradients=dy)
    for i, gradient in enumerate(gradients):
        direction = rng.standard_normal(values[i].shape)
        step = 1e-6
        ends = [[v + s * direction if j == i else v for j, v in enumerate(values)] for s in (step, -step)]
        numeric = (loss(*ends[0]) - loss(*ends[1])) / (2 * step)
        np.testing.assert_allclose((gradient.numpy() * direction).sum(), numeric, rtol=2e-6)


def test_second_derivatives():
    """The gradient of a convolution's squared gradient, against finite differences of the first gradient."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((1, 5, 5, 2))
    w = rng.standard_normal((3, 3, 2, 3))

    def gradient_norm(w_value):
        wv = juanji.Variable(w_value)
        with juanji.GradientTape() as outer:
            with juanji.GradientTape() as inner:
                y = ops.sum(ops.square(conv2d(x, wv, padding="same", activation="tanh")))
            g = inner.gradient(y, wv)
            norm = ops.sum(ops.square(g))
        return float(norm), outer.gradient(norm, wv).numpy()

    _, second = gradient_norm(w)
    direction = rng.standard_normal(w.shape)
    numeric = (gradient_norm(w + 1e-6 * direction)[0] - gradient_norm(w - 1e-6 * direction)[0]) / 2e-6
    np.testing.assert_allclose((second * direction).sum(), numeric, rtol=1e-6)


def test_adjoint_identity():
    """⟨dy, f(x)⟩ = ⟨fᵀ(dy), x⟩ for the strided, dilated, grouped convolution as a map of x and as a map of w."""
    rng = np.random.default_rng(4)
    x, w = juanji.Variable(rng.standard_normal((2, 11, 9, 6))), juanji.Variable(rng.standard_normal((3, 2, 3, 8)))
    with juanji.GradientTape() as tape:
        y = conv2d(x, w, strides=(2, 1), padding=((1, 0), (3, 2)), dilation_rate=(1, 2), groups=2)
    dy = rng.standard_normal(y.shape)
    dx, dw = tape.gradient(y, [x, w], output_gradients=dy)
    inner = (dy * y.numpy()).sum()
    np.testing.assert_allclose((dx.numpy() * x.numpy()).sum(), inner, rtol=1e-12)
    np.testing.assert_allclose((dw.numpy() * w.numpy()).sum(), inner, rtol=1e-12)


def test_the_same_bits_at_any_thread_count(threads):
    rng = np.random.default_rng(5)
    for shape, kernel, strides in (
        ((5, 16, 16, 32), (3, 3, 32, 64), 1),
        ((2, 29, 31, 3), (5, 5, 3, 20), 2),
        ((9, 16, 16, 64), (1, 1, 64, 128), 1),
    ):
        x, w = rng.standard_normal(shape).astype("float32"), rng.standard_normal(kernel).astype("float32")
        results = []
        for n in (1, 2, 4, 7):
            threads(n)
            xv, wv = juanji.Variable(x), juanji.Variable(w)
            with juanji.GradientTape() as tape:
                y = conv2d(xv, wv, strides=strides, padding="same", activation="relu")
            dx, dw = tape.gradient(y, [xv, wv])
            results.append([t.numpy().tobytes() for t in (y, dx, dw)])
        assert all(r == results[0] for r in results)


def test_empty_batch_and_no_outputs():
    x, w = juanji.Variable(np.zeros((0, 4, 4, 3), "float32")), juanji.Variable(np.ones((3, 3, 3, 2), "float32"))
    with juanji.GradientTape() as tape:
        y = conv2d(x, w)
    dx, dw = tape.gradient(y, [x, w])
    assert y.shape == (0, 2, 2, 2)
    assert dx.shape == (0, 4, 4, 3)
    np.testing.assert_array_equal(dw.numpy(), np.zeros((3, 3, 3, 2), "float32"))
    assert conv2d(np.ones((2, 4, 4, 3)), np.ones((3, 3, 3, 0))).shape == (2, 2, 2, 0)


def test_nan_stays_where_the_window_sees_it():
    x = np.zeros((1, 7, 7, 3), "float32")
    x[0, 3, 3, 1] = np.nan
    y = conv2d(x, np.ones((3, 3, 3, 4), "float32"), padding="same", activation="relu")
    expected = np.zeros((7, 7), bool)
    expected[2:5, 2:5] = True
    np.testing.assert_array_equal(np.isnan(y).all(axis=(0, 3)), expected)
    np.testing.assert_array_equal(np.isnan(y).any(axis=(0, 3)), expected)


def test_inputs_of_any_memory_order():
    rng = np.random.default_rng(6)
    x = rng.standard_normal((2, 3, 8, 8)).transpose(0, 2, 3, 1)
    w = rng.standard_normal((4, 3, 3, 3)).transpose(1, 2, 3, 0)
    y = conv2d(x, w[::-1], padding="same")
    close(y, reference.conv2d(x, w[::-1], (1, 1), "same", (1, 1), 1), C_FORWARD, "float64")


IMAGES, KERNEL = np.ones((2, 8, 8, 3), "float32"), np.ones((3, 3, 3, 4), "float32")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: conv2d(IMAGES[0], KERNEL), ValueError, r"conv2d: x has the wrong number .* got x.shape=\(8, 8, 3\)"),
        (lambda: conv2d(IMAGES, KERNEL[0]), ValueError, r"w has the wrong number of dimensions; expected rank 4"),
        (
            lambda: conv2d(IMAGES[..., :2], KERNEL),
            ValueError,
            r"input channels do not match .* got w.shape=\(3, 3, 3, 4\)",
        ),
        (
            lambda: conv2d(IMAGES, KERNEL, np.ones(3, "float32")),
            ValueError,
            r"bias has the wrong shape; expected \(4,\)",
        ),
        (lambda: conv2d(IMAGES, KERNEL.astype("float64")), TypeError, r"dtypes of x and w differ; expected float32"),
        (lambda: conv2d(IMAGES.astype("int32"), KERNEL), TypeError, r"unsupported dtype; expected float32 or float64"),
        (lambda: conv2d(IMAGES, KERNEL, groups=2), ValueError, r"groups does not divide .* got groups=2"),
        (lambda: conv2d(IMAGES, KERNEL, groups=0), ValueError, r"groups does not divide .* got groups=0"),
        (lambda: conv2d(IMAGES, KERNEL, strides=0), ValueError, r"strides is out of range"),
        (lambda: conv2d(IMAGES, KERNEL, strides=float("nan")), ValueError, r"strides is not a size.* got strides=nan"),
        (lambda: conv2d(IMAGES, KERNEL, strides=(1, 2, 3)), ValueError, r"strides is not a size"),
        (lambda: conv2d(IMAGES, KERNEL, padding="full"), ValueError, r"unknown padding; .* got padding='full'"),
        (lambda: conv2d(IMAGES, KERNEL, padding=((0, -1), (0, 0))), ValueError, r"padding is out of range"),
        (lambda: conv2d(IMAGES[:, :2], KERNEL), ValueError, r"larger than the padded input"),
        (lambda: conv2d(IMAGES, KERNEL, activation="gelu"), ValueError, r"not an activation that can be fused"),
        (lambda: ops.conv(IMAGES, KERNEL, data_format="first"), ValueError, r"conv: unknown data format"),
    ],
)
def test_errors_say_what_was_expected_and_received(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_conv_takes_groups_from_the_shapes():
    rng = np.random.default_rng(7)
    x, w = rng.standard_normal((1, 6, 6, 8)), rng.standard_normal((3, 3, 2, 12))
    close(ops.conv(x, w, 1, "same"), reference.conv2d(x, w, (1, 1), "same", (1, 1), 4), C_FORWARD, "float64")


def test_im2col_times_the_kernel_is_the_convolution():
    rng = np.random.default_rng(8)
    x, w = rng.standard_normal((2, 9, 7, 5)), rng.standard_normal((3, 2, 5, 6))
    columns = ops.im2col(x, (3, 2), strides=(2, 1), padding="same")
    expected = columns.reshape(-1, 30) @ w.reshape(30, 6)
    y = conv2d(x, w, strides=(2, 1), padding="same")
    close(y, expected.reshape(y.shape), C_FORWARD, "float64")

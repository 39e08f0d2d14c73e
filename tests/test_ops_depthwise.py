"""Depthwise convolution against its definition: three passes, epilogue, edges, errors."""

from __future__ import annotations

import numpy as np
import pytest

import juanji
from juanji import ops
from juanji.ops._depthwise import depthwise_conv2d
from reference import depthwise as reference

DTYPES = ("float32", "float64")
PADDINGS = ("valid", "same", ((2, 1), (0, 3)))
KERNELS = ((1, 1), (2, 3), (3, 3), (5, 5), (4, 7))
STEPS = (((1, 1), (1, 1)), ((2, 2), (1, 1)), ((1, 1), (2, 2)), ((2, 3), (3, 2)), ((3, 2), (1, 3)), ((4, 4), (2, 2)))
CHANNELS = (1, 3, 4, 7, 8, 9, 16, 17)
ACTIVATIONS = {
    None: lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "relu6": lambda z: np.clip(z, 0, 6),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
}


def random(shape, dtype, seed):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def close(got, expected, c, dtype):
    """|got - expected| <= c·eps·max|expected|."""
    assert got.dtype == dtype
    assert got.shape == expected.shape
    scale = np.abs(expected).max(initial=0.0)
    np.testing.assert_allclose(got, expected, rtol=0, atol=c * np.finfo(dtype).eps * scale)


def fits(size, kernel, dilation, padding):
    amounts = padding if isinstance(padding, tuple) else ((0, 0), (0, 0))
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    return padding == "same" or all(s <= n + sum(p) for s, n, p in zip(spans, size, amounts))


def three_passes(x, w, dy, **geometry):
    x, w = juanji.Variable(x), juanji.Variable(w)
    with juanji.GradientTape() as tape:
        y = depthwise_conv2d(x, w, **geometry)
    dx, dw = tape.gradient(y, [x, w], output_gradients=dy)
    return y.numpy(), dx.numpy(), dw.numpy()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(("strides", "dilation"), STEPS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_three_passes_follow_the_definition(kernel, strides, dilation, padding, dtype):
    compared = 0
    for size, channels, m in (((9, 11), 9, 1), ((6, 5), 3, 2), ((1, 1), 4, 1), ((13, 4), 8, 1), ((15, 20), 5, 1)):
        if not fits(size, kernel, dilation, padding):
            continue
        x = random((2, *size, channels), dtype, 1)
        w = random((*kernel, channels, m), dtype, 2) / np.sqrt(kernel[0] * kernel[1], dtype=dtype)
        expected = reference.depthwise(x, w, strides, padding, dilation)
        dy = random(expected.shape, dtype, 3)
        y, dx, dw = three_passes(x, w, dy, strides=strides, padding=padding, dilation_rate=dilation)
        close(y, expected, 8, dtype)
        close(dx, reference.input_gradient(x.shape, w, dy, strides, padding, dilation), 8, dtype)
        close(dw, reference.weight_gradient(x, dy, kernel, strides, padding, dilation), 32, dtype)
        compared += 1
    assert compared


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("channels", CHANNELS)
def test_every_tail_of_channels_and_columns(channels, m, dtype):
    for width in range(1, 12):
        x = random((1, 4, width, channels), dtype, 1)
        w = random((3, 3, channels, m), dtype, 2) / dtype_type(dtype)(3)
        for strides in ((1, 1), (1, 2)):
            expected = reference.depthwise(x, w, strides, "same", (1, 1))
            dy = random(expected.shape, dtype, 3)
            y, dx, dw = three_passes(x, w, dy, strides=strides, padding="same")
            close(y, expected, 8, dtype)
            close(dx, reference.input_gradient(x.shape, w, dy, strides, "same", (1, 1)), 8, dtype)
            close(dw, reference.weight_gradient(x, dy, (3, 3), strides, "same", (1, 1)), 32, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (1, 2), (2, 1)])
@pytest.mark.parametrize("padding", PADDINGS)
def test_rows_too_long_for_the_cache(padding, strides, dtype):
    """Many channels, and their tail, are taken two vectors at a time."""
    x, w = random((2, 7, 6, 275), dtype, 1), random((3, 3, 275, 1), dtype, 2)
    expected = reference.depthwise(x, w, strides, padding, (1, 1))
    dy = random(expected.shape, dtype, 3)
    y, dx, dw = three_passes(x, w, dy, strides=strides, padding=padding)
    close(y, expected, 8, dtype)
    close(dx, reference.input_gradient(x.shape, w, dy, strides, padding, (1, 1)), 8, dtype)
    close(dw, reference.weight_gradient(x, dy, (3, 3), strides, padding, (1, 1)), 32, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "kernel", "geometry"),
    [
        ((1, 14, 14, 1024), (5, 5), {}),  # tasks of channels
        ((1, 90, 90, 16), (7, 7), {}),  # tasks of rows and strips of columns
        ((1, 7, 301, 33), (5, 9), {"strides": (1, 2)}),
        ((2, 1, 1000, 20), (1, 9), {}),  # a sequence
        ((1, 3, 700, 3), (3, 5), {"strides": (1, 3), "padding": ((0, 0), (100, 900))}),  # strips that see padding alone
        ((2, 48, 50, 8), (5, 3), {"strides": (2, 3)}),
        ((9, 14, 14, 40), (3, 3), {"dilation_rate": (5, 4)}),
        ((1, 300, 40, 19), (3, 3), {"dilation_rate": (120, 1)}),  # a row's source rows are far apart
        ((2, 7, 6, 5), (3, 3), {"dilation_rate": (100, 100)}),  # all but the middle of the kernel sees padding
        ((1, 5, 4, 3), (5, 5), {"padding": ((40, 70), (90, 60))}),
        ((3, 14, 9, 512), (3, 3), {}),  # pixels that meet in few sets of a cache
        ((2, 9, 14, 1024), (3, 3), {"strides": (2, 2)}),
    ],
)
def test_bands_of_every_cut(shape, kernel, geometry, dtype):
    geometry = {"strides": (1, 1), "padding": "same", "dilation_rate": (1, 1), **geometry}
    x, w = random(shape, dtype, 1), random((*kernel, shape[3], 1), dtype, 2) / dtype_type(dtype)(kernel[0])
    oracle = geometry["strides"], geometry["padding"], geometry["dilation_rate"]
    expected = reference.depthwise(x, w, *oracle)
    dy = random(expected.shape, dtype, 3)
    y, dx, dw = three_passes(x, w, dy, **geometry)
    close(y, expected, 8, dtype)
    close(dx, reference.input_gradient(x.shape, w, dy, *oracle), 8, dtype)
    close(dw, reference.weight_gradient(x, dy, kernel, *oracle), 32, dtype)


def dtype_type(dtype):
    return np.dtype(dtype).type


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("channels", [3, 8, 13])
def test_bias_and_activation(channels, activation, dtype):
    x, w, b = (
        random((2, 6, 7, channels), dtype, 1),
        random((3, 3, channels, 2), dtype, 2),
        random((2 * channels,), dtype, 3),
    )
    z = reference.depthwise(x, w, (1, 1), "same", (1, 1)) + b.astype(np.float64)
    y = depthwise_conv2d(x, w, b, padding="same", activation=activation)
    close(y, ACTIVATIONS[activation](z), 16, dtype)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_of_the_epilogue_by_finite_differences(activation):
    arrays = [random(shape, "float64", i) for i, shape in enumerate([(2, 5, 4, 3), (3, 2, 3, 2), (6,)])]
    weight = random((2, 3, 2, 6), "float64", 9)

    def f(parts):
        return np.vdot(weight, depthwise_conv2d(*parts, strides=(2, 2), padding="same", activation=activation))

    variables = [juanji.Variable(a) for a in arrays]
    with juanji.GradientTape() as tape:
        y = depthwise_conv2d(*variables, strides=(2, 2), padding="same", activation=activation)
    gradients = tape.gradient(y, variables, output_gradients=weight)
    for i, gradient in enumerate(gradients):
        step = random(arrays[i].shape, "float64", 20 + i) * 1e-6
        up, down = ([a + s * step if j == i else a for j, a in enumerate(arrays)] for s in (1, -1))
        assert np.vdot(gradient.numpy(), step) == pytest.approx((f(up) - f(down)) / 2, rel=1e-6, abs=1e-11)


def test_second_derivatives_by_finite_differences():
    x, w = random((1, 5, 5, 2), "float64", 1), random((3, 3, 2, 2), "float64", 2)
    dy, u = random((1, 3, 3, 4), "float64", 3), random(x.shape, "float64", 4)
    geometry = {"strides": 2, "padding": "same"}

    def input_gradient(weights):
        v = juanji.Variable(x)
        with juanji.GradientTape() as tape:
            y = depthwise_conv2d(v, weights, **geometry)
        return np.vdot(u, tape.gradient(y, v, output_gradients=dy).numpy())

    variable, weights = juanji.Variable(x), juanji.Variable(w)
    with juanji.GradientTape() as outer:
        with juanji.GradientTape() as inner:
            y = depthwise_conv2d(variable, weights, **geometry)
        dx = inner.gradient(y, variable, output_gradients=dy)
    second = outer.gradient(dx, weights, output_gradients=u).numpy()
    step = random(w.shape, "float64", 5)
    change = (input_gradient(w + 1e-4 * step) - input_gradient(w - 1e-4 * step)) / 2e-4
    assert np.vdot(second, step) == pytest.approx(change, rel=1e-9)


def test_same_bits_at_any_thread_count():
    before = juanji.config.num_threads()
    results = []
    try:
        for threads in (1, 2, 4):
            juanji.set_num_threads(threads)
            parts = []
            for kernel, m, strides in ((3, 1, 1), (3, 1, 2), (3, 2, 1), (5, 1, 1), (7, 1, 2)):
                x, w = random((3, 33, 31, 19), "float32", 1), random((kernel, kernel, 19, m), "float32", 2)
                y = depthwise_conv2d(x, w, strides=strides, padding="same")
                parts += three_passes(x, w, random(y.shape, "float32", 3), strides=strides, padding="same")
            results.append([part.tobytes() for part in parts])
    finally:
        juanji.set_num_threads(before)
    assert results[0] == results[1] == results[2]


def test_nan_stays_where_a_window_sees_it():
    x = np.ones((1, 6, 6, 5), "float32")
    x[0, 2, 3, 1] = np.nan
    y = depthwise_conv2d(x, np.ones((3, 3, 5, 1), "float32"), padding="same", activation="relu")
    expected = np.zeros(y.shape, bool)
    expected[0, 1:4, 2:5, 1] = True
    np.testing.assert_array_equal(np.isnan(y), expected)


def test_empty_batches():
    y, dx, dw = three_passes(np.zeros((0, 4, 4, 3)), np.ones((3, 3, 3, 2)), None, padding="same")
    assert y.shape == (0, 4, 4, 6)
    assert dx.shape == (0, 4, 4, 3)
    np.testing.assert_array_equal(dw, np.zeros((3, 3, 3, 2)))


def test_the_keras_name_takes_what_keras_takes():
    x, w = np.arange(2 * 5 * 5 * 3).reshape(2, 5, 5, 3), np.ones((3, 3, 3, 1), "float32")
    expected = reference.depthwise(x, w, (2, 2), "same", (1, 1))
    np.testing.assert_array_equal(ops.depthwise_conv(x, w, 2, "SAME"), expected)
    with pytest.raises(ValueError, match=r"depthwise_conv: unknown data format.*got data_format='first'"):
        ops.depthwise_conv(x, w, data_format="first")
    with pytest.raises(ValueError, match=r"^depthwise_conv: .*got inputs.shape=\(5, 5, 3\)"):
        ops.depthwise_conv(x[0], w)


@pytest.mark.parametrize(
    ("x", "w", "b", "arguments", "message"),
    [
        (
            (1, 4, 4, 3),
            (3, 3, 2, 1),
            None,
            {},
            r"different numbers of channels; .*w.shape\[2\]=3, got w.shape=\(3, 3, 2, 1\)",
        ),
        ((1, 4, 4, 3), (3, 3, 3, 0), None, {}, r"multiplier is out of range; .*got \(channels, multiplier\)=\(3, 0\)"),
        ((1, 4, 4, 3), (3, 3, 3), None, {}, r"w has the wrong number of dimensions; .*got w.shape=\(3, 3, 3\)"),
        ((4, 4, 3), (3, 3, 3, 1), None, {}, "x has the wrong number of dimensions"),
        ((1, 4, 4, 3), (3, 3, 3, 2), (3,), {}, r"b has the wrong shape; expected \(6,\), got b.shape=\(3,\)"),
        ((1, 4, 4, 3), (5, 5, 3, 1), None, {}, "window is larger than the padded input"),
        ((1, 4, 4, 3), (0, 3, 3, 1), None, {}, r"kernel_size is out of range; .*got kernel_size=\(0, 3\)"),
        ((1, 4, 4, 3), (3, 3, 3, 1), None, {"strides": 0}, r"got strides=\(0, 0\)"),
        ((1, 4, 4, 3), (3, 3, 3, 1), None, {"activation": "swish"}, "got activation=swish"),
        ((1, 0, 4, 3), (3, 3, 3, 1), None, {"padding": "same"}, r"got \(height, width\)=\(0, 4\)"),
    ],
)
def test_errors_say_what_was_expected_and_what_came(x, w, b, arguments, message):
    with pytest.raises(ValueError, match=f"^depthwise_conv2d: .*{message}"):
        depthwise_conv2d(np.zeros(x), np.zeros(w), None if b is None else np.zeros(b), **arguments)


def test_types_must_agree():
    x, w = np.zeros((1, 4, 4, 3), "float32"), np.zeros((3, 3, 3, 1), "float64")
    with pytest.raises(TypeError, match="dtypes of x and w differ"):
        depthwise_conv2d(x, w)
    with pytest.raises(TypeError, match="unsupported dtype"):
        depthwise_conv2d(x.astype("int32"), w)

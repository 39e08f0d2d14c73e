"""Pooling against its definition: values, gradients, edges, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import juanji
from juanji import ops
from juanji.ops import _pool
from reference import pool as reference

DTYPES = ("float32", "float64")
PADDINGS = ("valid", "same", ((1, 0), (0, 1)))
WINDOWS = (
    ((2, 2), (2, 2)),
    ((2, 2), (1, 1)),
    ((3, 3), (2, 2)),
    ((2, 3), (3, 1)),
    ((1, 1), (2, 2)),
    ((3, 2), (2, 3)),
)
CHANNELS = (1, 3, 4, 7, 8, 9, 16, 17, 33)
KINDS = {
    "max": (ops.max_pool, reference.max_pool, reference.max_pool_gradient),
    "average": (ops.average_pool, reference.average_pool, reference.average_pool_gradient),
}


def images(shape, dtype, seed=0, ties=False):
    rng = np.random.default_rng(seed)
    x = rng.integers(-3, 3, shape) if ties else rng.standard_normal(shape)
    return x.astype(dtype)


def close(got, expected, c, dtype, scale=None):
    """|got - expected| <= c·eps·scale; by default the scale is max|expected|."""
    assert got.dtype == dtype
    assert got.shape == expected.shape
    scale = np.abs(expected).max(initial=0.0) if scale is None else scale
    np.testing.assert_allclose(got, expected, rtol=0, atol=c * np.finfo(dtype).eps * scale)


def value_and_gradient(f, x, dy):
    x = juanji.Variable(x)
    with juanji.GradientTape() as tape:
        y = f(x)
    return y.numpy(), tape.gradient(y, x, output_gradients=dy).numpy()


def allowed(size, padding, shape):
    """Explicit padding must be smaller than the window, and the window no larger than the padded image."""
    amounts = padding if isinstance(padding, tuple) else ((0, 0), (0, 0))
    return padding == "same" or all(max(p) < k and k <= n + sum(p) for k, p, n in zip(size, amounts, shape[1:3]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(("size", "strides"), WINDOWS)
@pytest.mark.parametrize("kind", KINDS)
def test_values_and_gradients_follow_the_definition(kind, size, strides, padding, dtype):
    op, forward, backward = KINDS[kind]
    for h, w in ((5, 7), (6, 4), (3, 3), (1, 2)):
        for c in CHANNELS if (h, w) == (5, 7) else (3, 9):
            x = images((2, h, w, c), dtype, seed=c, ties=kind == "max" and c % 2 == 1)
            if not allowed(size, padding, x.shape):
                continue
            expected = forward(x, size, strides, padding)
            dy = images(expected.shape, dtype, seed=c + 1)
            y, dx = value_and_gradient(lambda t: op(t, size, strides, padding), x, dy)
            close(y, expected, 0 if kind == "max" else 4, dtype)
            close(dx, backward(x, dy, size, strides, padding), 4, dtype)
            np.testing.assert_array_equal(op(x, size, strides, padding), y)  # unrecorded: without argmax


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("kind", KINDS)
def test_whole_images(kind, channels, dtype):
    op = {"max": _pool.global_max_pool, "average": _pool.global_average_pool}[kind]
    _, forward, backward = KINDS[kind]
    for h, w in ((1, 1), (4, 5), (17, 16)):  # 272 positions: the argmax does not fit in a byte
        x = images((2, h, w, channels), dtype, seed=h)
        size = (h, w)
        expected = forward(x, size, size, "valid")
        dy = images((2, channels), dtype, seed=1)
        y, dx = value_and_gradient(op, x, dy)
        # Terms of a long sum cancel: its rounding is relative to the terms.
        close(y, expected[:, 0, 0, :], 0 if kind == "max" else 2, dtype, scale=np.abs(x).max())
        close(dx, backward(x, dy[:, None, None, :], size, size, "valid"), 2, dtype)
        kept, kept_dx = value_and_gradient(lambda t: op(t, keepdims=True), x, dy[:, None, None, :])
        np.testing.assert_array_equal(kept[:, 0, 0, :], y)
        np.testing.assert_array_equal(kept_dx, dx)


@pytest.mark.parametrize("dtype", DTYPES)
def test_large_windows_use_a_wide_argmax(dtype):
    x = images((2, 20, 19, 5), dtype)
    expected = reference.max_pool(x, (17, 16), (2, 1), "same")
    dy = images(expected.shape, dtype, seed=1)
    y, dx = value_and_gradient(lambda t: ops.max_pool(t, (17, 16), (2, 1), "same"), x, dy)
    np.testing.assert_array_equal(y, expected)
    close(dx, reference.max_pool_gradient(x, dy, (17, 16), (2, 1), "same"), 64, dtype)


@pytest.mark.parametrize("kind", KINDS)
def test_sequences_are_images_of_one_row(kind):
    op = KINDS[kind][0]
    x = images((2, 11, 5), "float32")
    dy = images((2, 6, 5), "float32", seed=1)
    y, dx = value_and_gradient(lambda t: op(t, 3, 2, "same"), x, dy)
    image, image_dx = value_and_gradient(lambda t: op(t, (1, 3), (1, 2), "same"), x[:, None], dy[:, None])
    np.testing.assert_array_equal(y, image[:, 0])
    np.testing.assert_array_equal(dx, image_dx[:, 0])
    whole = _pool.global_max_pool if kind == "max" else _pool.global_average_pool
    np.testing.assert_array_equal(whole(x), whole(x[:, None]))
    assert whole(x, keepdims=True).shape == (2, 1, 5)


@given(
    h=st.integers(1, 9),
    w=st.integers(1, 9),
    c=st.integers(1, 10),
    size=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    strides=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    padding=st.sampled_from(["same", "valid"]),
    kind=st.sampled_from(sorted(KINDS)),
)
@settings(max_examples=60, deadline=None)
def test_adjoint_identity(h, w, c, size, strides, padding, kind):
    """⟨dy, A dx⟩ = ⟨Aᵀ dy, dx⟩ for the linear map A that pooling is near x."""
    x = images((2, h, w, c), "float64")
    if not allowed(size, padding, x.shape):
        return
    step = images(x.shape, "float64", seed=2) * 1e-7
    op = KINDS[kind][0]
    y = op(x, size, strides, padding)
    dy = images(y.shape, "float64", seed=3)
    _, dx = value_and_gradient(lambda t: op(t, size, strides, padding), x, dy)
    change = op(x + step, size, strides, padding) - op(x - step, size, strides, padding)
    assert np.vdot(dy, change) == pytest.approx(2 * np.vdot(dx, step), abs=1e-13 * np.sqrt(dy.size))


@pytest.mark.parametrize("kind", KINDS)
def test_second_derivatives(kind):
    """The gradient is linear in dy; its derivative is the forward map at fixed maxima."""
    op = KINDS[kind][0]
    x = juanji.Variable(images((2, 5, 6, 3), "float64"))
    y = op(x.numpy(), 2, 2, "same")
    dy = juanji.Variable(images(y.shape, "float64", seed=1))
    u = images(x.shape, "float64", seed=2)
    with juanji.GradientTape() as outer:
        with juanji.GradientTape() as inner:
            y = op(x, 2, 2, "same")
        dx = inner.gradient(y, x, output_gradients=dy)
    ddy = outer.gradient(dx, dy, output_gradients=u).numpy()
    weight = images(ddy.shape, "float64", seed=3)
    _, pulled = value_and_gradient(lambda t: op(t, 2, 2, "same"), x.numpy(), weight)
    assert np.vdot(weight, ddy) == pytest.approx(np.vdot(pulled, u), rel=1e-12)


@pytest.mark.parametrize("channels", [1, 8, 11])
def test_nan_and_infinities_propagate_as_in_numpy(channels):
    x = images((3, 6, 6, channels), "float32")
    x.reshape(-1)[::7] = np.nan
    x[0] = -np.inf
    x[1, 0] = np.inf
    y, dx = value_and_gradient(lambda t: ops.max_pool(t, 3, 2, "same"), x, np.ones((3, 3, 3, channels), "float32"))
    np.testing.assert_array_equal(y, reference.max_pool(x, (3, 3), (2, 2), "same"))
    np.testing.assert_array_equal(dx, reference.max_pool_gradient(x, np.ones(y.shape), (3, 3), (2, 2), "same"))
    mean, expected = ops.average_pool(x, 2), reference.average_pool(x, (2, 2), (2, 2), "valid")
    np.testing.assert_array_equal(np.isnan(mean), np.isnan(expected))


@pytest.mark.parametrize("kind", KINDS)
def test_same_bits_at_any_thread_count(kind):
    op = KINDS[kind][0]
    whole = _pool.global_max_pool if kind == "max" else _pool.global_average_pool
    x = images((5, 65, 63, 19), "float32")
    before = juanji.config.num_threads()
    results = []
    try:
        for threads in (1, 2, 4):
            juanji.set_num_threads(threads)
            parts = []
            for f in (lambda t: op(t, 2), lambda t: op(t, 3, 2, "same"), whole):
                dy = images(f(x).shape, "float32", seed=1)
                parts.extend(value_and_gradient(f, x, dy))
            results.append([part.tobytes() for part in parts])
    finally:
        juanji.set_num_threads(before)
    assert results[0] == results[1] == results[2]


def fused_and_separate(x, size, strides, padding, masked):
    """(dz, db) of a max pooling behind a fused bias, from one operation and from the three that it stands for."""
    window = {"pool_size": size, "strides": strides, "padding": padding}
    y, argmax = juanji._core.MaxPool(argmax=True, **window)(x)
    dy = images(y.shape, x.dtype, seed=7)
    extent = list(x.shape[1:3])
    inputs = (dy, argmax, y) if masked else (dy, argmax)
    fused = juanji._core.MaxPoolBiasGradient(input_size=extent, **window)(*inputs)
    dx = juanji._core.MaxPoolGradient(input_size=extent, **window)(dy, argmax)
    if masked:
        return fused, juanji._core.BiasActivationGradient(activation="relu")(x, dx)
    return fused, (dx, juanji._core.BiasActivationGradient(activation="none")(dx))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize(
    ("size", "strides", "padding"),
    [((2, 2), (2, 2), "valid"), ((2, 2), (2, 2), "same"), ((3, 3), (2, 2), "same"), ((17, 16), (9, 9), "valid")],
)
def test_gradient_behind_a_fused_bias_has_the_bits_of_its_parts(size, strides, padding, masked, dtype):
    shapes = [(3, 17, 19, c) for c in CHANNELS] + [(2, 64, 62, 40), (5, 33, 31, 70), (1, 18, 16, 1)]
    for shape in shapes:
        x = np.maximum(images(shape, dtype, seed=shape[3], ties=shape[3] % 2 == 0), 0)  # what a relu gives
        x.reshape(-1)[::97] = np.nan
        fused, separate = fused_and_separate(x, size, strides, padding, masked)
        for got, expected in zip(fused, separate):
            assert got.shape == expected.shape
            assert got.tobytes() == expected.tobytes()


def test_gradient_behind_a_fused_bias_at_any_thread_count():
    before = juanji.config.num_threads()
    results = []
    try:
        for threads in (1, 2, 4):
            juanji.set_num_threads(threads)
            fused, _ = fused_and_separate(images((9, 65, 63, 19), "float32"), (2, 2), (2, 2), "same", True)
            results.append([part.tobytes() for part in fused])
    finally:
        juanji.set_num_threads(before)
    assert results[0] == results[1] == results[2]


def test_gradient_behind_a_fused_bias_refuses_what_does_not_fit():
    native = juanji._core.MaxPoolBiasGradient(input_size=[4, 4], pool_size=(2, 2), strides=(2, 2))
    dy, argmax = np.zeros((1, 2, 2, 3), "float32"), np.zeros((1, 2, 2, 3), "uint8")
    with pytest.raises(ValueError, match=r"^max_pool_bias_gradient: y has the wrong shape; expected \(1, 2, 2, 3\)"):
        native(dy, argmax, np.zeros((1, 4, 4, 3), "float32"))
    with pytest.raises(TypeError, match="dtypes of dy and y differ"):
        native(dy, argmax, np.zeros((1, 2, 2, 3)))
    empty_dz, empty_db = native(dy[:0], argmax[:0], dy[:0])
    assert empty_dz.shape == (0, 4, 4, 3)
    np.testing.assert_array_equal(empty_db, np.zeros(3))


def test_views_integers_and_lists_are_taken():
    x = np.arange(2 * 8 * 6 * 3).reshape(2, 3, 6, 8)
    view = np.moveaxis(x, 1, -1)
    np.testing.assert_array_equal(ops.max_pool(view, 2), ops.max_pool(view.astype("float32"), 2))
    assert ops.max_pool(view, 2).dtype == np.float32
    assert ops.average_pool([[[[1.0], [3.0]]]], (1, 2)).tolist() == [[[[2.0]]]]


@pytest.mark.parametrize("op", [ops.max_pool, ops.average_pool])
def test_empty_batches_and_channels(op):
    for shape in ((0, 4, 4, 3), (2, 4, 4, 0)):
        y, dx = value_and_gradient(lambda t: op(t, 2), np.zeros(shape, "float32"), None)
        assert y.shape == (shape[0], 2, 2, shape[3])
        assert dx.shape == shape


def test_outputs_are_not_read_before_they_are_written():
    """Rows and columns that no window reaches get a gradient of zero, whatever the recycled memory held."""
    for _ in range(3):
        garbage = ops.relu(np.full((2, 7, 7, 5), 1e30, "float32"))
        del garbage
        x = images((2, 7, 7, 5), "float32")
        for op in (ops.max_pool, ops.average_pool):
            _, dx = value_and_gradient(lambda t, op=op: op(t, 2, 3), x, np.ones((2, 2, 2, 5), "float32"))
            assert not dx[:, 2].any()
            assert not dx[:, :, 5:].any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pool_size": 0}, r"pool_size is out of range; expected .*, got pool_size=\(0, 0\)"),
        ({"pool_size": (2, 2, 2)}, r"pool_size is not a size; .*got pool_size=\(2, 2, 2\)"),
        ({"pool_size": float("nan")}, "pool_size is not a size; .*got pool_size=nan"),
        ({"pool_size": 2, "strides": 0}, r"strides is out of range; .*got strides=\(0, 0\)"),
        ({"pool_size": 2, "strides": -1}, r"got strides=\(-1, -1\)"),
        ({"pool_size": 2, "strides": 1.5}, "strides is not a size"),
        ({"pool_size": 2, "strides": 2**40}, "strides is out of range"),
        (
            {"pool_size": (2, 9)},
            r"window is larger than the padded input; .*\(4, 5\).*got pool_size=\(2, 9\)",
        ),
        ({"pool_size": 2**30, "padding": "same"}, r"too many positions; expected at most 2\*\*31 - 1"),
        ({"pool_size": 2, "padding": "full"}, "unknown padding; .*got padding='full'"),
        (
            {"pool_size": 2, "padding": ((0, 2), (0, 0))},
            r"window could lie in the padding.*got padding=\(0, 2, 0, 0\)",
        ),
        (
            {"pool_size": 2, "padding": (-1, 0, 0, 0)},
            r"padding is out of range; .*got padding=\(-1, 0, 0, 0\)",
        ),
        ({"pool_size": 2, "data_format": "first"}, r"unknown data format.*got data_format='first'"),
    ],
)
@pytest.mark.parametrize("op", [ops.max_pool, ops.average_pool])
def test_errors_say_what_was_expected_and_what_came(op, arguments, message):
    with pytest.raises(ValueError, match=f"^{op.__name__}: .*{message}"):
        op(np.zeros((1, 4, 5, 2), "float32"), **arguments)


@pytest.mark.parametrize("op", [ops.max_pool, ops.average_pool])
def test_wrong_inputs(op):
    with pytest.raises(ValueError, match=r"wrong number of dimensions; .*got inputs.shape=\(4, 4\)"):
        op(np.zeros((4, 4)), 2)
    with pytest.raises(ValueError, match=r"out of range; .*got \(height, width\)=\(0, 4\)"):
        op(np.zeros((1, 0, 4, 1)), 2, padding="same")
    with pytest.raises(TypeError, match="unsupported dtype"):
        op(np.zeros((1, 4, 4, 1), "complex64"), 2)
    with pytest.raises(ValueError, match=r"no pixels; .*got inputs.shape=\(1, 4, 0, 1\)"):
        _pool.global_max_pool(np.zeros((1, 4, 0, 1)))


def test_gradients_refuse_shapes_that_do_not_fit():
    native = juanji._core.MaxPoolGradient(input_size=[4, 4], pool_size=(2, 2), strides=(2, 2))
    dy = np.zeros((1, 2, 2, 3), "float32")
    with pytest.raises(ValueError, match=r"dy has the wrong shape; expected \(1, 2, 2, 3\)"):
        native(np.zeros((1, 3, 2, 3), "float32"), np.zeros((1, 3, 2, 3), "uint8"))
    with pytest.raises(TypeError, match="argmax has the wrong dtype; expected uint8"):
        native(dy, np.zeros(dy.shape, "int32"))
    with pytest.raises(ValueError, match="argmax has the wrong shape"):
        native(dy, np.zeros((1, 2, 2, 2), "uint8"))


@pytest.mark.parametrize("channels", [1, 3, 7, 8, 17])
@pytest.mark.parametrize(
    ("window", "padding"), [((3, 3), "same"), ((3, 3), "valid"), ((2, 5), "same"), ((1, 2), "valid")]
)
def test_windows_one_column_further_each_keep_the_first_maximum(window, padding, channels):
    rng = np.random.default_rng(channels)
    x = rng.integers(0, 4, (2, 6, 9, channels)).astype("float32")  # many equal ones
    x[0, 2, 3, 0] = np.nan
    with juanji.GradientTape() as tape:  # with positions of maxima
        t = juanji.Tensor(x)
        tape.watch(t)
        y = ops.max_pool(t, window, (2, 1), padding)
    alone = [ops.max_pool(np.ascontiguousarray(x[..., c : c + 1]), window, (2, 1), padding) for c in range(channels)]
    np.testing.assert_array_equal(y.numpy(), np.concatenate(alone, -1))
    np.testing.assert_array_equal(y.numpy(), ops.max_pool(x, window, (2, 1), padding))
    gradient = np.asarray(tape.gradient(y, t))
    for c in range(channels):
        with juanji.GradientTape() as tape:
            one = juanji.Tensor(np.ascontiguousarray(x[..., c : c + 1]))
            tape.watch(one)
            y = ops.max_pool(one, window, (2, 1), padding)
        np.testing.assert_array_equal(gradient[..., c : c + 1], np.asarray(tape.gradient(y, one)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(2, 5, 3), (2, 3, 4, 2), (1, 2, 3, 2, 2)])
def test_equal_largest_values_of_whole_images_share_the_gradient(shape, dtype):
    values = np.random.default_rng(0).integers(0, 3, shape).astype(dtype)
    x, axes = juanji.Variable(values), tuple(range(1, len(shape) - 1))
    dy = np.random.default_rng(1).standard_normal((shape[0], shape[-1])).astype(dtype)
    with juanji.GradientTape() as tape:
        loss = ops.sum(_pool.global_max_pool(x) * dy)
    hits = values == values.max(axis=axes, keepdims=True)
    expected = hits / hits.sum(axis=axes, keepdims=True) * dy.reshape(shape[0], *(1,) * len(axes), shape[-1])
    np.testing.assert_allclose(tape.gradient(loss, x), expected, rtol=4 * np.finfo(dtype).eps)

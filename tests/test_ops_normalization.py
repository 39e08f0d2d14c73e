"""Batch normalisation and unit norms against their definitions, with all gradients."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import GradientTape, Tensor, _core, ops
from juanji.ops._normalization import batch_norm, scale_shift
from reference import normalization as reference
from reference.gradients import check_gradients, check_second_gradients

EPSILON = 1e-3
ROWS = [1, 2, 3, 63, 64, 65, 127, 128, 129, 511, 513, 700, 4100]  # around blocks, rows side by side and tasks
CHANNELS = [1, 2, 3, 5, 8, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 515, 1030]
ACTIVATIONS = ["none", "relu"]


def _inputs(rows, channels, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, channels)) * rng.uniform(0.2, 3, channels) + rng.normal(size=channels) * 3
    gamma, beta = rng.normal(size=(2, channels))
    residual, dy = rng.normal(size=(2, rows, channels))
    return tuple(a.astype(dtype) for a in (x, gamma, beta, residual, dy))


def _close(got, expected, c, scale=None):
    """|got - expected| <= c · eps · scale, which is the largest element expected by default."""
    limit = c * np.finfo(got.dtype).eps * np.maximum(np.abs(expected).max() if scale is None else scale, 1e-30)
    assert got.shape == expected.shape
    assert np.all(np.abs(got - expected) <= limit)


# An error e of the mean shows up in y as e / sqrt(variance + EPSILON) · gamma: at most some 32 times as large.
C_OUTPUT = 128
C_STATISTICS = 4
C_GRADIENT = 128


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", ROWS)
def test_forward_and_gradient(rows, dtype, activation, residual):
    for channels in [c for c in CHANNELS if rows * c < 300_000]:
        x, gamma, beta, extra, dy = _inputs(rows, channels, dtype)
        given = (x, gamma, beta, extra) if residual else (x, gamma, beta)
        y, mean, variance = _core.BatchNorm(EPSILON, activation)(*given)
        expected, exact_mean, exact_variance = reference.batch_norm(
            x, gamma, beta, EPSILON, activation, extra if residual else None
        )
        assert y.dtype == mean.dtype == variance.dtype == dtype
        size = np.abs(x).max(0)
        _close(mean, exact_mean, C_STATISTICS, size)
        _close(variance, exact_variance, C_STATISTICS, exact_variance + size * np.sqrt(exact_variance))
        _close(y, expected, C_OUTPUT)

        masked = activation == "relu"
        operation = _core.BatchNormGradient(EPSILON, activation, residual and masked)
        got = operation(dy, x, *([y] if masked else []), gamma, mean, variance)
        wanted = reference.batch_norm_gradient(dy, x, y, gamma, mean, variance, EPSILON, activation)
        assert len(got) == (4 if residual and masked else 3)
        deviation = np.sqrt(np.float64(variance) + EPSILON)
        _close(got[0], wanted[0], C_GRADIENT, np.abs(dy).max() * np.abs(gamma) / deviation)
        _close(got[1], wanted[1], C_GRADIENT, np.abs(dy * (x - mean) / deviation).sum(0).max())
        _close(got[2], wanted[2], C_GRADIENT, np.abs(dy).sum(0).max())
        if residual and masked:
            np.testing.assert_array_equal(got[3], wanted[3].astype(dtype))
        elif masked:
            again = _core.BatchNormGradient(EPSILON, activation, False, True)(dy, x, beta, gamma, mean, variance)
            for mine, other in zip(again, got, strict=True):
                np.testing.assert_array_equal(mine, other)  # the mask of x and beta is that of y, bit for bit


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scale_shift(dtype, activation, residual):
    for rows in (0, 1, 7, 65, 4100):
        for channels in (1, 3, 16, 33, 515):
            x, scale, shift, extra, _ = _inputs(rows, channels, dtype)
            got = scale_shift(x, scale, shift, activation, extra if residual else None)
            expected = x.astype(np.longdouble) * scale + shift + (extra if residual else 0)
            expected = np.maximum(expected, 0) if activation == "relu" else expected
            # three roundings of numbers that may be larger than their sum
            size = np.abs(x * scale).max(initial=0) + np.abs(shift).max() + np.abs(extra).max(initial=0)
            _close(got, expected, 2, size)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_means_do_not_swallow_the_variance(dtype):
    rng = np.random.default_rng(1)
    for mean in (1e3, -1e5):
        x = (rng.normal(size=(16, 12, 12, 5)) + mean).astype(dtype)
        exact = np.asarray(x, np.longdouble).var((0, 1, 2))
        _, _, variance = _core.BatchNorm(EPSILON, "none")(x, np.ones(5, dtype), np.zeros(5, dtype))
        # float64 statistics are merged in float64, whose rounding of the mean counts for float64 only
        np.testing.assert_allclose(
            variance, exact.astype(dtype), rtol=(8 if dtype == "float32" else abs(mean)) * np.finfo(dtype).eps
        )


def test_first_rows_that_are_far_off_do_no_harm():
    rng = np.random.default_rng(2)
    for rows in (1, 63, 64, 65, 300):
        x = (rng.normal(size=(4096, 3)) + 1000).astype("float32")
        x[:rows] = 0
        exact = x.astype(np.longdouble).var(0)
        _, mean, variance = _core.BatchNorm(EPSILON, "none")(x, np.ones(3, "float32"), np.zeros(3, "float32"))
        np.testing.assert_allclose(variance, exact.astype("float32"), rtol=16 * np.finfo("float32").eps)
        np.testing.assert_allclose(mean, x.astype("float64").mean(0), rtol=np.finfo("float32").eps)


def test_constant_channels_have_no_variance():
    for value in (0.1, 1234.567, -3e7):
        x = np.full((10, 9, 9, 3), value, "float32")
        y, mean, variance = _core.BatchNorm(EPSILON, "none")(x, np.ones(3, "float32"), np.full(3, 0.5, "float32"))
        np.testing.assert_array_equal(mean, np.float32(value))
        np.testing.assert_array_equal(variance, 0)
        np.testing.assert_array_equal(y, np.float32(0.5))


def test_nan_stays_in_its_channel():
    x = np.random.default_rng(3).normal(size=(100, 6)).astype("float32")
    x[70, 2] = np.nan
    y, mean, variance = _core.BatchNorm(EPSILON, "relu")(x, np.ones(6, "float32"), np.zeros(6, "float32"))
    for got in (y, mean, variance):
        np.testing.assert_array_equal(np.isnan(got).any(tuple(range(got.ndim - 1))), [0, 0, 1, 0, 0, 0])


@pytest.mark.parametrize("shape", [(64, 16, 16, 16), (5000, 3), (130, 1500)])
def test_same_bits_at_any_thread_count(threads, shape):
    rng = np.random.default_rng(4)
    x, dy = rng.normal(size=(2, *shape)).astype("float32")
    gamma, beta = rng.normal(size=(2, shape[-1])).astype("float32")
    results = set()
    for n in (1, 2, 4):
        threads(n)
        forward = _core.BatchNorm(EPSILON, "relu")(x, gamma, beta)
        backward = _core.BatchNormGradient(EPSILON, "relu", True)(dy, x, forward[0], gamma, *forward[1:])
        results.add(b"".join(a.tobytes() for a in (*forward, *backward)))
    assert len(results) == 1


X = np.random.default_rng(5).normal(size=(3, 2, 4)) * 2 + 1
GAMMA, BETA = np.array([0.5, -1.5, 2.0, 1.0]), np.array([0.1, 0.3, -0.2, 1.0])
EXTRA = np.random.default_rng(6).normal(size=X.shape)


@pytest.mark.parametrize("output", [0, 1, 2])
def test_gradients_of_each_output(output):
    check_gradients(lambda x, g, b: batch_norm(x, g, b)[output], X, GAMMA, BETA)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_of_everything(activation):
    def function(x, gamma, beta, residual):
        y, mean, variance = batch_norm(x, gamma, beta, 0.1, activation, residual)
        return ops.add(y, ops.multiply(mean, variance))

    check_gradients(function, X, GAMMA, BETA, EXTRA)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_second_gradients(activation):
    check_second_gradients(lambda x, g, b: batch_norm(x, g, b, 0.1, activation)[0], X, GAMMA, BETA)
    check_second_gradients(lambda x, g, b, r: batch_norm(x, g, b, 0.1, activation, r)[0], X, GAMMA, BETA, EXTRA)


def test_second_gradient_by_gamma():
    check_second_gradients(lambda g, x: batch_norm(x, g, BETA, 0.1)[0], GAMMA, X)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_of_scale_shift(activation):
    check_gradients(lambda x, s, t, r: scale_shift(x, s, t, activation, r), X, GAMMA, BETA, EXTRA)
    check_second_gradients(lambda x, s, t: scale_shift(x, s, t, activation), X, GAMMA, BETA)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
@pytest.mark.parametrize("with_vectors", [False, True])
def test_batch_normalization(axis, with_vectors):
    rng = np.random.default_rng(7)
    size = X.shape[axis]
    mean, offset, scale = rng.normal(size=(3, size))
    variance = rng.uniform(0.5, 2, size)
    shape = [1, 1, 1]
    shape[axis] = size
    expected = (X - mean.reshape(shape)) / np.sqrt(variance.reshape(shape) + 1e-3)
    if with_vectors:
        expected = expected * scale.reshape(shape) + offset.reshape(shape)
    else:
        offset = scale = None
    got = ops.batch_normalization(X, mean, variance, axis, offset, scale)
    np.testing.assert_allclose(got, expected, rtol=0, atol=16 * np.finfo(np.float64).eps * np.abs(expected).max())
    check_gradients(lambda x, m, v: ops.batch_normalization(x, m, v, axis, offset, scale), X, mean, variance)


def test_moments():
    for axes, keepdims in (([0], False), ((0, 2), True), (1, False), ([0, 1, 2], False)):
        mean, variance = ops.moments(X, axes, keepdims)
        over = tuple(axes) if isinstance(axes, (list, tuple)) else axes
        np.testing.assert_allclose(mean, X.mean(over, keepdims=keepdims), rtol=1e-14)
        np.testing.assert_allclose(variance, X.var(over, keepdims=keepdims), rtol=1e-14)
    check_gradients(lambda x: ops.moments(x, [0, 1])[1], X)


@pytest.mark.parametrize("axis", [-1, 0, (0, 2)])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_normalize(order, axis):
    norm = (np.abs(X) ** order).sum(axis, keepdims=True) ** (1 / order)
    np.testing.assert_allclose(ops.normalize(X, axis, order), X / norm, rtol=1e-13)
    check_gradients(lambda x: ops.normalize(x, axis, order), X)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_normalize_zeros(order):
    x = Tensor(np.zeros((2, 3)))
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.normalize(x, order=order, epsilon=0.5)
    np.testing.assert_array_equal(y, np.zeros((2, 3)))
    assert np.isfinite(np.asarray(tape.gradient(y, x))).all()
    np.testing.assert_allclose(ops.normalize(np.array([0.1, 0.0]), order=order, epsilon=0.5), [0.2, 0.0], rtol=1e-14)


def test_errors_say_what_came():
    ones = np.ones(3, "float32")
    x = np.ones((2, 3), "float32")
    with pytest.raises(
        ValueError, match=r"batch_norm: gamma has the wrong shape; expected \(3,\), got gamma.shape=\(2,\)"
    ):
        batch_norm(x, ones[:2], ones)
    with pytest.raises(ValueError, match=r"batch_norm: residual has the wrong shape; expected \(2, 3\), got .*\(3,\)"):
        batch_norm(x, ones, ones, residual=ones)
    with pytest.raises(
        ValueError, match=r"nothing to take the mean of; expected at least one row .* got x.shape=\(0, 3\)"
    ):
        batch_norm(x[:0], ones, ones)
    with pytest.raises(TypeError, match="dtypes of x and beta differ"):
        batch_norm(x, ones, np.ones(3))
    with pytest.raises(ValueError, match="epsilon is out of range; expected a number of at least 0, got epsilon=-1"):
        batch_norm(x, ones, ones, epsilon=-1)
    with pytest.raises(ValueError, match="epsilon is out of range"):
        batch_norm(x, ones, ones, epsilon=float("nan"))
    for activation in ("tanh", "gelu"):
        with pytest.raises(ValueError, match=f"not an activation that can be fused; .* got activation={activation}"):
            batch_norm(x, ones, ones, activation=activation)
    with pytest.raises(ValueError, match="residual's gradient is dy; expected activation='relu', got residual=True"):
        _core.BatchNormGradient(1e-3, "none", True)
    with pytest.raises(
        ValueError, match=r"batch_norm_gradient: variance has the wrong shape; .* got variance.shape=\(2,\)"
    ):
        _core.BatchNormGradient(1e-3, "relu", False)(x, x, x, ones, ones, ones[:2])
    with pytest.raises(
        ValueError, match=r"batch_norm_gradient: beta has the wrong shape; expected \(3,\), got .*\(2, 3\)"
    ):
        _core.BatchNormGradient(1e-3, "relu", False, True)(x, x, x, ones, ones, ones)
    with pytest.raises(ValueError, match=r"batch_normalization: mean has the wrong shape; expected \(3,\) for axis 1"):
        ops.batch_normalization(x, ones[:2], ones, axis=-1)
    with pytest.raises(ValueError, match="batch_normalization: no such axis"):
        ops.batch_normalization(x, ones, ones, axis=2)
    with pytest.raises(ValueError, match=r"normalize: order is out of range; .* got order=0"):
        ops.normalize(x, order=0)

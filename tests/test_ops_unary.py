"""Functions of one array against float64, at ordinary and at special values, with all gradients."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from juanji import GradientTape, Tensor, Variable, _core, ops
from reference.gradients import check_gradients, check_second_gradients

FUNCTIONS = {
    "abs": np.abs,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "negative": np.negative,
    "reciprocal": np.reciprocal,
    "relu": lambda x: np.where(np.isnan(x), x, np.maximum(x, 0)),
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "sigmoid": lambda x: np.where(x < 0, np.exp(x) / (1 + np.exp(x)), 1 / (1 + np.exp(-x))),
    "sign": np.sign,
    "softplus": lambda x: np.logaddexp(0, x),
    "sqrt": np.sqrt,
    "square": np.square,
    "tanh": np.tanh,
}
POSITIVE = {"log", "log1p", "rsqrt", "sqrt", "reciprocal"}
SMOOTH = sorted(set(FUNCTIONS) - {"abs", "relu", "sign"})
SIZES = [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 16383, 16384, 16385, 50001]


def _exact(kind, x):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        return FUNCTIONS[kind](x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", FUNCTIONS)
def test_against_numpy(kind, dtype):
    rng = np.random.default_rng(1)
    for n in SIZES:
        x = (3 * rng.normal(size=n)).astype(dtype)
        if kind in POSITIVE:
            x = np.abs(x) + x.dtype.type(0.01)
        got = getattr(ops, kind)(x)
        assert got.dtype == dtype
        # tests/cpp/test_math.cpp bounds the error in ulp; NumPy's own float64 functions are within 4 as well
        np.testing.assert_allclose(got, _exact(kind, x.astype(np.float64)), rtol=4 * np.finfo(dtype).eps, atol=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", FUNCTIONS)
def test_special_values(kind, dtype):
    largest = np.finfo(dtype).max
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, largest, -largest, -1.0, 1.0], dtype)
    expected = _exact(kind, x)
    got = getattr(ops, kind)(x)
    # operations flush denormals to zero, hence the smallest normal number
    np.testing.assert_allclose(got, expected, rtol=4 * np.finfo(dtype).eps, atol=np.finfo(dtype).tiny)
    infinite = np.isinf(expected) & np.isinf(got)
    np.testing.assert_array_equal(np.signbit(got)[infinite], np.signbit(expected)[infinite])


@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (2, 3, 4)])
def test_shapes(kind, shape):
    x = np.full(shape, 0.5, "float32")
    assert getattr(ops, kind)(x).shape == shape
    assert getattr(ops, kind)(x.T).shape == shape[::-1]


@pytest.mark.parametrize("kind", ["tanh", "exp", "relu"])
def test_same_bits_at_any_thread_count(threads, kind):
    x = np.random.default_rng(2).normal(size=200001).astype("float32")
    results = set()
    for n in (1, 2, 4):
        threads(n)
        results.add(getattr(ops, kind)(x).tobytes())
    assert len(results) == 1


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_gradients(kind):
    x = np.random.default_rng(3).normal(size=(3, 5))
    x = np.abs(x) + 0.2 if kind in POSITIVE else np.where(np.abs(x) < 0.01, 0.5, x)
    check_gradients(getattr(ops, kind), x)


@pytest.mark.parametrize("kind", SMOOTH)
def test_second_gradients(kind):
    check_second_gradients(getattr(ops, kind), np.random.default_rng(4).uniform(0.3, 1.5, size=(2, 3)))


def test_third_derivative_through_three_tapes():
    x = Variable(np.array([0.3, -0.7]))
    with GradientTape() as outer:
        with GradientTape() as middle:
            with GradientTape() as inner:
                y = ops.tanh(x)
            first = inner.gradient(y, x)
        second = middle.gradient(first, x)
    t = np.tanh(np.asarray(x))
    np.testing.assert_allclose(outer.gradient(second, x), (6 * t**2 - 2) * (1 - t**2), rtol=1e-14)


def test_gradients_at_the_kinks_are_zero():
    for kind in ("abs", "relu", "sign"):
        x = Tensor(np.array([0.0, -0.0]))
        with GradientTape() as tape:
            tape.watch(x)
            y = getattr(ops, kind)(x)
        np.testing.assert_array_equal(tape.gradient(y, x), [0.0, 0.0])


def test_integers():
    x = np.array([-3, 0, 2])
    for kind in ("abs", "negative", "sign", "square"):
        got = getattr(ops, kind)(x)
        assert got.dtype == x.dtype
        np.testing.assert_array_equal(got, FUNCTIONS[kind](x))
    assert ops.exp(x).dtype == "float32"
    assert ops.sqrt(np.array([True])).dtype == "float32"
    assert ops.tanh(np.float16([1])).dtype == "float32"
    np.testing.assert_array_equal(ops.isnan([1.0, np.nan]), [False, True])
    np.testing.assert_array_equal(ops.isfinite([1.0, np.inf]), [True, False])
    np.testing.assert_array_equal(ops.logical_not([1.0, 0.0]), [False, True])


def test_errors_say_what_came():
    with pytest.raises(TypeError, match=r"expected numbers .*, got dtype=complex128"):
        ops.exp(np.array([1j]))
    with pytest.raises(TypeError, match=r"exp: unsupported dtype; expected float32 or float64, got x\.dtype=int64"):
        _core.Unary("exp")(np.array([1]))
    with pytest.raises(ValueError, match=r"unary: unknown kind; expected one of abs, ceil, .*, got kind=sine"):
        _core.Unary("sine")
    with pytest.raises(
        ValueError, match=r"relu_gradient: dy has the wrong shape; expected \(2,\), got dy\.shape=\(3,\)"
    ):
        _core.ActivationGradient("relu")(np.ones(2), np.ones(3))

"""Functions of single numbers, rounding and activations against float64, with their gradients."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import GradientTape, Input, Tensor, ops
from reference.elementary import ACTIVATIONS, FUNCTIONS, erf, project_to_simplex
from reference.gradients import check_gradients, check_second_gradients

CASES = {**FUNCTIONS, **ACTIVATIONS}
SMOOTH = [name for name, case in CASES.items() if case.smooth]
NATIVE = ["ceil", "cos", "erf", "floor", "round", "sin", "trunc"]


def arguments(name, size, seed=0):
    case = CASES[name]
    return np.random.default_rng(seed).uniform(case.low, case.high, size)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
def test_against_float64(name, dtype):
    for size in (0, 1, 7, 33, 500):
        x = arguments(name, size).astype(dtype)
        expected = CASES[name].exact(x.astype("float64")) if size else np.zeros(0)
        got = getattr(ops, name)(x)
        assert got.dtype == dtype
        atol = CASES[name].factor * np.finfo(dtype).eps * np.abs(expected).max(initial=1.0)
        np.testing.assert_allclose(got, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients(name):
    x = arguments(name, (2, 3), seed=1)
    kinks = np.array([-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 6.0])
    x = np.where(np.abs(x[..., None] - kinks).min(-1) < 1e-3, x + 0.01, x)
    check_gradients(getattr(ops, name), x)


@pytest.mark.parametrize("name", ["sin", "cos", "tan", "erf", "erfinv", "i0", "gelu", "sinc", "arctanh"])
def test_second_gradients(name):
    check_second_gradients(getattr(ops, name), np.random.default_rng(2).uniform(0.2, 0.8, (2, 2)))


@pytest.mark.parametrize("name", [name for name in CASES if name != "trunc"])
def test_integers_become_floats_and_shapes_stay(name):
    integers = np.array([[1, 2]]) if CASES[name].high > 1 else np.array([[0, 0]])
    expected = integers.dtype if name == "round" else np.dtype("float32")
    assert getattr(ops, name)(integers).dtype == expected
    y = getattr(ops, name)(Input((3, None)))
    assert (y.shape, y.dtype) == ((None, 3, None), "float32")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NATIVE)
def test_special_values(name, dtype):
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 0.5, -0.5, 1.5, 2.5, -2.5, 1e30, -1e30, 8388609.0, 0.3], dtype)
    with np.errstate(invalid="ignore"):
        expected = FUNCTIONS[name].exact(x.astype("float64")).astype(dtype)
    got = getattr(ops, name)(x)
    np.testing.assert_allclose(got, expected, rtol=4 * np.finfo(dtype).eps)
    ends = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(got)[ends], np.signbit(expected)[ends])


def test_angles_near_multiples_of_a_right_one():
    for dtype, last in (("float32", 5000), ("float64", 600000)):
        x = (np.arange(-last, last, 7) * (np.pi / 2)).astype(dtype)
        for name, exact in (("sin", np.sin), ("cos", np.cos)):
            expected = exact(x.astype("longdouble"))
            error = np.abs(getattr(ops, name)(x) - expected) / np.spacing(np.abs(expected.astype(dtype)))
            assert error.max() < 2, name


def test_round_to_decimals():
    np.testing.assert_allclose(ops.round(np.array([2.345, -1.005]), 1), [2.3, -1.0])
    np.testing.assert_array_equal(ops.round(np.array([1234.0]), -2), [1200.0])
    np.testing.assert_array_equal(ops.round(np.array([1250, 1350]), -2), [1200, 1400])


@pytest.mark.parametrize("name", ["mod", "fmod", "floor_divide", "logaddexp", "logaddexp2", "hypot", "arctan2"])
def test_pairs(name):
    rng = np.random.default_rng(3)
    a, b = rng.uniform(-3, 3, (4, 1, 5)), np.array([[1.3], [-0.7]])
    for dtype in ("float32", "float64"):
        x, y = a.astype(dtype), b.astype(dtype)
        got = getattr(ops, name)(x, y)
        assert got.dtype == dtype
        expected = getattr(np, name)(x.astype("float64"), y.astype("float64"))
        np.testing.assert_allclose(got, expected, rtol=0, atol=16 * np.finfo(dtype).eps * np.abs(expected).max())
    if name != "floor_divide":
        check_gradients(getattr(ops, name), a, b)


def test_pairs_at_the_edges():
    inf = np.inf
    np.testing.assert_array_equal(ops.hypot(np.array([0.0, inf, 1e30]), np.array([0.0, 1.0, 0.0])), [0, inf, 1e30])
    np.testing.assert_array_equal(ops.logaddexp(np.array([-inf, inf]), np.array([-inf, inf])), [-inf, inf])
    np.testing.assert_array_equal(ops.mod(np.array([-7, 7]), np.array([3, -3])), [2, -2])
    np.testing.assert_array_equal(ops.floor_divide(np.array([-7, 7]), 2), [-4, 3])
    np.testing.assert_array_equal(ops.mod(np.array([True]), np.array([True])), [0])


def test_gelu_with_the_error_function():
    x = np.linspace(-5, 5, 41)
    np.testing.assert_allclose(ops.gelu(x, approximate=False), x / 2 * (1 + erf(x / np.sqrt(2))), atol=1e-15)
    check_gradients(lambda v: ops.gelu(v, approximate=False), x[:7])
    check_second_gradients(lambda v: ops.gelu(v, approximate=False), x[::5])
    check_second_gradients(ops.gelu, x[::5])
    check_second_gradients(ops.silu, x[::5])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gates_far_from_zero(dtype):
    x = np.array([1e30, 100.0, 30.0, -30.0, -100.0, -1e30, 0.0, -0.0], dtype)
    for function in (ops.silu, ops.gelu, lambda v: ops.gelu(v, approximate=False)):
        tensor = Tensor(x)
        with GradientTape() as tape:
            tape.watch(tensor)
            y = function(tensor)
        np.testing.assert_allclose(y, np.maximum(x, 0), atol=1e-11)
        np.testing.assert_allclose(tape.gradient(y, tensor), [1, 1, 1, 0, 0, 0, 0.5, 0.5], atol=1e-11)
    assert np.isnan(ops.gelu(np.array([np.nan], dtype))[0])


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_sparsemax(axis):
    x = np.random.default_rng(4).normal(size=(3, 5, 4)) * 2
    expected = np.apply_along_axis(project_to_simplex, axis, x)
    np.testing.assert_allclose(ops.sparsemax(x, axis), expected, atol=1e-14)
    check_gradients(lambda v: ops.sparsemax(v, axis), x)


def test_glu_and_thresholds():
    x = np.random.default_rng(5).normal(size=(4, 6))
    np.testing.assert_allclose(ops.glu(x, 0), x[:2] / (1 + np.exp(-x[2:])))
    check_gradients(ops.glu, x)
    np.testing.assert_array_equal(ops.threshold(x, 0.1, 9.0), np.where(x > 0.1, x, 9.0))
    with pytest.raises(ValueError, match=r"glu: the axis cannot be halved; expected an even size, got x\.shape=\(3,\)"):
        ops.glu(np.ones(3))


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp(axis, keepdims):
    x = np.random.default_rng(6).normal(size=(2, 3, 4)) * 5
    expected = np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))
    np.testing.assert_allclose(ops.logsumexp(x, axis, keepdims), expected, rtol=1e-14)
    check_gradients(lambda v: ops.logsumexp(v, axis, keepdims), x)
    assert ops.logsumexp(np.full(3, -np.inf)) == -np.inf
    assert ops.logsumexp(np.array([np.inf, 0.0])) == np.inf

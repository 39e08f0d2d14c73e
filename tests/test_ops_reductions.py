"""Reductions against NumPy in float64: every choice of axes, sizes around the blocks, NaN, empty arrays, accuracy."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juanji import GradientTape, Tensor, ops
from reference.gradients import check_gradients, check_second_gradients

REDUCTIONS = {"sum": np.sum, "mean": np.mean, "prod": np.prod, "max": np.max, "min": np.min}
POSITIONS = {"argmax": np.argmax, "argmin": np.argmin}


def _tolerance(kind: str, dtype: str, x: np.ndarray, axis) -> np.ndarray:
    """8 eps times the sum of magnitudes: what blocked summation of these sizes stays below."""
    if kind in ("max", "min"):
        return np.float64(0.0)
    if kind == "prod":
        return 2 * max(x.size, 1) * np.finfo(dtype).eps * np.abs(np.prod(x, axis=axis)).max(initial=0.0)
    return 8 * np.finfo(dtype).eps * REDUCTIONS[kind](np.abs(x), axis=axis).max(initial=0.0)


def _check(kind, dtype, x, axis, keepdims=False):
    x = x.astype(dtype)
    exact = x.astype(np.float64)
    expected = REDUCTIONS[kind](exact, axis=axis, keepdims=keepdims)
    got = getattr(ops, kind)(x, axis=axis, keepdims=keepdims)
    assert got.dtype == dtype
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=_tolerance(kind, dtype, exact, axis))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", REDUCTIONS)
@given(
    shape=st.lists(st.sampled_from([1, 2, 3, 7, 8, 9, 16, 33]), max_size=4),
    chosen=st.lists(st.booleans(), min_size=4, max_size=4),
    keepdims=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_any_axes(kind, dtype, shape, chosen, keepdims):
    x = np.random.default_rng(len(shape)).normal(size=shape)
    if kind == "prod":
        x = np.sign(x) * np.exp(0.05 * x)  # products stay within float32
    _check(kind, dtype, x, tuple(i for i in range(len(shape)) if chosen[i]), keepdims)


# Blocks are 4096 elements along memory and 256 rows across it.
@pytest.mark.parametrize("n", [1, 31, 32, 33, 255, 256, 257, 4095, 4096, 4097, 65537, 300001])
@pytest.mark.parametrize("kind", ["sum", "mean", "max", "min"])
def test_sizes_around_blocks(kind, n):
    x = np.random.default_rng(n).normal(size=n)
    _check(kind, "float32", x, 0)
    for inner in (1, 3, 8, 31, 32, 33, 65):
        if n * inner < 10**6:
            _check(kind, "float32", np.random.default_rng(n).normal(size=(n, inner)), 0)
            _check(kind, "float32", np.random.default_rng(n).normal(size=(2, inner, n)), 2)
            _check(kind, "float32", np.random.default_rng(n).normal(size=(2, n, inner)), (0, 1))


@pytest.mark.parametrize("kind", POSITIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@given(shape=st.lists(st.sampled_from([1, 2, 3, 9, 70, 300]), min_size=1, max_size=3), seed=st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_positions(kind, dtype, shape, seed):
    x = np.random.default_rng(seed).integers(-3, 4, size=shape).astype(dtype)  # many equal elements: the first counts
    function, expected = getattr(ops, kind), POSITIONS[kind]
    np.testing.assert_array_equal(function(x), expected(x))
    for axis in range(-len(shape), len(shape)):
        got = function(x, axis=axis)
        assert got.dtype == "int32"
        np.testing.assert_array_equal(got, expected(x, axis=axis))
        np.testing.assert_array_equal(function(x, axis=axis, keepdims=True), expected(x, axis=axis, keepdims=True))


@pytest.mark.parametrize("shape", [(5000,), (300, 5), (5, 300)])
@pytest.mark.parametrize("place", [0, 1, 17, 299])
def test_nan_is_found_anywhere(shape, place):
    x = np.random.default_rng(1).normal(size=shape).astype("float32")
    x[np.unravel_index(place, shape)] = np.nan
    for axis in (0, -1, None):
        for kind in ("max", "min", "sum", "mean", "prod"):
            np.testing.assert_array_equal(
                np.isnan(getattr(ops, kind)(x, axis=axis)), np.isnan(REDUCTIONS[kind](x, axis=axis))
            )
        for kind in POSITIONS:
            np.testing.assert_array_equal(getattr(ops, kind)(x, axis=axis), POSITIONS[kind](x, axis=axis))


def test_infinities():
    x = np.array([1.0, np.inf, 2.0])
    assert ops.max(x) == ops.sum(x) == np.inf
    assert ops.min(-x) == -np.inf
    assert ops.max(np.full(100, -np.inf)) == -np.inf
    assert np.isnan(ops.sum(np.array([np.inf, -np.inf])))


@pytest.mark.parametrize("kind", ["sum", "prod", "mean"])
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3)])
def test_nothing_to_reduce(kind, shape):
    for axis in [None, *range(len(shape))]:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # NumPy warns of the mean of nothing
            expected = REDUCTIONS[kind](np.zeros(shape), axis=axis)
        np.testing.assert_array_equal(getattr(ops, kind)(np.zeros(shape), axis=axis), expected)


@pytest.mark.parametrize("kind", ["max", "min", "argmax", "argmin"])
def test_extremes_of_nothing_are_an_error(kind):
    function = getattr(ops, kind)
    with pytest.raises(ValueError, match=rf"{kind}: nothing to choose from; .* got x\.shape=\(0, 3\)"):
        function(np.zeros((0, 3)), axis=0)
    assert function(np.zeros((0, 3)), axis=1).shape == (0,)


def test_ten_million_equal_numbers_keep_their_sum():
    # One running sum in float32 would stop at 2**21 or so.
    x = np.full(10**7, 0.1, "float32")
    exact = float(np.float32(0.1)) * 10**7
    assert abs(float(ops.sum(x)) - exact) <= 4 * np.finfo("float32").eps * exact
    assert abs(float(ops.mean(x)) - float(np.float32(0.1))) <= 4 * np.finfo("float32").eps * 0.1
    columns = ops.sum(x.reshape(-1, 8), axis=0).astype(np.float64)
    np.testing.assert_allclose(columns, exact / 8, rtol=4 * np.finfo("float32").eps)


@pytest.mark.parametrize(("shape", "axis"), [((300001,), 0), ((70000, 9), 0), ((9, 70000), 1), ((40, 50, 60), (0, 2))])
def test_same_bits_at_any_thread_count(threads, shape, axis):
    x = np.random.default_rng(2).normal(size=shape).astype("float32")
    for kind in REDUCTIONS:
        results = set()
        for n in (1, 2, 4):
            threads(n)
            results.add(getattr(ops, kind)(x, axis=axis).tobytes())
        assert len(results) == 1


@pytest.mark.parametrize("kind", REDUCTIONS)
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 2), (), -1])
def test_gradients(kind, axis):
    x = np.random.default_rng(3).normal(size=(2, 3, 4))
    check_gradients(lambda v: getattr(ops, kind)(v, axis=axis), x)
    check_gradients(lambda v: getattr(ops, kind)(v, axis=axis, keepdims=True), x)


def test_gradients_of_var_and_std():
    x = np.random.default_rng(4).normal(size=(3, 5))
    for axis in (None, 0, 1):
        check_gradients(lambda v, a=axis: ops.var(v, axis=a), x)
        check_gradients(lambda v, a=axis: ops.std(v, axis=a), x)
    check_second_gradients(lambda v: ops.var(v, axis=0), x)
    check_second_gradients(lambda v: ops.prod(v, axis=1), x)


def test_gradient_of_prod_with_zeros():
    x = np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0]])
    check_gradients(lambda v: ops.prod(v, axis=1), x)


def test_equal_extremes_share_the_gradient():
    x = Tensor(np.array([[1.0, 3.0, 3.0], [2.0, 1.0, 0.0]]))
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.max(x, axis=1)
    np.testing.assert_array_equal(tape.gradient(y, x), [[0.0, 0.5, 0.5], [1.0, 0.0, 0.0]])


def test_var_and_std_are_numpys():
    x = np.random.default_rng(5).normal(size=(4, 6))
    for axis, keepdims in itertools.product([None, 0, -1, (0, 1)], [False, True]):
        np.testing.assert_allclose(ops.var(x, axis, keepdims), np.var(x, axis=axis, keepdims=keepdims), rtol=1e-14)
        np.testing.assert_allclose(ops.std(x, axis, keepdims), np.std(x, axis=axis, keepdims=keepdims), rtol=1e-14)


def test_integers_and_truth():
    x = np.array([[1, 0, 2], [3, 4, 5]])
    assert ops.sum(x).dtype == x.dtype
    assert ops.sum(x) == 15
    assert ops.mean(x).dtype == "float32"
    assert ops.mean(x) == 2.5
    assert ops.max(x) == 5
    np.testing.assert_array_equal(ops.all(x, axis=1), [False, True])
    np.testing.assert_array_equal(ops.any(x == 0, axis=1, keepdims=True), [[True], [False]])


def test_errors_say_what_came():
    x = np.zeros((2, 3))
    with pytest.raises(ValueError, match=r"sum: no such axis; expected an axis from -2 to 1, got axis=2\."):
        ops.sum(x, axis=2)
    with pytest.raises(ValueError, match=r"mean: an axis is named twice; expected different axes, got axis=\(0, -2\)"):
        ops.mean(x, axis=(0, -2))
    with pytest.raises(ValueError, match=r"argmax: no such axis; .* got axis=-3"):
        ops.argmax(x, axis=-3)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("bool", "int32"), ("int8", "int32"), ("uint8", "uint32"), ("int32", "int32"), ("int64", "int64")],
)
def test_sums_of_integers_have_their_type_and_32_bits_at_least(dtype, expected):
    x = np.ones((2, 3), dtype)
    assert ops.sum(x).dtype == expected
    assert ops.prod(x, axis=0).dtype == expected
    assert ops.prod(x, dtype="float64").dtype == "float64"


def test_extremes_with_a_first_value():
    x = np.array([[1.0, 5.0], [3.0, 4.0]])
    np.testing.assert_array_equal(ops.max(x, axis=0, initial=3.5), [3.5, 5.0])
    np.testing.assert_array_equal(ops.min(x, initial=0), 0.0)

"""Sorting, positions, running sums and differences against NumPy, with their gradients."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import Input, ops
from reference.gradients import check_gradients, check_second_gradients

X = np.random.default_rng(0).normal(size=(2, 5, 3))
TIES = np.array([[2, 1, 2, 0, 1], [0, 0, 0, 0, 0]])


@pytest.mark.parametrize("axis", [-1, 0, 1, None])
def test_sort(axis):
    np.testing.assert_array_equal(ops.sort(X, axis), np.sort(X, axis))
    order = ops.argsort(X, axis)
    assert order.dtype == "int32"
    np.testing.assert_array_equal(order, np.argsort(X, axis))
    check_gradients(lambda v: ops.sort(v, axis), X)


def test_equal_elements_keep_their_order():
    np.testing.assert_array_equal(ops.argsort(TIES), [[3, 1, 4, 0, 2], [0, 1, 2, 3, 4]])
    np.testing.assert_array_equal(ops.top_k(TIES, 3)[1], [[0, 2, 1], [0, 1, 2]])
    np.testing.assert_array_equal(ops.sort(np.array([np.nan, 1.0, -np.inf])), [-np.inf, 1.0, np.nan])


@pytest.mark.parametrize("k", [0, 1, 4, 5])
def test_top_k(k):
    x = X.swapaxes(1, 2)
    values, places = ops.top_k(x, k)
    np.testing.assert_array_equal(values, -np.sort(-x, -1)[..., :k])
    np.testing.assert_array_equal(np.take_along_axis(x, places.astype(int), -1), values)
    assert places.dtype == "int32"
    check_gradients(lambda v: ops.top_k(v, k)[0], x)
    np.testing.assert_array_equal(ops.top_k(np.array([0, 255, 3], "uint8"), 2)[0], [255, 3])


def test_top_k_refuses_too_many():
    with pytest.raises(ValueError, match=r"top_k: not that many elements; .* got k=6 for x\.shape=\(5,\)"):
        ops.top_k(np.zeros(5), 6)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_argpartition(axis):
    for kth in (0, 1, -1):
        order = ops.argpartition(X, kth, axis)
        got = np.take(np.take_along_axis(X, order, axis), kth, axis)
        np.testing.assert_array_equal(got, np.take(np.sort(X, axis), kth, axis))


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_take_along_axis(axis):
    shape = [2, 5, 3]
    shape[axis] = 4
    places = np.random.default_rng(1).integers(-X.shape[axis], X.shape[axis], shape)
    np.testing.assert_array_equal(ops.take_along_axis(X, places, axis), np.take_along_axis(X, places, axis))
    check_gradients(lambda v: ops.take_along_axis(v, places, axis), X)
    check_second_gradients(lambda v: ops.square(ops.take_along_axis(v, places, axis)), X)


def test_take_along_axis_broadcasts():
    places = np.array([[[1]], [[0]]])
    expected = np.take_along_axis(X, np.broadcast_to(places, (2, 1, 3)), 1)
    np.testing.assert_array_equal(ops.take_along_axis(X, places, 1), expected)
    check_gradients(lambda v: ops.take_along_axis(v, places, 1), X)
    wide = np.zeros((2, 1, 3), int)
    check_gradients(lambda v: ops.take_along_axis(v, wide, 1), X[:1, :, :1])
    np.testing.assert_array_equal(ops.take_along_axis(X, np.array([7, -1])), X.ravel()[[7, -1]])
    with pytest.raises(ValueError, match=r"the ranks differ; expected indices of rank 3, got indices\.shape=\(2,\)"):
        ops.take_along_axis(X, np.array([0, 1]), 1)
    with pytest.raises(TypeError, match="indices must be integers"):
        ops.take_along_axis(X, X, 1)


def test_in_top_k():
    scores = np.array([[0.1, 0.4, 0.3, 0.2], [0.5, 0.5, 0.1, 0.0], [np.nan, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0]])
    targets = np.array([2, 1, 0, 9])
    np.testing.assert_array_equal(ops.in_top_k(targets, scores, 1), [False, True, False, False])
    np.testing.assert_array_equal(ops.in_top_k(targets, scores, 2), [True, True, False, False])


@pytest.mark.parametrize("axis", [-1, 0, 1, None])
@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_running(name, axis):
    x = X.copy()
    x[0, 2] = 0.0  # products with zeros have gradients too
    np.testing.assert_allclose(getattr(ops, name)(x, axis), getattr(np, name)(x, axis), atol=1e-14)
    check_gradients(lambda v: getattr(ops, name)(v, axis), x)
    assert getattr(ops, name)(np.ones(3, "int8")).dtype == "int8"
    assert getattr(ops, name)(np.ones(3, bool)).dtype == "int32"
    assert getattr(ops, name)(np.ones(3, "int32"), dtype="float32").dtype == "float32"
    assert getattr(ops, name)(Input((4,)), axis=1).shape == (None, 4)


def test_running_second_gradients():
    check_second_gradients(lambda v: ops.square(ops.cumsum(v)), X[0, 0])
    check_second_gradients(ops.cumprod, X[0, 0])


@pytest.mark.parametrize("n", [0, 1, 2, 7])
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_diff(n, axis):
    np.testing.assert_allclose(ops.diff(X, n, axis), np.diff(X, n, axis), atol=1e-15)
    check_gradients(lambda v: ops.diff(v, n, axis), X)
    np.testing.assert_array_equal(ops.diff(np.array([True, True, False])), [False, True])


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_trapezoid(axis):
    places = np.sort(np.random.default_rng(2).normal(size=X.shape[axis]))
    trapezoid = getattr(np, "trapezoid" if hasattr(np, "trapezoid") else "trapz")  # the name that NumPy 1 has
    np.testing.assert_allclose(ops.trapezoid(X, dx=0.5, axis=axis), trapezoid(X, dx=0.5, axis=axis), atol=1e-14)
    np.testing.assert_allclose(ops.trapezoid(X, places, axis=axis), trapezoid(X, places, axis=axis), atol=1e-14)
    check_gradients(lambda v: ops.trapezoid(v, places, axis=axis), X)


def test_linspace():
    np.testing.assert_allclose(ops.linspace(0, 10, 5), np.linspace(0, 10, 5))
    np.testing.assert_allclose(ops.linspace(0.0, 10.0, 5, endpoint=False), np.linspace(0, 10, 5, endpoint=False))
    y, step = ops.linspace(np.array([0.0, 1.0]), 3.0, 4, retstep=True, axis=-1)
    expected, gap = np.linspace(np.array([0.0, 1.0]), 3.0, 4, retstep=True, axis=-1)
    np.testing.assert_allclose(y, expected, atol=1e-15)
    np.testing.assert_allclose(step, gap)
    assert ops.linspace(0, 1, 3).dtype == "float32"
    assert ops.linspace(0, 1, 0).shape == (0,)
    np.testing.assert_array_equal(ops.linspace(0.25, 5, 1), [0.25])
    np.testing.assert_array_equal(ops.linspace(-3, 3, 4, dtype="int32"), np.linspace(-3, 3, 4, dtype="int32"))
    check_gradients(lambda a, b: ops.linspace(a, b, 4), [0.5, 1.0], [2.0])

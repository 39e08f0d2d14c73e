"""Softmax and log-softmax: against float64 definitions, gradients, extreme values, bits over thread counts."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import GradientTape, Tensor, ops
from reference import classification as reference

# 32 is the last number of classes whose rows lie in lanes; rows around every vector width.
CLASSES = [1, 2, 7, 8, 9, 10, 16, 31, 32, 33, 100, 1000]
ROWS = [0, 1, 3, 4, 5, 8, 15, 16, 17, 65]


def logits(rows, classes, dtype, seed=0):
    x = np.random.default_rng(seed).standard_normal((rows, classes)) * 4
    return x.astype(dtype)


def error_in_eps(got, want):
    scale = np.abs(want).max(initial=1e-300)
    return np.abs(got.astype("float64") - want).max(initial=0.0) / (np.finfo(got.dtype).eps * scale)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", CLASSES)
def test_agrees_with_the_definition(classes, dtype):
    for rows in ROWS:
        x = logits(rows, classes, dtype, rows)
        y, log_y = ops.softmax(x), ops.log_softmax(x)
        assert y.dtype == log_y.dtype == dtype
        # Exponents of up to 30 lose 4 bits of their own; the rest is the rounding of a sum.
        assert error_in_eps(y, reference.softmax(x.astype("float64"))) < 16
        assert error_in_eps(log_y, reference.log_softmax(x.astype("float64"))) < 8
        np.testing.assert_allclose(y.sum(-1), 1, rtol=0, atol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4), (2, 1, 3, 5)])
def test_every_axis(shape):
    x = np.random.default_rng(1).standard_normal(shape)
    for axis in range(-len(shape), len(shape)):
        moved = np.moveaxis(x, axis, -1)
        for function, definition in [(ops.softmax, reference.softmax), (ops.log_softmax, reference.log_softmax)]:
            want = np.moveaxis(definition(moved), -1, axis)
            np.testing.assert_allclose(function(x, axis=axis), want, rtol=0, atol=1e-14)


@pytest.mark.parametrize("classes", [1, 3, 10, 32, 33, 70])
@pytest.mark.parametrize("function", ["softmax", "log_softmax"])
def test_gradient_agrees_with_differences(function, classes):
    x = logits(5, classes, "float64")
    dy = np.random.default_rng(3).standard_normal(x.shape)
    tensor = Tensor(x.copy())
    with GradientTape() as tape:
        tape.watch(tensor)
        y = getattr(ops, function)(tensor)
    want = reference.numeric_gradient(getattr(reference, function), x, dy)
    np.testing.assert_allclose(tape.gradient(y, tensor, dy).numpy(), want, rtol=0, atol=1e-7)


@pytest.mark.parametrize("function", ["softmax", "log_softmax"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_gradient_along_every_axis(function, axis):
    x = Tensor(np.random.default_rng(1).standard_normal((3, 4, 5)))
    dy = np.random.default_rng(2).standard_normal((3, 4, 5))
    with GradientTape() as tape:
        tape.watch(x)
        y = getattr(ops, function)(x, axis=axis)

    def moved(v):
        return np.moveaxis(getattr(reference, function)(np.moveaxis(v, axis, -1)), -1, axis)

    want = reference.numeric_gradient(moved, x.numpy().copy(), dy)
    np.testing.assert_allclose(tape.gradient(y, x, dy).numpy(), want, rtol=0, atol=1e-8)


@pytest.mark.parametrize("function", ["softmax", "log_softmax"])
def test_second_derivative(function):
    x = Tensor(logits(3, 4, "float64"))
    dy = np.random.default_rng(3).standard_normal((3, 4))
    v = np.random.default_rng(4).standard_normal((3, 4))
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = getattr(ops, function)(x)
        dx = inner.gradient(y, x, dy)

    def first(value):
        point = Tensor(value)
        with GradientTape() as tape:
            tape.watch(point)
            result = getattr(ops, function)(point)
        return tape.gradient(result, point, dy).numpy()

    want = reference.numeric_gradient(first, x.numpy().copy(), v)
    np.testing.assert_allclose(outer.gradient(dx, x, v).numpy(), want, rtol=0, atol=1e-8)


@pytest.mark.parametrize("classes", [3, 10, 32, 33, 100])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_logits_neither_overflow_nor_shift(classes, dtype):
    x = logits(9, classes, dtype)
    huge = np.finfo(dtype).max / 4
    y = ops.softmax(np.where(np.arange(classes) == 2, huge, -huge).astype(dtype)[None])
    np.testing.assert_array_equal(y[0], np.arange(classes) == 2)
    np.testing.assert_array_equal(ops.softmax(np.round(x * 8) / 8), ops.softmax(np.round(x * 8) / 8 + 1024))


@pytest.mark.parametrize("classes", [4, 33])
def test_minus_infinity_has_no_probability(classes):
    x = np.zeros((3, classes))
    x[1, 1:] = -np.inf
    x[2, ::2] = -np.inf
    y = ops.softmax(x)
    np.testing.assert_array_equal(y[1], np.arange(classes) == 0)
    np.testing.assert_allclose(y[2], (np.arange(classes) % 2) / (classes // 2), rtol=1e-15)
    log_y = ops.log_softmax(x)
    assert log_y[1, 0] == 0
    assert (log_y[1, 1:] == -np.inf).all()


@pytest.mark.parametrize("classes", [4, 33])
@pytest.mark.parametrize("function", [ops.softmax, ops.log_softmax])
def test_nan_spoils_its_row_and_no_other(function, classes):
    for at in (0, classes - 1):
        x = np.zeros((5, classes), "float32")
        x[3, at] = np.nan
        y = function(x)
        assert np.isnan(y[3]).all()
        assert np.isfinite(np.delete(y, 3, 0)).all()
    assert np.isnan(function(np.full((1, classes), -np.inf))).all()
    assert np.isnan(function(np.where(np.arange(classes) == 1, np.inf, 0.0)[None])).any()


@pytest.mark.parametrize(("rows", "classes"), [(5000, 10), (300, 33), (70, 1000), (1, 100_000)])
def test_same_bits_at_any_thread_count(rows, classes, threads):
    x = Tensor(logits(rows, classes, "float32"))
    results = []
    for n in (1, 2, 4):
        threads(n)
        with GradientTape(persistent=True) as tape:
            tape.watch(x)
            y, z = ops.softmax(x), ops.log_softmax(x)
        values = [y, z, tape.gradient(y, x, x.numpy()), tape.gradient(z, x, x.numpy())]
        results.append(b"".join(v.numpy().tobytes() for v in values))
    assert results[0] == results[1] == results[2]


def test_a_row_does_not_depend_on_its_neighbours():
    x = logits(40, 10, "float32")
    whole = ops.softmax(x)
    for r in range(40):
        assert ops.softmax(x[r]).tobytes() == whole[r].tobytes()


def test_integers_and_lists_are_taken():
    np.testing.assert_allclose(ops.softmax([0, 0]), [0.5, 0.5])
    assert ops.softmax(np.array([1, 2, 3])).dtype == "float32"


def test_refusals():
    with pytest.raises(ValueError, match=r"softmax: x has no axis; expected rank 1 or more, got x\.shape=\(\)"):
        ops.softmax(np.float32(1.0))
    with pytest.raises(ValueError, match=r"log_softmax: there is no such axis; expected -2 to 1 .* got axis=2"):
        ops.log_softmax(np.ones((2, 3)), axis=2)
    with pytest.raises(ValueError, match=r"softmax: x has no classes; .* got x\.shape=\(2, 0\)"):
        ops.softmax(np.ones((2, 0)))
    with pytest.raises(TypeError, match="unsupported dtype"):
        ops.softmax(np.array(["a"]))

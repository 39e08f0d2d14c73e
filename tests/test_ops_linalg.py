"""Linear algebra against NumPy and against what defines each result, with gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest

from juanji import GradientTape, Input, Tensor, ops
from reference.gradients import check_gradients, check_second_gradients


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


SQUARE = numbers(2, 3, 3) + 3 * np.eye(3)
TALL, WIDE = numbers(2, 4, 3, seed=1), numbers(2, 3, 5, seed=2)
POSITIVE = SQUARE @ SQUARE.swapaxes(1, 2)


def symmetric(x):
    return ops.add(x, ops.swapaxes(x, -1, -2))


@pytest.mark.parametrize("name", ["inv", "det"])
def test_of_square_matrices(name):
    function = getattr(ops, name)
    np.testing.assert_allclose(function(SQUARE), getattr(np.linalg, name)(SQUARE), rtol=1e-12)
    check_gradients(function, SQUARE)
    check_second_gradients(function, SQUARE[0])
    assert function(SQUARE.astype("float32")).dtype == "float32"
    assert function(np.eye(2, dtype=int)).dtype == "float32"


def test_logarithms_of_determinants():
    x = SQUARE * np.array([1.0, -1.0])[:, None, None]
    sign, size = ops.slogdet(x)
    expected = np.linalg.slogdet(x)
    np.testing.assert_allclose(sign, expected[0])
    np.testing.assert_allclose(size, expected[1])
    np.testing.assert_allclose(ops.logdet(x), expected[1])
    check_gradients(ops.logdet, x)


@pytest.mark.parametrize("upper", [False, True])
def test_cholesky(upper):
    factor = ops.cholesky(POSITIVE, upper)
    low = np.linalg.cholesky(POSITIVE)
    np.testing.assert_allclose(factor, low.swapaxes(1, 2) if upper else low, atol=1e-12)
    np.testing.assert_allclose(ops.cholesky_inverse(factor, upper), np.linalg.inv(POSITIVE), atol=1e-12)
    check_gradients(lambda x: ops.cholesky(ops.matmul(x, ops.swapaxes(x, -1, -2)), upper), SQUARE)
    check_gradients(lambda x: ops.cholesky_inverse(x, upper), SQUARE)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 2), (3, 4)])
def test_solve(shape):
    b = numbers(*shape, seed=3)
    a = SQUARE if shape[0] == 2 else SQUARE[0]
    columns = b[..., None] if b.ndim == a.ndim - 1 else b
    np.testing.assert_allclose(a @ ops.solve(a, b).reshape(columns.shape), columns, atol=1e-12)
    check_gradients(ops.solve, a, b)
    for lower in (False, True):
        triangle = np.tril(a) if lower else np.triu(a)
        y = ops.solve_triangular(a, b, lower).reshape(columns.shape)
        np.testing.assert_allclose(triangle @ y, columns, atol=1e-12)
        check_gradients(lambda u, v: ops.solve_triangular(u, v, lower), a, b)  # noqa: B023


def test_eigenvalues():
    x = POSITIVE
    w, v = ops.eigh(x)
    np.testing.assert_allclose(w, np.linalg.eigvalsh(x))
    np.testing.assert_allclose(x @ v, v * w[:, None, :], atol=1e-10)
    check_gradients(lambda y: ops.eigh(symmetric(y))[0], SQUARE)
    check_gradients(lambda y: ops.square(ops.eigh(symmetric(y))[1]), SQUARE)
    w, v = ops.eig(SQUARE)
    np.testing.assert_allclose(SQUARE @ v, v * w[:, None, :], atol=1e-12)
    assert ops.eig(SQUARE.astype("float32"))[0].dtype == "complex64"
    tensor = Tensor(SQUARE)
    with GradientTape() as tape:
        tape.watch(tensor)
        y = ops.real(ops.eig(tensor)[0])
    with pytest.raises(ValueError, match="eig: this operation has no gradient"):
        tape.gradient(y, tensor)


@pytest.mark.parametrize("x", [SQUARE, TALL, WIDE], ids=["square", "tall", "wide"])
def test_singular_values(x):
    for full in (False, True):
        u, s, vh = ops.svd(x, full)
        assert [part.shape for part in (u, s, vh)] == [part.shape for part in np.linalg.svd(x, full)]
        k = s.shape[-1]
        np.testing.assert_allclose((u[..., :k] * s[:, None, :]) @ vh[:, :k], x, atol=1e-12)
    np.testing.assert_allclose(ops.svd(x, compute_uv=False), s)
    check_gradients(lambda v: ops.svd(v, compute_uv=False), x)
    check_gradients(lambda v: ops.square(ops.svd(v, False)[0]), x)
    check_gradients(lambda v: ops.matmul(*(ops.svd(v, False)[i] for i in (0, 2))), x)
    np.testing.assert_allclose(ops.pinv(x), np.linalg.pinv(x), atol=1e-12)
    check_gradients(ops.pinv, x)


@pytest.mark.parametrize("x", [SQUARE, TALL, WIDE], ids=["square", "tall", "wide"])
def test_qr(x):
    for mode in ("reduced", "complete"):
        q, r = ops.qr(x, mode)
        assert [part.shape for part in (q, r)] == [part.shape for part in np.linalg.qr(x, mode)]
        np.testing.assert_allclose(q @ r, x, atol=1e-12)
    if x is not WIDE:
        check_gradients(lambda v: ops.qr(v)[0], x)
        check_gradients(lambda v: ops.qr(v)[1], x)
        return
    tensor = Tensor(x)
    with GradientTape() as tape:
        tape.watch(tensor)
        y = ops.qr(tensor)[1]
    with pytest.raises(ValueError, match="qr: the gradient needs columns that are independent"):
        tape.gradient(y, tensor)


@pytest.mark.parametrize("x", [SQUARE, TALL, WIDE, np.zeros((2, 2))], ids=["square", "tall", "wide", "zero"])
def test_lu_factor(x):
    lu, pivots = ops.lu_factor(x)
    rows, columns = x.shape[-2:]
    k = min(rows, columns)
    for got, pivot, matrix in zip(lu.reshape(-1, rows, columns), pivots.reshape(-1, k), x.reshape(-1, rows, columns)):
        order = np.arange(rows)
        for i, j in enumerate(pivot):
            order[[i, j]] = order[[j, i]]
        low = np.tril(got[:, :k], -1) + np.eye(rows, k)
        np.testing.assert_allclose(low @ np.triu(got[:k]), matrix[order], atol=1e-12)
        assert np.abs(low).max() <= 1


def test_least_squares_and_rank():
    a, b = TALL[0], numbers(4, 2, seed=4)
    np.testing.assert_allclose(ops.lstsq(a, b), np.linalg.lstsq(a, b, rcond=None)[0], atol=1e-12)
    np.testing.assert_allclose(ops.lstsq(a, b[:, 0]), np.linalg.lstsq(a, b[:, 0], rcond=None)[0], atol=1e-12)
    deficient = np.outer([1.0, 2.0, 3.0], [1.0, 1.0])
    np.testing.assert_allclose(ops.lstsq(deficient, np.ones(3)), np.linalg.lstsq(deficient, np.ones(3), rcond=None)[0])
    check_gradients(ops.lstsq, a, b)
    np.testing.assert_array_equal(ops.matrix_rank(np.stack([deficient.T @ deficient, np.eye(2)])), [1, 2])
    assert ops.matrix_rank(deficient).dtype == "int32"


@pytest.mark.parametrize("ord", [None, 0, 1, 2, 3, -1, 2.5, math.inf, -math.inf])
@pytest.mark.parametrize("keepdims", [False, True])
def test_norm_of_vectors(ord, keepdims):
    expected = np.linalg.norm(TALL, ord, 1, keepdims)
    np.testing.assert_allclose(ops.norm(TALL, ord, 1, keepdims), expected, rtol=1e-12)
    check_gradients(lambda v: ops.norm(v, ord, 1, keepdims), TALL)


@pytest.mark.parametrize("ord", [None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])
@pytest.mark.parametrize(("axis", "keepdims"), [((0, 2), False), ((-1, 1), True)])
def test_norm_of_matrices(ord, axis, keepdims):
    expected = np.linalg.norm(TALL, ord, axis, keepdims)
    got = ops.norm(TALL, ord, axis, keepdims)
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    assert got.shape == expected.shape
    check_gradients(lambda v: ops.norm(v, ord, axis, keepdims), TALL)


def test_norm_of_everything_and_of_nothing():
    np.testing.assert_allclose(ops.norm(TALL), np.sqrt((TALL**2).sum()))
    x = Tensor(np.zeros(3))
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.norm(x)
    np.testing.assert_array_equal(tape.gradient(y, x), np.zeros(3))


def test_symbolic_shapes():
    x = Input((3, 3))
    assert ops.inv(x).shape == ops.cholesky(x).shape == (None, 3, 3)
    assert ops.det(x).shape == (None,)
    assert ops.solve(x, Input((3, 2))).shape == (None, 3, 2)
    assert [y.shape for y in ops.svd(x)] == [(None, 3, 3), (None, 3), (None, 3, 3)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.inv(TALL), r"inv: the shape is wrong; expected square matrices .* got x\.shape=\(2, 4, 3\)"),
        (lambda: ops.inv(np.zeros((2, 2))), "inv: no result; expected matrices that have one, got: Singular matrix"),
        (lambda: ops.cholesky(-np.eye(2)), "cholesky: no result"),
        (lambda: ops.solve(np.eye(3), np.ones(2)), "solve: the sizes do not fit; expected 3 rows"),
        (lambda: ops.qr(TALL, "full"), "qr: unknown mode"),
        (lambda: ops.lstsq(np.eye(3), np.ones(2)), "lstsq: the sizes do not fit"),
        (lambda: ops.norm(TALL, "fro", 1), "norm: no such size; .* got ord='fro' with 1 axes"),
        (lambda: ops.norm(TALL, 3, (0, 1)), "norm: no such size"),
        (lambda: ops.svd(np.ones(3)), "svd: the shape is wrong; expected matrices"),
    ],
)
def test_errors_say_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()

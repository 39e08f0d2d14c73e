"""Matrix products and the dense operation against float64 NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import juanji
from juanji import GradientTape, Tensor, _core, ops
from juanji.ops import dense

DTYPES = ("float32", "float64")
C_PRODUCT = 4.0  # of √K·eps: the standard deviation of K rounding errors on a sum of K products of size one


def close(got, expected, depth, dtype, c=C_PRODUCT):
    assert got.dtype == dtype
    assert got.shape == expected.shape
    atol = c * np.finfo(dtype).eps * max(1, depth) ** 0.5 * (1 + np.abs(expected).max(initial=0.0))
    np.testing.assert_allclose(got, expected, rtol=0, atol=atol)


def product(a, b, ta=False, tb=False):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return (np.swapaxes(a, -1, -2) if ta else a) @ (np.swapaxes(b, -1, -2) if tb else b)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tb", [False, True])
@pytest.mark.parametrize("ta", [False, True])
def test_every_transpose_and_tile_edge(ta, tb, dtype):
    rng = np.random.default_rng(0)
    for m in (1, 3, 4, 5, 6, 7, 8, 9, 97, 193):
        for n in (1, 7, 8, 9, 15, 16, 17, 31, 33, 130):
            for k in (1, 2, 5, 65, 400):
                a = rng.standard_normal((k, m) if ta else (m, k)).astype(dtype)
                b = rng.standard_normal((n, k) if tb else (k, n)).astype(dtype)
                c = _core.Matmul(transpose_a=ta, transpose_b=tb)(a, b)
                close(c, product(a, b, ta, tb), k, dtype)


@pytest.mark.parametrize(
    ("m", "n", "k"),
    [
        (5, 9, 20000),
        (300, 500, 700),
        (1, 512, 2048),
        (4097, 33, 27),
        (64, 10, 512),
        (193, 530, 1025),
        (288, 512, 300),
        (289, 512, 300),
    ],
)
def test_blocks_and_cuts_along_k(m, n, k):
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((m, k)).astype("float32"), rng.standard_normal((k, n)).astype("float32")
    close(ops.matmul(a, b), product(a, b), k, "float32")
    close(_core.Matmul(transpose_a=True)(np.ascontiguousarray(a.T), b), product(a, b), k, "float32")
    close(_core.Matmul(transpose_b=True)(a, np.ascontiguousarray(b.T)), product(a, b), k, "float32")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("m", "n", "k"), [(48, 96, 192), (49, 97, 193), (193, 257, 385), (99, 130, 5000), (12289, 96, 192)]
)
def test_transposed_left_side_of_deep_products(m, n, k, dtype):
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((k, m)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
    close(_core.Matmul(transpose_a=True)(a, b), product(a, b, True), k, dtype)


def test_no_inner_dimension_gives_zeros_or_the_bias():
    np.testing.assert_array_equal(ops.matmul(np.ones((2, 0)), np.ones((0, 3))), np.zeros((2, 3)))
    bias = np.array([-1.0, 0.0, 2.0])
    y = dense(np.ones((2, 0)), np.ones((0, 3)), bias, activation="relu")
    np.testing.assert_array_equal(y, [[0, 0, 2], [0, 0, 2]])
    assert ops.matmul(np.ones((0, 4)), np.ones((4, 3))).shape == (0, 3)
    assert ops.matmul(np.ones((3, 4)), np.ones((4, 0))).shape == (3, 0)


@pytest.mark.parametrize("function", [ops.matmul, lambda a, b: dense(a, b, None)])
@pytest.mark.parametrize("shapes", [((2, 3, 0), (0, 4)), ((2, 0, 3), (3, 4)), ((2, 3, 4), (4, 0)), ((0, 2, 0), (0, 0))])
def test_gradients_of_batches_without_elements(function, shapes):
    a, b = (Tensor(np.ones(shape)) for shape in shapes)
    with GradientTape() as tape:
        tape.watch([a, b])
        c = function(a, b)
    for x, dx in zip((a, b), tape.gradient(c, [a, b])):
        np.testing.assert_array_equal(dx.numpy(), np.zeros(x.shape))


SHAPES = [
    ((3,), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3,)),
    ((5, 2, 3), (3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((2, 3), (5, 3, 4)),
    ((7, 1, 2, 3), (5, 3, 4)),
    ((0, 2, 3), (3, 4)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 3, 4)),
]


@pytest.mark.parametrize(("a_shape", "b_shape"), SHAPES)
def test_matmul_and_its_gradient_follow_numpys_shapes(a_shape, b_shape):
    rng = np.random.default_rng(2)
    a, b = juanji.Variable(rng.standard_normal(a_shape)), juanji.Variable(rng.standard_normal(b_shape))
    with juanji.GradientTape() as tape:
        c = ops.matmul(a, b)
    expected = np.matmul(a.numpy(), b.numpy())
    close(c.numpy(), expected, 3, "float64")
    dc = rng.standard_normal(c.shape)
    da, db = tape.gradient(c, [a, b], output_gradients=dc)
    for variable, gradient in ((a, da), (b, db)):
        direction = rng.standard_normal(variable.shape)
        moved = [v.numpy() + direction if v is variable else v.numpy() for v in (a, b)]
        # bilinear: the difference quotient is exact for any step
        change = ((np.matmul(*moved) - expected) * dc).sum()
        np.testing.assert_allclose((gradient.numpy() * direction).sum(), change, rtol=1e-10, atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(
    m=st.integers(1, 70), n=st.integers(1, 70), k=st.integers(0, 70), batch=st.integers(0, 4), seed=st.integers(0, 99)
)
def test_any_batch(m, n, k, batch, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((batch, m, k)), rng.standard_normal((batch, k, n))
    close(ops.matmul(a, b), np.matmul(a, b), k, "float64")


def test_integers_are_exact():
    a, b = np.array([[2**40, 1]]), np.array([[3], [5]])
    np.testing.assert_array_equal(ops.matmul(a, b), [[3 * 2**40 + 5]])


def test_operator_and_mixed_types():
    a = juanji.Tensor(np.ones((2, 3), "float32"))
    assert (a @ np.ones((3, 2), "float32")).dtype == np.float32
    assert ops.matmul(np.ones((2, 3), "float32"), np.ones((3, 2))).dtype == np.float64
    assert ops.matmul(np.ones((2, 3), "int64"), np.ones((3, 2), "float32")).dtype == np.float32


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", [None, "relu", "relu6", "sigmoid", "tanh"])
@pytest.mark.parametrize("shape", [(1, 7), (64, 33), (2, 3, 5), (200, 17), (0, 4)])
def test_dense_and_its_gradients(shape, activation, dtype):
    functions = {
        None: (lambda z: z, lambda y: np.ones_like(y)),
        "relu": (lambda z: np.maximum(z, 0), lambda y: y > 0),
        "relu6": (lambda z: np.clip(z, 0, 6), lambda y: (y > 0) & (y < 6)),
        "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda y: y * (1 - y)),
        "tanh": (np.tanh, lambda y: 1 - y * y),
    }
    rng = np.random.default_rng(3)
    x, w, b = (
        juanji.Variable((rng.standard_normal(s) / np.sqrt(shape[-1])).astype(dtype))
        for s in (shape, (shape[-1], 21), (21,))
    )
    x64, w64, b64 = (v.numpy().astype(np.float64) for v in (x, w, b))
    with juanji.GradientTape() as tape:
        y = dense(x, w, b, activation=activation)
    f, slope = functions[activation]
    expected = f(x64 @ w64 + b64)
    close(y.numpy(), expected, shape[-1], dtype)
    dy = rng.standard_normal(y.shape).astype(dtype)
    dz = dy.astype(np.float64) * slope(expected)
    # elements at the kink of relu may round to either side of it; the seed keeps them away
    rows = x64.reshape(-1, shape[-1])
    dx, dw, db = tape.gradient(y, [x, w, b], output_gradients=dy)
    close(dx.numpy(), dz @ w64.T, 21, dtype)
    close(dw.numpy(), rows.T @ dz.reshape(-1, 21), len(rows), dtype)
    close(db.numpy(), dz.reshape(-1, 21).sum(axis=0), len(rows), dtype)


def test_the_same_bits_at_any_thread_count(threads):
    rng = np.random.default_rng(4)
    for m, n, k in ((64, 512, 2048), (333, 129, 77), (9, 11, 30000), (1, 700, 300)):
        a, b = rng.standard_normal((m, k)).astype("float32"), rng.standard_normal((k, n)).astype("float32")
        results = []
        for count in (1, 2, 4, 7):
            threads(count)
            results.append(ops.matmul(a, b).tobytes())
        assert len(set(results)) == 1


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ops.matmul(np.ones((2, 3)), np.ones((4, 2))), ValueError, r"inner dimensions differ; expected K=3"),
        (
            lambda: ops.matmul(np.ones((2, 2, 3)), np.ones((4, 3, 2))),
            ValueError,
            r"leading dimensions do not broadcast",
        ),
        (lambda: ops.matmul(np.float64(2), np.ones(3)), ValueError, r"a scalar is not a matrix"),
        (lambda: ops.matmul(np.ones((2, 2), "complex128"), np.ones((2, 2))), TypeError, r"unsupported dtype"),
        (
            lambda: dense(np.ones((2, 3)), np.ones((4, 5))),
            ValueError,
            r"features of x do not match .* got x.shape=\(2, 3\)",
        ),
        (
            lambda: dense(np.ones((2, 3)), np.ones((3, 5)), np.ones(4)),
            ValueError,
            r"bias has the wrong shape; expected \(5,\)",
        ),
        (lambda: dense(np.ones((2, 3)), np.ones((3, 5), "float32")), TypeError, r"dtypes of x and w differ"),
    ],
)
def test_errors_say_what_was_expected_and_received(call, error, message):
    with pytest.raises(error, match=message):
        call()

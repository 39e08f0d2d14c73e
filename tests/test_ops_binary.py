"""Arithmetic, comparison and selection against NumPy in float64, with every kind of broadcasting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juanji import GradientTape, Tensor, ops
from reference.gradients import check_gradients, check_second_gradients

ARITHMETIC = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.true_divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "power": np.power,
}
COMPARISONS = {
    "equal": np.equal,
    "not_equal": np.not_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
}
SPECIAL = np.array([0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 3.0, -2.0])


@st.composite
def broadcastable_shapes(draw, operands: int = 2):
    full = draw(st.lists(st.sampled_from([0, 1, 2, 3, 5, 8, 9, 17]), max_size=4))
    shapes = []
    for _ in range(operands):
        kept = full[draw(st.integers(0, len(full))) :]
        shapes.append(tuple(1 if draw(st.booleans()) else d for d in kept))
    return shapes


def _draw(rng, shape, dtype, kind):
    x = rng.normal(size=shape)
    return (np.abs(x) + 0.1 if kind == "power" else x).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ARITHMETIC)
@given(shapes=broadcastable_shapes(), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_arithmetic_broadcasts_like_numpy(kind, dtype, shapes, seed):
    rng = np.random.default_rng(seed)
    a, b = (_draw(rng, shape, dtype, kind) for shape in shapes)
    expected = ARITHMETIC[kind](a.astype(np.float64), b.astype(np.float64))
    got = getattr(ops, kind)(a, b)
    assert got.dtype == dtype
    assert got.shape == expected.shape
    # one rounding; two units in the last place for the C library's pow
    np.testing.assert_allclose(got, expected, rtol=(2 if kind == "power" else 1) * np.finfo(dtype).eps, atol=0)


@pytest.mark.parametrize("kind", [*ARITHMETIC, *COMPARISONS])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_special_values_and_signed_zeros(kind, dtype):
    a, b = np.meshgrid(SPECIAL.astype(dtype), SPECIAL.astype(dtype), indexing="ij")
    with np.errstate(all="ignore"):
        expected = {**ARITHMETIC, **COMPARISONS}[kind](a, b)
    for x, y in [(a, b), (SPECIAL[:, None].astype(dtype), SPECIAL.astype(dtype))]:
        got = getattr(ops, kind)(x, y)
        np.testing.assert_array_equal(got, expected)
        if kind in ("add", "subtract", "multiply", "divide"):
            number = ~np.isnan(expected)
            np.testing.assert_array_equal(np.signbit(got)[number], np.signbit(expected)[number])


@pytest.mark.parametrize("kind", COMPARISONS)
@given(shapes=broadcastable_shapes(), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_comparisons_broadcast_like_numpy(kind, shapes, seed):
    rng = np.random.default_rng(seed)
    a, b = (rng.integers(-2, 3, size=shape).astype("float32") for shape in shapes)
    got = getattr(ops, kind)(a, b)
    assert got.dtype == bool
    np.testing.assert_array_equal(got, COMPARISONS[kind](a, b))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@given(shapes=broadcastable_shapes(operands=3), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_where_broadcasts_like_numpy(dtype, shapes, seed):
    rng = np.random.default_rng(seed)
    condition = rng.integers(0, 2, size=shapes[0]).astype(bool)
    a, b = (np.asarray(rng.integers(-9, 9, size=shape)).astype(dtype) for shape in shapes[1:])
    np.testing.assert_array_equal(ops.where(condition, a, b), np.where(condition, a, b))


def test_where_chooses_a_nan_only_where_it_is_asked_for():
    got = ops.where(np.array([True, False]), np.array([1.0, np.nan]), np.array([np.nan, 2.0]))
    np.testing.assert_array_equal(got, [1.0, 2.0])


def test_where_with_the_condition_alone_gives_indices():
    np.testing.assert_array_equal(ops.where(np.array([0, 3, 0, 1]))[0], [1, 3])


@pytest.mark.parametrize(
    "shapes",
    [((3, 70000), (3, 70000)), ((3, 70000), (70000,)), ((70000, 3), (70000, 1)), ((5, 1, 9000), (1, 7, 1))],
)
def test_same_bits_at_any_thread_count(threads, shapes):
    rng = np.random.default_rng(3)
    a, b = (rng.normal(size=shape).astype("float32") for shape in shapes)
    results = []
    for n in (1, 2, 4):
        threads(n)
        results.append(ops.multiply(a, b).tobytes())
    assert results[0] == (a * b).tobytes()
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("kind", ARITHMETIC)
@pytest.mark.parametrize(
    "shapes", [((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2, 3)), ((2, 1, 3), (4, 1))]
)
def test_gradients(kind, shapes):
    rng = np.random.default_rng(7)
    a, b = (rng.uniform(0.5, 2.0, size=shape) for shape in shapes)
    check_gradients(getattr(ops, kind), a, b)


@pytest.mark.parametrize("kind", ["multiply", "divide", "power"])
def test_second_gradients(kind):
    rng = np.random.default_rng(8)
    check_second_gradients(getattr(ops, kind), rng.uniform(0.5, 2.0, size=(2, 3)), rng.uniform(0.5, 2.0, size=3))


def test_gradients_of_where_and_clip():
    rng = np.random.default_rng(9)
    a, b = rng.normal(size=(4, 3)), rng.normal(size=3)
    check_gradients(lambda x, y: ops.where(a > 0, x, y), a, b)
    check_gradients(lambda x: ops.clip(x, -0.5, 0.5), a)


def test_gradient_of_power_where_it_is_delicate():
    x = Tensor(np.array([0.0, 0.0, -2.0, 3.0]))
    y = Tensor(np.array([0.0, 1.0, 2.0, 0.0]))
    with GradientTape() as tape:
        tape.watch([x, y])
        z = ops.power(x, y)
    dx, dy = tape.gradient(z, [x, y])
    np.testing.assert_array_equal(dx, [0.0, 1.0, -4.0, 0.0])
    np.testing.assert_allclose(dy, [0.0, 0.0, 0.0, np.log(3.0)], rtol=1e-15)


def test_equal_elements_send_the_gradient_of_maximum_and_minimum_to_the_first():
    for function in (ops.maximum, ops.minimum):
        x, y = Tensor(np.ones(2)), Tensor(np.ones(2))
        with GradientTape() as tape:
            tape.watch([x, y])
            z = function(x, y)
        dx, dy = tape.gradient(z, [x, y])
        np.testing.assert_array_equal(dx, [1.0, 1.0])
        np.testing.assert_array_equal(dy, [0.0, 0.0])


@pytest.mark.parametrize(
    ("x1", "x2", "dtype"),
    [
        (np.float32([1]), 2.5, "float32"),
        (np.float32([1]), 2, "float32"),
        (np.float32([1]), [1, 2], "float32"),
        (np.float64([1]), [0.1, 0.2], "float64"),
        (np.int32([1]), 2, "int32"),
        (np.int32([1]), 2.5, "float32"),
        (np.array([True]), 2, "int32"),
        (np.float32([1]), np.float64([1]), "float64"),
        (np.float32([1]), np.uint8([1]), "float32"),
        (np.float32([1]), np.int64([1]), "float32"),
        (np.float32([1]), np.int32([1]), "float32"),
        (np.int32([1]), np.int64([1]), "int64"),
        (1, 2, "int32"),
        (1, 2**40, "int64"),
        (1, 2.0, "float32"),
    ],
)
def test_types_promote(x1, x2, dtype):
    for a, b in [(x1, x2), (x2, x1)]:
        assert ops.add(a, b).dtype == dtype
        assert ops.add(Tensor(a) if isinstance(a, np.ndarray) else a, b).dtype == dtype


def test_python_floats_keep_their_precision_next_to_float64():
    assert ops.multiply(np.float64([1.0]), 0.1)[0] == 0.1
    assert ops.multiply(np.float64([1.0]), [0.1])[0] == 0.1


def test_integers_run_through_numpy():
    a, b = np.array([7, -7]), np.array([2, 2])
    np.testing.assert_array_equal(ops.add(a, b), [9, -5])
    np.testing.assert_array_equal(ops.maximum(a, b), [7, 2])
    assert ops.divide(a, b).dtype == "float32"
    np.testing.assert_array_equal(ops.divide(a, b), [3.5, -3.5])
    with pytest.raises(OverflowError, match="integer out of range; expected values that fit uint8, got 300 to 300"):
        ops.add(np.uint8([1]), 300)


def test_errors_say_what_came():
    with pytest.raises(
        ValueError,
        match=r"add: shapes do not broadcast; expected equal sizes, or 1, counted from the last dimension, "
        r"got shapes=\(2, 3\) and \(2,\)\.",
    ):
        ops.add(np.ones((2, 3)), np.ones(2))
    with pytest.raises(ValueError, match=r"where: one of the alternatives is missing; .* got x1 alone"):
        ops.where(np.array([True]), 1.0)
    with pytest.raises(TypeError, match=r"expected numbers .*, got dtype=<U1"):
        ops.add(np.ones(1), "a")


def test_strided_and_transposed_inputs():
    a = np.arange(24.0).reshape(4, 6)
    np.testing.assert_array_equal(ops.add(a.T, a[:, ::2].T.repeat(2, 0)), a.T + a[:, ::2].T.repeat(2, 0))


INTEGERS = ["int32", "int64", "uint8", "bool"]
EVERY_COMPARISON = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or"]


@pytest.mark.parametrize("dtype", [*INTEGERS, "float32", "float64"])
@pytest.mark.parametrize("name", EVERY_COMPARISON)
def test_comparisons_of_every_type(name, dtype):
    from juanji import _core

    rng = np.random.default_rng(8)
    for shapes in (((4, 5), (4, 5)), ((3, 1, 7), (5, 1)), ((), (6,)), ((2, 3), ()), ((0, 3), (3,)), ((70000,), (1,))):
        a, b = (rng.integers(0, 4, shape).astype(dtype) for shape in shapes)
        got = getattr(ops, name)(a, b)
        assert got.dtype == bool
        np.testing.assert_array_equal(got, getattr(np, name)(a, b))
        np.testing.assert_array_equal(
            _core.Comparison(name)(a.astype(bool), b.astype(bool)), getattr(np, name)(a.astype(bool), b.astype(bool))
        )


def test_logical_operators_of_tensors():
    a, b = Tensor(np.array([True, True, False])), np.array([True, False, False])
    np.testing.assert_array_equal(a & b, [True, False, False])
    np.testing.assert_array_equal(b | a, [True, True, False])
    np.testing.assert_array_equal(b & a, [True, False, False])
    np.testing.assert_array_equal(a | b, [True, True, False])
    np.testing.assert_array_equal(~a, [False, False, True])


def test_logic_has_no_gradient():

    x = Tensor(np.array([1.0, -1.0]))
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.cast(ops.logical_and(x > 0, ops.isfinite(x)), "float64") * x
    np.testing.assert_array_equal(tape.gradient(y, x), [1.0, 0.0])


@pytest.mark.parametrize("cols", [1, 2, 3, 7, 63, 64])
@pytest.mark.parametrize("rows", [1, 2, 169, 170, 171, 345])
def test_short_rows_that_meet_one_row_one_number_and_each_other(rows, cols):
    rng = np.random.default_rng(rows * 100 + cols)
    x, other = (rng.standard_normal((3, rows, cols)).astype("float32") for _ in range(2))
    row, image, number = x[0, 0].copy(), other[:, :1].copy(), x[:, :, :1].copy()
    for small in (row, image, number, np.float32(0.25)):
        for a, b in ((x, small), (small, x)):
            assert ops.subtract(a, b).tobytes() == (a - b).tobytes()
            assert ops.divide(a, b).tobytes() == (a / b).tobytes()
            np.testing.assert_array_equal(ops.less(a, b), a < b)
            np.testing.assert_array_equal(ops.where(other > 0, a, b), np.where(other > 0, a, b))
            np.testing.assert_array_equal(ops.where(row > 0, a, b), np.where(row > 0, a, b))
            np.testing.assert_array_equal(ops.where(number > 0, a, b), np.where(number > 0, a, b))
    whole = np.arange(rows * cols).reshape(rows, cols)
    np.testing.assert_array_equal(ops.equal(whole, whole[0]), whole == whole[0])

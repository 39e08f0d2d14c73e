"""Sums of products against NumPy's einsum in float64."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import Input, ops
from reference.gradients import check_gradients, check_second_gradients

SIZES = {"a": 2, "b": 3, "c": 4, "d": 2, "e": 3, "f": 1}
SUBSCRIPTS = [
    "ab,bc->ac",
    "ab,cb->ac",
    "ba,bc->ca",
    "ab->ba",
    "ab->",
    "abc->b",
    "aa->a",
    "aab->ba",
    "aa",
    "ab,ab->ab",
    "ab,ab->",
    "a,b->ab",
    "a,b->ba",
    "ab,b->a",
    "ab,bc",
    "ba,cb",
    "abc,cd->abd",
    "abc,acd->abd",
    "abc,adc->abd",
    "aecd,abcd->acbe",
    "acbe,aecd->abcd",
    "abcd,cde->abe",
    "ab,bc,cd->ad",
    "ab,ac,ad->abcd",
    "abc,bcd,cde->ae",
    "a,ab,b->",
    "...ab,...bc->...ac",
    "...a,ab->...b",
    "a...b->b...a",
    "ab...,b->a...",
    "...,...->...",
    "fab,cab->fc",
]


def operands(subscripts, dtype="float64"):
    rng = np.random.default_rng(0)
    groups = subscripts.split("->")[0].split(",")
    shapes = [[SIZES[c] for c in group.replace("...", "ee")] for group in groups]
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("subscripts", SUBSCRIPTS)
def test_against_numpy(subscripts, dtype):
    arrays = operands(subscripts, dtype)
    expected = np.einsum(subscripts, *(x.astype("float64") for x in arrays))
    got = ops.einsum(subscripts, *arrays)
    assert got.dtype == dtype
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=32 * np.finfo(dtype).eps * np.abs(expected).max())


@pytest.mark.parametrize("subscripts", SUBSCRIPTS)
def test_gradients(subscripts):
    arrays = [x[tuple(slice(0, 2) for _ in x.shape)] for x in operands(subscripts)]
    check_gradients(lambda *xs: ops.einsum(subscripts, *xs), *arrays)


def test_second_gradients():
    check_second_gradients(lambda a, b: ops.einsum("ab,cb->ca", a, b), *operands("ab,cb->ca"))


def test_sizes_of_one_broadcast():
    rng = np.random.default_rng(1)
    for subscripts, shapes in {
        "ab,bc->ac": ((2, 1), (3, 2)),
        "ab,ab->a": ((2, 3), (1, 3)),
        "...a,...a->...": ((2, 1, 3), (4, 3)),
        "...ab,...bc->...ac": ((2, 1, 3, 4), (5, 4, 2)),
    }.items():
        arrays = [rng.normal(size=shape) for shape in shapes]
        expected = np.einsum(subscripts, *arrays)
        np.testing.assert_allclose(ops.einsum(subscripts, *arrays), expected, atol=1e-14)
        check_gradients(lambda *xs: ops.einsum(subscripts, *xs), *arrays)  # noqa: B023


def test_integers_stay_integers():
    x = np.arange(6).reshape(2, 3)
    got = ops.einsum("ab,cb->ac", x, x)
    assert got.dtype == x.dtype
    np.testing.assert_array_equal(got, x @ x.T)


def test_empty_axes_and_symbolic_shapes():
    assert ops.einsum("ab,bc->ac", np.zeros((2, 0)), np.zeros((0, 3))).shape == (2, 3)
    assert ops.einsum("ab,bc->ac", np.zeros((0, 2)), np.zeros((2, 3))).shape == (0, 3)
    y = ops.einsum("abc,cd->abd", Input((None, 4)), np.ones((4, 5), "float32"))
    assert (y.shape, y.dtype) == ((None, None, 5), "float32")


@pytest.mark.parametrize(
    ("subscripts", "shapes", "message"),
    [
        ("ab,bc->ac", [(2, 3)], "not one group of letters for each operand; expected 2 operands"),
        ("ab->ba", [(2, 3, 4)], "the letters do not fit the rank"),
        ("ab->bac", [(2, 3)], "the result is not made of letters of the operands"),
        ("ab->bb", [(2, 3)], "the result is not made of letters of the operands"),
        ("ab,bc->ac", [(2, 3), (4, 5)], r"the sizes do not fit; .* got \(2, 3\) and \(4, 5\)"),
    ],
)
def test_errors_say_what_came(subscripts, shapes, message):
    with pytest.raises(ValueError, match=message):
        ops.einsum(subscripts, *(np.ones(shape) for shape in shapes))

"""The native copies themselves: random views, large blocks for several threads, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juanji import _core, ops
from juanji.ops._copy import plan_view

DTYPES = ["float32", "float64", "int32", "int64", "uint8", "bool"]


@st.composite
def _views(draw):
    """An array, and a function that gives a view of it."""
    rank = draw(st.integers(0, 4))
    sizes = st.sampled_from([0, 1, 2, 3, 5, 8, 9, 16, 17]) if rank < 3 else st.sampled_from([1, 2, 3, 9])
    shape = tuple(draw(sizes) for _ in range(rank))
    steps = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["transpose", "slice", "broadcast"]))
        seed = draw(st.integers(0, 1000))
        steps.append((kind, seed))

    def function(x):
        for kind, seed in steps:
            rng = np.random.default_rng(seed)
            if kind == "transpose":
                x = x.transpose(rng.permutation(x.ndim))
            elif kind == "slice":
                bounds = [rng.choice([None, -4, -1, 0, 1, 2, 7], 2) for _ in range(x.ndim)]
                x = x[(..., *(slice(a, b, int(rng.choice([-2, -1, 1, 1, 2, 3]))) for a, b in bounds))]
            elif x.ndim < 5:
                x = (
                    np.broadcast_to(x, (3, *x.shape))
                    if rng.integers(2)
                    else np.broadcast_to(x[..., None], (*x.shape, 4))
                )
        return x

    dtype = draw(st.sampled_from(DTYPES))
    return np.arange(int(np.prod(shape)), dtype="int64").reshape(shape).astype(dtype), function


@settings(max_examples=400, deadline=None)
@given(_views())
def test_copies_of_any_view(case):
    x, function = case
    plan = plan_view(function, x.shape)
    expected = function(x)
    got = _core.StridedCopy(*plan)(x)
    assert got.dtype == x.dtype
    np.testing.assert_array_equal(got, expected)
    if expected.size and all(stride or size == 1 for size, stride in zip(plan.shape, plan.strides)):
        whole = np.zeros_like(x)
        strides = [stride * x.itemsize for stride in plan.strides]
        np.lib.stride_tricks.as_strided(whole.reshape(-1)[plan.offset :], plan.shape, strides)[...] = expected
        np.testing.assert_array_equal(_core.StridedPlace(x.shape, *plan)(np.array(expected, order="C")), whole)


LARGE = {
    "channels first": lambda x: x.transpose(0, 3, 1, 2),
    "height and width": lambda x: x.transpose(0, 2, 1, 3),
    "reversed": lambda x: x.transpose(3, 2, 1, 0),
    "mirrored": lambda x: x[:, :, ::-1],
    "inside": lambda x: x[:, 1:-1, 1:-1],
    "every second": lambda x: x[:, ::2, ::2],
    "one channel": lambda x: x[..., 3],
    "some channels": lambda x: x[..., 1:4],
    "spread": lambda x: np.broadcast_to(x[:, :1, :1], x.shape),
    "one number": lambda x: np.broadcast_to(x[:1, :1, :1, :1], x.shape),
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("shape", [(7, 33, 40, 19), (3, 64, 64, 64)])
def test_large_views_at_any_thread_count(threads, shape, name):
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    expected = LARGE[name](x)
    copy = _core.StridedCopy(*plan_view(LARGE[name], shape))
    for n in (1, 3):
        threads(n)
        np.testing.assert_array_equal(copy(x), expected)


def test_large_joins_and_borders(threads):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(5, 40, 30, 17)), rng.normal(size=(5, 40, 30, 64))
    for n in (1, 3):
        threads(n)
        np.testing.assert_array_equal(ops.concatenate([x, y, x], -1), np.concatenate([x, y, x], -1))
        np.testing.assert_array_equal(ops.concatenate([x, x], 0), np.concatenate([x, x], 0))
        widths = ((0, 0), (1, 2), (3, 0), (0, 0))
        np.testing.assert_array_equal(ops.pad(x, widths), np.pad(x, widths))
        np.testing.assert_array_equal(ops.pad(x, 1, constant_values=np.nan), np.pad(x, 1, constant_values=np.nan))


def test_padding_of_empty_arrays():
    assert ops.pad(np.zeros((0, 2)), ((0, 0), (1, 1))).shape == (0, 4)
    np.testing.assert_array_equal(ops.pad(np.zeros((0, 2)), ((1, 1), (0, 0)), constant_values=3), np.full((2, 2), 3))
    np.testing.assert_array_equal(ops.pad(np.float64(2), 0), 2.0)
    np.testing.assert_array_equal(ops.pad(np.array([True]), 1), [False, True, False])
    np.testing.assert_array_equal(ops.pad(np.array([1], "uint8"), 1, constant_values=255), [255, 1, 255])


def test_the_memory_of_a_variable_is_not_shared():
    import juanji

    v = juanji.Variable(np.zeros((2, 2)))
    part = v[0]
    v.assign(np.ones((2, 2)))
    np.testing.assert_array_equal(part, [0.0, 0.0])


def test_native_copies_refuse():
    x = np.zeros((2, 3))
    with pytest.raises(
        ValueError, match=r"copy: the view reaches beyond the array; expected elements 0 to 5, got strides=\(3,\)"
    ):
        _core.StridedCopy((2,), (3,), 3)(x)
    with pytest.raises(ValueError, match=r"copy: the view reaches .* got strides=\(-1,\)"):
        _core.StridedCopy((2,), (-1,), 0)(x)
    with pytest.raises(ValueError, match=r"copy: the view reaches beyond the array"):
        _core.StridedCopy((2, 2), (2**62, 2**62), 0)(x)
    with pytest.raises(ValueError, match=r"copy: there is not one stride for each dimension"):
        _core.StridedCopy((2, 2), (1,), 0)
    with pytest.raises(ValueError, match=r"place: the view reaches beyond the array"):
        _core.StridedPlace((2, 2), (5,), (1,), 0)
    with pytest.raises(ValueError, match=r"place: x has the wrong shape; expected \(2,\), got x.shape=\(2, 3\)"):
        _core.StridedPlace((2, 2), (2,), (1,), 0)(x)
    with pytest.raises(ValueError, match=r"pad: there is not one pair of widths for each dimension"):
        _core.Pad([(1, 1)], 0.0)(x)
    with pytest.raises(ValueError, match=r"pad: negative width"):
        _core.Pad([(1, -1)], 0.0)
    with pytest.raises(
        ValueError, match=r"concatenate: inputs\[1\] has the wrong shape; expected \(3, 3\), got .*\(3, 2\)"
    ):
        _core.Concatenate(0)(x, x.T)
    with pytest.raises(ValueError, match=r"concatenate: no such axis"):
        _core.Concatenate(2)(x)
    with pytest.raises(TypeError, match=r"dtypes of inputs\[0\] and inputs\[1\] differ"):
        _core.Concatenate(0)(x, x.astype("float32"))
    with pytest.raises(ValueError, match=r"with a product below 2\*\*58"):
        _core.Pad([(0, 2**59), (0, 2**59)], 0.0)(x)
    with pytest.raises(ValueError, match=r"pad: a width is too large; expected less than 2\^60"):
        _core.Pad([(0, 2**62), (0, 2**62)], 0.0)(x)

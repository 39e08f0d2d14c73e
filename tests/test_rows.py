"""Gathering rows: against NumPy's indexing, for every type, layout and wrong index."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from juanji import _core
from juanji.ops._rows import take_rows

TYPES = ["uint8", "bool", "int32", "int64", "float32", "float64"]


def sample(dtype, shape, seed=0):
    rng = np.random.default_rng(seed)
    if dtype in ("float32", "float64"):
        return rng.standard_normal(shape).astype(dtype)
    high = {"bool": 2, "uint8": 256}.get(dtype, 100_000)
    return rng.integers(0, high, shape).astype(dtype)


@pytest.mark.parametrize("source", TYPES)
@pytest.mark.parametrize("target", ["float32", "float64", None])
@pytest.mark.parametrize("row", [(), (1,), (7,), (33,), (4, 5, 3), (40_000,)])
def test_equals_numpy_indexing(source, target, row):
    data = sample(source, (11, *row))
    indices = np.array([10, 0, 0, 5, 3])
    got = take_rows(data, indices, target)
    want = data[indices].astype(target or source)
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("source", ["uint8", "bool", "int32", "int64"])
@pytest.mark.parametrize("target", ["int32", "int64"])
def test_integers_from_integers(source, target):
    data = sample(source, (9, 2))
    np.testing.assert_array_equal(take_rows(data, [8, 1], target), data[[8, 1]].astype(target))


@given(
    st.integers(1, 30),
    st.lists(st.integers(0, 5), max_size=3).map(tuple),
    st.sampled_from(TYPES),
    st.data(),
)
def test_any_shape(rows, row, dtype, data_strategy):
    data = sample(dtype, (rows, *row))
    indices = data_strategy.draw(st.lists(st.integers(0, rows - 1), max_size=40))
    want = data[np.array(indices, dtype=np.int64)].astype("float32")
    np.testing.assert_array_equal(take_rows(data, indices, "float32"), want)


def test_special_values_survive():
    data = np.array([[np.nan, np.inf, -np.inf, -0.0, 1e300]])
    got = take_rows(data, [0], "float64")
    assert got.tobytes() == data.tobytes()
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(take_rows(data, [0], "float32"), data.astype("float32"))


def test_result_is_a_new_array():
    data = np.zeros((3, 2), "float32")
    got = take_rows(data, [0, 1, 2], "float32")
    got += 1
    assert not data.any()


def test_no_rows_wanted_and_no_rows_there():
    assert take_rows(np.zeros((5, 3), "uint8"), [], "float32").shape == (0, 3)
    assert take_rows(np.zeros((0, 3), "uint8"), [], "float32").shape == (0, 3)
    assert take_rows(np.zeros((5, 0), "uint8"), [4, 4], "float32").shape == (2, 0)


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("wrong", [-1, 5, 2**40, -(2**63)])
def test_wrong_index_is_named(dense, wrong):
    data = np.zeros((5, 2), "uint8") if dense else np.zeros((5, 4), "uint8")[:, ::2]
    message = rf"take_rows: index out of range; expected 0 to 4, got indices\[2\]={wrong}\."
    with pytest.raises(ValueError, match=message):
        take_rows(data, [0, 4, wrong, 7], "float32")


@pytest.mark.parametrize("dense", [True, False])
def test_index_into_nothing(dense):
    data = np.zeros((0, 2)) if dense else np.zeros((0, 4))[:, ::2]
    with pytest.raises(ValueError, match="expected no index, as x has no rows"):
        take_rows(data, [0], "float32")


def test_indices_must_be_integers():
    data = np.zeros((5, 2))
    with pytest.raises(TypeError, match=r"indices are not integers; .* got indices\.dtype=float64"):
        take_rows(data, [0.0, 1.0])
    with pytest.raises(TypeError, match=r"np\.flatnonzero"):
        take_rows(data, np.ones(5, bool))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "uint32", "uint64"])
def test_every_integer_type_of_indices(dtype):
    data = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(take_rows(data, np.array([2, 0], dtype)), data[[2, 0]])


@pytest.mark.parametrize(
    "make",
    [
        lambda d: d[:, ::2],
        lambda d: d[::-1],
        lambda d: np.asfortranarray(d),
        lambda d: d.astype(">f4"),
        lambda d: d.astype("float16"),
        lambda d: d.astype("int16"),
    ],
)
def test_other_layouts_and_types(make):
    data = make(sample("float32", (9, 6)))
    np.testing.assert_array_equal(take_rows(data, [8, 2], "float32"), data[[8, 2]].astype("float32"))


def test_memory_mapped_file(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, sample("uint8", (50, 12)))
    data = np.load(path, mmap_mode="r")
    np.testing.assert_array_equal(take_rows(data, [49, 7], "float32"), np.asarray(data)[[49, 7]].astype("float32"))


def test_same_bits_at_any_thread_count(threads):
    data = sample("uint8", (100, 3072))
    indices = np.arange(99, -1, -1)
    results = []
    for n in (1, 2, 4):
        threads(n)
        results.append(take_rows(data, indices, "float32").tobytes())
    assert results[0] == results[1] == results[2]


def test_native_refusals():
    x, i = np.zeros((3, 2)), np.zeros(1, np.int64)
    with pytest.raises(ValueError, match=r"take_rows: x has no rows; expected rank 1 or more, got x\.shape=\(\)"):
        _core.TakeRows("float32")(np.ones(()), i)
    with pytest.raises(ValueError, match="indices has the wrong number of dimensions; expected rank 1"):
        _core.TakeRows("float32")(x, i.reshape(1, 1))
    with pytest.raises(TypeError, match="unsupported dtype of indices; expected int64"):
        _core.TakeRows("float32")(x, i.astype("int32"))
    with pytest.raises(TypeError, match="cannot convert float64; expected float32, float64 or the same type, got"):
        _core.TakeRows("uint8")(x, i)
    with pytest.raises(TypeError, match="unsupported dtype"):
        _core.TakeRows("float16")

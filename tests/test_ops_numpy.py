"""Functions that NumPy has too, next to NumPy's in float64, with their gradients."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from juanji import Input, Tensor, ops
from juanji.symbolic.structure import flatten
from reference.gradients import check_gradients


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


A, B = numbers(3, 4), numbers(3, 4, seed=1)
V, W = numbers(5), numbers(5, seed=2)
CUBE = numbers(2, 3, 4, seed=3)
SQUARE = numbers(4, 4, seed=4)
HOLES = np.where(np.random.default_rng(5).random((3, 4)) < 0.3, np.nan, A)
EDGES = np.array([[1.0, -np.inf, np.nan], [np.inf, -0.0, 2.0]])
WHOLE, OTHER = np.array([[12, -7, 5]]), np.array([[3], [4]])
Q = np.array([0.0, 0.3, 1.0])


class Case(NamedTuple):
    """One call: arrays that are differentiated, then further arguments."""

    arrays: tuple[Any, ...]
    further: dict[str, Any] = {}  # noqa: RUF012
    numpy: Any = None
    gradient: bool = True


def nan_position(function):
    return lambda x, axis: np.where(
        np.isnan(x).all(axis), -1, function(np.where(np.isnan(x), -99 if function is np.argmax else 99, x), axis)
    )


CASES = {
    "allclose": [Case((A, A + 1e-9), gradient=False), Case((A, B), gradient=False)],
    "append": [Case((A, B)), Case((A, B), {"axis": 1})],
    "array_split": [Case((V,), {"indices_or_sections": 3}), Case((A,), {"indices_or_sections": [1, 3], "axis": 1})],
    "average": [Case((A,), {"axis": 1}), Case((CUBE,), {"axis": (0, 2)})],
    "bartlett": [Case((7,), gradient=False)],
    "bincount": [Case((np.array([1, 5, 1]),), {"minlength": 3}, gradient=False)],
    "bitwise_and": [Case((WHOLE, OTHER), gradient=False)],
    "bitwise_invert": [Case((WHOLE,), {}, np.invert, False)],
    "bitwise_left_shift": [Case((WHOLE, OTHER), {}, np.left_shift, False)],
    "bitwise_not": [Case((WHOLE,), {}, np.invert, False)],
    "bitwise_or": [Case((WHOLE, OTHER), gradient=False)],
    "bitwise_right_shift": [Case((WHOLE, OTHER), {}, np.right_shift, False)],
    "bitwise_xor": [Case((WHOLE, OTHER), gradient=False)],
    "blackman": [Case((7,), gradient=False)],
    "copy": [Case((A,))],
    "corrcoef": [Case((A,)), Case((V,))],
    "correlate": [Case((V, W[:n]), {"mode": mode}) for n in (1, 2, 5) for mode in ("valid", "same", "full")]
    + [Case((V[:2], W), {"mode": mode}) for mode in ("valid", "same", "full")],
    "count_nonzero": [Case((np.array([[0, 1], [2, 0]]),), {"axis": 1}, gradient=False)],
    "cross": [Case((A[:, :3], B[:, :3]))],
    "diag": [Case((V,), {"k": 1}), Case((V,), {"k": -2}), Case((A,), {"k": -1})],
    "diagflat": [Case((A[:2, :2],), {"k": 1})],
    "diagonal": [
        Case((A,)),
        Case((CUBE,), {"offset": 1, "axis1": 2, "axis2": 0}),
        Case((A,), {"offset": 9}),
        Case((A,), {"offset": -2}),
    ],
    "digitize": [Case((A, np.array([-1.0, 0.0, 0.5])), gradient=False)],
    "divide_no_nan": [
        Case((A, np.sign(B) + B), {}, np.divide),
        Case((V, np.zeros(5)), {}, lambda x, y: np.zeros_like(x), gradient=False),
    ],
    "dot": [Case((V, W)), Case((A, B.T)), Case((CUBE, SQUARE)), Case((V[0], W)), Case((CUBE, CUBE.swapaxes(1, 2)))],
    "dsplit": [Case((CUBE,), {"indices_or_sections": 2})],
    "dstack": [Case((A, B), {}, None), Case((V, W))],
    "eye": [Case((3,), {"M": 4, "k": 1}, gradient=False)],
    "fabs": [Case((A,))],
    "fliplr": [Case((A,))],
    "flipud": [Case((V,))],
    "fmax": [Case((A, B)), Case((EDGES, EDGES[::-1]), gradient=False)],
    "fmin": [Case((A, B)), Case((EDGES, EDGES[::-1]), gradient=False)],
    "gcd": [Case((WHOLE, OTHER), gradient=False)],
    "geomspace": [Case((2.0, 32.0), {"num": 5}, gradient=False), Case((np.abs(V), 9.0), {"num": 4, "axis": 1})],
    "hamming": [Case((7,), gradient=False)],
    "hanning": [Case((7,), gradient=False)],
    "heaviside": [Case((A, B)), Case((EDGES, 0.5), gradient=False)],
    "histogram": [Case((A,), {"bins": 4}, gradient=False), Case((A,), {"bins": 3, "range": (-1, 1)}, gradient=False)],
    "hsplit": [Case((A,), {"indices_or_sections": 2}), Case((V,), {"indices_or_sections": [2]})],
    "hstack": [Case((A, B)), Case((V, W))],
    "identity": [Case((3,), gradient=False)],
    "inner": [Case((V, W)), Case((A, B)), Case((V, 2.0))],
    "isclose": [
        Case((EDGES, EDGES), gradient=False),
        Case((EDGES, EDGES), {"equal_nan": True}, gradient=False),
        Case((A, A * (1 + 2e-5)), {"rtol": 1e-5}, gradient=False),
        Case((EDGES, EDGES[::-1]), gradient=False),
    ],
    "isin": [Case((WHOLE, np.array([5, 12])), {"invert": True}, gradient=False)],
    "isinf": [Case((EDGES,), gradient=False), Case((WHOLE,), gradient=False)],
    "isneginf": [Case((EDGES,), gradient=False)],
    "isposinf": [Case((EDGES,), gradient=False)],
    "kaiser": [Case((7,), {"beta": 5.0}, gradient=False)],
    "kron": [Case((A, B[:2, :3])), Case((V, A)), Case((CUBE, V))],
    "lcm": [Case((WHOLE, OTHER), gradient=False)],
    "ldexp": [Case((A, np.array([[1], [-3], [4]])), gradient=False)],
    "logical_xor": [Case((A > 0, B > 0), gradient=False)],
    "logspace": [Case((0.5, 2.0), {"num": 4, "base": 3.0}, gradient=False), Case((V, W), {"num": 3})],
    "median": [
        Case((A,)),
        Case((CUBE,), {"axis": (0, 2)}),
        Case((A,), {"axis": 1, "keepdims": True}),
        Case((HOLES,), {"axis": 0}, gradient=False),
    ],
    "meshgrid": [Case((V, W[:2])), Case((V[:2], W[:3], V[:4]), {"indexing": "ij"}), Case((V[:2], W[:3], V[:4]))],
    "nan_to_num": [Case((EDGES,), {"nan": 7.0, "posinf": 8.0}, gradient=False), Case((A,))],
    "nanargmax": [Case((HOLES,), {"axis": 1}, nan_position(np.argmax), False)],
    "nanargmin": [Case((HOLES,), {"axis": 0}, nan_position(np.argmin), False)],
    "nancumprod": [Case((HOLES,), {"axis": 1}, gradient=False)],
    "nancumsum": [Case((HOLES,), {"axis": 0}, gradient=False)],
    "nanmax": [Case((HOLES,), {"axis": 1}, gradient=False), Case((A,), {"axis": 0})],
    "nanmean": [Case((HOLES,), {"axis": 1}, gradient=False), Case((A,), {"axis": 0})],
    "nanmedian": [Case((HOLES,), {"axis": 1}, gradient=False), Case((A,), {"axis": 0})],
    "nanmin": [Case((HOLES,), {"axis": 1}, gradient=False), Case((A,))],
    "nanpercentile": [Case((HOLES,), {"q": 100 * Q, "axis": 1}, gradient=False)],
    "nanprod": [Case((HOLES,), {"axis": 1}, gradient=False)],
    "nanquantile": [
        Case((HOLES,), {"q": Q, "axis": 1, "method": m}, gradient=False)
        for m in ("linear", "lower", "higher", "midpoint", "nearest")
    ],
    "nanstd": [Case((HOLES,), {"axis": 1}, gradient=False), Case((A,), {"axis": 0})],
    "nansum": [Case((HOLES,), {"axis": 1, "keepdims": True}, gradient=False)],
    "nanvar": [Case((HOLES,), {"axis": 1}, gradient=False), Case((A,), {"axis": 0})],
    "nextafter": [Case((A, B), gradient=False)],
    "nonzero": [Case((WHOLE - 5,), gradient=False)],
    "outer": [Case((V, W)), Case((A, W))],
    "percentile": [Case((A,), {"q": 100 * Q, "axis": 1})],
    "ptp": [Case((A,), {"axis": 1})],
    "quantile": [Case((CUBE,), {"q": Q, "axis": (0, 2), "keepdims": True}), Case((V,), {"q": 0.3})]
    + [Case((A,), {"q": Q, "axis": 0, "method": m}) for m in ("lower", "higher", "midpoint", "nearest")],
    "roll": [
        Case((A,), {"shift": 2}),
        Case((A,), {"shift": -1, "axis": 0}),
        Case((A,), {"shift": (1, 5), "axis": (0, 1)}),
        Case((A,), {"shift": 1, "axis": (0, 1)}),
    ],
    "rot90": [Case((A,), {"k": k}) for k in (0, 1, 2, 3, -1)] + [Case((CUBE,), {"axes": (2, 0)})],
    "searchsorted": [Case((np.sort(V), A), {"side": side}, gradient=False) for side in ("left", "right")],
    "signbit": [Case((EDGES,), gradient=False), Case((WHOLE,), gradient=False)],
    "tensordot": [
        Case((CUBE, CUBE), {"axes": 3}),
        Case((A, CUBE), {"axes": ([1, 0], [2, 1])}),
        Case((A, V), {"axes": 0}),
    ],
    "trace": [Case((A,)), Case((CUBE,), {"offset": 1, "axis1": 1, "axis2": 2})],
    "tri": [Case((3,), {"M": 5, "k": 1}, gradient=False)],
    "tril": [Case((A,), {"k": 1}), Case((CUBE,), {"k": -1})],
    "triu": [Case((A,), {"k": 1}), Case((CUBE,), {"k": -1})],
    "unravel_index": [Case((np.array([[0, 5], [11, 7]]),), {"shape": (3, 4)}, gradient=False)],
    "vander": [Case((V,)), Case((V,), {"N": 3, "increasing": True})],
    "vdot": [Case((A, B))],
    "vsplit": [Case((A,), {"indices_or_sections": 3})],
    "vstack": [Case((A, B)), Case((V, W))],
}
LISTS = {"dstack", "hstack", "vstack"}
PARAMETERS = [
    pytest.param(name, case, id=f"{name}-{i}") for name, cases in CASES.items() for i, case in enumerate(cases)
]


def call(function, name, arrays, further):
    return function(list(arrays), **further) if name in LISTS else function(*arrays, **further)


@pytest.mark.parametrize(("name", "case"), PARAMETERS)
def test_against_numpy(name, case):
    with np.errstate(all="ignore"):
        expected = call(case.numpy or getattr(np, name), name, case.arrays, case.further)
    got = call(getattr(ops, name), name, case.arrays, case.further)
    kinds = flatten(got), flatten(expected)
    assert len(kinds[0]) == len(kinds[1])
    for y, wanted in zip(*kinds):
        wanted = np.asarray(wanted)
        assert y.shape == wanted.shape
        assert y.dtype.kind == wanted.dtype.kind or name == "histogram"
        eps = 1e-14 if y.dtype == "float64" else 1e-6
        np.testing.assert_allclose(y, wanted, rtol=eps, atol=eps * 8)


@pytest.mark.parametrize(("name", "case"), [p.values for p in PARAMETERS if p.values[1].gradient])
def test_gradients(name, case):
    function = getattr(ops, name)

    def first(*arrays):
        y = call(function, name, arrays, case.further)
        return ops.concatenate([ops.ravel(part) for part in y]) if isinstance(y, (list, tuple)) else y

    check_gradients(first, *case.arrays)


@pytest.mark.parametrize(
    "name", ["tril", "median", "roll", "rot90", "trace", "nanmean", "nan_to_num", "kron", "vander"]
)
def test_float32_stays_and_symbolic_shapes_agree(name):
    case = CASES[name][0]
    arrays = [x.astype("float32") for x in case.arrays]
    y = call(getattr(ops, name), name, arrays, case.further)
    assert y.dtype == "float32"
    symbols = [Input(batch_shape=x.shape) for x in arrays]
    inferred = call(getattr(ops, name), name, symbols, case.further)
    assert (inferred.shape, inferred.dtype) == (y.shape, "float32")


def test_tensors_stay_tensors():
    for name in ("unique", "nonzero"):
        y = getattr(ops, name)(Tensor(np.array([3, 0, 3])))
        assert isinstance(flatten(y)[0], Tensor)
    assert isinstance(ops.histogram(Tensor(A))[0], Tensor)


def test_unique():
    x = np.array([[3, 1, 3], [2, 1, 3]])
    for axis in (None, 0, 1):
        got = ops.unique(x, True, True, True, True, axis)
        for y, wanted in zip(got, np.unique(x, True, True, True, axis)):
            np.testing.assert_array_equal(np.ravel(y), np.ravel(wanted))
    y, inverse = ops.unique(x, sorted=False, return_inverse=True)
    np.testing.assert_array_equal(y, [3, 1, 2])
    np.testing.assert_array_equal(y[inverse], x)
    np.testing.assert_array_equal(ops.unique(x, size=5, fill_value=9), [1, 2, 3, 9, 9])
    np.testing.assert_array_equal(ops.unique(x, size=2), [1, 2])


def test_bincount_of_rows_and_weights():
    x, w = np.array([[0, 2, 2], [1, 1, 4]]), numbers(2, 3)
    expected = np.stack([np.bincount(row, share, 5) for row, share in zip(x, w)])
    np.testing.assert_allclose(ops.bincount(x, w), expected)
    check_gradients(lambda weights: ops.bincount(x, weights), w)
    assert ops.bincount(x).dtype == "int32"
    with pytest.raises(ValueError, match="bincount: negative; expected numbers from 0, got -1"):
        ops.bincount(np.array([-1]))


def test_weighted_average():
    weights = np.abs(B)
    np.testing.assert_allclose(ops.average(A, 0, weights), np.average(A, 0, weights))
    np.testing.assert_allclose(ops.average(A, 1, weights[0]), np.average(A, 1, weights[0]))
    check_gradients(lambda x, w: ops.average(x, 1, w), A, weights)
    check_gradients(lambda x, w: ops.average(x, 0, w), A, weights[:, 0])


def test_cdist():
    x, y = numbers(2, 3, 4), numbers(2, 5, 4, seed=1)
    expected = np.sqrt(((x[:, :, None] - y[:, None]) ** 2).sum(-1))
    np.testing.assert_allclose(ops.cdist(x, y), expected, atol=1e-14)
    check_gradients(ops.cdist, x, y)
    check_gradients(lambda v: ops.sum(ops.cdist(v, x[0])[0, 1:]), x[0, :2])
    with pytest.raises(ValueError, match="cdist: no rows of one size"):
        ops.cdist(np.ones((2, 3)), np.ones((2, 4)))


def test_cross_in_the_plane_and_along_other_axes():
    np.testing.assert_allclose(ops.cross(A[:, :2], B[:, :2]), A[:, 0] * B[:, 1] - A[:, 1] * B[:, 0])
    third = np.cross(np.pad(A[:, :2], ((0, 0), (0, 1))), B[:, :3])
    np.testing.assert_allclose(ops.cross(A[:, :2], B[:, :3]), third)
    np.testing.assert_allclose(ops.cross(A, B, axis=0), np.cross(A, B, axis=0))
    check_gradients(lambda x, y: ops.cross(x, y, axisa=0, axisb=0, axisc=1), A, B)


def test_unstack_select_view_and_sizes():
    np.testing.assert_array_equal(ops.unstack(A, 4, 1)[2], A[:, 2])
    x = np.arange(6)
    np.testing.assert_array_equal(ops.select([x < 2, x < 4], [x, x * 10], -1), [0, 1, 20, 30, -1, -1])
    check_gradients(lambda v, w: ops.select([v > 0, w > 0], [v, w], 0.5), A, B)
    np.testing.assert_array_equal(ops.view(A, "int32"), A.view("int32"))
    np.testing.assert_array_equal(ops.view(A.astype("float32"), "float64"), A.astype("float32").view("float64"))
    assert (ops.ndim(Input((3,))), ops.size(Input((3,))), ops.size(A), ops.dtype(A)) == (2, None, 12, "float64")
    assert (ops.empty((2, 3)).dtype, ops.empty_like(WHOLE).shape) == ("float32", (1, 3))
    copied = ops.copy(A)
    assert copied is not A
    assert not np.shares_memory(copied, A)


@pytest.mark.parametrize(
    ("x", "dtype", "expected"),
    [
        ([-1.0, 256.0, np.inf], "uint8", [0, 255, 255]),
        ([-3e9, 3e9, 5.0], "int32", [-(2**31), 2147483520, 5]),
        ([1e300, -1e300], "float32", [np.finfo("float32").max, np.finfo("float32").min]),
        ([0.0, 2.0], "bool", [False, True]),
    ],
)
def test_saturate_cast(x, dtype, expected):
    x = np.array(x, "float64" if dtype == "float32" else "float32")
    got = ops.saturate_cast(x, dtype)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ops.array_split(V, 0), ValueError, "array_split: no parts"),
        (lambda: ops.unstack(A, 2), ValueError, "another number of slices; expected num=3 for axis 0, got num=2"),
        (lambda: ops.roll(A, (1, 2), (0,) * 3), ValueError, "expected one shift for each axis"),
        (lambda: ops.rot90(A, axes=(1, 1)), ValueError, "expected two different axes"),
        (lambda: ops.meshgrid(V, indexing="xx"), ValueError, "expected indexing='xy' or 'ij', got 'xx'"),
        (lambda: ops.tril(V), ValueError, r"tril: no matrix; expected rank 2 or more, got x\.shape=\(5,\)"),
        (lambda: ops.diagonal(A, 0, 1, -1), ValueError, "diagonal: the axes are the same"),
        (lambda: ops.diag(CUBE), ValueError, "diag: no vector or matrix"),
        (lambda: ops.bitwise_and(A, 1), TypeError, "bitwise_and: no integers; .* got dtype=float64"),
        (lambda: ops.ldexp(A, A), TypeError, "ldexp: the exponent is no integer"),
        (lambda: ops.view(V[:3], "complex128"), ValueError, "view: the bytes make no whole elements"),
        (lambda: ops.tensordot(V, W, 2), ValueError, "tensordot: no such axis"),
        (lambda: ops.tensordot(A, B, 1), ValueError, "tensordot: the sizes do not fit"),
        (lambda: ops.cross(V, V), ValueError, "cross: no vectors in space; .* got 5 and 5"),
        (lambda: ops.correlate(V, W, "none"), ValueError, "unknown mode"),
        (lambda: ops.average(A, 0, np.ones(4)), ValueError, "average: the weights do not fit"),
        (lambda: ops.quantile(A, 1.5), ValueError, "quantile: expected shares from 0 to 1"),
        (lambda: ops.quantile(A, 0.5, method="best"), ValueError, "unknown method"),
        (lambda: ops.median(A[:0]), ValueError, "median: nothing to choose from"),
        (lambda: ops.select([A > 0], []), ValueError, "select: expected as many choices"),
        (lambda: ops.searchsorted(A, V), ValueError, "searchsorted: expected a vector"),
        (lambda: ops.histogram(A, 0), ValueError, "histogram: no bins"),
        (lambda: ops.vander(A), ValueError, "vander: no vector"),
    ],
)
def test_errors_say_what_came(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("dtype", ["uint8", "uint64", "int8", "bool"])
def test_counts_of_every_integer_type(dtype):
    x = np.array([0, 1, 1], dtype)
    np.testing.assert_array_equal(ops.bincount(x), [1, 2])
    np.testing.assert_array_equal(ops.bincount(x[:0], minlength=2), [0, 0])

"""Counts, bins, different elements, and the places of elements that are not 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Array, Tensor
from juanji.ops._convert import as_array, operands
from juanji.ops._numpy_side import by_numpy
from juanji.ops._operation import Call
from juanji.ops._shape import normalize_axis


def _counts(x: Array, weights: Array, minlength: int) -> Array:
    rows = x.reshape(-1, x.shape[-1]) if x.ndim > 1 else x[None]
    shares = np.broadcast_to(weights, x.shape).reshape(rows.shape)
    length = max(minlength, int(x.max()) + 1 if x.size else 0)
    result = np.zeros((len(rows), length), weights.dtype)
    for counts, row, share in zip(result, rows, shares):
        np.add.at(counts, row.astype(np.intp), share)
    return result.reshape((*x.shape[:-1], length))


def _counts_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    x, weights = call.inputs
    picked = ops.take_along_axis(dy, ops.cast(x, "int64"), -1)
    return None, picked if tuple(weights.shape) == tuple(x.shape) else ops.sum(picked)


_bincount = by_numpy("bincount", _counts, _counts_gradient)
_searchsorted = by_numpy("searchsorted", lambda a, v, side: np.searchsorted(a, v, side).astype("int32"))
_digitize = by_numpy("digitize", lambda x, bins: np.digitize(x, bins).astype("int32"))


def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    """How often each number from 0 occurs along the last axis.

    Args:
        x: integers from 0, of rank 1 or 2.
        weights: what each counts, in the shape of ``x``; 1 by default.
        minlength: least number of counts.
        sparse: False; there are no sparse tensors.

    Returns:
        Counts (int32, or the type of the weights), as many as the largest number demands.

    Raises:
        ValueError: for negative numbers, or sparse=True.

    Example:
        >>> from juanji import ops
        >>> ops.bincount([1, 1, 3])
        array([0, 2, 0, 1], dtype=int32)
    """
    x = as_array(x)
    if sparse:
        raise ValueError("bincount: there are no sparse tensors; expected sparse=False, got True.")
    if x.dtype.kind not in "iub" or not 1 <= len(x.shape) <= 2:
        raise ValueError(f"bincount: expected integers of rank 1 or 2, got {x.dtype} of shape {tuple(x.shape)}.")
    if isinstance(x, np.ndarray) and x.size and x.min() < 0:
        raise ValueError(f"bincount: negative; expected numbers from 0, got {x.min()}.")
    share = np.ones((), "int32") if weights is None else as_array(weights)
    return _bincount(x, share, minlength=int(minlength))


def histogram(x: Any, bins: int = 10, range: Sequence[float] | None = None) -> tuple[Any, Any]:
    """How many elements fall into each of several equal bins.

    Args:
        x: array or tensor.
        bins: how many.
        range: lower and upper bound; those of ``x`` by default. Elements outside are not counted.

    Returns:
        The counts, in the type of ``x``, and the ``bins + 1`` edges.

    Raises:
        ValueError: for fewer than one bin, or bounds in the wrong order.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.histogram(np.array([0.0, 1.0, 1.5, 2.0]), bins=2)
        (array([1., 3.]), array([0., 1., 2.]))
    """
    values = np.asarray(as_array(x))
    if bins < 1:
        raise ValueError(f"histogram: no bins; expected a number from 1, got bins={bins}.")
    if range is not None and not range[0] <= range[1]:
        raise ValueError(f"histogram: the bounds are in the wrong order; expected low <= high, got range={range}.")
    counts, edges = np.histogram(values, bins, range=None if range is None else (range[0], range[1]))
    kind = values.dtype if values.dtype.kind == "f" else "int32"
    edge_kind = values.dtype if values.dtype.kind == "f" else "float32"
    results = counts.astype(kind), edges.astype(edge_kind)
    return (Tensor(results[0]), Tensor(results[1])) if isinstance(x, Tensor) else results


def digitize(x: Any, bins: Any) -> Any:
    """Number (int32) of the bin of each element: how many of the edges are not above it.

    Args:
        x: array or tensor.
        bins: edges in ascending order.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.digitize(np.array([0.5, 1.0, 9.0]), np.array([1.0, 2.0]))
        array([0, 1, 2], dtype=int32)
    """
    return _digitize(*operands(x, bins))


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Where (int32) each value would have to be put to keep a vector in order.

    Args:
        sorted_sequence: vector in ascending order.
        values: array or tensor.
        side: 'left' in front of equal elements, 'right' behind them.

    Raises:
        ValueError: for another side, or a sequence that is no vector.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.searchsorted(np.array([1.0, 2.0, 3.0]), np.array([2.0, 9.0]))
        array([1, 3], dtype=int32)
    """
    sequence, wanted = operands(sorted_sequence, values)
    if len(sequence.shape) != 1 or side not in ("left", "right"):
        raise ValueError(
            "searchsorted: expected a vector and side='left' or 'right', got "
            f"sorted_sequence.shape={tuple(sequence.shape)}, side={side!r}."
        )
    return _searchsorted(sequence, wanted, side=side)


def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The different elements, or the different slices along an axis.

    Args:
        x: array or tensor.
        sorted: ascending order; False for the order in which they come first.
        return_index: also where each comes first.
        return_inverse: also which of them each element is.
        return_counts: also how often each comes.
        axis: axis whose slices are compared; None for single elements.
        size: number of results: more are cut off, fewer are filled up.
        fill_value: what they are filled up with; 0 by default.

    Returns:
        The elements, or a tuple with what else was asked for, as int32.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.unique(np.array([3, 1, 3]), return_counts=True)
        (array([1, 3]), array([1, 2], dtype=int32))
    """
    values = np.asarray(as_array(x))
    y, index, inverse, counts = np.unique(values, True, True, True, axis)
    inverse = inverse.reshape(values.shape if axis is None else -1)
    along = 0 if axis is None else normalize_axis("unique", axis, values.ndim)
    if not sorted:
        order = np.argsort(index)
        y, index, counts = y.take(order, along), index[order], counts[order]
        inverse = np.argsort(order)[inverse]
    if size is not None:
        y = _resized(y, size, along, 0 if fill_value is None else fill_value)
        index, counts = _resized(index, size, 0, 1), _resized(counts, size, 0, 0)
    extra = [
        part for part, asked in ((index, return_index), (inverse, return_inverse), (counts, return_counts)) if asked
    ]
    results = [y, *(part.astype("int32") for part in extra)]
    if isinstance(x, Tensor):
        results = [Tensor(part) for part in results]  # type: ignore[misc]
    return tuple(results) if len(results) > 1 else results[0]


def _resized(x: Array, size: int, axis: int, fill: Any) -> Array:
    x = x.take(np.arange(min(size, x.shape[axis])), axis)
    widths = [(0, size - x.shape[axis]) if i == axis else (0, 0) for i in np.arange(x.ndim)]
    return np.pad(x, widths, constant_values=fill)


def nonzero(x: Any) -> tuple[Any, ...]:
    """Places (int32) of the elements that are not 0, one array for each axis.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.nonzero(np.array([0, 4, 5]))
        (array([1, 2], dtype=int32),)
    """
    places = tuple(part.astype("int32") for part in np.nonzero(np.asarray(as_array(x))))
    return tuple(Tensor(part) for part in places) if isinstance(x, Tensor) else places


def unravel_index(indices: Any, shape: Sequence[int]) -> tuple[Any, ...]:
    """Coordinates of elements from their numbers in row-major order.

    Args:
        indices: integers; negative ones count from the end.
        shape: of the array in which they count.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> [int(i) for i in ops.unravel_index(np.array(5), (2, 3))]
        [1, 2]
    """
    rest = as_array(indices)
    if rest.dtype.kind not in "iu":
        raise TypeError(f"unravel_index: indices must be integers; expected int32 or int64, got {rest.dtype}.")
    coordinates = []
    for size in reversed(tuple(shape)):
        coordinates.append(ops.mod(rest, size))
        rest = ops.floor_divide(rest, size)
    return tuple(reversed(coordinates))

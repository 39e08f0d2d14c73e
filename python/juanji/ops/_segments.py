"""Reductions of rows that belong together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Array
from juanji.ops._convert import as_array
from juanji.ops._numpy_side import by_numpy
from juanji.ops._operation import Call, Operation


def _reducing(name: str, ufunc: np.ufunc, empty: Callable[[np.dtype[Any]], Any], gradient: Any) -> Operation:
    def reduce(data: Array, ids: Array, count: int) -> Array:
        result = np.full((count, *data.shape[1:]), empty(data.dtype), data.dtype)
        used = (ids >= 0) & (ids < count)
        ufunc.at(result, ids[used], data[used])
        return result

    return by_numpy(name, reduce, gradient)


def _lowest(dtype: np.dtype[Any]) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _highest(dtype: np.dtype[Any]) -> Any:
    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max


def _own(y: Any, call: Call) -> Any:
    """The row of a segment for each row of the data; zeros for rows of no segment."""
    data, ids = call.inputs
    used = ops.logical_and(ops.greater_equal(ids, 0), ops.less(ids, call.attributes["count"]))
    rows = ops.take(y, ops.where(used, ids, 0), axis=0)
    return ops.where(ops.reshape(used, (-1,) + (1,) * (len(data.shape) - 1)), rows, 0)


def _sum_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return _own(dy, call), None


def _extreme_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    # Equal extremes share the gradient.
    data, ids = call.inputs
    hit = ops.cast(ops.equal(data, _own(call.output, call)), data.dtype)
    count = _sums(hit, ids, count=call.attributes["count"])
    return ops.multiply(hit, _own(ops.divide(dy, ops.maximum(count, 1)), call)), None


def _product_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    # The product of the others: without zeros y / x; beside a single zero it is 0 but for that zero itself.
    data, ids = call.inputs
    zero = ops.equal(data, 0)
    safe = ops.where(zero, 1, data)
    rest = _own(_products(safe, ids, count=call.attributes["count"]), call)
    zeros = _own(_sums(ops.cast(zero, data.dtype), ids, count=call.attributes["count"]), call)
    alone = ops.where(ops.equal(zeros, 1), rest, 0)
    others = ops.where(zero, alone, ops.where(ops.equal(zeros, 0), ops.divide(rest, safe), 0))
    return ops.multiply(others, _own(dy, call)), None


_sums = _reducing("segment_sum", np.add, lambda dtype: 0, _sum_gradient)
_maxima = _reducing("segment_max", np.maximum, _lowest, _extreme_gradient)
_minima = _reducing("segment_min", np.minimum, _highest, _extreme_gradient)
_products = _reducing("segment_prod", np.multiply, lambda dtype: 1, _product_gradient)


def _segments(operation: Operation, data: Any, segment_ids: Any, num_segments: int | None) -> Any:
    data, ids = as_array(data), as_array(segment_ids)
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{operation.name}: segments must be integers; expected int32 or int64, got {ids.dtype}.")
    if len(ids.shape) != 1 or not len(data.shape) or ids.shape[0] != data.shape[0]:
        raise ValueError(
            f"{operation.name}: not one segment for each row; expected segment_ids.shape={tuple(data.shape[:1])}, got "
            f"{tuple(ids.shape)}."
        )
    count = int(np.asarray(ids).max(initial=-1)) + 1 if num_segments is None else int(num_segments)
    return operation(data, ops.cast(ids, "int64"), count=max(count, 0))


def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Sums of the rows of each segment.

    Args:
        data: (rows, ...).
        segment_ids: which segment each row belongs to, from 0; rows of negative or higher numbers are left out.
        num_segments: how many there are; as many as the ids show by default.
        sorted: a promise that is not needed here.

    Returns:
        (segments, ...), 0 for segments without rows.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.segment_sum(np.array([1.0, 2.0, 4.0]), np.array([0, 1, 0]))
        array([5., 2.])
    """
    return _segments(_sums, data, segment_ids, num_segments)


def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Largest elements of each segment; minus infinity for segments without rows. See :func:`segment_sum`.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.segment_max(np.array([1.0, 2.0, 4.0]), np.array([0, 1, 0]))
        array([4., 2.])
    """
    return _segments(_maxima, data, segment_ids, num_segments)


def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Smallest elements of each segment; infinity for segments without rows. See :func:`segment_sum`.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.segment_min(np.array([1.0, 2.0, 4.0]), np.array([0, 1, 0]))
        array([1., 2.])
    """
    return _segments(_minima, data, segment_ids, num_segments)


def segment_prod(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Products of the rows of each segment; 1 for segments without rows. See :func:`segment_sum`.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.segment_prod(np.array([1.0, 2.0, 4.0]), np.array([0, 1, 0]))
        array([4., 2.])
    """
    return _segments(_products, data, segment_ids, num_segments)

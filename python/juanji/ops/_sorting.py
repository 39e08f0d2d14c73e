"""Orders: sorting, the largest elements, and picking along an axis by position."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Array
from juanji.ops._convert import as_array
from juanji.ops._numpy_side import by_numpy
from juanji.ops._operation import Call
from juanji.ops._shape import normalize_axis
from juanji.ops._whole import whole_number


def _along_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    x, indices = call.inputs
    axis = call.attributes["axis"]
    return _put_along_axis(dy, indices, axis=axis, shape=tuple(x.shape)), None


def _put_gradient(call: Call, ddx: Any) -> tuple[Any, ...]:
    return _take_along_axis(ddx, call.inputs[1], axis=call.attributes["axis"]), None


def _put_along(dy: Array, indices: Array, axis: int, shape: tuple[int, ...]) -> Array:
    """Adds each element where it was taken; sizes of 1 that were broadcast receive sums."""
    full = tuple(size if i == axis else max(size, n) for i, (size, n) in enumerate(zip(shape, dy.shape)))
    places: list[Any] = list(np.ogrid[tuple(slice(n) for n in dy.shape)])
    places[axis] = np.broadcast_to(indices, dy.shape)
    result = np.zeros(full, dy.dtype)
    np.add.at(result, tuple(places), dy)
    spread = tuple(i for i, (size, n) in enumerate(zip(shape, full)) if size != n)
    return result.sum(axis=spread, keepdims=True) if spread else result


def _take_along(x: Array, indices: Array, axis: int) -> Array:
    sizes = np.broadcast_shapes(_without(x.shape, axis), _without(indices.shape, axis))
    full = (*sizes[:axis], x.shape[axis], *sizes[axis:])
    wanted = (*sizes[:axis], indices.shape[axis], *sizes[axis:])
    return np.take_along_axis(np.broadcast_to(x, full), np.broadcast_to(indices, wanted), axis)


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return shape[:axis] + shape[axis + 1 :]


_take_along_axis = by_numpy("take_along_axis", _take_along, _along_gradient)
_put_along_axis = by_numpy("put_along_axis", _put_along, _put_gradient)
_argsort = by_numpy("argsort", lambda x, axis: np.argsort(x, axis=axis, kind="stable").astype("int32"))
_argpartition = by_numpy("argpartition", lambda x, kth, axis: np.argpartition(x, kth, axis=axis).astype("int32"))


def _largest(x: Array, k: int) -> Array:
    # Descending with equal elements in their order: the ascending order of the reversed array, reversed.
    size = x.shape[-1]
    order = size - 1 - np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1]
    return np.ascontiguousarray(order[..., :k]).astype("int32")


_top_positions = by_numpy("top_k", _largest)


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements at positions along an axis that differ from row to row.

    Args:
        x: array or tensor.
        indices: integers of the rank of ``x``, whose other sizes broadcast against it; negative ones count from the
            end.
        axis: axis that is indexed; None for both arrays in one dimension.

    Returns:
        The shape of ``indices``, broadcast.

    Raises:
        ValueError: when the ranks differ.
        TypeError: for indices that are not integers.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.take_along_axis(np.array([[1.0, 5.0], [3.0, 2.0]]), np.array([[1], [0]]), axis=1)
        array([[5.],
               [3.]])
    """
    x, places = as_array(x), as_array(indices)
    if places.dtype.kind not in "iu":
        raise TypeError(f"take_along_axis: indices must be integers; expected int32 or int64, got {places.dtype}.")
    if axis is None:
        x, places, axis = ops.ravel(x), ops.ravel(places), 0
    if len(x.shape) != len(places.shape):
        raise ValueError(
            f"take_along_axis: the ranks differ; expected indices of rank {len(x.shape)}, got "
            f"indices.shape={tuple(places.shape)}. Use take for one list of indices."
        )
    return _take_along_axis(x, places, axis=normalize_axis("take_along_axis", axis, len(x.shape)))


def argsort(x: Any, axis: int | None = -1) -> Any:
    """Positions (int32) that sort along an axis, ascending; equal elements keep their order, NaN comes last.

    Args:
        x: array or tensor.
        axis: axis along which is sorted; None for all elements.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.argsort(np.array([3.0, 1.0, 2.0]))
        array([1, 2, 0], dtype=int32)
    """
    x = as_array(x)
    if axis is None:
        x, axis = ops.ravel(x), 0
    return _argsort(x, axis=normalize_axis("argsort", axis, len(x.shape)))


def sort(x: Any, axis: int | None = -1) -> Any:
    """The elements in ascending order along an axis; the gradient goes back to where each came from.

    Args:
        x: array or tensor.
        axis: axis along which is sorted; None for all elements.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.sort(np.array([3.0, 1.0, 2.0]))
        array([1., 2., 3.])
    """
    x = as_array(x)
    if axis is None:
        x, axis = ops.ravel(x), 0
    return take_along_axis(x, argsort(x, axis), axis)


def argpartition(x: Any, kth: int, axis: int | None = -1) -> Any:
    """Positions (int32) that put the element of rank ``kth`` in its place, smaller ones before it.

    Args:
        x: array or tensor.
        kth: rank, from 0; negative ones count from the largest.
        axis: axis along which is ordered; None for all elements.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> int(ops.argpartition(np.array([3.0, 1.0, 2.0]), 0)[0])
        1
    """
    x = as_array(x)
    if axis is None:
        x, axis = ops.ravel(x), 0
    place = normalize_axis("argpartition", axis, len(x.shape))
    kth = normalize_axis("argpartition", whole_number("argpartition", "kth", kth), x.shape[place])
    return _argpartition(x, kth=kth, axis=place)


def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Any, Any]:
    """The ``k`` largest elements along the last axis and their positions.

    Args:
        x: array or tensor of rank 1 or more.
        k: how many, at most the size of the last axis.
        sorted: taken for Keras' sake; the elements always come in descending order, equal ones in theirs.

    Returns:
        Values, and positions as int32, both of shape (..., k).

    Raises:
        ValueError: when there are fewer than ``k`` elements.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.top_k(np.array([1.0, 3.0, 2.0]), 2)
        (array([3., 2.]), array([1, 2], dtype=int32))
    """
    x = as_array(x)
    k = whole_number("top_k", "k", k)
    if len(x.shape) == 0 or not 0 <= k <= x.shape[-1]:
        raise ValueError(
            f"top_k: not that many elements; expected 0 <= k <= the size of the last axis, got k={k} for "
            f"x.shape={tuple(x.shape)}."
        )
    places = _top_positions(x, k=k)
    return take_along_axis(x, places, -1), places


def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Whether the prediction of the target class is among the ``k`` largest of its row; equal ones count.

    Args:
        targets: class numbers, shape (N,).
        predictions: shape (N, classes).
        k: how many count as hits.

    Returns:
        Booleans, shape (N,); False for class numbers out of range and where the prediction is not finite.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.in_top_k(np.array([0, 2]), np.array([[0.2, 0.5, 0.3], [0.1, 0.7, 0.2]]), 2)
        array([False,  True])
    """
    targets, predictions = as_array(targets), as_array(predictions)
    count = predictions.shape[-1]
    valid = ops.logical_and(ops.greater_equal(targets, 0), ops.less(targets, count))
    own = take_along_axis(predictions, ops.expand_dims(ops.where(valid, targets, 0), -1), -1)
    above = ops.sum(ops.cast(ops.greater(predictions, own), "float32"), axis=-1)
    usable = ops.isfinite(ops.squeeze(own, -1))
    return ops.logical_and(ops.logical_and(valid, usable), ops.less(above, k))

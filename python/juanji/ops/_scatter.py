"""Values put at scattered places, and blocks written into arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Array
from juanji.ops._convert import as_array
from juanji.ops._numpy_side import by_numpy
from juanji.ops._operation import Call, Operation
from juanji.ops._whole import whole_numbers

_REDUCTIONS = {"add": np.add, "max": np.maximum, "min": np.minimum, "mul": np.multiply}


def _places(indices: Array) -> tuple[Array, ...]:
    return tuple(np.moveaxis(indices, -1, 0))


def _scattered(indices: Array, values: Array, shape: tuple[int, ...]) -> Array:
    result = np.zeros(shape, values.dtype)
    np.add.at(result, _places(indices), values)
    return result


def _updated(x: Array, indices: Array, updates: Array, reduction: str | None) -> Array:
    result: Array = x.copy()
    if reduction is None:
        result[_places(indices)] = updates
    else:
        _REDUCTIONS[reduction].at(result, _places(indices), updates)
    return result


def _lasting(indices: Array) -> Array:
    """Whether an update is the last one of its place."""
    rows = indices.reshape(-1, indices.shape[-1])
    last = {tuple(row): i for i, row in enumerate(rows.tolist())}
    return np.array([last[tuple(row)] == i for i, row in enumerate(rows.tolist())], bool).reshape(indices.shape[:-1])


def _update_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    x, indices, updates = call.inputs
    reduction = call.attributes["reduction"]
    arriving = _gather(dy, indices)
    if reduction is None:
        behind = (1,) * (len(updates.shape) - len(indices.shape) + 1)
        lasts = _lasting(np.asarray(indices))
        lasts = lasts.reshape((*lasts.shape, *behind))
        return ops.where(_mask(x, indices), 0.0, dy), None, ops.where(lasts, arriving, 0.0)
    if reduction == "add":
        return dy, None, arriving
    if reduction == "mul":
        ones = np.ones(x.shape, x.dtype)
        factor = _updates(ones, indices, updates, reduction="mul")
        return (
            ops.multiply(dy, factor),
            None,
            ops.divide(ops.multiply(arriving, _gather(call.output, indices)), updates),
        )
    kept = ops.cast(ops.equal(x, call.output), x.dtype)
    taken = ops.cast(ops.equal(updates, _gather(call.output, indices)), x.dtype)
    return ops.multiply(dy, kept), None, ops.multiply(arriving, taken)


def _mask(x: Any, indices: Any) -> Array:
    hidden = np.zeros(x.shape, bool)
    hidden[_places(np.asarray(indices))] = True
    return hidden


def _gather_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    x, indices = call.inputs
    return _scatter(indices, dy, shape=tuple(x.shape)), None


def _scatter_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return None, _gather(dy, call.inputs[0])


_gather: Operation = by_numpy("gather", lambda x, indices: x[_places(indices)], _gather_gradient)
_scatter: Operation = by_numpy("scatter", _scattered, _scatter_gradient)
_updates = by_numpy("scatter_update", _updated, _update_gradient)


def scatter(indices: Any, values: Any, shape: Sequence[int]) -> Any:
    """Zeros to which values are added at given places.

    Args:
        indices: (..., k): k leading coordinates of each place.
        values: (..., the other sizes of ``shape``).
        shape: of the result.

    Raises:
        TypeError: for indices that are not integers.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.scatter(np.array([[0], [2], [0]]), np.array([1.0, 5.0, 2.0]), (4,))
        array([3., 0., 5., 0.])
    """
    return _scatter(_integers("scatter", indices), as_array(values), shape=whole_numbers("scatter", "shape", shape))


def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Any:
    """``inputs`` with other values at given places.

    Args:
        inputs: array or tensor.
        indices: (N, k): k leading coordinates of each place.
        updates: (N, the other sizes of ``inputs``).
        reduction: None replaces what is there (the last of several updates stays), 'add', 'max', 'min' and 'mul'
            combine both.

    Raises:
        ValueError: for another reduction.
        TypeError: for indices that are not integers.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.scatter_update(np.zeros(3), np.array([[1]]), np.array([7.0]))
        array([0., 7., 0.])
    """
    if reduction is not None and reduction not in _REDUCTIONS:
        raise ValueError(
            f"scatter_update: unknown reduction; expected None, {', '.join(_REDUCTIONS)}, got reduction={reduction!r}."
        )
    x = as_array(inputs)
    return _updates(x, _integers("scatter_update", indices), ops.cast(updates, x.dtype), reduction=reduction)


def _integers(op: str, indices: Any) -> Any:
    places = as_array(indices)
    if places.dtype.kind not in "iu":
        raise TypeError(f"{op}: indices must be integers; expected int32 or int64, got dtype={places.dtype}.")
    return places


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """``inputs`` with a block of other values.

    Args:
        inputs: array or tensor.
        start_indices: where the block begins, one number per axis; brought back to where it fits.
        updates: the block, of the same rank.

    Raises:
        ValueError: when the ranks differ, or the block is larger than ``inputs``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.slice_update(np.zeros(4), [1], np.array([7.0, 8.0]))
        array([0., 7., 8., 0.])
    """
    x = as_array(inputs)
    block = ops.cast(updates, x.dtype)
    starts = [int(i) for i in np.asarray(start_indices).reshape(-1)]
    if not len(starts) == len(x.shape) == len(block.shape) or any(m > n for m, n in zip(block.shape, x.shape)):
        raise ValueError(
            f"slice_update: the block does not fit; expected a start for each axis and at most {tuple(x.shape)}, got "
            f"start_indices={starts}, updates.shape={tuple(block.shape)}."
        )
    starts = [min(max(start, 0), n - m) for start, m, n in zip(starts, block.shape, x.shape)]
    inside = np.zeros(x.shape, bool)
    inside[tuple(slice(start, start + m) for start, m in zip(starts, block.shape))] = True
    widths = [(start, n - start - m) for start, m, n in zip(starts, block.shape, x.shape)]
    return ops.where(inside, ops.pad(block, widths), x) if x.shape else block

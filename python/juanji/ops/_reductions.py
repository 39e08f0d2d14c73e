"""Sums, means, extremes and their positions over any axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from juanji import _core, ops
from juanji.ops._convert import as_array, as_float
from juanji.ops._operation import Call, NativeForFloats, Operation
from juanji.ops._shape import normalize_axis
from juanji.ops._whole import whole_numbers

Axis = int | Sequence[int] | None


def _reduction(kind: str, function: Callable[..., Any]) -> Operation:
    return Operation(
        kind,
        lambda axes, keepdims: NativeForFloats(
            _core.Reduce(kind, axes, keepdims), lambda x: function(x, axis=axes, keepdims=keepdims)
        ),
    )


def _of_own_type(function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's function, which would make the sum of int32 an int64, with results of the type of ``x``."""
    return lambda x, **settings: function(x, dtype=x.dtype, **settings)


def _position(kind: str, function: Callable[..., Any]) -> Operation:
    operation = Operation(
        kind,
        lambda axis: NativeForFloats(_core.ArgReduce(kind, axis), lambda x: function(x, axis=axis).astype("int32")),
    )
    operation.gradient(lambda call, dy: (None,))
    return operation


_sum = _reduction("sum", _of_own_type(np.sum))
_mean = _reduction("mean", np.mean)
_max = _reduction("max", np.max)
_min = _reduction("min", np.min)
_prod = _reduction("prod", _of_own_type(np.prod))
_argmax = _position("argmax", np.argmax)
_argmin = _position("argmin", np.argmin)


def _restore_axes(call: Call, y: Any) -> Any:
    """``y`` with the reduced axes back as size 1, so that it broadcasts against the input."""
    axes = call.attributes["axes"]
    shape = tuple(1 if i in axes else d for i, d in enumerate(call.inputs[0].shape))
    return ops.reshape(y, shape)


def _reduced_count(call: Call) -> int:
    return int(np.prod([call.inputs[0].shape[i] for i in call.attributes["axes"]], dtype=np.int64))


@_sum.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.broadcast_to(_restore_axes(call, dy), call.inputs[0].shape),)


@_mean.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    share = ops.multiply(dy, 1.0 / (_reduced_count(call) or 1))
    return (ops.broadcast_to(_restore_axes(call, share), call.inputs[0].shape),)


def _extreme_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    # Equal extremes share the gradient.
    x = call.inputs[0]
    hit = ops.cast(ops.equal(x, _restore_axes(call, call.output)), x.dtype)
    count = sum(hit, axis=call.attributes["axes"], keepdims=True)
    return (ops.multiply(hit, ops.divide(_restore_axes(call, dy), count)),)


_max.gradient(_extreme_gradient)
_min.gradient(_extreme_gradient)


@_prod.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    # dx_i = dy * product of the others: products before times products behind, so that zeros do no harm.
    x, axes = call.inputs[0], call.attributes["axes"]
    rank = len(x.shape)
    order = (*(i for i in range(rank) if i not in axes), *axes)
    moved = ops.transpose(x, order)
    kept = moved.shape[: rank - len(axes)]
    flat = ops.reshape(moved, (*kept, _reduced_count(call)))
    one = np.ones((*kept, 1), x.dtype)
    columns = ops.split(flat, flat.shape[-1], -1) if flat.shape[-1] else []
    before, behind = [one], [one]
    for column in columns[:-1]:
        before.append(ops.multiply(before[-1], column))
    for column in columns[:0:-1]:
        behind.append(ops.multiply(behind[-1], column))
    if not columns:
        return (ops.zeros_like(x),)
    others = ops.concatenate([ops.multiply(a, b) for a, b in zip(before, behind[::-1])], -1)
    back = tuple(int(i) for i in np.argsort(order))
    spread = ops.transpose(ops.reshape(others, moved.shape), back)
    return (ops.multiply(spread, _restore_axes(call, dy)),)


def _axes(op: str, axis: Axis, rank: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(rank))
    axes = tuple(sorted(normalize_axis(op, a, rank) for a in whole_numbers(op, "axis", axis)))
    if len(set(axes)) != len(axes):
        raise ValueError(f"{op}: an axis is named twice; expected different axes, got axis={axis}.")
    return axes


def _summable(x: Any) -> Any:
    """Booleans and small integers as 32 bits, in which they are added up and multiplied."""
    kind, size = x.dtype.kind, x.dtype.itemsize
    if kind == "b" or (kind == "i" and size < 4):
        return ops.cast(x, "int32")
    return ops.cast(x, "uint32") if kind == "u" and size < 4 else x


def _reduce(operation: Operation, x: Any, axis: Axis, keepdims: bool) -> Any:
    return operation(x, axes=_axes(operation.name, axis, len(x.shape)), keepdims=bool(keepdims))


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Sum over axes, in blocks and in an order that depends on the shape alone.

    The rounding error grows with the logarithm of the number of elements rather than with the number.

    Args:
        x: array or tensor.
        axis: one or several axes; all by default.
        keepdims: keep reduced axes as size 1.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.sum(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0)
        array([4., 6.])
    """
    return _reduce(_sum, _summable(as_array(x)), axis, keepdims)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Mean over axes; integers give the default float type, no elements give NaN.

    Example:
        >>> from juanji import ops
        >>> float(ops.mean([1, 2]))
        1.5
    """
    return _reduce(_mean, as_float(x), axis, keepdims)


def prod(x: Any, axis: Axis = None, keepdims: bool = False, dtype: DTypeLike | None = None) -> Any:
    """Product over axes."""
    x = as_array(x)
    return _reduce(_prod, _summable(x) if dtype is None else ops.cast(x, dtype), axis, keepdims)


def max(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Any:
    """Largest element over axes; NaN where there is one. Equal extremes share the gradient.

    Raises:
        ValueError: when there is nothing to choose from.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.max(np.array([[1.0, 5.0], [3.0, 4.0]]), axis=1)
        array([5., 4.])
    """
    y = _extreme(_max, as_array(x), axis, keepdims)
    return y if initial is None else ops.maximum(y, np.asarray(initial, y.dtype))


def min(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Any:
    """Smallest element over axes; NaN where there is one. Equal extremes share the gradient."""
    y = _extreme(_min, as_array(x), axis, keepdims)
    return y if initial is None else ops.minimum(y, np.asarray(initial, y.dtype))


def _extreme(operation: Operation, x: Any, axis: Axis, keepdims: bool) -> Any:
    axes = _axes(operation.name, axis, len(x.shape))
    if 0 in [x.shape[i] for i in axes]:
        raise ValueError(
            f"{operation.name}: nothing to choose from; expected at least one element along axis={axis}, "
            f"got x.shape={tuple(x.shape)}. Check for an empty batch."
        )
    return operation(x, axes=axes, keepdims=bool(keepdims))


def _arg(operation: Operation, x: Any, axis: int | None, keepdims: bool) -> Any:
    shape = x.shape
    if axis is None:
        x, place = ops.reshape(x, (x.size,)), 0
        kept: tuple[int, ...] = (1,) * len(shape)
    else:
        place = normalize_axis(operation.name, axis, len(shape))
        kept = (*shape[:place], 1, *shape[place + 1 :])
    if x.shape[place] == 0:
        raise ValueError(
            f"{operation.name}: nothing to choose from; expected at least one element along axis={axis}, "
            f"got x.shape={tuple(shape)}. Check for an empty batch."
        )
    y = operation(x, axis=place)
    return ops.reshape(y, kept) if keepdims else y


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Index (int32) of the first largest element along an axis, or among all elements; NaN counts as largest.

    Args:
        x: array or tensor.
        axis: one axis; None counts through all elements in row-major order.
        keepdims: keep the reduced axis as size 1.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.argmax(np.array([[1.0, 5.0], [3.0, 2.0]]), axis=-1)
        array([1, 0], dtype=int32)
    """
    return _arg(_argmax, as_array(x), axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Index (int32) of the first smallest element along an axis, or among all elements; NaN counts as smallest."""
    return _arg(_argmin, as_array(x), axis, keepdims)


def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Variance over axes, ``mean((x - mean(x))**2)``.

    Example:
        >>> from juanji import ops
        >>> float(ops.var([1.0, 3.0]))
        1.0
    """
    x = as_float(x)
    return mean(ops.square(ops.subtract(x, mean(x, axis, keepdims=True))), axis, keepdims)


def std(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Standard deviation over axes, the square root of :func:`var`."""
    return ops.sqrt(var(x, axis, keepdims))


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether all elements over axes are true (not 0)."""
    return ops.equal(_count(ops.logical_not(as_array(x)), axis, keepdims), 0)


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether any element over axes is true (not 0)."""
    return ops.greater(_count(x, axis, keepdims), 0)


def _count(x: Any, axis: Axis, keepdims: bool) -> Any:
    """How many elements are true, as a float that is 0 for none only: sums of ones have a kernel."""
    return _reduce(_sum, ops.cast(ops.cast(as_array(x), "bool"), "float32"), axis, keepdims)


amax = max
amin = min

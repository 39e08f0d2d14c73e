"""Operations that move elements without computing: native copies, or views where the elements keep their order."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji import _core
from juanji.ops._binary import sum_to_shape
from juanji.ops._convert import as_array, operands
from juanji.ops._copy import NativeCopy
from juanji.ops._operation import NATIVE_DTYPES, Call, NativeForSome, NativeSide, Operation, View
from juanji.ops._whole import whole_number, whole_numbers

_reshape = Operation("reshape", lambda shape: View(lambda x: np.reshape(x, shape)))
_transpose = Operation("transpose", lambda axes: NativeCopy(lambda x: np.transpose(x, axes)))
_broadcast_to = Operation("broadcast_to", lambda shape: NativeCopy(lambda x: np.broadcast_to(x, shape)))
_flip = Operation("flip", lambda axes: NativeCopy(lambda x: np.flip(x, axes) if axes else x))
_slice = Operation("slice", lambda bounds: NativeCopy(lambda x: x[_slices(bounds)]))


def _concatenate_side(axis: int) -> NativeSide:
    native = _core.Concatenate(axis)
    return NativeForSome(native, lambda *xs: np.concatenate(xs, axis), lambda dtypes: dtypes[0] in NATIVE_DTYPES)


def _pad_side(widths: tuple[tuple[int, int], ...], value: float) -> NativeSide:
    def takes(dtypes: Sequence[np.dtype[Any]]) -> bool:
        return dtypes[0] in NATIVE_DTYPES and (dtypes[0].kind == "f" or value == 0)

    return NativeForSome(_core.Pad(widths, value), lambda x: np.pad(x, widths, constant_values=value), takes)


_concatenate = Operation("concatenate", _concatenate_side)
_pad = Operation("pad", _pad_side)


def _split_side(axis: int, sizes: tuple[int, ...]) -> NativeSide:
    native = _core.Split(axis, sizes)
    cuts = np.cumsum(sizes[:-1])
    return NativeForSome(native, lambda x: tuple(np.split(x, cuts, axis)), lambda dtypes: dtypes[0] in NATIVE_DTYPES)


_split = Operation("split", _split_side, visible_outputs=sys.maxsize)  # however many there are


def _slices(bounds: Sequence[tuple[int, int]]) -> tuple[slice, ...]:
    return tuple(slice(begin, end) for begin, end in bounds)


@_reshape.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (reshape(dy, call.inputs[0].shape),)


@_transpose.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (transpose(dy, tuple(int(i) for i in np.argsort(call.attributes["axes"]))),)


@_broadcast_to.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (sum_to_shape(dy, call.inputs[0].shape),)


@_concatenate.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    axis = call.attributes["axis"]
    ends = np.cumsum([x.shape[axis] for x in call.inputs])
    return tuple(
        _part(dy, axis, int(end) - x.shape[axis], int(end)) if needed else None
        for x, end, needed in zip(call.inputs, ends, call.needed)
    )


@_split.gradient
def _(call: Call, *arriving: Any) -> tuple[Any, ...]:
    parts = [np.zeros(y.shape, y.dtype) if dy is None else dy for y, dy in zip(call.outputs, arriving)]
    return (concatenate(parts, call.attributes["axis"]),)


@_flip.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (flip(dy, call.attributes["axes"]),)


@_pad.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    widths = call.attributes["widths"]
    bounds = tuple((before, before + d) for (before, _), d in zip(widths, call.inputs[0].shape))
    return (_slice(dy, bounds=bounds),)


@_slice.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    bounds = call.attributes["bounds"]
    return (pad(dy, [(begin, d - end) for (begin, end), d in zip(bounds, call.inputs[0].shape)]),)


def _part(x: Any, axis: int, begin: int, end: int) -> Any:
    bounds = tuple((begin, end) if i == axis else (0, d) for i, d in enumerate(x.shape))
    return _slice(x, bounds=bounds)


def normalize_axis(op: str, axis: int, rank: int) -> int:
    """``axis`` counted from the front; ValueError naming ``op`` when there is no such axis."""
    axis = whole_number(op, "axis", axis)
    if not -rank <= axis < rank:
        wanted = f"an axis from {-rank} to {rank - 1}" if rank else "an array with at least one dimension"
        raise ValueError(f"{op}: no such axis; expected {wanted}, got axis={axis}. Check the rank of the input.")
    return axis % rank


def reshape(x: Any, newshape: int | Sequence[int]) -> Any:
    """The same elements in another shape, in row-major order.

    Args:
        x: array or tensor.
        newshape: sizes; one of them may be -1 and is computed.

    Raises:
        ValueError: when the number of elements differs.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.reshape(np.arange(6), (2, -1))
        array([[0, 1, 2],
               [3, 4, 5]])
    """
    x = as_array(x)
    sizes = whole_numbers("reshape", "newshape", newshape)
    known = math.prod(d for d in sizes if d != -1)
    free = sizes.count(-1)
    fits = known == x.size if free == 0 else free == 1 and known > 0 and x.size % known == 0
    if not fits or any(d < -1 for d in sizes):
        raise ValueError(
            f"reshape: the sizes do not fit; expected a shape of {x.size} elements with at most one -1, "
            f"got newshape={sizes} for x.shape={tuple(x.shape)}. Choose sizes whose product is {x.size}."
        )
    return _reshape(x, shape=sizes)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """The dimensions in another order, reversed by default.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.transpose(np.ones((2, 3, 4)), (1, 0, 2)).shape
        (3, 2, 4)
    """
    x = as_array(x)
    rank = len(x.shape)
    order = (
        tuple(range(rank))[::-1]
        if axes is None
        else tuple(normalize_axis("transpose", a, rank) for a in whole_numbers("transpose", "axes", axes))
    )
    if sorted(order) != list(range(rank)):
        raise ValueError(
            f"transpose: not an order of the dimensions; expected each of 0 to {rank - 1} once, got axes={axes}."
        )
    return _transpose(x, axes=order)


def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """Dimensions moved to other places, the others in order.

    Args:
        x: array or tensor.
        source: one dimension, or several.
        destination: where each of them is to stand.

    Raises:
        ValueError: when the numbers of places differ, or one is named twice.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.moveaxis(np.ones((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    x = as_array(x)
    rank = len(x.shape)
    begins = [normalize_axis("moveaxis", a, rank) for a in whole_numbers("moveaxis", "source", source)]
    ends = [normalize_axis("moveaxis", a, rank) for a in whole_numbers("moveaxis", "destination", destination)]
    if len(begins) != len(ends) or len(set(begins)) != len(begins) or len(set(ends)) != len(ends):
        raise ValueError(
            f"moveaxis: expected as many different places as dimensions, got source={source}, "
            f"destination={destination}."
        )
    order = [i for i in range(rank) if i not in begins]
    for end, begin in sorted(zip(ends, begins)):
        order.insert(end, begin)
    return transpose(x, order)


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two dimensions exchanged."""
    x = as_array(x)
    order = list(range(len(x.shape)))
    first, second = (normalize_axis("swapaxes", a, len(order)) for a in (axis1, axis2))
    order[first], order[second] = second, first
    return transpose(x, order)


def expand_dims(x: Any, axis: int | Sequence[int]) -> Any:
    """Dimensions of size 1 inserted so that they stand at ``axis`` of the result.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.expand_dims(np.ones((2, 3)), -1).shape
        (2, 3, 1)
    """
    x = as_array(x)
    axes = whole_numbers("expand_dims", "axis", axis)
    rank = len(x.shape) + len(axes)
    places = {normalize_axis("expand_dims", a, rank) for a in axes}
    if len(places) != len(axes):
        raise ValueError(f"expand_dims: an axis is named twice; expected different axes, got axis={axis}.")
    sizes = iter(x.shape)
    return _reshape(x, shape=tuple(1 if i in places else next(sizes) for i in range(rank)))


def squeeze(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """Dimensions of size 1 removed: those at ``axis``, all by default.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.squeeze(np.ones((1, 3, 1))).shape
        (3,)
    """
    x = as_array(x)
    rank = len(x.shape)
    if axis is None:
        places = {i for i, d in enumerate(x.shape) if d == 1}
    else:
        places = {normalize_axis("squeeze", a, rank) for a in whole_numbers("squeeze", "axis", axis)}
    wrong = [i for i in places if x.shape[i] != 1]
    if wrong:
        raise ValueError(
            f"squeeze: only dimensions of size 1 can go; expected size 1 at axis {wrong[0]}, "
            f"got x.shape={tuple(x.shape)}."
        )
    return _reshape(x, shape=tuple(d for i, d in enumerate(x.shape) if i not in places))


def ravel(x: Any) -> Any:
    """All elements in one dimension, in row-major order."""
    return reshape(x, -1 if as_array(x).size else 0)


def broadcast_to(x: Any, shape: Sequence[int]) -> Any:
    """``x`` repeated to ``shape`` by NumPy's broadcasting rules.

    Raises:
        ValueError: when a dimension is neither 1 nor the wanted size.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.broadcast_to(np.array([1, 2]), (2, 2))
        array([[1, 2],
               [1, 2]])
    """
    x = as_array(x)
    sizes = tuple(int(d) for d in shape)
    own = tuple(x.shape)
    if len(own) > len(sizes) or any(d not in (1, s) for d, s in zip(own[::-1], sizes[::-1])):
        raise ValueError(
            f"broadcast_to: the shapes do not fit; expected sizes of 1 or those of {sizes}, aligned at the end, "
            f"got x.shape={own}."
        )
    return _broadcast_to(x, shape=sizes)


def concatenate(xs: Sequence[Any], axis: int = 0) -> Any:
    """Arrays joined along an existing dimension.

    Args:
        xs: arrays or tensors that differ in ``axis`` only.
        axis: dimension along which they are joined.

    Raises:
        ValueError: for no arrays, or other shapes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.concatenate([np.zeros((1, 2)), np.ones((2, 2))]).shape
        (3, 2)
    """
    arrays = _same_type("concatenate", xs)
    place = normalize_axis("concatenate", axis, len(arrays[0].shape))
    expected = _without(arrays[0].shape, place)
    for i, x in enumerate(arrays):
        if len(x.shape) != len(arrays[0].shape) or _without(x.shape, place) != expected:
            raise ValueError(
                f"concatenate: the shapes do not fit; expected {tuple(arrays[0].shape)} but for axis {axis}, "
                f"got xs[{i}].shape={tuple(x.shape)}."
            )
    return _concatenate(*arrays, axis=place)


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape joined along another dimension, which stands at ``axis`` of the result.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.stack([np.zeros(3), np.ones(3)]).shape
        (2, 3)
    """
    arrays = _same_type("stack", x)
    for i, other in enumerate(arrays):
        if other.shape != arrays[0].shape:
            raise ValueError(
                f"stack: the shapes differ; expected {tuple(arrays[0].shape)}, got x[{i}].shape={tuple(other.shape)}."
            )
    return concatenate([expand_dims(one, axis) for one in arrays], axis)


def _same_type(op: str, xs: Sequence[Any]) -> tuple[Any, ...]:
    if len(xs) == 0:
        raise ValueError(f"{op}: nothing to join; expected at least one array, got an empty list.")
    return operands(*xs)


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return tuple(shape[:axis]) + tuple(shape[axis + 1 :])


def flip(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """The elements in reverse order along ``axis``, along all by default."""
    x = as_array(x)
    rank = len(x.shape)
    axes = range(rank) if axis is None else whole_numbers("flip", "axis", axis)
    return _flip(x, axes=tuple(normalize_axis("flip", a, rank) for a in axes))


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float | None = None) -> Any:
    """Elements added around ``x``.

    Args:
        x: array or tensor.
        pad_width: (before, after) per dimension, one pair for all, or one number for all.
        mode: 'constant'; or what is added comes from ``x``: 'edge' repeats the outermost elements, 'reflect' mirrors
            at them, 'symmetric' mirrors behind them, 'wrap' (or 'circular') goes on at the other end.
        constant_values: what is added in the first mode; 0 by default.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.pad(np.array([1, 2]), (1, 2))
        array([0, 1, 2, 0, 0])
    """
    if mode not in _PAD_MODES:
        raise ValueError(f"pad: unsupported mode; expected one of {', '.join(_PAD_MODES)}, got mode={mode!r}.")
    x = as_array(x)
    rank = len(x.shape)
    widths = np.broadcast_to(np.asarray(pad_width, dtype=np.int64), (rank, 2))
    if (widths < 0).any():
        raise ValueError(f"pad: negative width; expected numbers from 0, got pad_width={pad_width}.")
    pairs = tuple((int(before), int(after)) for before, after in widths)
    if mode == "constant":
        return _pad(x, widths=pairs, value=0 if constant_values is None else constant_values)
    return _pad_from_itself(x, pairs, "wrap" if mode == "circular" else mode)


_PAD_MODES = ("constant", "edge", "reflect", "symmetric", "wrap", "circular")


def _pad_from_itself(x: Any, pairs: tuple[tuple[int, int], ...], mode: Any) -> Any:
    from juanji.ops._indexing import take

    for axis, pair in enumerate(pairs):
        if pair == (0, 0):
            continue
        if x.shape[axis] == 0:
            raise ValueError(
                f"pad: there is nothing to repeat; expected at least one element along axis {axis} for mode={mode!r}, "
                f"got x.shape={tuple(x.shape)}. Use mode='constant'."
            )
        x = take(x, np.pad(np.arange(x.shape[axis]), pair, mode), axis)
    return x

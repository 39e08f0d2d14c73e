"""Picking elements with NumPy's rules, and adding gradients back where they came from."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from juanji import _core
from juanji.autograd import Array, Tensor
from juanji.config import floatx
from juanji.ops._binary import equal
from juanji.ops._convert import as_array, cast
from juanji.ops._copy import NativeCopy, plan_view
from juanji.ops._operation import (
    NATIVE_DTYPES,
    Call,
    NativeForSome,
    NativeSide,
    NumpyFunction,
    Operation,
)
from juanji.ops._shape import expand_dims, normalize_axis
from juanji.ops._whole import whole_number

# Arrays of indices, which cannot be keys of a cache.
_get_item = Operation("get_item", lambda index: NumpyFunction(lambda x: x[index]), cached=False)
_scatter_add = Operation(
    "scatter_add", lambda index, shape: NumpyFunction(lambda dy: _scattered(dy, index, shape)), cached=False
)
# Numbers, slices, None and ..., as _key makes them hashable: what gives a view.
_get_part = Operation("get_part", lambda key: NativeCopy(lambda x: x[_index(key)]))


def _place_side(key: Any, shape: tuple[int, ...]) -> NativeSide:
    index = _index(key)
    plan = plan_view(lambda x: x[index], shape)
    native = _core.StridedPlace(shape, plan.shape, plan.strides, plan.offset)
    return NativeForSome(native, lambda dy: _placed(dy, index, shape), lambda dtypes: dtypes[0] in NATIVE_DTYPES)


_place_part = Operation("place_part", _place_side)


def _take_side(axis: int) -> NativeSide:
    return NativeForSome(_core.Take(axis), lambda x, i: np.take(x, i, axis), lambda dtypes: dtypes[0] in NATIVE_DTYPES)


# Slices along an axis, by a second input with their numbers.
take_axis = Operation("take", _take_side)
_take_gradient = Operation(
    "take_gradient",
    lambda axis, size: NativeForSome(
        _core.TakeGradient(axis, size), lambda dy, i: _added(dy, i, axis, size), lambda dtypes: dtypes[0].kind == "f"
    ),
)


def _added(dy: Array, indices: Array, axis: int, size: int) -> Array:
    result = np.zeros((*dy.shape[:axis], size, *dy.shape[axis + indices.ndim :]), dy.dtype)
    index: Any = (slice(None),) * axis + (indices,)
    np.add.at(result, index, dy)
    return result


@take_axis.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    x, indices = call.inputs
    axis = call.attributes["axis"]
    return _take_gradient(dy, indices, axis=axis, size=x.shape[axis]), None


@_take_gradient.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    return take_axis(ddx, call.inputs[1], axis=call.attributes["axis"]), None


def _scattered(dy: Array, index: Any, shape: tuple[int, ...]) -> Array:
    result = np.zeros(shape, dy.dtype)
    np.add.at(result, index, dy)  # an element may be picked several times
    return result


def _placed(dy: Array, index: Any, shape: tuple[int, ...]) -> Array:
    result = np.zeros(shape, dy.dtype)
    result[index] = dy
    return result


@_get_item.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (_scatter_add(dy, index=call.attributes["index"], shape=call.inputs[0].shape),)


@_scatter_add.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    return (_get_item(ddx, index=call.attributes["index"]),)


@_get_part.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (_place_part(dy, key=call.attributes["key"], shape=tuple(call.inputs[0].shape)),)


@_place_part.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    return (_get_part(ddx, key=call.attributes["key"]),)


def _key(index: Any) -> tuple[Any, ...] | None:
    """An index of numbers, slices, None and ... in a hashable form; None for one that picks by arrays."""
    key: list[Any] = []
    for part in index if isinstance(index, tuple) else (index,):
        if isinstance(part, slice):
            bounds = (part.start, part.stop, part.step)
            if not all(bound is None or _is_whole_number(bound) for bound in bounds):
                return None
            key.append(tuple(None if bound is None else operator.index(bound) for bound in bounds))
        elif part is None or part is Ellipsis:
            key.append(part)
        elif _is_whole_number(part):
            key.append(operator.index(part))
        else:
            return None
    return tuple(key)


def _is_whole_number(x: Any) -> bool:
    return isinstance(x, (int, np.integer)) and not isinstance(x, bool)


def _index(key: tuple[Any, ...]) -> tuple[Any, ...]:
    parts = tuple(slice(*part) if isinstance(part, tuple) else part for part in key)
    return parts if Ellipsis in key else (*parts, ...)  # with it, a single element is a view as well


def _plain(part: Any) -> Any:
    return part.numpy() if isinstance(part, Tensor) else part


def get_item(x: Any, key: Any) -> Any:
    """``x[key]`` with NumPy's rules: numbers, slices, ``None``, ``...``, masks and arrays of indices.

    Example:
        >>> import juanji
        >>> juanji.Tensor([1.0, 2.0, 3.0])[1:].numpy()
        array([2., 3.])
    """
    hashable = _key(key)
    if hashable is not None:
        return _get_part(as_array(x), key=hashable)
    plain = tuple(_plain(part) for part in key) if isinstance(key, tuple) else _plain(key)
    return _get_item(as_array(x), index=plain)


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements at integer positions along an axis.

    Args:
        x: array or tensor.
        indices: integers of any shape; negative ones count from the end.
        axis: axis that is indexed; None counts through all elements in row-major order.

    Returns:
        The shape of ``x`` with the axis replaced by the shape of ``indices``.

    Raises:
        ValueError: for an index out of range.
        TypeError: for indices that are not integers.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.take(np.array([10.0, 20.0, 30.0]), [2, 0])
        array([30., 10.])
    """
    from juanji.ops._shape import reshape

    x = as_array(x)
    wanted = _whole_numbers(indices)
    if axis is None:
        x, axis = reshape(x, (x.size,)), 0
    place = normalize_axis("take", axis, len(x.shape))
    size = x.shape[place]
    if isinstance(wanted, np.ndarray) and wanted.size and not (-size <= wanted.min() and wanted.max() < size):
        raise ValueError(
            f"take: index out of range; expected {-size} to {size - 1} along axis {axis}, "
            f"got indices from {wanted.min()} to {wanted.max()}."
        )
    return take_axis(x, wanted, axis=place)


def _whole_numbers(indices: Any) -> Any:
    """Indices as int64; those of a Tensor are checked by the operation itself."""
    wanted = indices if isinstance(indices, Tensor) else np.asarray(indices)
    if wanted.dtype.kind not in "iu" and wanted.size:
        raise TypeError(f"take: indices must be integers; expected int32 or int64, got dtype={wanted.dtype}.")
    return cast(wanted, np.int64)


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: DTypeLike | None = None, sparse: bool = False) -> Any:
    """Class numbers as vectors of zeros with a single one; numbers outside 0..num_classes-1 give zeros only.

    Args:
        x: integers of any shape.
        num_classes: length of the vectors.
        axis: where the new axis stands in the result.
        dtype: type of the result; the default float type.
        sparse: False; there are no sparse tensors.

    Raises:
        TypeError: for class numbers that are not integers.
        ValueError: for sparse=True.

    Example:
        >>> from juanji import ops
        >>> ops.one_hot([0, 2], 3)
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    if sparse:
        raise ValueError("one_hot: there are no sparse tensors; expected sparse=False, got True.")
    labels = as_array(x)
    if labels.dtype.kind not in "iub":
        raise TypeError(f"one_hot: class numbers must be integers; expected int32 or int64, got dtype={labels.dtype}.")
    num_classes = whole_number("one_hot", "num_classes", num_classes)
    place = normalize_axis("one_hot", axis, len(labels.shape) + 1)
    shape = [1] * (len(labels.shape) + 1)
    shape[place] = num_classes
    classes = np.arange(num_classes, dtype=np.int64).reshape(shape)
    return cast(equal(expand_dims(cast(labels, np.int64), place), classes), dtype or floatx())

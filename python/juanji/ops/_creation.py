"""Arrays made from nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from juanji import _core, ops
from juanji.autograd import Array
from juanji.config import floatx
from juanji.ops._convert import as_array, as_float, as_typed, operands, with_default_type
from juanji.ops._operation import NATIVE_DTYPES, Call, NativeSide, NumpyFunction, Operation
from juanji.ops._shape import normalize_axis
from juanji.ops._whole import whole_number

Shape = int | Sequence[int]


def _copy_side(dtype: str) -> NativeSide:
    if np.dtype(dtype) not in NATIVE_DTYPES:
        return NumpyFunction(np.copy)
    return _core.Cast(dtype)


_copy = Operation("copy", _copy_side)


@_copy.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (dy,)


def zeros(shape: Shape, dtype: DTypeLike | None = None) -> Array:
    """An array of zeros, of the default float type unless another is given.

    Example:
        >>> from juanji import ops
        >>> ops.zeros(2)
        array([0., 0.], dtype=float32)
    """
    return np.zeros(shape, dtype or floatx())


def ones(shape: Shape, dtype: DTypeLike | None = None) -> Array:
    """An array of ones, of the default float type unless another is given."""
    return np.ones(shape, dtype or floatx())


def full(shape: Shape, fill_value: Any, dtype: DTypeLike | None = None) -> Array:
    """An array filled with ``fill_value``, of the default float type unless ``dtype`` is another.

    Example:
        >>> from juanji import ops
        >>> ops.full((1, 2), 3)
        array([[3., 3.]], dtype=float32)
    """
    return np.full(shape, np.asarray(as_array(fill_value)), dtype or floatx())


def zeros_like(x: Any, dtype: DTypeLike | None = None) -> Array:
    """Zeros in the shape and type of ``x``."""
    x = as_array(x)
    return np.zeros(x.shape, dtype or x.dtype)


def ones_like(x: Any, dtype: DTypeLike | None = None) -> Array:
    """Ones in the shape and type of ``x``."""
    x = as_array(x)
    return np.ones(x.shape, dtype or x.dtype)


def full_like(x: Any, fill_value: Any, dtype: DTypeLike | None = None) -> Array:
    """``fill_value`` in the shape and type of ``x``."""
    x = as_array(x)
    return np.full(x.shape, fill_value, dtype or x.dtype)


def arange(start: float, stop: float | None = None, step: float | None = None, dtype: DTypeLike | None = None) -> Array:
    """Numbers from ``start`` to ``stop`` (excluded), 1 or ``step`` apart; from 0 to ``start`` when ``stop`` is missing.

    Example:
        >>> from juanji import ops
        >>> ops.arange(1, 4)
        array([1, 2, 3], dtype=int32)
    """
    step = 1 if step is None else step
    array = np.arange(start, step=step) if stop is None else np.arange(start, stop, step)
    return with_default_type(array) if dtype is None else array.astype(dtype)


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: DTypeLike | None = None,
    axis: int = 0,
) -> Any:
    """Evenly spaced numbers from ``start`` to ``stop``.

    Args:
        start, stop: numbers, or arrays or tensors that broadcast.
        num: how many numbers.
        endpoint: whether ``stop`` is the last of them.
        retstep: return the spacing too.
        dtype: type of the result; a float type by default.
        axis: where the new axis stands in the result.

    Example:
        >>> from juanji import ops
        >>> ops.linspace(0, 1, 5)
        array([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float32)
    """
    count = whole_number("linspace", "num", num)
    if count < 0:
        raise ValueError(f"linspace: negative; expected a number from 0, got num={num}.")
    first, last = (as_float(x) for x in operands(start, stop))
    parts = max(count - 1 if endpoint else count, 1)
    gap = ops.subtract(last, first)
    step = ops.divide(gap, parts)
    shares = np.arange(count) / parts
    rank = len(gap.shape)
    place = normalize_axis("linspace", axis, rank + 1)
    weights = np.reshape(shares, [-1 if i == place else 1 for i in range(rank + 1)]).astype(gap.dtype)
    first, last = (ops.expand_dims(ops.broadcast_to(x, gap.shape), place) for x in (first, last))
    y = ops.add(ops.multiply(first, 1 - weights), ops.multiply(last, weights))  # exact at both ends
    if dtype is not None:
        y = ops.cast(ops.floor(y) if np.dtype(dtype).kind in "iu" else y, dtype)
    return (y, step) if retstep else y


def array(x: Any, dtype: DTypeLike | None = None) -> Any:
    """``x`` as an array, or the Tensor that it is, of the given type.

    Example:
        >>> from juanji import ops
        >>> ops.array([1.0, 2.0])
        array([1., 2.], dtype=float32)
    """
    return as_typed(x, dtype)


def copy(x: Any) -> Any:
    """The same elements in memory of their own.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.copy(np.array([1, 2]))
        array([1, 2])
    """
    x = as_array(x)
    return _copy(x, dtype=x.dtype.name)


def empty(shape: Shape, dtype: DTypeLike | None = None) -> Array:
    """An array whose elements are whatever comes; zeros here.

    Example:
        >>> from juanji import ops
        >>> ops.empty((2, 0)).shape
        (2, 0)
    """
    return zeros(shape, dtype)


def empty_like(x: Any, dtype: DTypeLike | None = None) -> Array:
    """An array in the shape and type of ``x`` whose elements are whatever comes; zeros here.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.empty_like(np.ones(3)).shape
        (3,)
    """
    return zeros_like(x, dtype)

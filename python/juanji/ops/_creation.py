"""Arrays made from nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from juanji.autograd import Array
from juanji.config import floatx
from juanji.ops._convert import as_array

Shape = int | Sequence[int]


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
    """An array filled with ``fill_value``; Python floats give the default float type.

    Example:
        >>> from juanji import ops
        >>> ops.full((1, 2), 0.5)
        array([[0.5, 0.5]], dtype=float32)
    """
    value = np.asarray(as_array(fill_value))
    return np.full(shape, value, dtype or value.dtype)


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


def arange(start: float, stop: float | None = None, step: float = 1, dtype: DTypeLike | None = None) -> Array:
    """Numbers from ``start`` to ``stop`` (excluded); from 0 to ``start`` when ``stop`` is missing.

    Example:
        >>> from juanji import ops
        >>> ops.arange(1, 4)
        array([1, 2, 3])
    """
    array = np.arange(start, step=step) if stop is None else np.arange(start, stop, step)
    return (
        array.astype(dtype)
        if dtype is not None
        else np.asarray(as_array(array.tolist() if array.dtype.kind == "f" else array))
    )

"""Bell-shaped windows, and numbers spaced by a ratio."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from juanji import ops
from juanji.autograd import Array
from juanji.config import floatx
from juanji.ops._convert import as_float, operands
from juanji.ops._whole import whole_number


def _window(name: str, size: Any, function: Any, *arguments: float) -> Array:
    count = whole_number(name, "x", np.asarray(size).item() if np.ndim(size) == 0 else size)
    y: Array = function(max(count, 0), *arguments).astype(floatx())
    return y


def bartlett(x: Any) -> Array:
    """Triangular window of ``x`` points.

    Example:
        >>> from juanji import ops
        >>> ops.bartlett(3)
        array([0., 1., 0.], dtype=float32)
    """
    return _window("bartlett", x, np.bartlett)


def blackman(x: Any) -> Array:
    """Blackman's window of ``x`` points.

    Example:
        >>> from juanji import ops
        >>> ops.blackman(1)
        array([1.], dtype=float32)
    """
    return _window("blackman", x, np.blackman)


def hamming(x: Any) -> Array:
    """Hamming's window of ``x`` points.

    Example:
        >>> from juanji import ops
        >>> ops.hamming(1)
        array([1.], dtype=float32)
    """
    return _window("hamming", x, np.hamming)


def hanning(x: Any) -> Array:
    """Hann's window of ``x`` points.

    Example:
        >>> from juanji import ops
        >>> ops.hanning(3)
        array([0., 1., 0.], dtype=float32)
    """
    return _window("hanning", x, np.hanning)


def kaiser(x: Any, beta: float) -> Array:
    """Kaiser's window of ``x`` points.

    Args:
        x: number of points.
        beta: shape of the window; 0 is a rectangle.

    Example:
        >>> from juanji import ops
        >>> ops.kaiser(2, 0)
        array([1., 1.], dtype=float32)
    """
    return _window("kaiser", x, np.kaiser, float(beta))


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: DTypeLike | None = None,
    axis: int = 0,
) -> Any:
    """Powers of ``base`` whose exponents are evenly spaced from ``start`` to ``stop``.

    Args:
        start, stop: exponents.
        num: how many numbers.
        endpoint: whether the power of ``stop`` is the last of them.
        base: of the powers.
        dtype: type of the result; a float type by default.
        axis: where the new axis stands in the result.

    Example:
        >>> from juanji import ops
        >>> ops.logspace(0, 2, 3).round(3)
        array([  1.,  10., 100.], dtype=float32)
    """
    exponents = ops.linspace(start, stop, num, endpoint, axis=axis)
    y = ops.exp(ops.multiply(exponents, math.log(base)))
    return y if dtype is None else ops.cast(y, dtype)


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: DTypeLike | None = None, axis: int = 0
) -> Any:
    """Numbers from ``start`` to ``stop``, each the same multiple of the one before.

    Args:
        start, stop: numbers of one sign, not 0.
        num: how many numbers.
        endpoint: whether ``stop`` is the last of them.
        dtype: type of the result; a float type by default.
        axis: where the new axis stands in the result.

    Example:
        >>> from juanji import ops
        >>> ops.geomspace(1, 8, 4).round(3)
        array([1., 2., 4., 8.], dtype=float32)
    """
    first, last = (as_float(x) for x in operands(start, stop))
    exponents = ops.linspace(ops.log(ops.abs(first)), ops.log(ops.abs(last)), num, endpoint, axis=axis)
    sign = ops.broadcast_to(ops.sign(first), np.broadcast_shapes(first.shape, last.shape))
    y = ops.multiply(ops.exp(exponents), ops.expand_dims(sign, axis))
    return y if dtype is None else ops.cast(y, dtype)

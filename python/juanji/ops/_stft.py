"""Fourier transforms of overlapping parts of a signal, and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Array
from juanji.ops._convert import as_array, as_float
from juanji.ops._indexing import _take_gradient
from juanji.ops._whole import whole_number


def _window(op: str, window: Any, length: int, fft_length: int, dtype: Any) -> Any:
    """The window in the middle of ``fft_length`` points; None for a rectangle over all of them."""
    if window is None:
        return None
    if isinstance(window, str):
        if window not in ("hann", "hamming"):
            raise ValueError(f"{op}: unknown window; expected 'hann', 'hamming' or an array, got window={window!r}.")
        base = 0.5 if window == "hann" else 0.54
        points: Any = (base - (1 - base) * np.cos(2 * math.pi * np.arange(length) / length)).astype(dtype)
    else:
        points = ops.cast(as_array(window), dtype)
    if tuple(points.shape) != (length,):
        raise ValueError(
            f"{op}: the window does not fit; expected window.shape={(length,)}, got {tuple(points.shape)}."
        )
    before = (fft_length - length) // 2
    return ops.pad(points, ((before, fft_length - length - before),))


def _sizes(op: str, sequence_length: int, sequence_stride: int, fft_length: int) -> tuple[int, int, int]:
    length = whole_number(op, "sequence_length", sequence_length)
    step = whole_number(op, "sequence_stride", sequence_stride)
    size = whole_number(op, "fft_length", fft_length)
    if length < 1 or step < 1 or size < length:
        raise ValueError(
            f"{op}: the sizes do not fit; expected a positive length and stride and an fft_length that holds the "
            f"sequence, got sequence_length={length}, sequence_stride={step}, fft_length={size}."
        )
    return length, step, size


def stft(
    x: Any, sequence_length: int, sequence_stride: int, fft_length: int, window: Any = "hann", center: bool = True
) -> tuple[Any, Any]:
    """Fourier transforms of overlapping parts of the last axis, under a window.

    Args:
        x: (..., samples).
        sequence_length: size of a part.
        sequence_stride: step from part to part.
        fft_length: size of a transform, at least that of a part.
        window: 'hann', 'hamming', an array of ``sequence_length``, or None.
        center: mirror the ends, so that part t is centred at sample ``t * sequence_stride``.

    Returns:
        Real and imaginary parts, (..., parts, fft_length // 2 + 1).

    Raises:
        ValueError: when sizes or the window do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.stft(np.arange(8.0), 4, 2, 4)[0].shape
        (5, 3)
    """
    length, step, size = _sizes("stft", sequence_length, sequence_stride, fft_length)
    x = as_float(x)
    if center:
        widths = [(0, 0)] * (len(x.shape) - 1) + [(size // 2, size // 2)]
        x = ops.pad(x, widths, mode="reflect")
    points = _window("stft", window, length, size, x.dtype)
    parts = ops.extract_sequences(x, size, step)
    re, im = ops.rfft(parts if points is None else ops.multiply(parts, points))
    return re, im


def istft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Any:
    """Undoes :func:`stft`: parts are transformed back, weighted, and added where they overlap.

    Args:
        x: real and imaginary parts, a tuple of two arrays.
        sequence_length, sequence_stride, fft_length, window, center: as for :func:`stft`.
        length: number of samples that are wanted.

    Returns:
        (..., samples).

    Raises:
        ValueError: when sizes or the window do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.istft(ops.stft(np.arange(6.0), 4, 2, 4), 4, 2, 4).round(6)
        array([0., 1., 2., 3., 4., 5.])
    """
    own, step, size = _sizes("istft", sequence_length, sequence_stride, fft_length)
    parts = ops.irfft(x, size)
    points = _window("istft", window, own, size, parts.dtype)
    if points is not None:
        parts = ops.multiply(parts, _inverse(points, size, step))
    count = parts.shape[-2]
    places: Array = np.arange(count)[:, None] * step + np.arange(size)
    y = _take_gradient(parts, places, axis=len(parts.shape) - 2, size=size + step * (count - 1))
    begin = size // 2 if center else 0
    end = begin + length if length is not None else y.shape[-1] - (size // 2 if center else 0)
    return y[..., begin:end]


def _inverse(points: Any, size: int, step: int) -> Any:
    """The window over the sum of squares of all windows that lie over a sample."""
    overlaps = -(-size // step)
    squares = ops.pad(ops.square(points), ((0, overlaps * step - size),))
    total = ops.sum(ops.reshape(squares, (overlaps, step)), axis=0)
    return ops.divide(points, ops.tile(total, overlaps)[:size])

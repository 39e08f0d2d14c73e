"""Pooling to a given size: windows as even as possible, next to or over each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Array
from juanji.ops._convert import as_array, as_float
from juanji.ops._whole import whole_numbers


def _windows(size: int, count: int) -> list[tuple[int, int]]:
    """Window i covers the elements from floor(i · size / count) to ceil((i + 1) · size / count)."""
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def _spatial(op: str, inputs: Any, output_size: Any, data_format: str | None) -> tuple[Any, tuple[int, ...], range]:
    x = as_array(inputs)
    rank = len(x.shape) - 2
    if not 1 <= rank <= 3:
        raise ValueError(f"{op}: expected rank 3 to 5 (batch, sizes, channels), got inputs.shape={tuple(x.shape)}.")
    if data_format not in (None, "channels_last", "channels_first"):
        raise ValueError(f"{op}: unknown layout; expected channels_last or channels_first, got {data_format!r}.")
    first = 2 if data_format == "channels_first" else 1
    sizes = whole_numbers(op, "output_size", output_size)
    sizes = sizes * rank if len(sizes) == 1 else sizes
    axes = range(first, first + rank)
    if len(sizes) != rank or min(sizes) < 1 or min(x.shape[a] for a in axes) < 1:
        raise ValueError(
            f"{op}: unusable sizes; expected one positive number or {rank}, and inputs that are not empty, got "
            f"output_size={output_size!r} for inputs.shape={tuple(x.shape)}."
        )
    return x, sizes, axes


def _even_windows(x: Any, sizes: tuple[int, ...], axes: range) -> tuple[int, ...] | None:
    """The size of all windows where they lie next to each other, channels last; else None."""
    if axes[0] != 1 or any(x.shape[a] % n for a, n in zip(axes, sizes)):
        return None
    return tuple(x.shape[a] // n for a, n in zip(axes, sizes))


def _share_matrix(size: int, count: int, dtype: Any) -> Array:
    """(size, count): which share of the mean of window j element i has."""
    shares = np.zeros((size, count))
    for j, (begin, end) in enumerate(_windows(size, count)):
        shares[begin:end, j] = 1 / (end - begin)
    return shares.astype(dtype)


def adaptive_average_pool(inputs: Any, output_size: Any, data_format: str | None = None) -> Any:
    """Means of windows that cover the input evenly, as many as wanted.

    Args:
        inputs: (N, W, C), (N, H, W, C) or (N, D, H, W, C).
        output_size: sizes of the result; one number for all.
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        The input's shape with other spatial sizes.

    Raises:
        ValueError: for other ranks and sizes below 1.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.adaptive_average_pool(np.arange(5.0).reshape(1, 5, 1), 2)[0, :, 0]
        array([1., 3.])
    """
    x, sizes, axes = _spatial("adaptive_average_pool", inputs, output_size, data_format)
    x = as_float(x)
    even = _even_windows(x, sizes, axes)
    if even is not None:
        return ops.average_pool(x, even, even)
    for axis, count in zip(axes, sizes):
        shares = _share_matrix(x.shape[axis], count, x.dtype)
        x = ops.moveaxis(ops.matmul(ops.moveaxis(x, axis, -1), shares), -1, axis)
    return x


def adaptive_max_pool(inputs: Any, output_size: Any, data_format: str | None = None) -> Any:
    """Largest elements of windows that cover the input evenly, as many as wanted.

    Args:
        inputs: (N, W, C), (N, H, W, C) or (N, D, H, W, C).
        output_size: sizes of the result; one number for all.
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        The input's shape with other spatial sizes.

    Raises:
        ValueError: for other ranks and sizes below 1.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.adaptive_max_pool(np.arange(5.0).reshape(1, 5, 1), 2)[0, :, 0]
        array([2., 4.])
    """
    x, sizes, axes = _spatial("adaptive_max_pool", inputs, output_size, data_format)
    even = _even_windows(x, sizes, axes)
    if even is not None and x.dtype in ("float32", "float64"):
        return ops.max_pool(x, even, even)
    for axis, count in zip(axes, sizes):
        windows = _windows(x.shape[axis], count)
        whole = (slice(None),) * axis
        places = [(*whole, slice(begin, end)) for begin, end in windows]
        x = ops.stack([ops.max(x[place], axis=axis) for place in places], axis=axis)
    return x

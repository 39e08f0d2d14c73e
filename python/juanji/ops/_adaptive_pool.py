"""Pooling to a given size: windows as even as possible, next to or over each other."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from juanji import _core, ops
from juanji.autograd import Array
from juanji.ops._convert import as_array, as_float
from juanji.ops._indexing import take_axis
from juanji.ops._operation import Call, Operation
from juanji.ops._whole import whole_numbers
from juanji.ops.image._resize_weights import Sums, as_lists, transposed


def _windows(size: int, count: int) -> list[tuple[int, int]]:
    """Window i covers the elements from floor(i · size / count) to ceil((i + 1) · size / count)."""
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def _spatial(
    op: str, inputs: Any, output_size: Any, data_format: str | None
) -> tuple[Any, tuple[int, ...], Callable[[Any], Any]]:
    """Inputs with channels last, one size for each direction, and what brings channels back to where they were."""
    x = as_array(inputs)
    rank = len(x.shape) - 2
    if not 1 <= rank <= 3:
        raise ValueError(f"{op}: expected rank 3 to 5 (batch, sizes, channels), got inputs.shape={tuple(x.shape)}.")
    if data_format not in (None, "channels_last", "channels_first"):
        raise ValueError(f"{op}: unknown layout; expected channels_last or channels_first, got {data_format!r}.")
    first = data_format == "channels_first"
    sizes = whole_numbers(op, "output_size", output_size)
    sizes = sizes * rank if len(sizes) == 1 else sizes
    spatial = x.shape[2:] if first else x.shape[1:-1]
    if len(sizes) != rank or min(sizes) < 1 or min(spatial) < 1:
        raise ValueError(
            f"{op}: unusable sizes; expected one positive number or {rank}, and inputs that are not empty, got "
            f"output_size={output_size!r} for inputs.shape={tuple(x.shape)}."
        )
    if first:
        return ops.moveaxis(x, 1, -1), sizes, lambda y: ops.moveaxis(y, -1, 1)
    return x, sizes, lambda y: y


def _even_windows(x: Any, sizes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The size of all windows where they lie next to each other; else None."""
    if any(d % n for d, n in zip(x.shape[1:], sizes)):
        return None
    return tuple(d // n for d, n in zip(x.shape[1:], sizes))


def _means_side(axis: int, size: int, count: int, backward: bool) -> _core.Operation:
    windows = _windows(size, count)
    lengths = np.array([end - begin for begin, end in windows])
    sources = np.concatenate([np.arange(begin, end) for begin, end in windows])
    sums = Sums(np.concatenate(([0], np.cumsum(lengths))), sources, np.repeat(1 / lengths, lengths))
    if backward:
        return _core.Resample(axis, count, *as_lists(transposed(sums, size)))
    return _core.Resample(axis, size, *as_lists(sums))


_means = Operation("adaptive_average_pool", _means_side)


@_means.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (_means(dy, **{**call.attributes, "backward": not call.attributes["backward"]}),)


@lru_cache(maxsize=64)
def _side_by_side(sizes: tuple[int, ...], counts: tuple[int, ...]) -> tuple[Array, tuple[int, ...]]:
    """The elements of all windows, one window behind the other in each direction, and the size of a window.

    Short windows are filled with their last element, which changes no maximum.
    """
    places, longest = np.zeros((), np.int64), []
    for size, count in zip(sizes, counts):
        windows = _windows(size, count)
        longest.append(max(end - begin for begin, end in windows))
        own = np.array([min(begin + i, end - 1) for begin, end in windows for i in range(longest[-1])])
        places = places[..., None] * size + own
    return places, tuple(longest)


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
    x, sizes, restore = _spatial("adaptive_average_pool", inputs, output_size, data_format)
    x = as_float(x)
    even = _even_windows(x, sizes)
    if even is not None:
        return restore(ops.average_pool(x, even, even))
    # the direction that leaves fewest elements comes first
    for axis in sorted(range(1, len(sizes) + 1), key=lambda a: sizes[a - 1] / x.shape[a]):
        if x.shape[axis] != sizes[axis - 1]:
            x = _means(x, axis=axis, size=x.shape[axis], count=sizes[axis - 1], backward=False)
    return restore(x)


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
    x, sizes, restore = _spatial("adaptive_max_pool", inputs, output_size, data_format)
    window = _even_windows(x, sizes)
    if window is None:
        places, window = _side_by_side(tuple(x.shape[1:-1]), sizes)
        x = take_axis(ops.reshape(x, (x.shape[0], math.prod(x.shape[1:-1]), x.shape[-1])), places, axis=1)
    if x.dtype in ("float32", "float64"):
        return restore(ops.max_pool(x, window, window))
    spread = [size for pair in zip(sizes, window) for size in pair]
    windows = ops.reshape(x, (x.shape[0], *spread, x.shape[-1]))
    return restore(ops.max(windows, axis=tuple(range(2, 2 * len(sizes) + 1, 2))))

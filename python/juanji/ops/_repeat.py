"""Elements and whole arrays repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji.ops._convert import as_array
from juanji.ops._indexing import take
from juanji.ops._shape import broadcast_to, normalize_axis, reshape
from juanji.ops._whole import whole_number, whole_numbers


def repeat(x: Any, repeats: int | Sequence[int], axis: int | None = None) -> Any:
    """Each element, or slice along an axis, several times in a row.

    Args:
        x: array or tensor.
        repeats: how often; one number, alone or in a list, or one for each index of the axis.
        axis: axis that becomes longer; None for all elements in row-major order.

    Raises:
        ValueError: for negative numbers, or more or fewer of them than indices.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.repeat(np.array([1, 2]), 2)
        array([1, 1, 2, 2])
    """
    x = as_array(x)
    if axis is None:
        x, axis = reshape(x, (x.size,)), 0
    place = normalize_axis("repeat", axis, len(x.shape))
    if not isinstance(repeats, (int, np.integer)) and np.size(repeats) == 1:
        repeats = np.ravel(repeats)[0]
    if not isinstance(repeats, (int, np.integer)):
        counts = np.asarray(whole_numbers("repeat", "repeats", repeats))
        if len(counts) != x.shape[place] or (counts < 0).any():
            raise ValueError(
                f"repeat: not one number for each index; expected {x.shape[place]} numbers from 0 for axis {axis} of "
                f"x.shape={tuple(x.shape)}, got repeats={repeats}."
            )
        return take(x, np.repeat(np.arange(x.shape[place]), counts), place)
    times = whole_number("repeat", "repeats", repeats)
    if times < 0:
        raise ValueError(f"repeat: negative; expected a number from 0, got repeats={times}.")
    before, size, behind = x.shape[:place], x.shape[place], x.shape[place + 1 :]
    apart = reshape(x, (*before, size, 1, *behind))
    return reshape(broadcast_to(apart, (*before, size, times, *behind)), (*before, size * times, *behind))


def tile(x: Any, repeats: int | Sequence[int]) -> Any:
    """The whole array several times along each axis.

    Args:
        x: array or tensor.
        repeats: how often, for each axis counted from the last; with more numbers than axes, axes are added in front.

    Raises:
        ValueError: for negative numbers.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.tile(np.array([1, 2]), (2, 2))
        array([[1, 2, 1, 2],
               [1, 2, 1, 2]])
    """
    x = as_array(x)
    times = whole_numbers("tile", "repeats", repeats)
    if any(n < 0 for n in times):
        raise ValueError(f"tile: negative; expected numbers from 0, got repeats={repeats}.")
    rank = max(len(times), len(x.shape))
    times = (1,) * (rank - len(times)) + times
    shape = (1,) * (rank - len(x.shape)) + tuple(x.shape)
    apart = reshape(x, tuple(size for d in shape for size in (1, d)))
    spread = broadcast_to(apart, tuple(size for n, d in zip(times, shape) for size in (n, d)))
    return reshape(spread, tuple(n * d for n, d in zip(times, shape)))

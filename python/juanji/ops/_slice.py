"""A block out of an array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji.ops._convert import as_array
from juanji.ops._shape import _slice
from juanji.ops._whole import whole_numbers


def slice(inputs: Any, start_indices: Sequence[int], shape: Sequence[int]) -> Any:
    """The block of the given shape that begins at the given indices.

    Args:
        inputs: array or tensor.
        start_indices: one number per axis, from 0.
        shape: size of the block along each axis.

    Raises:
        ValueError: when the block does not lie inside the array.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.slice(np.arange(12).reshape(3, 4), (1, 1), (2, 2))
        array([[ 5,  6],
               [ 9, 10]])
    """
    x = as_array(inputs)
    begins = whole_numbers("slice", "start_indices", start_indices)
    sizes = whole_numbers("slice", "shape", shape)
    inside = len(begins) == len(sizes) == len(x.shape) and all(
        begin >= 0 and size >= 0 and begin + size <= limit for begin, size, limit in zip(begins, sizes, x.shape)
    )
    if not inside:
        raise ValueError(
            f"slice: the block does not lie inside the array; expected a start and a size for each axis of "
            f"{tuple(x.shape)}, got start_indices={start_indices}, shape={shape}."
        )
    return _slice(x, bounds=tuple((begin, begin + size) for begin, size in zip(begins, sizes)))

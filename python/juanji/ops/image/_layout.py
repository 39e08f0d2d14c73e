"""What the functions of images share: one image or many, channels last or first, whole numbers as pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juanji.autograd import Tensor
from juanji.ops._binary import clip
from juanji.ops._convert import as_array, cast
from juanji.ops._rounding import round as round_to_whole
from juanji.ops._shape import expand_dims, moveaxis, squeeze


def is_channels_first(op: str, data_format: Any) -> bool:
    """Whether channels come before height and width. Raises ValueError for an unknown data format."""
    if data_format in (None, "channels_last"):
        return False
    if data_format == "channels_first":
        return True
    raise ValueError(
        f"{op}: unknown data format; expected 'channels_last' or 'channels_first', got data_format={data_format!r}."
    )


def to_batch(op: str, images: Any, data_format: Any, name: str = "images") -> tuple[Any, Callable[[Any], Any]]:
    """Images as (N, H, W, C), and the function that gives a result the layout that the images had.

    Args:
        op: for messages.
        images: one image of rank 3 or a batch of rank 4.
        data_format: 'channels_last' (also None) or 'channels_first'.
        name: of the argument, for messages.

    Raises:
        ValueError: for another rank or data format.
    """
    x = as_array(images)
    first = is_channels_first(op, data_format)
    if len(x.shape) not in (3, 4):
        raise ValueError(
            f"{op}: {name} must be one image or a batch; expected rank 3 (height, width, channels) or "
            f"rank 4 (N, H, W, C), got {name}.shape={tuple(x.shape)}."
        )
    single = len(x.shape) == 3
    if single:
        x = expand_dims(x, 0)
    if first:
        x = moveaxis(x, 1, -1)

    def restore(y: Any) -> Any:
        y = moveaxis(y, 3, 1) if first else y
        return squeeze(y, 0) if single else y

    return x, restore


def like(y: Any, dtype: Any, rounded: bool = True) -> Any:
    """A result computed in floats, in the type of the images: for whole numbers rounded (or cut) and limited."""
    dtype = np.dtype(dtype)
    if dtype.kind not in "iu" or y.dtype == dtype:
        return cast(y, dtype)
    limits = np.iinfo(dtype)
    low, high = y.dtype.type(limits.min), y.dtype.type(limits.max)
    if int(high) > limits.max:  # the float above
        high = np.nextafter(high, low)
    return cast(clip(round_to_whole(y) if rounded else y, low, high), dtype)


def same_floats(x: Any, other: Any) -> Any:
    """``other`` in the float type of ``x``; numbers from Python keep their digits."""
    return cast(other if isinstance(other, Tensor) else np.asarray(other), x.dtype)


def choice(op: str, name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """``value`` if it is one of ``allowed``; ValueError otherwise."""
    if value in allowed:
        return str(value)
    raise ValueError(f"{op}: unknown {name}; expected one of {', '.join(allowed)}, got {name}={value!r}.")

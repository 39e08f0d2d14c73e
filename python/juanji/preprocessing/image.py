"""Pictures to and from files and arrays, and resized without distortion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import ops
from juanji.utils import array_to_img, img_to_array, load_img, save_img

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]


def smart_resize(
    x: Any,
    size: Sequence[int],
    interpolation: str = "bilinear",
    data_format: str | None = "channels_last",
    backend_module: Any = None,
) -> Any:
    """Pictures of another size, of which the largest part in the middle with the proportions of ``size`` is kept.

    Args:
        x: (height, width, channels) or (batch, height, width, channels).
        size: (height, width) of the result.
        interpolation: 'bilinear', 'nearest', 'bicubic', 'lanczos3' or 'lanczos5'.
        data_format: 'channels_last', which is the default.
        backend_module: accepted for Keras scripts; without effect.

    Raises:
        ValueError: for another rank or size.

    Example:
        >>> import numpy as np
        >>> smart_resize(np.ones((40, 60, 3), "float32"), (20, 20)).shape
        (20, 20, 3)
    """
    if len(size) != 2:
        raise ValueError(f"smart_resize: not a size; expected (height, width), got {size=!r}.")
    return ops.image.resize(x, tuple(size), interpolation, crop_to_aspect_ratio=True, data_format=data_format)

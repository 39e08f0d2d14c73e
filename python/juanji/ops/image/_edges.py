"""Rows and columns cut off or added."""

from __future__ import annotations

from typing import Any

from juanji.ops._convert import as_array
from juanji.ops._indexing import get_item
from juanji.ops._shape import pad
from juanji.ops._whole import whole_number
from juanji.ops.image._layout import is_channels_first


def crop_images(
    images: Any,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    """Images without some of their outer rows and columns.

    Of top, bottom and height, two are given, and of left, right and width.

    Args:
        images: (H, W, C) or (N, H, W, C).
        top_cropping: rows to cut off at the top.
        left_cropping: columns to cut off at the left.
        bottom_cropping: rows to cut off at the bottom.
        right_cropping: columns to cut off at the right.
        target_height: height that is left, in pixels.
        target_width: width that is left, in pixels.
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        Images of the new size, of the same type.

    Raises:
        ValueError: for another rank, when not exactly two of three are given and when more is cut than there is.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.image.crop_images(np.ones((5, 6, 3)), 1, 2, target_height=3, target_width=4).shape
        (3, 4, 3)
    """
    x, row = _images_and_axis("crop_images", images, data_format)
    h, w = x.shape[row], x.shape[row + 1]
    top, height = _span("crop_images", "cropping", h, (top_cropping, bottom_cropping, target_height), _VERTICAL)
    left, width = _span("crop_images", "cropping", w, (left_cropping, right_cropping, target_width), _HORIZONTAL)
    rows, columns = slice(top, top + height), slice(left, left + width)
    return get_item(x, (slice(None),) * row + (rows, columns))


def pad_images(
    images: Any,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    """Images with rows and columns of zeros around them.

    Of top, bottom and height, two are given, and of left, right and width.

    Args:
        images: (H, W, C) or (N, H, W, C).
        top_padding: rows to add at the top.
        left_padding: columns to add at the left.
        bottom_padding: rows to add at the bottom.
        right_padding: columns to add at the right.
        target_height: height that results, in pixels.
        target_width: width that results, in pixels.
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        Images of the new size, of the same type.

    Raises:
        ValueError: for another rank, when not exactly two of three are given and when the target is too small.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.image.pad_images(np.ones((5, 6, 3)), 1, 2, target_height=8, target_width=9).shape
        (8, 9, 3)
    """
    x, row = _images_and_axis("pad_images", images, data_format)
    h, w = x.shape[row], x.shape[row + 1]
    top, height = _span("pad_images", "padding", h, (top_padding, bottom_padding, target_height), _VERTICAL)
    left, width = _span("pad_images", "padding", w, (left_padding, right_padding, target_width), _HORIZONTAL)
    widths = [(0, 0)] * len(x.shape)
    widths[row] = (top, height - h - top)
    widths[row + 1] = (left, width - w - left)
    return pad(x, tuple(widths))


_VERTICAL = ("top", "bottom", "target_height")
_HORIZONTAL = ("left", "right", "target_width")


def _images_and_axis(op: str, images: Any, data_format: Any) -> tuple[Any, int]:
    """The images and the axis of their rows; columns come behind it."""
    x = as_array(images)
    if len(x.shape) not in (3, 4):
        raise ValueError(
            f"{op}: images must be one image or a batch; expected rank 3 (height, width, channels) or "
            f"rank 4 (N, H, W, C), got images.shape={tuple(x.shape)}."
        )
    return x, len(x.shape) - (2 if is_channels_first(op, data_format) else 3)


def _span(op: str, what: str, size: int, given: tuple[Any, Any, Any], names: tuple[str, str, str]) -> tuple[int, int]:
    """What is cut or added before, and the target, from two of (before, behind, target)."""
    labels = (f"{names[0]}_{what}", f"{names[1]}_{what}", names[2])
    shown = ", ".join(f"{label}={value}" for label, value in zip(labels, given))
    if sum(value is None for value in given) != 1:
        raise ValueError(
            f"{op}: not exactly two of three are given; expected one of {', '.join(labels)} to be None, got {shown}."
        )
    missing = [value is None for value in given].index(True)
    before, behind, target = (0 if v is None else whole_number(op, label, v) for v, label in zip(given, labels))
    sign = 1 if what == "padding" else -1
    if missing == 0:
        before = sign * (target - size) - behind
    if missing == 2:
        target = size + sign * (before + behind)
    after = sign * (target - size) - before
    if min(before, after, target) < 0:
        raise ValueError(f"{op}: negative size; expected {what} and target from 0 for {size} pixels, got {shown}.")
    return before, target

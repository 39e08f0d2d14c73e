"""Patches of images and volumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji.ops._convert import as_float
from juanji.ops._im2col import im2col
from juanji.ops._indexing import get_item
from juanji.ops._shape import concatenate, expand_dims, moveaxis, pad, reshape, squeeze
from juanji.ops._whole import whole_numbers
from juanji.ops.image._layout import choice, is_channels_first, to_batch


def extract_patches(
    images: Any,
    size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Patches of images as vectors, in order of rows, columns and channels; of volumes if ``size`` has three numbers.

    Args:
        images: (H, W, C) or (N, H, W, C); volumes as in :func:`extract_patches_3d`.
        size: (height, width) of a patch in pixels, or one number for both.
        strides: step from patch to patch; ``size`` by default, so that they do not overlap.
        dilation_rate: spacing of the pixels of a patch.
        padding: 'valid', or 'same' for zeros around the images.
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        (OH, OW, height · width · C) or (N, OH, OW, height · width · C).

    Raises:
        TypeError: for a size that is neither a number nor a tuple.
        ValueError: for another rank and sizes that do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.image.extract_patches(np.ones((2, 20, 20, 3)), (5, 5)).shape
        (2, 4, 4, 75)
    """
    op = "extract_patches"
    if not isinstance(size, (int, tuple, list)):
        raise TypeError(
            f"{op}: size is neither a number nor a tuple; expected an int or a tuple of 2 or 3, "
            f"got size={size!r} of type {type(size).__name__}."
        )
    if not isinstance(size, int) and len(size) == 3:
        return extract_patches_3d(images, size, strides, dilation_rate, padding, data_format)
    window = _numbers(op, "size", size, 2)
    x, restore = to_batch(op, images, data_format)
    return restore(
        im2col(
            as_float(x),
            window,
            window if not strides else _numbers(op, "strides", strides, 2),
            choice(op, "padding", padding, ("valid", "same")),
            _numbers(op, "dilation_rate", dilation_rate, 2),
        )
    )


def extract_patches_3d(
    volumes: Any,
    size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    dilation_rate: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Patches of volumes as vectors, in order of planes, rows, columns and channels.

    Args:
        volumes: (D, H, W, C) or (N, D, H, W, C).
        size: (depth, height, width) of a patch, or one number for all.
        strides: step from patch to patch; ``size`` by default.
        dilation_rate: spacing of the elements of a patch.
        padding: 'valid', or 'same' for zeros around the volumes.
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        (OD, OH, OW, depth · height · width · C), with N in front for a batch.

    Raises:
        ValueError: for another rank and sizes that do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.image.extract_patches_3d(np.ones((2, 10, 10, 10, 3)), 3).shape
        (2, 3, 3, 3, 81)
    """
    op = "extract_patches_3d"
    window = _numbers(op, "size", size, 3)
    steps = window if strides is None else _numbers(op, "strides", strides, 3)
    spacing = _numbers(op, "dilation_rate", dilation_rate, 3)
    choice(op, "padding", padding, ("valid", "same"))
    first = is_channels_first(op, data_format)
    x = as_float(volumes)
    if len(x.shape) not in (4, 5):
        raise ValueError(
            f"{op}: volumes must be one volume or a batch; expected rank 4 (D, H, W, C) or rank 5 (N, D, H, W, C), "
            f"got volumes.shape={tuple(x.shape)}."
        )
    single = len(x.shape) == 4
    x = expand_dims(x, 0) if single else x
    x = moveaxis(x, 1, -1) if first else x
    y = _volume_patches(op, x, window, steps, spacing, padding)
    y = moveaxis(y, -1, 1) if first else y
    return squeeze(y, 0) if single else y


Sizes = tuple[int, ...]


def _volume_patches(op: str, x: Any, window: Sizes, steps: Sizes, spacing: Sizes, padding: str) -> Any:
    """Every plane of a patch is a patch of images."""
    n, depth, height, width, channels = x.shape
    reach = (window[0] - 1) * spacing[0] + 1
    if padding == "same":
        missing = max((-(-depth // steps[0]) - 1) * steps[0] + reach - depth, 0)
        x = pad(x, ((0, 0), (missing // 2, missing - missing // 2), (0, 0), (0, 0), (0, 0)))
        depth += missing
    planes = (depth - reach) // steps[0] + 1
    if planes < 1:
        raise ValueError(
            f"{op}: a patch is deeper than the volumes; expected a depth of at least {reach}, got depth={depth}."
        )
    parts = []
    for k in range(window[0]):
        begin = k * spacing[0]
        of_plane = get_item(x, (slice(None), slice(begin, begin + (planes - 1) * steps[0] + 1, steps[0])))
        images = reshape(of_plane, (n * planes, height, width, channels))
        parts.append(im2col(images, window[1:], steps[1:], padding, spacing[1:]))
    y = concatenate(parts, -1)
    return reshape(y, (n, planes, *y.shape[1:]))


def _numbers(op: str, name: str, value: Any, count: int) -> Sizes:
    numbers = whole_numbers(op, name, value)
    numbers = numbers * count if len(numbers) == 1 else numbers
    if len(numbers) != count or min(numbers) < 1:
        raise ValueError(f"{op}: no such {name}; expected one number or {count}, from 1, got {name}={value!r}.")
    return numbers

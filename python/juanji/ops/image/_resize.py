"""Images of another size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from juanji import _core, ops
from juanji.autograd import Array
from juanji.ops._convert import as_float
from juanji.ops._indexing import get_item, take_axis
from juanji.ops._operation import Call, Operation
from juanji.ops._shape import pad
from juanji.ops._window import pair
from juanji.ops.image._layout import choice, like, to_batch
from juanji.ops.image._resize_weights import KERNELS, as_lists, nearest_sources, resize_sums, transposed

INTERPOLATIONS = ("nearest", *KERNELS, "area")


def _resample_side(
    axis: int, interpolation: str, sources: int, outputs: int, antialias: bool, backward: bool
) -> _core.Operation:
    sums = resize_sums(interpolation, sources, outputs, antialias)
    if backward:
        return _core.Resample(axis, outputs, *as_lists(transposed(sums, sources)))
    return _core.Resample(axis, sources, *as_lists(sums))


_resample = Operation("resample", _resample_side)


@_resample.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (_resample(dy, **{**call.attributes, "backward": not call.attributes["backward"]}),)


def resize(
    images: Any,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Any:
    """Images of another height and width.

    Along each axis, output o is the weighted mean of the pixels around ``(o + 1/2) · size_in / size_out`` (pixels have
    their centres at halves); weights of pixels outside the image are shared out among the others.

    Args:
        images: (H, W, C) or (N, H, W, C).
        size: (height, width) of the result.
        interpolation: 'nearest', 'bilinear', 'bicubic' (Keys, a = -1/2), 'lanczos3', 'lanczos5', or 'area', the mean
            over the area of an output pixel.
        antialias: widen the kernel of the middle four when an image gets smaller.
        crop_to_aspect_ratio: first cut out the largest part in the middle with the proportions of ``size``.
        pad_to_aspect_ratio: first widen the images on two sides to these proportions.
        fill_mode: 'constant'.
        fill_value: pixels added by ``pad_to_aspect_ratio``.
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        Images of that size and of their own type; whole numbers are rounded.

    Raises:
        ValueError: for another rank, size or name, and when both to crop and to pad.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.image.resize(np.array([[[0.0], [1.0]]]), (1, 4))[0, :, 0]
        array([0.  , 0.25, 0.75, 1.  ])
    """
    height, width = _check_arguments(size, interpolation, crop_to_aspect_ratio, pad_to_aspect_ratio, fill_mode)
    x, restore = to_batch("resize", images, data_format)
    if crop_to_aspect_ratio:
        x = _crop(x, height, width)
    elif pad_to_aspect_ratio:
        x = _pad(x, height, width, fill_value)
    if 0 in x.shape[1:3]:
        raise ValueError(
            "resize: the images are empty; expected height and width from 1, got (height, width)="
            f"{tuple(x.shape[1:3])}."
        )
    return restore(_resized(x, (height, width), interpolation, bool(antialias)))


def _resized(x: Any, size: tuple[int, int], interpolation: str, antialias: bool) -> Any:
    changed = [axis for axis in (1, 2) if x.shape[axis] != size[axis - 1]]
    if not changed:
        return x
    changed.sort(key=lambda axis: size[axis - 1] / x.shape[axis])  # the one that leaves fewer pixels comes first
    if interpolation == "nearest":
        return _nearest(x, size)
    y = as_float(x)
    for axis in changed:
        y = _resample(
            y,
            axis=axis,
            interpolation=interpolation,
            sources=y.shape[axis],
            outputs=size[axis - 1],
            antialias=antialias,
            backward=False,
        )
    return like(y, x.dtype)


def _nearest(x: Any, size: tuple[int, int]) -> Any:
    """All pixels are picked at once: no image of one new and one old size comes between."""
    batch, height, width, channels = x.shape
    return take_axis(ops.reshape(x, (batch, height * width, channels)), _nearest_places((height, width), size), axis=1)


@lru_cache(maxsize=64)
def _nearest_places(old: tuple[int, int], new: tuple[int, int]) -> Array:
    """The pixel for every pixel of the result, (height, width), counted along the rows."""
    rows, columns = (nearest_sources(before, after) for before, after in zip(old, new))
    return rows[:, None] * old[1] + columns


def _check_arguments(size: Any, interpolation: Any, crop: Any, padded: Any, fill_mode: Any) -> tuple[int, int]:
    height, width = pair("resize", "size", tuple(size) if isinstance(size, (list, np.ndarray)) else size)
    if isinstance(size, int) or height <= 0 or width <= 0:
        raise ValueError(f"resize: no such size; expected (height, width), both from 1, got size={size!r}.")
    choice("resize", "interpolation", interpolation, INTERPOLATIONS)
    choice("resize", "fill_mode", fill_mode, ("constant",))
    if crop and padded:
        raise ValueError(
            "resize: images can be cropped or padded; expected one of crop_to_aspect_ratio and pad_to_aspect_ratio, "
            "got both=True."
        )
    return height, width


def _other_side(side: int, target: int, other_target: int) -> int:
    """What the other side measures in the proportions of the target; in float32, as Keras counts."""
    return int(np.float32(side * other_target) / np.float32(target))


def _crop(x: Any, height: int, width: int) -> Any:
    h, w = x.shape[1:3]
    rows = max(min(h, _other_side(w, width, height)), 1)
    columns = max(min(w, _other_side(h, height, width)), 1)
    top, left = (h - rows) // 2, (w - columns) // 2
    return get_item(x, (slice(None), slice(top, top + rows), slice(left, left + columns)))


def _pad(x: Any, height: int, width: int, fill_value: float) -> Any:
    h, w = x.shape[1:3]
    rows = (max(h, _other_side(w, width, height)) - h) // 2
    columns = (max(w, _other_side(h, height, width)) - w) // 2
    return pad(x, ((0, 0), (rows, rows), (columns, columns), (0, 0)), constant_values=fill_value)

"""Formats of bounding boxes, and the edges of the image.

A box is four numbers on the last axis:

- 'xyxy': left, top, right, bottom in pixels; 'yxyx': top, left, bottom, right;
- 'xywh': left, top, width, height; 'center_xywh' and 'center_yxhw': the middle instead of the corner;
- 'rel_xyxy', 'rel_yxyx', 'rel_xywh', 'rel_center_xywh': the same in parts of the image's width and height.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.ops._convert import as_array

FORMATS = (
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)
_SWAPPED = np.array([1, 0, 3, 2])


def convert_format(
    boxes: Any, source: str, target: str, height: Any = None, width: Any = None, dtype: str = "float32"
) -> Any:
    """Boxes in another format.

    Args:
        boxes: numbers (..., 4), or a dictionary with them as 'boxes'.
        source, target: formats, as described in this module.
        height, width: of the image, which formats that begin with 'rel_' need.
        dtype: of the result.

    Raises:
        ValueError: for an unknown format, a missing size, or another last axis than 4.

    Example:
        >>> from juanji.utils import bounding_boxes
        >>> bounding_boxes.convert_format([[10.0, 20.0, 30.0, 60.0]], "xyxy", "xywh")
        array([[10., 20., 20., 40.]], dtype=float32)
    """
    if isinstance(boxes, dict):
        return {**boxes, "boxes": convert_format(boxes["boxes"], source, target, height, width, dtype)}
    boxes = ops.cast(as_array(boxes), dtype)
    source, target = _known("source", source), _known("target", target)
    if len(boxes.shape) == 0 or boxes.shape[-1] != 4:
        raise ValueError(
            f"convert_format: not boxes; expected four numbers on the last axis, got shape={tuple(boxes.shape)}."
        )
    if source == target:
        return boxes
    if source.startswith("rel_") != target.startswith("rel_"):
        scale = image_scale("convert_format", height, width, dtype)
        if source.startswith("rel_"):
            return _from_xyxy(ops.multiply(_to_xyxy(boxes, source[4:]), scale), target)
        return _from_xyxy(ops.divide(_to_xyxy(boxes, source), scale), target[4:])
    return _from_xyxy(_to_xyxy(boxes, source.replace("rel_", "")), target.replace("rel_", ""))


def clip_to_image_size(
    bounding_boxes: dict[str, Any], height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> dict[str, Any]:
    """Boxes cut off at the edges of the image; those that are left without area get the label -1.

    Args:
        bounding_boxes: a dictionary with 'boxes' (..., 4), and 'labels' if there are any.
        height, width: of the image, for the format 'xyxy'.
        bounding_box_format: 'xyxy' or 'rel_xyxy'.

    Raises:
        ValueError: for another format, or a missing size.

    Example:
        >>> import numpy as np
        >>> from juanji.utils import bounding_boxes
        >>> boxes = {"boxes": np.array([[-5.0, 2.0, 8.0, 30.0], [-9.0, 0.0, -1.0, 5.0]]), "labels": np.array([1, 2])}
        >>> clipped = bounding_boxes.clip_to_image_size(boxes, height=20, width=10)
        >>> clipped["boxes"].tolist(), clipped["labels"].tolist()
        ([[0.0, 2.0, 8.0, 20.0], [0.0, 0.0, 0.0, 5.0]], [1, -1])
    """
    if bounding_box_format not in ("xyxy", "rel_xyxy"):
        raise ValueError(
            "clip_to_image_size: unknown format; expected 'xyxy' or 'rel_xyxy', got "
            f"bounding_box_format={bounding_box_format!r}. Convert the boxes first."
        )
    boxes = as_array(bounding_boxes["boxes"])
    limit = image_scale("clip_to_image_size", height, width, boxes.dtype) if bounding_box_format == "xyxy" else 1
    boxes = ops.clip(boxes, 0, limit)
    result = {**bounding_boxes, "boxes": boxes}
    if bounding_boxes.get("labels") is not None:
        size = ops.subtract(boxes[..., 2:], boxes[..., :2])
        kept = ops.greater(ops.multiply(size[..., 0], size[..., 1]), 0)
        result["labels"] = ops.where(kept, bounding_boxes["labels"], -1)
    return result


def image_scale(owner: str, height: Any, width: Any, dtype: Any) -> Any:
    """Width, height, width and height of an image.

    Raises:
        ValueError: when one of them is None.
    """
    if height is None or width is None:
        raise ValueError(
            f"{owner}: the size of the image is not known; expected height and width, got height={height}, "
            f"width={width}. Pass both."
        )
    return np.array([width, height, width, height], str(dtype))


def corners(boxes: Any) -> tuple[Any, Any, Any, Any]:
    """The four numbers of boxes (..., 4), each (..., 1)."""
    return boxes[..., 0:1], boxes[..., 1:2], boxes[..., 2:3], boxes[..., 3:4]


def around(xs: list[Any], ys: list[Any]) -> Any:
    """The smallest boxes 'xyxy' around points, whose coordinates are lists of arrays (..., 1)."""
    x, y = ops.concatenate(xs, axis=-1), ops.concatenate(ys, axis=-1)
    parts = [ops.min(x, -1, True), ops.min(y, -1, True), ops.max(x, -1, True), ops.max(y, -1, True)]
    return ops.concatenate(parts, axis=-1)


def _known(name: str, form: str) -> str:
    if isinstance(form, str) and form.lower() in FORMATS:
        return form.lower()
    raise ValueError(
        f"convert_format: unknown format; expected one of {', '.join(map(repr, FORMATS))}, got {name}={form!r}."
    )


def _to_xyxy(boxes: Any, form: str) -> Any:
    if form in ("yxyx", "center_yxhw"):
        boxes = ops.take(boxes, _SWAPPED, axis=-1)
    first, second = boxes[..., :2], boxes[..., 2:]
    if form == "xywh":
        second = ops.add(first, second)
    elif form.startswith("center"):
        half = ops.divide(second, 2)
        first, second = ops.subtract(first, half), ops.add(first, half)
    return ops.concatenate([first, second], axis=-1)


def _from_xyxy(boxes: Any, form: str) -> Any:
    first, second = boxes[..., :2], boxes[..., 2:]
    if form == "xywh" or form.startswith("center"):
        second = ops.subtract(second, first)
    if form.startswith("center"):
        first = ops.add(first, ops.divide(second, 2))
    boxes = ops.concatenate([first, second], axis=-1)
    return ops.take(boxes, _SWAPPED, axis=-1) if form in ("yxyx", "center_yxhw") else boxes

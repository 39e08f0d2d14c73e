"""Bounding boxes: their formats, and how they are cut off at the edges of an image.

A box is four numbers on the last axis. Inside the layers they are left, top, right and bottom in pixels ('xyxy').
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Tensor

_PLAIN = ("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw")
FORMATS = (*_PLAIN, "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh")
_SWAPPED = (1, 0, 3, 2)


def convert(boxes: Any, source: str, target: str, height: Any = None, width: Any = None) -> Any:
    """Boxes in another format.

    Args:
        boxes: floats (..., 4).
        source, target: two of :data:`FORMATS`.
        height, width: of the image, for formats that begin with 'rel_'.

    Example:
        >>> import numpy as np
        >>> convert(np.array([[10.0, 20.0, 30.0, 60.0]]), "xyxy", "rel_xywh", 100, 100)
        array([[0.1, 0.2, 0.2, 0.4]])
    """
    if source == target:
        return boxes
    if source.startswith("rel_") != target.startswith("rel_"):
        scale = np.array([width, height, width, height], str(boxes.dtype))
        if source.startswith("rel_"):
            return _from_xyxy(ops.multiply(_to_xyxy(boxes, source[4:]), scale), target)
        return _from_xyxy(ops.divide(_to_xyxy(boxes, source), scale), target[4:])
    return _from_xyxy(_to_xyxy(boxes, source.replace("rel_", "")), target.replace("rel_", ""))


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


def clip(boxes: Any, height: Any, width: Any) -> Any:
    """Boxes 'xyxy' cut off at the edges of an image.

    Example:
        >>> import numpy as np
        >>> clip(np.array([[-5.0, 2.0, 8.0, 30.0]]), 20, 10)
        array([[ 0.,  2.,  8., 20.]])
    """
    return ops.clip(boxes, 0, np.array([width, height, width, height], str(boxes.dtype)))


def labels_of(boxes: Any, labels: Any) -> Any:
    """The labels, with -1 for boxes 'xyxy' that have no area."""
    size = ops.subtract(boxes[..., 2:], boxes[..., :2])
    return ops.where(ops.greater(ops.multiply(size[..., 0], size[..., 1]), 0), labels, -1)


def corners(boxes: Any) -> tuple[Any, Any, Any, Any]:
    """Left, top, right and bottom of boxes (..., 4), each (..., 1)."""
    return boxes[..., 0:1], boxes[..., 1:2], boxes[..., 2:3], boxes[..., 3:4]


def around(xs: list[Any], ys: list[Any]) -> Any:
    """The smallest boxes 'xyxy' around points, whose coordinates are lists of arrays (..., 1)."""
    x, y = ops.concatenate(xs, axis=-1), ops.concatenate(ys, axis=-1)
    parts = [ops.min(x, -1, True), ops.min(y, -1, True), ops.max(x, -1, True), ops.max(y, -1, True)]
    return ops.concatenate(parts, axis=-1)


def densified(bounding_boxes: Any, dtype: str) -> dict[str, Any]:
    """Boxes as floats and their labels as arrays; lists of several lengths are filled with zeros and the label -1.

    Raises:
        ValueError: for something else than 'boxes' and 'labels' that fit together.
    """
    if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= set(bounding_boxes):
        raise ValueError(
            "bounding_boxes: not boxes with labels; expected a dictionary with 'boxes' and 'labels', "
            f"got {bounding_boxes!r}. Give both."
        )
    boxes, labels = bounding_boxes["boxes"], bounding_boxes["labels"]
    if isinstance(boxes, (list, tuple)) and isinstance(labels, (list, tuple)) and _are_several_lists(boxes):
        most = max((len(some) for some in boxes), default=0)
        boxes = [[*map(list, some), *([[0.0] * 4] * (most - len(some)))] for some in boxes]
        labels = [[*some, *([-1] * (most - len(some)))] for some in labels]
    boxes = boxes if isinstance(boxes, Tensor) else np.asarray(boxes)
    labels = labels if isinstance(labels, Tensor) else np.asarray(labels)
    if not boxes.shape or boxes.shape[-1] != 4 or len(boxes.shape) not in (2, 3):
        raise ValueError(
            "bounding_boxes: not boxes; expected shape (batch, boxes, 4), or (boxes, 4) for one image, "
            f"got shape={tuple(boxes.shape)}."
        )
    if tuple(labels.shape[: len(boxes.shape) - 1]) != tuple(boxes.shape[:-1]):
        raise ValueError(
            f"bounding_boxes: not one label per box; expected shape {tuple(boxes.shape[:-1])}, "
            f"got shape={tuple(labels.shape)}."
        )
    return {**bounding_boxes, "boxes": ops.cast(boxes, dtype), "labels": labels}


def _are_several_lists(boxes: Any) -> bool:
    """Whether these are the boxes of several images, rather than of one."""
    return all(np.ndim(some) and (len(some) == 0 or np.ndim(some[0]) == 1) for some in boxes)

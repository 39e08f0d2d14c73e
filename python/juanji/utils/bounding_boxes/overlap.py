"""How far bounding boxes overlap."""

from __future__ import annotations

import math
from typing import Any

from juanji import ops
from juanji.ops._convert import as_float
from juanji.utils.bounding_boxes.formats import convert_format, corners

_EPSILON = 1e-7  # what a denominator is kept away from 0 by


def compute_iou(
    boxes1: Any,
    boxes2: Any,
    bounding_box_format: str,
    use_masking: bool = False,
    mask_val: float = -1,
    image_shape: Any = None,
) -> Any:
    """Intersection over union of every box with every other one.

    Args:
        boxes1: (n, 4) or (batch, n, 4).
        boxes2: (m, 4) or (batch, m, 4).
        bounding_box_format: of both.
        use_masking: give ``mask_val`` where a box has negative coordinates only.
        mask_val: that value.
        image_shape: (height, width, channels), for formats that begin with 'rel_'.

    Returns:
        (n, m), or (batch, n, m).

    Raises:
        ValueError: for another number of axes, or a missing size.

    Example:
        >>> import numpy as np
        >>> from juanji.utils import bounding_boxes
        >>> a, b = np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([[1.0, 0.0, 3.0, 2.0], [0.0, 0.0, 2.0, 2.0]])
        >>> bounding_boxes.compute_iou(a, b, "xyxy").round(4)
        array([[0.3333, 1.    ]], dtype=float32)
    """
    boxes1, boxes2 = (_checked("compute_iou", boxes, bounding_box_format, image_shape) for boxes in (boxes1, boxes2))
    rows, columns = boxes1[..., :, None, :], boxes2[..., None, :, :]
    low = ops.maximum(rows[..., :2], columns[..., :2])
    high = ops.minimum(rows[..., 2:], columns[..., 2:])
    shared = _area(ops.maximum(ops.subtract(high, low), 0))
    union = _area(rows[..., 2:] - rows[..., :2]) + _area(columns[..., 2:] - columns[..., :2]) - shared
    result = ops.divide(shared, ops.add(union, _EPSILON))
    if not use_masking:
        return result
    masked = ops.logical_or(ops.less(ops.max(rows, axis=-1), 0), ops.less(ops.max(columns, axis=-1), 0))
    return ops.where(masked, mask_val, result)


def compute_ciou(boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Any = None) -> Any:
    """Complete intersection over union of pairs of boxes (Zheng et al., *Distance-IoU Loss*, 2019).

    That is the intersection over union, less the squared distance of the middles over the squared diagonal of the box
    around both, less a term for different proportions.

    Args:
        boxes1, boxes2: (..., 4).
        bounding_box_format: of both.
        image_shape: (height, width, channels), for formats that begin with 'rel_'.

    Returns:
        (...).

    Example:
        >>> import numpy as np
        >>> from juanji.utils import bounding_boxes
        >>> box = np.array([[0.0, 0.0, 2.0, 2.0]])
        >>> bounding_boxes.compute_ciou(box, box + 1, "xyxy").round(4)
        array([0.0317], dtype=float32)
    """
    height, width = _size(image_shape)
    left1, top1, right1, bottom1 = corners(convert_format(boxes1, bounding_box_format, "xyxy", height, width))
    left2, top2, right2, bottom2 = corners(convert_format(boxes2, bounding_box_format, "xyxy", height, width))
    width1, height1 = right1 - left1, bottom1 - top1 + _EPSILON
    width2, height2 = right2 - left2, bottom2 - top2 + _EPSILON
    across = ops.maximum(ops.minimum(right1, right2) - ops.maximum(left1, left2), 0)
    down = ops.maximum(ops.minimum(bottom1, bottom2) - ops.maximum(top1, top2), 0)
    union = width1 * height1 + width2 * height2 - across * down + _EPSILON
    iou = across * down / (union + _EPSILON)
    around_x = ops.maximum(right1, right2) - ops.minimum(left1, left2)
    around_y = ops.maximum(bottom1, bottom2) - ops.minimum(top1, top2)
    diagonal = ops.square(around_x) + ops.square(around_y) + _EPSILON
    apart_x, apart_y = (left1 + right1 - left2 - right2) / 2, (top1 + bottom1 - top2 - bottom2) / 2
    apart = ops.square(apart_x) + ops.square(apart_y)
    v = ops.square(ops.arctan(width2 / height2) - ops.arctan(width1 / height1)) * (4 / math.pi**2)
    alpha = v / (v - iou + (1 + _EPSILON))
    return ops.squeeze(iou - (apart / diagonal + v * alpha), -1)


def _checked(owner: str, boxes: Any, bounding_box_format: str, image_shape: Any) -> Any:
    boxes = as_float(boxes)
    if len(boxes.shape) not in (2, 3):
        raise ValueError(
            f"{owner}: not boxes; expected shape (boxes, 4) or (batch, boxes, 4), got shape={tuple(boxes.shape)}."
        )
    return convert_format(boxes[..., :4], bounding_box_format, "xyxy", *_size(image_shape))


def _size(image_shape: Any) -> tuple[Any, Any]:
    return (None, None) if image_shape is None else tuple(image_shape)[:2]


def _area(size: Any) -> Any:
    return ops.multiply(size[..., 0], size[..., 1])

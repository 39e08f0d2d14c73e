"""Moving bounding boxes with their image."""

from __future__ import annotations

import math
from typing import Any

from juanji import ops
from juanji.ops._convert import as_float
from juanji.utils.bounding_boxes.formats import around, corners, image_scale


def affine_transform(
    boxes: Any,
    angle: Any,
    translate_x: Any,
    translate_y: Any,
    scale: Any,
    shear_x: Any,
    shear_y: Any,
    height: Any,
    width: Any,
    center_x: Any = None,
    center_y: Any = None,
    bounding_box_format: str = "xyxy",
) -> Any:
    """The boxes around boxes whose images were turned, moved, zoomed and sheared.

    Args:
        boxes: (batch, boxes, 4).
        angle: of the rotation, in degrees, (batch,).
        translate_x, translate_y: of the translation, in parts of width and height, (batch,).
        scale: of the zoom, (batch,).
        shear_x, shear_y: of the shear, in degrees, (batch,).
        height, width: of the images.
        center_x, center_y: what the image is turned around, in parts of width and height; the middle by default.
        bounding_box_format: 'xyxy'.

    Example:
        >>> import numpy as np
        >>> from juanji.utils import bounding_boxes
        >>> none, one = np.zeros(1), np.ones(1)
        >>> boxes = np.array([[[0.0, 0.0, 2.0, 1.0]]])
        >>> bounding_boxes.affine_transform(boxes, 90 * one, none, none, one, none, none, 5, 5).round(6)
        array([[[0., 2., 1., 4.]]])
    """
    _only_xyxy("affine_transform", bounding_box_format)
    boxes, angle = as_float(boxes), as_float(angle)
    per_box = [ops.reshape(v, (-1, 1, 1)) for v in (angle, translate_x, translate_y, scale, shear_x, shear_y)]
    turned, right, down, zoom, slant_x, slant_y = (ops.cast(v, boxes.dtype) for v in per_box)
    cx = (0.5 if center_x is None else center_x) * (width - 1)
    cy = (0.5 if center_y is None else center_y) * (height - 1)
    # the inverse of translation, rotation, shear and zoom around the centre
    turned, slant_x, slant_y = (ops.multiply(v, -math.pi / 180) for v in (turned, slant_x, slant_y))
    both = turned - slant_y
    a = ops.cos(both) / ops.cos(slant_y)
    b = a * ops.tan(slant_x) + ops.sin(turned)
    c = -ops.sin(both) / ops.cos(slant_y)
    d = ops.cos(turned) - c * ops.tan(slant_x)
    left, top, right_edge, bottom = corners(boxes)
    x0, y0 = cx - right * (width - 1), cy - down * (height - 1)
    xs, ys = [], []
    for x, y in ((left, top), (right_edge, top), (right_edge, bottom), (left, bottom)):
        xs.append(zoom * (d * (x - x0) - b * (y - y0)) + cx)
        ys.append(zoom * (a * (y - y0) - c * (x - x0)) + cy)
    return around(xs, ys)


def crop(boxes: Any, top: Any, left: Any, height: Any, width: Any, bounding_box_format: str = "xyxy") -> Any:
    """Boxes in a part of their image, cut off at its edges.

    Args:
        boxes: (..., 4).
        top, left, height, width: of the part.
        bounding_box_format: 'xyxy'.

    Example:
        >>> import numpy as np
        >>> from juanji.utils import bounding_boxes
        >>> bounding_boxes.crop(np.array([[1.0, 2.0, 9.0, 5.0]]), 1, 2, 10, 4)
        array([[0., 1., 4., 4.]])
    """
    _only_xyxy("crop", bounding_box_format)
    boxes = pad(boxes, -top, -left)
    return ops.clip(boxes, 0, image_scale("crop", height, width, boxes.dtype))


def pad(
    boxes: Any, top: Any, left: Any, height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> Any:
    """Boxes in an image with something put before it.

    Args:
        boxes: (..., 4).
        top, left: how much is put above and to the left.
        height, width: of the result; not needed.
        bounding_box_format: 'xyxy'.

    Example:
        >>> import numpy as np
        >>> from juanji.utils import bounding_boxes
        >>> bounding_boxes.pad(np.array([[1.0, 2.0, 9.0, 5.0]]), 1, 2)
        array([[ 3.,  3., 11.,  6.]])
    """
    _only_xyxy("pad", bounding_box_format)
    boxes = as_float(boxes)
    return ops.add(boxes, image_scale("pad", top, left, boxes.dtype))


def _only_xyxy(owner: str, bounding_box_format: str) -> None:
    if bounding_box_format != "xyxy":
        raise ValueError(
            f"{owner}: unknown format; expected 'xyxy', got bounding_box_format={bounding_box_format!r}. "
            "Convert the boxes first."
        )

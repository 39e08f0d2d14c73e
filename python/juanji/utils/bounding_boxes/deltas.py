"""Bounding boxes as offsets from anchors, which is what detectors learn (Ren et al., *Faster R-CNN*, 2015)."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.utils.bounding_boxes.formats import convert_format

_EPSILON = 1e-7  # the smallest width and height
_ENCODINGS = ("center_xywh", "center_yxhw")


def encode_box_to_deltas(
    anchors: Any,
    boxes: Any,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """Offsets of boxes from anchors: of the middles in anchor sizes, and the logarithms of the ratios of sizes.

    Args:
        anchors, boxes: (..., 4).
        anchor_format, box_format: their formats.
        encoding_format: 'center_yxhw' or 'center_xywh'.
        variance: four numbers that the offsets are divided by.
        image_shape: (height, width, channels), for formats that begin with 'rel_'.

    Raises:
        ValueError: for another encoding, or another number of variances.

    Example:
        >>> import numpy as np
        >>> from juanji.utils import bounding_boxes
        >>> anchor, box = np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([[1.0, 0.0, 3.0, 2.0]])
        >>> bounding_boxes.encode_box_to_deltas(anchor, box, "xyxy", "xyxy", "center_xywh")
        array([[0.5, 0. , 0. , 0. ]], dtype=float32)
    """
    factors = _checked("encode_box_to_deltas", encoding_format, variance)
    size = _size(image_shape)
    anchors = convert_format(anchors, anchor_format, encoding_format, *size)
    boxes = convert_format(boxes, box_format, encoding_format, *size)
    anchor_size = ops.maximum(anchors[..., 2:], _EPSILON)
    box_size = ops.maximum(boxes[..., 2:], _EPSILON)
    moved = ops.divide(ops.subtract(boxes[..., :2], anchors[..., :2]), anchor_size)
    deltas = ops.concatenate([moved, ops.log(ops.divide(box_size, anchor_size))], axis=-1)
    return deltas if factors is None else ops.divide(deltas, factors)


def decode_deltas_to_boxes(
    anchors: Any,
    boxes_delta: Any,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """The boxes that :func:`encode_box_to_deltas` described.

    Args:
        anchors: (..., 4), or a dictionary of them.
        boxes_delta: offsets of the same form.
        anchor_format, box_format: formats of the anchors and of the result.
        encoded_format: 'center_yxhw' or 'center_xywh'.
        variance: four numbers that the offsets were divided by.
        image_shape: (height, width, channels), for formats that begin with 'rel_'.

    Raises:
        ValueError: for another encoding, or another number of variances.

    Example:
        >>> import numpy as np
        >>> from juanji.utils import bounding_boxes
        >>> anchor, deltas = np.array([[0.0, 0.0, 2.0, 2.0]]), np.array([[0.5, 0.0, 0.0, 0.0]])
        >>> bounding_boxes.decode_deltas_to_boxes(anchor, deltas, "xyxy", "xyxy", "center_xywh")
        array([[1., 0., 3., 2.]], dtype=float32)
    """
    if isinstance(anchors, dict) and isinstance(boxes_delta, dict):
        rest = (anchor_format, box_format, encoded_format, variance, image_shape)
        return {key: decode_deltas_to_boxes(anchors[key], boxes_delta[key], *rest) for key in anchors}
    factors = _checked("decode_deltas_to_boxes", encoded_format, variance)
    size = _size(image_shape)
    anchors = convert_format(anchors, anchor_format, encoded_format, *size)
    deltas = ops.array(boxes_delta, "float32")
    if factors is not None:
        deltas = ops.multiply(deltas, factors)
    middle = ops.add(ops.multiply(deltas[..., :2], anchors[..., 2:]), anchors[..., :2])
    boxes = ops.concatenate([middle, ops.multiply(ops.exp(deltas[..., 2:]), anchors[..., 2:])], axis=-1)
    return convert_format(boxes, encoded_format, box_format, *size)


def _checked(owner: str, encoding: str, variance: Any) -> Any:
    if encoding not in _ENCODINGS:
        raise ValueError(f"{owner}: unknown encoding; expected 'center_xywh' or 'center_yxhw', got {encoding!r}.")
    if variance is None:
        return None
    factors = np.asarray(variance, np.float32)
    if factors.ndim == 0 or factors.shape[-1] != 4:
        raise ValueError(f"{owner}: wrong variance; expected four numbers, got variance={variance!r}.")
    return factors


def _size(image_shape: Any) -> tuple[Any, Any]:
    return (None, None) if image_shape is None else tuple(image_shape)[:2]

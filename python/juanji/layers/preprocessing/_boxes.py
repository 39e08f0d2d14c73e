"""Bounding boxes as users give them."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Tensor


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

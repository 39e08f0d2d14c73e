"""As many bounding boxes for every image."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers._arguments import positive_int
from juanji.layers._registry import registry
from juanji.layers.preprocessing._base import BaseImagePreprocessingLayer


@registry.register()
class MaxNumBoundingBoxes(BaseImagePreprocessingLayer):
    """Brings the bounding boxes of each image to one number: surplus ones are dropped, missing ones filled in.

    Args:
        max_number: how many boxes each image has afterwards.
        fill_value: coordinates and labels of the boxes that are filled in.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import MaxNumBoundingBoxes
        >>> boxes = {"boxes": np.ones((2, 1, 4)), "labels": np.ones((2, 1), "int32")}
        >>> data = {"images": np.zeros((2, 4, 4, 3)), "bounding_boxes": boxes}
        >>> MaxNumBoundingBoxes(3, bounding_box_format="xyxy")(data)["bounding_boxes"]["labels"]
        array([[ 1, -1, -1],
               [ 1, -1, -1]], dtype=int32)
    """

    def __init__(self, max_number: int, fill_value: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_number = positive_int("MaxNumBoundingBoxes", "max_number", int(max_number))
        self.fill_value = int(fill_value)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        boxes = bounding_boxes["boxes"][:, : self.max_number]
        labels = bounding_boxes["labels"][:, : self.max_number]
        missing = self.max_number - boxes.shape[1]
        boxes = ops.pad(boxes, ((0, 0), (0, missing), (0, 0)), constant_values=self.fill_value)
        labels = ops.pad(labels, ((0, 0), (0, missing)), constant_values=self.fill_value)
        return {**bounding_boxes, "boxes": boxes, "labels": labels}

    def compute_output_shape(self, input_shape: Any) -> Any:
        if not isinstance(input_shape, dict) or "bounding_boxes" not in input_shape:
            return input_shape
        boxes = input_shape["bounding_boxes"]
        changed = {key: (shape[0], self.max_number, *shape[2:]) for key, shape in boxes.items()}
        return {**input_shape, "bounding_boxes": changed}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "max_number": self.max_number, "fill_value": self.fill_value}

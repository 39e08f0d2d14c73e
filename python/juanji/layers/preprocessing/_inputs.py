"""What layers take that change images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Tensor
from juanji.layers.layer import Layer
from juanji.layers.preprocessing._boxes import densified
from juanji.layers.preprocessing._factors import choice
from juanji.ops._convert import array_from
from juanji.utils.bounding_boxes.formats import FORMATS


class ImageInputs(Layer):
    """A layer that takes images, one or a batch of them, or a dictionary with what belongs to them.

    Args:
        data_format: 'channels_last' (default) or 'channels_first'.
        bounding_box_format: one of :data:`juanji.utils.bounding_boxes.formats.FORMATS`.
        kwargs: those of :class:`Layer`.
    """

    def __init__(
        self, *, data_format: str | None = None, bounding_box_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.data_format = choice(
            owner, "data_format", data_format or "channels_last", ("channels_last", "channels_first")
        )
        if bounding_box_format is not None:
            bounding_box_format = choice(owner, "bounding_box_format", bounding_box_format, FORMATS)
        self.bounding_box_format = bounding_box_format

    def check_input(self, shape: Any) -> None:
        if isinstance(shape, dict) and "images" not in shape:
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: there are no images; expected a dictionary with 'images', got "
                f"the keys {sorted(shape)}. Name the images so."
            )
        if isinstance(shape, dict) and "bounding_boxes" in shape and self.bounding_box_format is None:
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: the format of the boxes is not known; expected "
                "bounding_box_format, got None. Pass, for example, bounding_box_format='xyxy' to the layer."
            )
        images = shape["images"] if isinstance(shape, dict) else shape
        if len(images) not in (3, 4):
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: not images; expected 3 axes (height, width, channels) or 4 "
                f"with a batch, got shape={images}. Add a last axis for grey images: x[..., np.newaxis]."
            )

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "data_format": self.data_format}
        if self.bounding_box_format is not None:
            config["bounding_box_format"] = self.bounding_box_format
        return config

    def _on_batch(self, images: Any, function: Callable[[Any], Any]) -> Any:
        """Applies a function of batches (batch, height, width, channels) to images in any form."""
        single = len(images.shape) == 3
        if single:
            images = ops.expand_dims(images, 0)
        if self.data_format == "channels_first":
            images = ops.moveaxis(function(ops.moveaxis(images, -3, -1)), -1, -3)
        else:
            images = function(images)
        return ops.squeeze(images, 0) if single else images

    def _convert(self, inputs: Any) -> Any:
        """Images become floats; what belongs to them keeps whole numbers."""
        if not isinstance(inputs, dict):
            return super()._convert(inputs)
        converted = dict(inputs)
        for key, value in inputs.items():
            if key == "images":
                converted[key] = self._convert_one(value)
            elif key == "bounding_boxes":
                converted[key] = densified(value, self.dtype)
            else:
                value = value if isinstance(value, Tensor) else array_from(value)
                converted[key] = value if value.dtype.kind in "iub" else self._convert_one(value)
        return converted


def each_array(function: Callable[[Any], Any], part: Any) -> Any:
    """The function applied to an array, or to those of a dictionary."""
    if isinstance(part, dict):
        return {key: each_array(function, value) for key, value in part.items()}
    return function(part if isinstance(part, (Tensor, np.ndarray)) else array_from(part))

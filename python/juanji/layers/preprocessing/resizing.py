"""Images of another size."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.layers._registry import registry
from juanji.layers.preprocessing._base import Shape
from juanji.layers.preprocessing.crop import SizedLayer


@registry.register()
class Resizing(SizedLayer):
    """Brings images to one size, outside training as well.

    Args:
        height, width: of the result, in pixels.
        interpolation: 'bilinear', 'nearest', 'bicubic', 'lanczos3' or 'lanczos5'.
        crop_to_aspect_ratio: keep the proportions, and cut off what is left over.
        pad_to_aspect_ratio: keep the proportions, and fill up what is missing.
        fill_mode: how it is filled up; 'constant'.
        fill_value: what it is filled up with.
        antialias: average over the pixels that become one.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for sizes that are not positive, or an unknown mode.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Resizing
        >>> Resizing(1, 2)(np.arange(4.0).reshape(1, 4, 1))[0, :, 0]
        array([0.5, 2.5], dtype=float32)
    """

    _waits_for_training = False

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(height, width, data_format=data_format, **kwargs)
        self.interpolation = interpolation
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.antialias = bool(antialias)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        return {"input_shape": shape}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return ops.image.resize(
            images,
            (self.height, self.width),
            interpolation=interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
        )

    def _transform_boxes(self, boxes: Any, transformation: Any, size: tuple[int, int]) -> Any:
        top = left = 0.0
        scale = (self.width / size[1], self.height / size[0])
        if self.pad_to_aspect_ratio:
            scale = (min(scale), min(scale))
            left = -((self.width - size[1] * scale[0]) // 2) / scale[0]
            top = -((self.height - size[0] * scale[1]) // 2) / scale[1]
        elif self.crop_to_aspect_ratio:
            scale = (max(scale), max(scale))
            left = (size[1] * scale[0] - self.width) // 2 / scale[0]
            top = (size[0] * scale[1] - self.height) // 2 / scale[1]
        corner = np.array([left, top, left, top], self.dtype)
        return ops.multiply(ops.subtract(boxes, corner), np.array(scale * 2, self.dtype))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "interpolation": self.interpolation,
            "crop_to_aspect_ratio": self.crop_to_aspect_ratio,
            "pad_to_aspect_ratio": self.pad_to_aspect_ratio,
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "antialias": self.antialias,
        }

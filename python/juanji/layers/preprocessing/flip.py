"""Mirroring images."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers._registry import registry
from juanji.layers.preprocessing._base import RandomImageLayer, Shape
from juanji.layers.preprocessing._factors import choice
from juanji.utils.bounding_boxes.formats import corners


@registry.register()
class RandomFlip(RandomImageLayer):
    """Mirrors images at random, each with probability one half.

    Args:
        mode: 'horizontal' (left and right), 'vertical' (top and bottom), or 'horizontal_and_vertical', which turns
            an image by 180 degrees or leaves it.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: data_format, bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for another mode.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomFlip
        >>> x = np.arange(3.0).reshape(1, 1, 3, 1).repeat(4, axis=0)
        >>> RandomFlip("horizontal", seed=3)(x)[:, 0, :, 0]
        array([[0., 1., 2.],
               [2., 1., 0.],
               [0., 1., 2.],
               [2., 1., 0.]], dtype=float32)
    """

    _moves_pixels = True

    def __init__(self, mode: str = "horizontal_and_vertical", seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, **kwargs)
        self.mode = choice("RandomFlip", "mode", mode, ("horizontal", "vertical", "horizontal_and_vertical"))

    def _draw(self, shape: Shape, seed: Any) -> Any:
        drawn = self._uniform((shape[0], 1, 1, 1), (0.0, 1.0), seed)
        return {"flips": ops.less_equal(drawn, 0.5), "input_shape": shape}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        axes = {"horizontal": (2,), "vertical": (1,), "horizontal_and_vertical": (1, 2)}[self.mode]
        return ops.where(transformation["flips"], ops.flip(images, axes), images)

    def _transform_boxes(self, boxes: Any, transformation: Any, size: tuple[int, int]) -> Any:
        height, width = size
        left, top, right, bottom = corners(boxes)
        if "horizontal" in self.mode:
            left, right = ops.subtract(width, right), ops.subtract(width, left)
        if "vertical" in self.mode:
            top, bottom = ops.subtract(height, bottom), ops.subtract(height, top)
        flips = ops.squeeze(transformation["flips"], -1)
        return ops.where(flips, ops.concatenate([left, top, right, bottom], axis=-1), boxes)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mode": self.mode}

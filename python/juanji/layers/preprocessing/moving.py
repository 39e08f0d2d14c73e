"""Turning and moving images."""

from __future__ import annotations

import math
from typing import Any

from juanji import ops
from juanji.layers._registry import registry
from juanji.layers.preprocessing._affine import AffineLayer, rows
from juanji.layers.preprocessing._base import Shape
from juanji.layers.preprocessing._factors import as_tuple, factor_range, strict_range
from juanji.utils.bounding_boxes.formats import around, corners


@registry.register()
class RandomRotation(AffineLayer):
    """Turns images around their middle by a random angle.

    Args:
        factor: the angle is drawn between these two parts of a full circle (counter-clockwise is positive); one number
            stands for -factor to factor.
        fill_mode: what lies outside the image: 'reflect', 'constant', 'wrap' or 'nearest'.
        interpolation: 'nearest' or 'bilinear'.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        fill_value: for fill_mode='constant'.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside -1 to 1, or an unknown mode.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomRotation
        >>> RandomRotation((0.25, 0.25))(np.array([[[1.0], [2.0]], [[3.0], [4.0]]]))[..., 0].round(3)
        array([[2., 4.],
               [1., 3.]], dtype=float32)
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed=seed, data_format=data_format, **kwargs)
        self.factor = factor_range("RandomRotation", "factor", factor)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        angle = self._uniform((shape[0],), (self.factor[0] * 360.0, self.factor[1] * 360.0), seed)
        matrices = self._turning(ops.reshape(angle, (-1, 1)), (shape[1], shape[2]))
        return {"angle": angle, "rotation_matrix": matrices, "input_shape": shape}

    def _turning(self, angle: Any, size: tuple[int, int]) -> Any:
        cy, cx = (size[0] - 1) / 2, (size[1] - 1) / 2
        angle = ops.multiply(angle, math.pi / 180)
        cos, sin = ops.cos(angle), ops.sin(angle)
        x = ops.subtract(cx, ops.subtract(ops.multiply(cos, cx), ops.multiply(sin, cy)))
        y = ops.subtract(cy, ops.add(ops.multiply(sin, cx), ops.multiply(cos, cy)))
        return rows(cos, ops.negative(sin), x, sin, cos, y)

    def _matrices(self, transformation: Any, size: tuple[int, int]) -> Any:
        return ops.reshape(transformation["rotation_matrix"], (-1, 8))

    def _transform_boxes(self, boxes: Any, transformation: Any, size: tuple[int, int]) -> Any:
        # a point goes where the matrix of the opposite angle takes it
        angle = ops.reshape(ops.negative(transformation["angle"]), (-1, 1))
        a0, a1, a2, b0, b1, b2 = _parts(self._turning(angle, size))
        left, top, right, bottom = corners(boxes)
        points = [(left, top), (right, top), (right, bottom), (left, bottom)]
        xs = [ops.add(ops.add(ops.multiply(x, a0), ops.multiply(y, a1)), a2) for x, y in points]
        ys = [ops.add(ops.add(ops.multiply(x, b0), ops.multiply(y, b1)), b2) for x, y in points]
        return around(xs, ys)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


@registry.register()
class RandomTranslation(AffineLayer):
    """Moves images up or down, and left or right.

    Args:
        height_factor: how far down, drawn between these two parts of the height; one number stands for
            -height_factor to height_factor.
        width_factor: how far to the right, drawn between these two parts of the width; one number likewise.
        fill_mode: what lies outside the image: 'reflect', 'constant', 'wrap' or 'nearest'.
        interpolation: 'nearest' or 'bilinear'.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        fill_value: for fill_mode='constant'.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside -1 to 1, or an unknown mode.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomTranslation
        >>> RandomTranslation(0, (0.5, 0.5), fill_mode="constant")(np.arange(4.0).reshape(1, 4, 1))[0, :, 0]
        array([0., 0., 0., 1.], dtype=float32)
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed=seed, data_format=data_format, **kwargs)
        self.height_factor = as_tuple(height_factor)
        self.width_factor = as_tuple(width_factor)
        self._heights = strict_range("RandomTranslation", "height_factor", height_factor, -1, 1)
        self._widths = strict_range("RandomTranslation", "width_factor", width_factor, -1, 1)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        count, height, width = shape[:3]
        down = ops.multiply(self._uniform((count, 1), self._heights, seed), float(height))
        right = ops.multiply(self._uniform((count, 1), self._widths, seed), float(width))
        return {"translations": ops.concatenate([right, down], axis=1), "input_shape": shape}

    def _matrices(self, transformation: Any, size: tuple[int, int]) -> Any:
        back = ops.negative(transformation["translations"])
        none, one = ops.zeros_like(back[:, :1]), ops.ones_like(back[:, :1])
        return rows(one, none, back[:, :1], none, one, back[:, 1:])

    def _transform_boxes(self, boxes: Any, transformation: Any, size: tuple[int, int]) -> Any:
        moved = ops.expand_dims(transformation["translations"], 1)
        return ops.add(boxes, ops.concatenate([moved, moved], axis=-1))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "height_factor": self.height_factor, "width_factor": self.width_factor}


def _parts(matrices: Any) -> list[Any]:
    """The first six numbers of matrices (batch, 8), each (batch, 1, 1)."""
    return [ops.reshape(matrices[:, k], (-1, 1, 1)) for k in range(6)]

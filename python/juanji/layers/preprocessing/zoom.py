"""Zooming and shearing images."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers._registry import registry
from juanji.layers.preprocessing._affine import AffineLayer, rows
from juanji.layers.preprocessing._base import Shape
from juanji.layers.preprocessing._factors import as_tuple, strict_range
from juanji.utils.bounding_boxes.formats import around, corners


@registry.register()
class RandomZoom(AffineLayer):
    """Zooms into images or out of them.

    Args:
        height_factor: how much higher the part is that fills the result, drawn between these two parts of the height:
            positive numbers zoom out, negative ones in; one number stands for -height_factor to height_factor.
        width_factor: the same for the width; that of the height by default, which keeps the proportions.
        fill_mode: what lies outside the image: 'reflect', 'constant', 'wrap' or 'nearest'.
        interpolation: 'nearest' or 'bilinear'.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        fill_value: for fill_mode='constant'.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers that are not above -1 and up to 1, or an unknown mode.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomZoom
        >>> RandomZoom((-0.5, -0.5))(np.arange(3.0).reshape(1, 3, 1))[0, :, 0]
        array([0.5, 1. , 1.5], dtype=float32)
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
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
        self._heights = _zoom_range("height_factor", height_factor)
        self._widths = None if width_factor is None else _zoom_range("width_factor", width_factor)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        height = self._uniform((shape[0], 1), self._heights, seed)
        width = height if self._widths is None else self._uniform((shape[0], 1), self._widths, seed)
        return {"height_zoom": height, "width_zoom": width, "input_shape": shape}

    def _matrices(self, transformation: Any, size: tuple[int, int]) -> Any:
        wide, high = transformation["width_zoom"], transformation["height_zoom"]
        none = ops.zeros_like(wide)
        x = ops.multiply(ops.subtract(1.0, wide), (size[1] - 1) / 2)
        y = ops.multiply(ops.subtract(1.0, high), (size[0] - 1) / 2)
        return rows(wide, none, x, none, high, y)

    def _transform_boxes(self, boxes: Any, transformation: Any, size: tuple[int, int]) -> Any:
        high, wide = (ops.expand_dims(transformation[key], 1) for key in ("height_zoom", "width_zoom"))
        y = ops.multiply(ops.subtract(1.0, high), (size[0] - 1) / 2)
        x = ops.multiply(ops.subtract(1.0, wide), (size[1] - 1) / 2)
        moved = ops.subtract(boxes, ops.concatenate([x, y, x, y], axis=-1))
        return ops.divide(moved, ops.concatenate([wide, high, wide, high], axis=-1))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "height_factor": self.height_factor, "width_factor": self.width_factor}


def _zoom_range(name: str, value: Any) -> tuple[float, float]:
    low, high = strict_range("RandomZoom", name, value, -1, 1)
    if low == -1:
        raise ValueError(
            f"RandomZoom: wrong {name}; expected numbers above -1 and up to 1, got {name}={value!r}. A factor of -1 "
            "would spread a part without height or width."
        )
    return 1.0 + low, 1.0 + high


@registry.register()
class RandomShear(AffineLayer):
    """Slants images: rows are moved sideways by ``f · y``, columns up or down by ``g · x``.

    Args:
        x_factor: f is drawn between these two numbers from 0 to 1, one number standing for -x_factor to x_factor; the
            sign of both f and g is changed with probability one half.
        y_factor: the same for g.
        interpolation: 'nearest' or 'bilinear'.
        fill_mode: what lies outside the image: 'reflect', 'constant', 'wrap' or 'nearest'.
        fill_value: for fill_mode='constant'.
        data_format: 'channels_last' (default) or 'channels_first'.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside 0 to 1, or an unknown mode.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomShear
        >>> x = np.arange(4.0).reshape(2, 2, 1)
        >>> bool((RandomShear(0.0, 0.0)(x) == x).all())
        True
    """

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed=seed, data_format=data_format, **kwargs)
        self.x_factor = strict_range("RandomShear", "x_factor", x_factor, 0, 1)
        self.y_factor = strict_range("RandomShear", "y_factor", y_factor, 0, 1)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        turned = ops.greater(self._uniform((shape[0], 1), (0.0, 1.0), seed), 0.5)
        y = self._uniform((shape[0], 1), self.y_factor, seed)
        x = self._uniform((shape[0], 1), self.x_factor, seed)
        factors = ops.concatenate([x, y], axis=1)
        return {"shear_factor": ops.where(turned, ops.negative(factors), factors), "input_shape": shape}

    def _matrices(self, transformation: Any, size: tuple[int, int]) -> Any:
        x, y = transformation["shear_factor"][:, :1], transformation["shear_factor"][:, 1:]
        none, one = ops.zeros_like(x), ops.ones_like(x)
        return rows(one, x, none, y, one, none)

    def _transform_boxes(self, boxes: Any, transformation: Any, size: tuple[int, int]) -> Any:
        factors = ops.expand_dims(transformation["shear_factor"], 1)
        f, g = factors[..., :1], factors[..., 1:]
        left, top, right, bottom = corners(boxes)
        # a point p of the image comes from A p' = p, so p' = A⁻¹ p with det A = 1 - f g
        scale = ops.divide(1.0, ops.subtract(1.0, ops.multiply(f, g)))
        points = [(left, top), (right, top), (right, bottom), (left, bottom)]
        xs = [ops.multiply(ops.subtract(x, ops.multiply(f, y)), scale) for x, y in points]
        ys = [ops.multiply(ops.subtract(y, ops.multiply(g, x)), scale) for x, y in points]
        return around(xs, ys)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "x_factor": self.x_factor, "y_factor": self.y_factor}

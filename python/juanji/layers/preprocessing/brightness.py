"""Changing how bright images are, and how far their pixels lie apart."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers._registry import registry
from juanji.layers.preprocessing._base import Shape
from juanji.layers.preprocessing._color import FactorColorLayer
from juanji.layers.preprocessing._factors import factor_range


@registry.register()
class RandomBrightness(FactorColorLayer):
    """Adds a random number to all pixels of an image: ``clip(x + f · (high - low), low, high)``.

    Args:
        factor: f is drawn between these two numbers from -1 (black) to 1 (white); one number stands for -factor to
            factor.
        value_range: smallest and largest value of a pixel, low and high.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: data_format, bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside -1 to 1.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomBrightness
        >>> RandomBrightness((0.1, 0.1))(np.full((1, 1, 2, 1), 230.0))[0, 0, :, 0]
        array([255., 255.], dtype=float32)
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any) -> None:
        factor = factor_range("RandomBrightness", "factor", factor)
        super().__init__(factor=factor, value_range=value_range, seed=seed, **kwargs)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        drawn = self._uniform((shape[0], 1, 1, 1), self.factor, seed)
        return {"rgb_delta": ops.multiply(drawn, self.value_range[1] - self.value_range[0])}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return self._clip(ops.add(images, transformation["rgb_delta"]))


@registry.register()
class RandomContrast(FactorColorLayer):
    """Moves pixels away from the mean of their channel, or towards it: ``clip((x - mean) · f + mean)``.

    Args:
        factor: two numbers a and b from 0 to 1; f is drawn between 1 - a and 1 + b. One number stands for b; a is
            then 0.
        value_range: smallest and largest value of a pixel.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: data_format, bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside 0 to 1.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomContrast
        >>> RandomContrast((1, 0), seed=1)(np.array([[[90.0], [110.0]]])).mean()
        np.float32(100.0)
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any) -> None:
        factor = factor_range("RandomContrast", "factor", factor, low=0)
        super().__init__(factor=factor, value_range=value_range, seed=seed, **kwargs)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        bounds = (1.0 - self.factor[0], 1.0 + self.factor[1])
        return {"contrast_factor": self._uniform((shape[0], 1, 1, 1), bounds, seed)}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        mean = ops.mean(images, axis=(1, 2), keepdims=True)
        moved = ops.multiply(ops.subtract(images, mean), transformation["contrast_factor"])
        return self._clip(ops.add(moved, mean))

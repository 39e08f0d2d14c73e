"""Covering parts of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops, random
from juanji.layers._registry import registry
from juanji.layers.preprocessing._areas import inside, random_span
from juanji.layers.preprocessing._base import Shape, per_image
from juanji.layers.preprocessing._color import FactorColorLayer
from juanji.layers.preprocessing._factors import factor_range, is_number


@registry.register()
class RandomErasing(FactorColorLayer):
    """Covers a rectangle of some images (Zhong et al., *Random Erasing Data Augmentation*, 2017).

    Args:
        factor: the probability is drawn between these two numbers from 0 to 1; one number stands for 0 to factor.
        scale: the shares of height and width are the square roots of numbers drawn between these two.
        fill_value: what the rectangle is filled with: a number, or three; normally distributed numbers by default.
        value_range: smallest and largest value of a pixel.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside 0 to 1, or another fill value.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomErasing
        >>> layer = RandomErasing((1, 1), scale=(0.25, 0.25), fill_value=0, seed=1)
        >>> layer(np.ones((1, 8, 8, 1))).sum()  # 4 x 4 pixels are gone
        np.float32(48.0)
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: Any = None,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        factor = factor_range("RandomErasing", "factor", factor, low=0)
        super().__init__(factor=factor, value_range=value_range, data_format=data_format, seed=seed, **kwargs)
        self.scale = factor_range("RandomErasing", "scale", scale, low=0)
        several = isinstance(fill_value, (list, tuple)) and len(fill_value) == 3 and all(map(is_number, fill_value))
        if fill_value is not None and not is_number(fill_value) and not several:
            raise ValueError(
                "RandomErasing: wrong fill_value; expected a number, three numbers or None, "
                f"got fill_value={fill_value!r}."
            )
        self.fill_value = fill_value

    def _draw(self, shape: Shape, seed: Any) -> Any:
        count, height, width = shape[:3]
        shares = ops.sqrt(self._uniform((count, 2), self.scale, seed))
        xs = random_span(width, shares[:, 0], seed, self.dtype)
        ys = random_span(height, shares[:, 1], seed, self.dtype)
        return {
            "batch_masks": inside(height, width, xs, ys, self.dtype),
            "apply_erasing": self._happens(count, self.factor, seed),
            "fill_value": self._clip(self._filling(shape, seed)),
        }

    def _filling(self, shape: Shape, seed: Any) -> Any:
        if self.fill_value is not None:
            return np.asarray(self.fill_value, self.dtype)
        return ops.multiply(random.normal(shape, dtype=self.dtype, seed=seed), float(self.value_range[1]))

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        covered = ops.logical_and(per_image(transformation["apply_erasing"]), transformation["batch_masks"])
        return ops.where(covered, transformation["fill_value"], images)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale, "fill_value": self.fill_value}

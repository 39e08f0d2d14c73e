"""Reducing the number of tones of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops, random
from juanji.layers._registry import registry
from juanji.layers.preprocessing._base import Shape, per_image
from juanji.layers.preprocessing._color import FactorColorLayer, rescaled
from juanji.layers.preprocessing._factors import factor_range

_BYTE = (0, 255)


@registry.register()
class RandomPosterization(FactorColorLayer):
    """Keeps only the first bits of the bytes that pixels are.

    Args:
        factor: how many bits, from 1 to 8: a number, or two between which it is drawn (without the larger one).
        value_range: smallest and largest value of a pixel, which stand for 0 and 255.
        data_format: 'channels_last' (default) or 'channels_first'.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside 1 to 8.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomPosterization
        >>> RandomPosterization((2, 2))(np.array([[[63.0], [64.0], [255.0]]]))[0, :, 0]
        array([  0.,  64., 192.], dtype=float32)
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        factor = factor_range("RandomPosterization", "factor", factor, low=1, high=8)
        super().__init__(factor=factor, value_range=value_range, data_format=data_format, seed=seed, **kwargs)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        low, high = int(self.factor[0]), max(int(self.factor[1]), int(self.factor[0]) + 1)
        return {"shift_factor": random.randint((shape[0],), 9 - high, 9 - low, "int64", seed)}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        powers = np.array([2**k for k in range(8)], self.dtype)
        step = per_image(ops.take(powers, ops.cast(transformation["shift_factor"], "int64")))
        kept = ops.multiply(ops.floor(ops.divide(rescaled(images, self.value_range, _BYTE), step)), step)
        return rescaled(kept, _BYTE, self.value_range)

"""What layers that change the colours of images have in common."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers.preprocessing._base import RandomImageLayer
from juanji.layers.preprocessing._factors import Range, value_limits


class ColorLayer(RandomImageLayer):
    """A layer that changes colours at random; labels, masks and boxes stay as they are.

    Args:
        value_range: smallest and largest value of a pixel.
        kwargs: those of :class:`RandomImageLayer`.
    """

    def __init__(self, value_range: Any = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = value_limits(type(self).__name__, value_range)

    def _clip(self, images: Any) -> Any:
        return ops.clip(images, *self.value_range)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "value_range": self.value_range}


class FactorColorLayer(ColorLayer):
    """A layer that changes colours by a factor drawn for each image.

    Args:
        factor: two numbers between which it is drawn.
        kwargs: those of :class:`ColorLayer`.
    """

    def __init__(self, factor: Range, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


def rescaled(images: Any, source: Range, target: Range) -> Any:
    """Pixels of the range ``source`` as pixels of the range ``target``."""
    if tuple(source) == tuple(target):
        return images
    share = ops.divide(ops.subtract(images, source[0]), source[1] - source[0])
    return ops.add(ops.multiply(share, target[1] - target[0]), target[0])

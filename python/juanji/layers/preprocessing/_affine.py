"""What layers that move images by a matrix have in common.

Every pixel of the result is read at the place where a matrix takes it to: ``x' = a0 x + a1 y + a2`` and
``y' = b0 x + b1 y + b2``. A transformation is a row of eight numbers (a0, a1, a2, b0, b1, b2, 0, 0) for each image.
"""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers.preprocessing._base import RandomImageLayer
from juanji.layers.preprocessing._factors import choice

_FILL_MODES = ("reflect", "wrap", "constant", "nearest")
_INTERPOLATIONS = ("nearest", "bilinear")


class AffineLayer(RandomImageLayer):
    """A layer that applies a random matrix to each image.

    Args:
        fill_mode: what lies outside the image: 'reflect' (d c b a | a b c d | d c b a), 'constant' (the fill value),
            'wrap' (a b c d | a b c d | a b c d) or 'nearest' (a a a a | a b c d | d d d d).
        interpolation: 'nearest' or 'bilinear'.
        fill_value: for fill_mode='constant'.
        kwargs: those of :class:`RandomImageLayer`.
    """

    _moves_pixels = True

    def __init__(self, fill_mode: str, interpolation: str, fill_value: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.fill_mode = choice(owner, "fill_mode", fill_mode, _FILL_MODES)
        self.interpolation = choice(owner, "interpolation", interpolation, _INTERPOLATIONS)
        self.fill_value = fill_value

    def _matrices(self, transformation: Any, size: tuple[int, int]) -> Any:
        """The matrices (batch, 8) for images of this height and width."""
        raise TypeError(f"{type(self).__name__}: it has no matrices. Override _matrices.")

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return ops.image.affine_transform(
            images,
            self._matrices(transformation, tuple(images.shape[1:3])),
            interpolation=interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "fill_mode": self.fill_mode,
            "interpolation": self.interpolation,
            "fill_value": self.fill_value,
        }


def rows(a0: Any, a1: Any, a2: Any, b0: Any, b1: Any, b2: Any) -> Any:
    """Numbers per image (batch, 1) as matrices (batch, 8)."""
    nothing = ops.zeros_like(a0)
    return ops.concatenate([a0, a1, a2, b0, b1, b2, nothing, nothing], axis=1)

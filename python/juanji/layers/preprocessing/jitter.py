"""Changing brightness, contrast, saturation and hue together."""

from __future__ import annotations

from typing import Any

from juanji.layers._registry import registry
from juanji.layers.preprocessing._base import Shape
from juanji.layers.preprocessing._color import ColorLayer
from juanji.layers.preprocessing._factors import as_tuple
from juanji.layers.preprocessing.brightness import RandomBrightness, RandomContrast
from juanji.layers.preprocessing.color import RandomHue, RandomSaturation

_PARTS = {
    "brightness": RandomBrightness,
    "contrast": RandomContrast,
    "saturation": RandomSaturation,
    "hue": RandomHue,
}


@registry.register()
class RandomColorJitter(ColorLayer):
    """Changes brightness, contrast, saturation and hue of images at random, one after the other.

    Args:
        value_range: smallest and largest value of a pixel.
        brightness_factor: as in :class:`RandomBrightness`; None leaves this change out.
        contrast_factor: as in :class:`RandomContrast`, or None.
        saturation_factor: as in :class:`RandomSaturation`, or None.
        hue_factor: as in :class:`RandomHue`, or None.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for factors that those layers refuse.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomColorJitter
        >>> layer = RandomColorJitter(brightness_factor=(0.2, 0.2), contrast_factor=(0.0, 0.0))
        >>> layer(np.full((2, 2, 3), 100.0))[0, 0]
        array([151., 151., 151.], dtype=float32)
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        self.brightness_factor = as_tuple(brightness_factor)
        self.contrast_factor = as_tuple(contrast_factor)
        self.saturation_factor = as_tuple(saturation_factor)
        self.hue_factor = as_tuple(hue_factor)
        self._parts = {
            name: part(factor, value_range=self.value_range, dtype=self.dtype)
            for name, part in _PARTS.items()
            if (factor := getattr(self, f"{name}_factor")) is not None
        }

    def _draw(self, shape: Shape, seed: Any) -> Any:
        return {name: part._draw(shape, seed) for name, part in self._parts.items()}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        for name, part in self._parts.items():
            images = part._transform(images, transformation[name], interpolation)
        return images

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **{f"{name}_factor": getattr(self, f"{name}_factor") for name in _PARTS}}

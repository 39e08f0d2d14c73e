"""Changing saturation and hue of images, and taking their colours away."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers._registry import registry
from juanji.layers.preprocessing._base import RandomImageLayer, Shape, per_image
from juanji.layers.preprocessing._color import FactorColorLayer, rescaled
from juanji.layers.preprocessing._factors import factor_range
from juanji.utils.arguments import share

_EPSILON = 1e-7  # what a denominator is kept away from 0 by


@registry.register()
class RandomSaturation(FactorColorLayer):
    """Multiplies the saturation of an image (S of hue, saturation and value) by ``f / (1 - f)``.

    Args:
        factor: f is drawn between these two numbers from 0 (grey) over 0.5 (unchanged) to 1; one number stands for 0
            to factor.
        value_range: smallest and largest value of a pixel.
        data_format: 'channels_last' (default) or 'channels_first'.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside 0 to 1.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomSaturation
        >>> RandomSaturation((0, 0))(np.array([[[50.0, 100.0, 200.0]]]))
        array([[[200., 200., 200.]]], dtype=float32)
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        factor = factor_range("RandomSaturation", "factor", factor, low=0)
        super().__init__(factor=factor, value_range=value_range, data_format=data_format, seed=seed, **kwargs)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        drawn = self._uniform((shape[0],), self.factor, seed)
        return {"factor": ops.divide(drawn, ops.add(ops.subtract(1.0, drawn), _EPSILON))}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        hsv = ops.image.rgb_to_hsv(images)
        saturation = self._clip(ops.multiply(hsv[..., 1:2], per_image(transformation["factor"])))
        return ops.image.hsv_to_rgb(ops.concatenate([hsv[..., :1], saturation, hsv[..., 2:]], axis=-1))


@registry.register()
class RandomHue(FactorColorLayer):
    """Turns the colours of an image around the colour circle, by up to half of it in either direction.

    Args:
        factor: twice the part of the circle, drawn between these two numbers from 0 to 1; one number stands for 0 to
            factor.
        value_range: smallest and largest value of a pixel.
        data_format: 'channels_last' (default) or 'channels_first'.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside 0 to 1.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomHue
        >>> red = np.array([[[255.0, 0.0, 0.0]]])
        >>> RandomHue((1, 1))(red).round().tolist()  # on the other side of the circle
        [[[0.0, 255.0, 255.0]]]
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        factor = factor_range("RandomHue", "factor", factor, low=0)
        super().__init__(factor=factor, value_range=value_range, data_format=data_format, seed=seed, **kwargs)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        turned = ops.where(ops.greater(self._uniform((shape[0],), (0.0, 1.0), seed), 0.5), -0.5, 0.5)
        return {"factor": ops.multiply(self._uniform((shape[0],), self.factor, seed), ops.cast(turned, self.dtype))}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        hsv = ops.image.rgb_to_hsv(rescaled(images, self.value_range, (0, 1)))
        hue = ops.add(hsv[..., :1], per_image(transformation["factor"]))
        hue = ops.where(ops.greater(hue, 1.0), ops.subtract(hue, 1.0), hue)
        hue = ops.where(ops.less(hue, 0.0), ops.add(hue, 1.0), hue)
        rgb = ops.image.hsv_to_rgb(ops.concatenate([hue, hsv[..., 1:]], axis=-1))
        return rescaled(ops.clip(rgb, 0, 1), (0, 1), self.value_range)


@registry.register()
class RandomGrayscale(RandomImageLayer):
    """Takes the colours away from some images; three equal channels are left.

    Args:
        factor: probability for each image, 0 to 1.
        data_format: 'channels_last' (default) or 'channels_first'.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for a probability outside 0 to 1.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomGrayscale
        >>> RandomGrayscale(1.0)(np.array([[[0.0, 100.0, 0.0]]]))
        array([[[58.7, 58.7, 58.7]]], dtype=float32)
    """

    def __init__(
        self, factor: float = 0.5, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, seed=seed, **kwargs)
        self.factor = share("RandomGrayscale", "factor", factor)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        return per_image(ops.less(self._uniform((shape[0],), (0.0, 1.0), seed), self.factor))

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return ops.where(transformation, ops.image.rgb_to_grayscale(images), images)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


@registry.register()
class RandomColorDegeneration(FactorColorLayer):
    """Mixes an image with its grey version: ``x + f · (grey - x)``.

    Args:
        factor: f is drawn between these two numbers from 0 (unchanged) to 1 (grey); one number stands for -factor
            to factor.
        value_range: smallest and largest value of a pixel.
        data_format: 'channels_last' (default) or 'channels_first'.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside -1 to 1.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomColorDegeneration
        >>> RandomColorDegeneration((1, 1))(np.array([[[0.0, 100.0, 0.0]]]))
        array([[[58.7, 58.7, 58.7]]], dtype=float32)
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        factor = factor_range("RandomColorDegeneration", "factor", factor)
        super().__init__(factor=factor, value_range=value_range, data_format=data_format, seed=seed, **kwargs)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        return {"factor": self._uniform((shape[0], 1, 1, 1), self.factor, seed)}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        grey = ops.subtract(ops.image.rgb_to_grayscale(images), images)
        return self._clip(ops.add(images, ops.multiply(grey, transformation["factor"])))

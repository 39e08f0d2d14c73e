"""Sharpening and blurring images."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.layers._registry import registry
from juanji.layers.preprocessing._base import Shape, per_image
from juanji.layers.preprocessing._color import FactorColorLayer
from juanji.layers.preprocessing._factors import factor_range, number_pair


@registry.register()
class RandomSharpness(FactorColorLayer):
    """Mixes an image with a smoothed one: ``x + (1 - 2f) · (smooth - x)``.

    Args:
        factor: f is drawn between these two numbers from 0 (smooth) over 0.5 (unchanged) to 1 (sharp); one number
            stands for 0 to factor.
        value_range: smallest and largest value of a pixel.
        data_format: 'channels_last' (default) or 'channels_first'.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside 0 to 1.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomSharpness
        >>> RandomSharpness((0, 0))(np.full((3, 3, 1), 130.0))[1, 1].round(3)
        array([130.], dtype=float32)
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        factor = factor_range("RandomSharpness", "factor", factor, low=0)
        super().__init__(factor=factor, value_range=value_range, data_format=data_format, seed=seed, **kwargs)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        return {"factor": self._uniform((shape[0],), self.factor, seed)}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        kernel = np.full((3, 3, images.shape[-1], 1), 1 / 13, self.dtype)
        kernel[1, 1] = 5 / 13
        smooth = ops.depthwise_conv(images, kernel, strides=1, padding="same")
        part = per_image(ops.subtract(1.0, ops.multiply(transformation["factor"], 2.0)))
        return self._clip(ops.add(images, ops.multiply(part, ops.subtract(smooth, images))))


@registry.register()
class RandomGaussianBlur(FactorColorLayer):
    """Blurs some images with a Gaussian kernel, the same for all images of a batch.

    Args:
        factor: the probability is drawn between these two numbers from 0 to 1; one number stands for 0 to factor.
        kernel_size: odd height and width of the kernel, or one number for both.
        sigma: its standard deviations are drawn between these two numbers from 0 to 1; one number stands for 0 to
            sigma.
        value_range: smallest and largest value of a pixel.
        data_format: 'channels_last' (default) or 'channels_first'.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for an even kernel size, or numbers outside 0 to 1.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomGaussianBlur
        >>> RandomGaussianBlur(1.0)(np.full((1, 5, 5, 1), 10.0))[0, 2, 2].round(3)
        array([10.], dtype=float32)
    """

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        factor = factor_range("RandomGaussianBlur", "factor", factor, low=0)
        super().__init__(factor=factor, value_range=value_range, data_format=data_format, seed=seed, **kwargs)
        sizes = number_pair((kernel_size, kernel_size) if not isinstance(kernel_size, (list, tuple)) else kernel_size)
        if sizes is None or any(size < 1 or size % 2 != 1 for size in sizes):
            raise ValueError(
                "RandomGaussianBlur: wrong kernel_size; expected one or two odd numbers, "
                f"got kernel_size={kernel_size!r}. Pass, for example, 3."
            )
        self.kernel_size = (int(sizes[0]), int(sizes[1]))
        self.sigma = factor_range("RandomGaussianBlur", "sigma", sigma, low=0)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        happens = self._happens(shape[0], self.factor, seed)
        return {"should_apply_blur": happens, "blur_factor": ops.add(self._uniform((2,), self.sigma, seed), 1e-6)}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        sigma, (height, width) = transformation["blur_factor"], self.kernel_size
        blurred = self._along(images, (height, 1), sigma[1])
        blurred = self._along(blurred, (1, width), sigma[0])
        return self._clip(ops.where(per_image(transformation["should_apply_blur"]), blurred, images))

    def _along(self, images: Any, shape: tuple[int, int], sigma: Any) -> Any:
        """Images weighted in one direction with the Gaussian function of the distances, over its sum."""
        size = max(shape)
        distance = np.arange(size, dtype=self.dtype) - (size - 1) / 2
        values = ops.exp(ops.multiply(ops.square(ops.divide(distance, sigma)), -0.5))
        kernel = ops.reshape(ops.divide(values, ops.sum(values)), (*shape, 1, 1))
        kernel = ops.broadcast_to(kernel, (*shape, images.shape[-1], 1))
        return ops.depthwise_conv(images, kernel, strides=1, padding="same")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kernel_size": self.kernel_size, "sigma": self.sigma}

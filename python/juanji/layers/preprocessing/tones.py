"""Inverting and solarizing images."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers._registry import registry
from juanji.layers.preprocessing._base import Shape, per_image
from juanji.layers.preprocessing._color import ColorLayer, FactorColorLayer, rescaled
from juanji.layers.preprocessing._factors import factor_range, strict_range

_BYTE = (0, 255)


@registry.register()
class RandomInvert(FactorColorLayer):
    """Replaces the pixels of some images by ``high - x``.

    Args:
        factor: the probability is drawn between these two numbers from 0 to 1; one number stands for 0 to factor.
        value_range: smallest and largest value of a pixel; the latter is high.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside 0 to 1.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomInvert
        >>> RandomInvert((1, 1))(np.array([[[0.0], [200.0]]]))[0, :, 0]
        array([255.,  55.], dtype=float32)
    """

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        factor = factor_range("RandomInvert", "factor", factor, low=0)
        super().__init__(factor=factor, value_range=value_range, data_format=data_format, seed=seed, **kwargs)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        return {"apply_inversion": self._happens(shape[0], self.factor, seed)}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        inverted = ops.subtract(self.value_range[1], images)
        return ops.where(per_image(transformation["apply_inversion"]), inverted, images)


@registry.register()
class Solarization(ColorLayer):
    """Inverts the bright pixels: ``x + a``, or ``255 - (x + a)`` where that is t or more; in bytes.

    Args:
        addition_factor: a is 255 times a number drawn between these two from 0 to 1; one number stands for 0 to
            addition_factor. (The lower one is not multiplied by 255, as in Keras.)
        threshold_factor: the same for t.
        value_range: smallest and largest value of a pixel, which stand for 0 and 255.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: data_format, bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside 0 to 1.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Solarization
        >>> Solarization()(np.array([[[0.0], [55.0], [255.0]]]))[0, :, 0]
        array([255., 200.,   0.], dtype=float32)
    """

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range=value_range, seed=seed, **kwargs)
        self.addition_factor = strict_range("Solarization", "addition_factor", addition_factor, 0, 1, symmetric=False)
        self.threshold_factor = strict_range(
            "Solarization", "threshold_factor", threshold_factor, 0, 1, symmetric=False
        )

    def _draw(self, shape: Shape, seed: Any) -> Any:
        def drawn(factor: tuple[float, float]) -> Any:
            return self._uniform((shape[0], 1, 1, 1), (factor[0], factor[1] * 255), seed)

        return {"additions": drawn(self.addition_factor), "thresholds": drawn(self.threshold_factor)}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        bright = ops.add(rescaled(images, self.value_range, _BYTE), transformation["additions"])
        bright = ops.clip(bright, 0, 255)
        result = ops.where(ops.less(bright, transformation["thresholds"]), bright, ops.subtract(255.0, bright))
        return rescaled(result, _BYTE, self.value_range)

    def get_config(self) -> dict[str, Any]:
        factors = {"addition_factor": self.addition_factor, "threshold_factor": self.threshold_factor}
        return {**super().get_config(), **factors}

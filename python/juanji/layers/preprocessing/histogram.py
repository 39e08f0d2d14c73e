"""Changing the contrast of images by what tones they have."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers._registry import registry
from juanji.layers.preprocessing._base import BaseImagePreprocessingLayer
from juanji.layers.preprocessing._color import rescaled
from juanji.layers.preprocessing._factors import number_pair, value_limits
from juanji.ops._histogram import clahe, equalize

_BYTE = (0, 255)


class _Tones(BaseImagePreprocessingLayer):
    """A layer that changes tones without drawing anything.

    Args:
        value_range: smallest and largest value of a pixel.
        kwargs: those of :class:`BaseImagePreprocessingLayer`.
    """

    def __init__(self, value_range: Any = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = value_limits(type(self).__name__, value_range)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "value_range": self.value_range}


@registry.register()
class AutoContrast(_Tones):
    """Spreads each channel of each image over the whole range of values, outside training as well.

    Args:
        value_range: smallest and largest value of a pixel.
        kwargs: data_format, bounding_box_format, and those of :class:`Layer`.

    A channel with one value stays as it is.

    Raises:
        ValueError: for something else than a range.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import AutoContrast
        >>> AutoContrast()(np.array([[[50.0], [60.0], [100.0]]]))[0, :, 0]
        array([  0.,  51., 255.], dtype=float32)
    """

    _waits_for_training = False

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        tones = rescaled(images, self.value_range, _BYTE)
        low = ops.min(tones, axis=(1, 2), keepdims=True)
        spread = ops.subtract(ops.max(tones, axis=(1, 2), keepdims=True), low)
        flat = ops.equal(spread, 0)
        factor = ops.divide(255.0, ops.where(flat, 1.0, spread))
        result = ops.clip(ops.multiply(ops.subtract(tones, low), factor), 0, 255)
        return ops.where(flat, images, rescaled(result, _BYTE, self.value_range))


@registry.register()
class Equalization(_Tones):
    """Histogram equalization, in training: every tone of a channel is made as common as the others.

    The tones of a channel are counted over all images of a batch, as in Keras.

    Args:
        value_range: smallest and largest value of a pixel, which stand for 0 and 255.
        bins: how many tones are told apart.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for something else than a range, or fewer than 2 bins.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Equalization
        >>> Equalization()(np.array([[[10.0], [20.0], [30.0]]]))[0, :, 0]
        array([  0., 128., 255.], dtype=float32)
    """

    def __init__(
        self, value_range: Any = (0, 255), bins: int = 256, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(value_range, data_format=data_format, **kwargs)
        self.bins = bins

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return rescaled(equalize(rescaled(images, self.value_range, _BYTE), self.bins), _BYTE, self.value_range)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bins": self.bins}


@registry.register()
class ContrastLimitedAdaptiveHistogramEqualization(_Tones):
    """Histogram equalization by tiles of the image, with a limit (CLAHE), outside training as well.

    Zuiderveld, *Contrast Limited Adaptive Histogram Equalization*, Graphics Gems IV, 1994. Each pixel's result is
    interpolated between the histograms of the four nearest tiles.

    Args:
        value_range: smallest and largest value of a pixel, which stand for 0 and 255.
        clip_limit: how often a tone may count, in relation to the mean of all; 0 for no limit.
        tile_grid_size: number of tiles, vertically and horizontally.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for something else than a range, or a number of tiles outside 1 to 1024.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import ContrastLimitedAdaptiveHistogramEqualization
        >>> layer = ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 2))
        >>> layer(np.random.default_rng(0).uniform(0, 255, (1, 8, 8, 3))).shape
        (1, 8, 8, 3)
    """

    _waits_for_training = False

    def __init__(
        self,
        value_range: Any = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: Any = (8, 8),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, data_format=data_format, **kwargs)
        pair = number_pair(tile_grid_size)
        if pair is None or any(size != int(size) or size < 1 for size in pair):
            raise ValueError(
                "ContrastLimitedAdaptiveHistogramEqualization: wrong tile_grid_size; expected two whole numbers of at "
                f"least 1, got tile_grid_size={tile_grid_size!r}."
            )
        self.clip_limit = clip_limit
        self.tile_grid_size = (int(pair[0]), int(pair[1]))

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        tones = clahe(rescaled(images, self.value_range, _BYTE), self.clip_limit, self.tile_grid_size)
        return rescaled(tones, _BYTE, self.value_range)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "clip_limit": self.clip_limit, "tile_grid_size": self.tile_grid_size}

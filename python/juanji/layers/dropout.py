"""Dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from juanji import random
from juanji.layers._arguments import Shape, require_rank
from juanji.layers._channels import ChannelsLayer, place_of_channels
from juanji.layers._registry import registry
from juanji.layers.layer import ElementwiseLayer


@registry.register()
class Dropout(ElementwiseLayer):
    """In training, sets a random part of the input to zero and scales the rest so that the sum stays the same.

    ``y = x · mask / (1 - rate)`` (Srivastava et al., *Dropout*, 2014); outside training ``y = x``. The shape stays.

    Args:
        rate: part that is set to zero, from 0 to 1.
        noise_shape: shape of the mask, with 1 where an axis shares it and None for the input's size.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a rate outside 0..1.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Dropout
        >>> Dropout(0.5)(np.ones(3, "float32"))
        array([1., 1., 1.], dtype=float32)
    """

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
            raise ValueError(
                f"{type(self).__name__}: rate is out of range; expected a number from 0 to 1, got rate={rate!r}. "
                "Pass, for example, rate=0.5."
            )
        self.rate = rate
        self.noise_shape = noise_shape if noise_shape is None else tuple(noise_shape)
        self.seed = seed
        self._generator = random.SeedGenerator(seed)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        if not training or self.rate == 0:
            return inputs
        shape = self.noise_shape
        if shape is not None:
            shape = tuple(n if m is None else m for n, m in zip(inputs.shape, shape))
        return random.dropout(inputs, self.rate, noise_shape=shape, seed=self._generator)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "noise_shape": self.noise_shape, "seed": self.seed}


class _SpatialDropout(Dropout):
    """Dropout of whole channels; subclasses say over how many axes a channel extends."""

    _rank: ClassVar[int]

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, seed=seed, **kwargs)
        self.noise_shape = (None, *(1,) * self._rank, None)

    def check_input(self, shape: Shape) -> None:
        require_rank(self, shape, self._rank)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["noise_shape"]
        return config


class _SpatialDropoutOfImages(_SpatialDropout, ChannelsLayer):
    """With Keras' argument for the place of the channels."""

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, seed, **kwargs)
        self.data_format = place_of_channels(type(self).__name__, data_format)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}


@registry.register()
class SpatialDropout2D(_SpatialDropoutOfImages):
    """In training, sets whole channels of images to zero (Tompson et al., arXiv:1411.4280).

    Neighbouring pixels are alike, so that dropping single ones hardly regularises. Input and output (N, H, W, C).

    Args:
        rate: part of the channels that is set to zero, from 0 to 1; the others are scaled by 1 / (1 - rate).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a rate outside 0..1, or an input without four axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import SpatialDropout2D
        >>> y = SpatialDropout2D(0.5, seed=1)(np.ones((1, 4, 4, 8), "float32"), training=True)
        >>> sorted({tuple(set(channel.ravel().tolist())) for channel in np.moveaxis(y[0], -1, 0)})
        [(0.0,), (2.0,)]
    """

    _rank = 2


@registry.register()
class SpatialDropout3D(_SpatialDropoutOfImages):
    """In training, sets whole channels of volumes to zero. Input and output (N, D, H, W, C).

    Args:
        rate: part of the channels that is set to zero, from 0 to 1; the others are scaled by 1 / (1 - rate).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a rate outside 0..1, or an input without five axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import SpatialDropout3D
        >>> SpatialDropout3D(0.5)(np.ones((1, 1, 1, 2, 1), "float32")).ravel()
        array([1., 1.], dtype=float32)
    """

    _rank = 3


@registry.register()
class SpatialDropout1D(_SpatialDropout):
    """In training, sets whole channels of sequences to zero. Input and output (N, W, C).

    Args:
        rate: part of the channels that is set to zero, from 0 to 1; the others are scaled by 1 / (1 - rate).
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a rate outside 0..1, or an input without three axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import SpatialDropout1D
        >>> SpatialDropout1D(0.5)(np.ones((1, 2, 1), "float32")).ravel()
        array([1., 1.], dtype=float32)
    """

    _rank = 1

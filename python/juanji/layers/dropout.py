"""Dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import random
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
                f"Dropout: rate is out of range; expected a number from 0 to 1, got rate={rate!r}. "
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

"""Random noise in training, against overfitting."""

from __future__ import annotations

import math
from typing import Any

from juanji import ops, random
from juanji.layers._registry import registry
from juanji.layers.layer import ElementwiseLayer
from juanji.utils.arguments import not_negative, share


class _Noise(ElementwiseLayer):
    """A layer that draws normally distributed numbers in training and passes its input on otherwise."""

    def __init__(self, seed: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self._generator = random.SeedGenerator(seed)

    def _normal(self, like: Any, mean: float, stddev: float) -> Any:
        return random.normal(like.shape, mean, stddev, dtype=like.dtype, seed=self._generator)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


@registry.register()
class GaussianNoise(_Noise):
    """Adds normally distributed numbers in training; outside training ``y = x``.

    Args:
        stddev: standard deviation of what is added, at least 0.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a negative standard deviation.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import GaussianNoise
        >>> GaussianNoise(0.1)(np.ones(2, "float32"))
        array([1., 1.], dtype=float32)
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.stddev = not_negative("GaussianNoise", "stddev", stddev)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        if not training or self.stddev == 0:
            return inputs
        return ops.add(inputs, self._normal(inputs, 0.0, self.stddev))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stddev": self.stddev}


@registry.register()
class GaussianDropout(_Noise):
    """Multiplies by normally distributed numbers around 1 in training; outside training ``y = x``.

    Their standard deviation is ``sqrt(rate / (1 - rate))``, that of dropout with this rate (Srivastava et al.,
    *Dropout*, 2014, section 10).

    Args:
        rate: from 0 to below 1.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a rate outside this range.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import GaussianDropout
        >>> GaussianDropout(0.5)(np.ones(2, "float32"))
        array([1., 1.], dtype=float32)
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = share("GaussianDropout", "rate", rate, below_one=True)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        if not training or self.rate == 0:
            return inputs
        return ops.multiply(inputs, self._normal(inputs, 1.0, math.sqrt(self.rate / (1.0 - self.rate))))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate}

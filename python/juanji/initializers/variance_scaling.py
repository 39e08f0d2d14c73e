"""Initializers that keep the variance of signals from layer to layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from juanji import random
from juanji.initializers.initializer import Array, registry
from juanji.initializers.random import RandomInitializer

MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")
# standard deviation of a standard normal distribution cut off at ±2
TRUNCATED_STDDEV = 0.87962566103423978


@registry.register(snake_case=True)
class VarianceScaling(RandomInitializer):
    """Random numbers of variance ``scale / n``, n being a number of connections.

    Args:
        scale: positive number.
        mode: what n counts: 'fan_in' (inputs of a unit), 'fan_out' (units an input goes to) or 'fan_avg'
            (their mean). See :func:`compute_fans`.
        distribution: 'truncated_normal' (or 'normal': redrawn beyond two standard deviations),
            'untruncated_normal' or 'uniform'.
        seed: integer for the same values at every call, ``juanji.random.SeedGenerator``, or None.
        input_axes: the axes whose product is fan_in; by default those of a dense or convolution kernel.
        output_axes: the axes whose product is fan_out.

    Example:
        >>> VarianceScaling(2.0, mode="fan_out", distribution="uniform", seed=1)((3, 3, 16, 32)).shape
        (3, 3, 16, 32)
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        if not scale > 0:
            raise ValueError(f"{type(self).__name__}: wrong scale; expected a positive number, got scale={scale!r}.")
        distribution = distribution.lower()
        distribution = "truncated_normal" if distribution == "normal" else distribution
        for name, value, known in (("mode", mode, MODES), ("distribution", distribution, DISTRIBUTIONS)):
            if value not in known:
                raise ValueError(
                    f"{type(self).__name__}: unknown {name}; expected one of {', '.join(map(repr, known))}, "
                    f"got {name}={value!r}."
                )
        super().__init__(seed)
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return self.draw(random.uniform, shape, dtype, minval=-limit, maxval=limit)
        if self.distribution == "untruncated_normal":
            return self.draw(random.normal, shape, dtype, stddev=math.sqrt(variance))
        stddev = math.sqrt(variance) / TRUNCATED_STDDEV
        return self.draw(random.truncated_normal, shape, dtype, stddev=stddev)

    def get_config(self) -> dict[str, Any]:
        axes = {"input_axes": self.input_axes, "output_axes": self.output_axes}
        if type(self) is not VarianceScaling:
            return {**super().get_config(), **axes}
        own = {"scale": self.scale, "mode": self.mode, "distribution": self.distribution}
        return {**super().get_config(), **own, **axes}


@registry.register(snake_case=True)
class GlorotUniform(VarianceScaling):
    """Uniform within ``±sqrt(6 / (fan_in + fan_out))`` (Glorot and Bengio, 2010); the default of most layers.

    Example:
        >>> float(abs(GlorotUniform(seed=1)((2, 4))).max()) <= 1.0
        True
    """

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, input_axes, output_axes)


@registry.register(snake_case=True)
class GlorotNormal(VarianceScaling):
    """Truncated normal of variance ``2 / (fan_in + fan_out)`` (Glorot and Bengio, 2010).

    Example:
        >>> GlorotNormal(seed=1)((2, 4)).shape
        (2, 4)
    """

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, input_axes, output_axes)


@registry.register(snake_case=True)
class HeUniform(VarianceScaling):
    """Uniform within ``±sqrt(6 / fan_in)`` (He et al., 2015, arXiv:1502.01852).

    Example:
        >>> HeUniform(seed=1)((2, 4)).shape
        (2, 4)
    """

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed, input_axes, output_axes)


@registry.register(snake_case=True)
class HeNormal(VarianceScaling):
    """Truncated normal of variance ``2 / fan_in`` (He et al., 2015, arXiv:1502.01852); good before a ReLU.

    Example:
        >>> HeNormal(seed=1)((2, 4)).shape
        (2, 4)
    """

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


@registry.register(snake_case=True)
class LecunUniform(VarianceScaling):
    """Uniform within ``±sqrt(3 / fan_in)`` (LeCun et al., 1998).

    Example:
        >>> LecunUniform(seed=1)((2, 4)).shape
        (2, 4)
    """

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed, input_axes, output_axes)


@registry.register(snake_case=True)
class LecunNormal(VarianceScaling):
    """Truncated normal of variance ``1 / fan_in`` (LeCun et al., 1998); for SELU networks.

    Example:
        >>> LecunNormal(seed=1)((2, 4)).shape
        (2, 4)
    """

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


def compute_fans(
    shape: Sequence[int],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[int, int]:
    """How many inputs a unit has, and how many units an input goes to, for a kernel of this shape.

    A kernel is (..., in, out): a dense one (in, out), one of convolution KH,KW,C,OC; KH·KW counts in both.
    A depthwise one, KH,KW,C,multiplier, is counted in the same way, as in Keras.

    Example:
        >>> compute_fans((100, 10)), compute_fans((3, 3, 16, 32)), compute_fans((7,))
        ((100, 10), (144, 288), (7, 7))
    """
    shape = tuple(int(n) for n in shape)
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[a] for a in input_axes), math.prod(shape[a] for a in output_axes)
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field

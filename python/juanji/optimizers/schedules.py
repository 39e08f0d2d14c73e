"""Learning rates that change with the number of steps, under the names of ``keras.optimizers.schedules``."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from juanji.utils.registry import Configurable, Registry

_registry: Registry[Any] = Registry("juanji.optimizers.schedules")
serialize = _registry.serialize
deserialize = _registry.deserialize


class LearningRateSchedule(Configurable, ABC):
    """Base of all schedules: called with the number of steps taken so far, it gives the learning rate.

    Example:
        >>> class Halving(LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.5**step
        >>> Halving()(2)
        0.25
    """

    @abstractmethod
    def __call__(self, step: Any) -> float:
        """The learning rate after ``step`` steps."""


def _positive(owner: str, name: str, value: float) -> None:
    if not value > 0:
        raise ValueError(f"{owner}: wrong {name}; expected a positive number, got {name}={value!r}.")


@_registry.register()
class ExponentialDecay(LearningRateSchedule):
    """``initial_learning_rate * decay_rate ** (step / decay_steps)``.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps in which the rate is multiplied by ``decay_rate`` once.
        decay_rate: the factor.
        staircase: whether ``step / decay_steps`` is rounded down.
        name: of the schedule.

    Example:
        >>> ExponentialDecay(0.5, decay_steps=10, decay_rate=0.5)(20)
        0.125
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        _positive("ExponentialDecay", "decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> float:
        periods = float(step) / self.decay_steps
        if self.staircase:
            periods = math.floor(periods)
        return float(self.initial_learning_rate * self.decay_rate**periods)

    def get_config(self) -> dict[str, Any]:
        return dict(vars(self))


@_registry.register()
class InverseTimeDecay(LearningRateSchedule):
    """``initial_learning_rate / (1 + decay_rate * step / decay_steps)``.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps in which the divisor grows by ``decay_rate``.
        decay_rate: see above.
        staircase: whether ``step / decay_steps`` is rounded down.
        name: of the schedule.

    Example:
        >>> InverseTimeDecay(0.5, decay_steps=10, decay_rate=0.5)(20)
        0.25
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        _positive("InverseTimeDecay", "decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> float:
        periods = float(step) / self.decay_steps
        if self.staircase:
            periods = math.floor(periods)
        return float(self.initial_learning_rate / (1.0 + self.decay_rate * periods))

    def get_config(self) -> dict[str, Any]:
        return dict(vars(self))


@_registry.register()
class PiecewiseConstantDecay(LearningRateSchedule):
    """A constant rate up to and including each boundary.

    Args:
        boundaries: steps at which the rate changes, ascending.
        values: the rates: one more than boundaries.
        name: of the schedule.

    Example:
        >>> rate = PiecewiseConstantDecay([100, 200], [0.1, 0.05, 0.01])
        >>> rate(100), rate(101), rate(1000)
        (0.1, 0.05, 0.01)
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                f"PiecewiseConstantDecay: lengths do not fit; expected {len(boundaries) + 1} values for "
                f"{len(boundaries)} boundaries, got {len(values)}."
            )
        self.boundaries = list(boundaries)
        self.values = list(values)
        self.name = name

    def __call__(self, step: Any) -> float:
        return float(self.values[bisect_left(self.boundaries, float(step))])

    def get_config(self) -> dict[str, Any]:
        return dict(vars(self))


@_registry.register()
class PolynomialDecay(LearningRateSchedule):
    """``(initial - end) * (1 - step / decay_steps) ** power + end``, and ``end`` after ``decay_steps``.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps until the end.
        end_learning_rate: the rate at the end.
        power: of the polynomial, 1 for a straight line.
        cycle: whether ``decay_steps`` grows to the next multiple instead of staying at the end.
        name: of the schedule.

    Example:
        >>> PolynomialDecay(1.0, decay_steps=10, end_learning_rate=0.0)(5)
        0.5
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        _positive("PolynomialDecay", "decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> float:
        now, end = float(step), float(self.decay_steps)
        if self.cycle:
            end *= max(1.0, math.ceil(now / end))
        left = 1.0 - min(now, end) / end
        span = self.initial_learning_rate - self.end_learning_rate
        return float(span * left**self.power + self.end_learning_rate)

    def get_config(self) -> dict[str, Any]:
        return dict(vars(self))


@_registry.register()
class CosineDecay(LearningRateSchedule):
    """Half a cosine wave down to ``alpha`` times the rate (Loshchilov and Hutter, 2017, arXiv:1608.03983).

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: steps of the descent.
        alpha: share of the rate that remains.
        name: of the schedule.
        warmup_target: rate to which the rate first rises in a straight line, and from which it then falls.
        warmup_steps: steps of the rise.

    Example:
        >>> rate = CosineDecay(0.0, decay_steps=100, warmup_target=1.0, warmup_steps=10)
        >>> rate(5), rate(10), round(rate(60), 4), rate(110)
        (0.5, 1.0, 0.5, 0.0)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        _positive("CosineDecay", "decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> float:
        now, start = float(step), self.initial_learning_rate
        if self.warmup_target is not None:
            if now < self.warmup_steps:
                return float(start + (self.warmup_target - start) * now / self.warmup_steps)
            now, start = now - self.warmup_steps, self.warmup_target
        wave = 0.5 * (1.0 + math.cos(math.pi * min(now, self.decay_steps) / self.decay_steps))
        return float(start * ((1.0 - self.alpha) * wave + self.alpha))

    def get_config(self) -> dict[str, Any]:
        return dict(vars(self))


@_registry.register()
class CosineDecayRestarts(LearningRateSchedule):
    """:class:`CosineDecay` that starts again and again, each time longer and from lower.

    Args:
        initial_learning_rate: the rate at step 0.
        first_decay_steps: steps of the first descent.
        t_mul: factor between the lengths of descents, at least 1.
        m_mul: factor between the rates at their starts.
        alpha: share of the initial rate that remains.
        name: of the schedule.

    Example:
        >>> rate = CosineDecayRestarts(1.0, first_decay_steps=10, m_mul=0.5)
        >>> rate(0), rate(5), rate(10), rate(30)
        (1.0, 0.5, 0.5, 0.25)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        _positive("CosineDecayRestarts", "first_decay_steps", first_decay_steps)
        if not t_mul >= 1:
            raise ValueError(f"CosineDecayRestarts: wrong t_mul; expected at least 1, got t_mul={t_mul!r}.")
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> float:
        left, length, height = float(step), float(self.first_decay_steps), 1.0
        if self.t_mul == 1:
            height, left = self.m_mul ** (left // length), left % length
        while left >= length:
            left, length, height = left - length, length * self.t_mul, height * self.m_mul
        wave = 0.5 * height * (1.0 + math.cos(math.pi * left / length))
        return float(self.initial_learning_rate * ((1.0 - self.alpha) * wave + self.alpha))

    def get_config(self) -> dict[str, Any]:
        return dict(vars(self))


__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]


def __dir__() -> list[str]:
    return __all__

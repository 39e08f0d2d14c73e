"""Checks of the arguments of fit, evaluate and predict."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from juanji import config, random

if TYPE_CHECKING:
    from juanji.models.sources import Source

Array = np.ndarray[Any, Any]


def count(method: str, name: str, value: Any, default: int) -> int:
    """An integer of at least 1; ``default`` for None."""
    return default if value is None else _at_least(1, method, name, value)


def natural(method: str, name: str, value: Any) -> int:
    """An integer of at least 0."""
    return _at_least(0, method, name, value)


def at_most(limit: int | None, steps: int | None, of_one_pass: int | None) -> int | None:
    """The number of batches of an epoch under a limit for all; None for a whole pass."""
    if limit is None or (steps or of_one_pass or limit + 1) <= limit:
        return steps
    return limit


def frequency(method: str, value: Any) -> int | Sequence[int]:
    """After which epochs to validate: every so many, or those in a list."""
    if isinstance(value, (list, tuple, set, range)):
        return [_at_least(1, method, "validation_freq", v) for v in value]
    return _at_least(1, method, "validation_freq", value)


def loss_factor(loss_weights: Any) -> float | None:
    """The factor of the only loss, from a number or a list or dictionary with one number."""
    if isinstance(loss_weights, dict):
        loss_weights = list(loss_weights.values())
    if isinstance(loss_weights, (list, tuple)):
        if len(loss_weights) != 1:
            raise ValueError(
                "compile: wrong number of loss_weights; expected one for the model's one output, "
                f"got loss_weights={loss_weights!r}. Pass one number."
            )
        loss_weights = loss_weights[0]
    if loss_weights is None:
        return None
    try:
        return float(loss_weights)
    except (TypeError, ValueError):
        raise ValueError(
            f"compile: a weight of a loss is no number; expected a number, got loss_weights={loss_weights!r}. The "
            "third argument is loss_weights; pass metrics by name: metrics=['accuracy']."
        ) from None


class RandomOrder:
    """Gives a new random order of n rows at every call; the sequence is that of the global seed."""

    def __init__(self) -> None:
        self._generator = np.random.Generator(np.random.PCG64(random.make_default_seed()))

    def __call__(self, rows: int) -> Array:
        return self._generator.permutation(rows)

    @property
    def state(self) -> Any:
        """What the next orders depend on, in plain numbers."""
        return self._generator.bit_generator.state

    @state.setter
    def state(self, value: Any) -> None:
        self._generator.bit_generator.state = value


def _at_least(least: int, method: str, name: str, value: Any) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise ValueError(
            f"{method}: {name} is out of range; expected a whole number of at least {least}, got {name}={value!r}."
        )
    return number


def one_pass(method: str, source: Source, steps: int | None) -> tuple[int | None, dict[str, Any]]:
    """The number of batches (None for all), and what callbacks are told."""
    limit = None if steps is None else count(method, "steps", steps, 1)
    limit = at_most(config.max_steps_per_epoch(), limit, source.steps)
    if limit is not None and source.steps is not None:
        limit = min(limit, source.steps)
    samples, size = source.samples, source.batch_size
    if limit is not None:
        samples = None if samples is None or size is None else min(samples, limit * size)
    return limit, {"epochs": 1, "steps": limit or source.steps, "samples": samples, "batch_size": size}

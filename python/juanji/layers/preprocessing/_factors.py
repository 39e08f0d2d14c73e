"""Checks of the arguments that say how far something may be changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Range = tuple[float, float]


def number_pair(value: Any) -> Range | None:
    """Two finite numbers as a tuple of Python numbers, None for anything else."""
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(map(is_number, value)):
        return None
    first, second = (v.item() if isinstance(v, np.generic) else v for v in value)
    return first, second


def is_number(value: Any) -> bool:
    """Whether this is one finite number."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and math.isfinite(value)


def as_tuple(value: Any) -> Any:
    """A list, which files hold in the place of tuples, as a tuple; anything else as it is."""
    return tuple(value) if isinstance(value, list) else value


def factor_range(owner: str, name: str, value: Any, low: float = -1, high: float = 1) -> Range:
    """Lower and upper bound of a random factor.

    Args:
        owner, name: for messages.
        value: two numbers, or one for -value to value, cut off at ``low``.
        low, high: what a single number has to lie in, and a pair has to meet.

    Raises:
        ValueError: for anything else.
    """
    pair = number_pair(value)
    if pair is not None and pair[0] <= high and pair[1] >= low:
        return min(pair), max(pair)
    if is_number(value) and low <= value <= high:
        return max(-abs(value), low), abs(value)
    raise _wrong(owner, name, value, f"from {low} to {high}")


def strict_range(owner: str, name: str, value: Any, low: float, high: float, symmetric: bool = True) -> Range:
    """Like :func:`factor_range`, where both numbers of a pair have to lie within the limits.

    Args:
        owner, name, value: as there.
        low, high: limits of every number; a symmetric pair, which stands for a single number, may go below ``low``.
        symmetric: whether one number stands for -value to value, or for 0 to value.
    """
    pair = number_pair(value)
    if pair is not None and (all(low <= v <= high for v in pair) or (symmetric and 0 <= pair[1] == -pair[0] <= high)):
        return min(pair), max(pair)
    if is_number(value) and low <= value <= high:
        return (-abs(value), abs(value)) if symmetric else (0, value)
    raise _wrong(owner, name, value, f"from {low} to {high}")


def value_limits(owner: str, value: Any) -> Range:
    """The smallest and largest value of a pixel.

    Raises:
        ValueError: for anything but two different numbers.
    """
    pair = number_pair(value)
    if pair is None or pair[0] == pair[1]:
        raise ValueError(
            f"{owner}: not a range of pixel values; expected two different numbers, got value_range={value!r}. "
            "Pass (0, 255) or (0, 1)."
        )
    return min(pair), max(pair)


def choice(owner: str, name: str, value: Any, known: Sequence[str]) -> str:
    """The value, if it is one of the known ones.

    Raises:
        ValueError: if it is not.
    """
    if value not in known:
        raise ValueError(
            f"{owner}: unknown {name}; expected one of {', '.join(map(repr, known))}, got {name}={value!r}."
        )
    return str(value)


def _wrong(owner: str, name: str, value: Any, limits: str) -> ValueError:
    return ValueError(
        f"{owner}: wrong {name}; expected a number or two numbers {limits}, got {name}={value!r}. "
        "Pass a share such as 0.2."
    )

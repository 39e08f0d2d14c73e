"""Checks of numbers that users give."""

from __future__ import annotations

import math
from typing import Any


def not_negative(owner: str, name: str, value: Any) -> float:
    """The value as a Python float. Raises ValueError unless it is a finite number of at least 0."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0.0 <= number < math.inf:
        raise ValueError(f"{owner}: wrong {name}; expected a finite number of at least 0, got {name}={value!r}.")
    return number


def share(owner: str, name: str, value: float, below_one: bool = False) -> float:
    """The value as a Python float. Raises ValueError unless it is from 0 to 1 (or below 1)."""
    if not 0 <= value <= 1 or (below_one and value == 1):
        limit = "at least 0 and below 1" if below_one else "from 0 to 1"
        raise ValueError(f"{owner}: wrong {name}; expected a number {limit}, got {name}={value!r}.")
    return float(value)

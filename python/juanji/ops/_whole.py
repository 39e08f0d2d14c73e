"""Whole numbers among the arguments of operations."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np


def whole_number(op: str, name: str, value: Any) -> int:
    """``value`` as a Python int; ValueError naming ``op`` when it is none."""
    try:
        return operator.index(value)
    except TypeError:
        raise ValueError(f"{op}: {name} is not a whole number; expected an integer, got {name}={value!r}.") from None


def whole_numbers(op: str, name: str, value: Any) -> tuple[int, ...]:
    """One whole number, or a sequence of them, as a tuple; ValueError naming ``op`` for anything else."""
    if isinstance(value, (list, tuple, range, set)) or (isinstance(value, np.ndarray) and value.ndim == 1):
        return tuple(whole_number(op, name, part) for part in value)
    return (whole_number(op, name, value),)

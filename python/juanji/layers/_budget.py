"""Weights of models that are being read: not much more than the file is allocated, and no value is drawn."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np


class _Budget(threading.local):
    """Bytes that weights may still take on this thread; None when nothing is being read."""

    left: int | None = None


_budget = _Budget()


@contextmanager
def weights_from_file(size: int) -> Iterator[None]:
    """While it lasts, weights begin as zeros, and take no more than some times this many bytes together.

    A layer may build more than is stored: Bidirectional makes the layer it was given, and two like it.
    """
    before, _budget.left = _budget.left, 4 * size + 2**20
    try:
        yield
    finally:
        _budget.left = before


def zeros_for_file(shape: Sequence[int], dtype: Any) -> Any:
    """Zeros of that shape while a file is being read, else None.

    Raises:
        ValueError: when the file is too small to hold such weights.
    """
    if _budget.left is None:
        return None
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size > _budget.left:
        raise ValueError(
            f"the weights do not fit the architecture; expected a file that holds {size} bytes for the shape "
            f"{tuple(shape)}, got a smaller one"
        )
    _budget.left -= size
    return np.zeros(shape, dtype)

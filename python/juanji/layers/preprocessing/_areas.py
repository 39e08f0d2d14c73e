"""Random rectangles in images."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops, random


def random_span(length: int, share: Any, seed: Any, dtype: str) -> tuple[Any, Any]:
    """Begin and end of one random part of an axis for each image.

    Args:
        length: of the axis.
        share: for each image, how long the part is in relation to the axis.
        seed: SeedGenerator.
        dtype: float32 or float64.
    """
    size = ops.multiply(share, float(length))
    begin = ops.multiply(random.uniform(tuple(share.shape), dtype=dtype, seed=seed), ops.subtract(float(length), size))
    return begin, ops.add(begin, size)


def inside(height: int, width: int, xs: tuple[Any, Any], ys: tuple[Any, Any], dtype: str) -> Any:
    """Which pixels (batch, height, width, 1) lie in the rectangle of their image."""
    x = np.arange(width, dtype=dtype).reshape(1, 1, width, 1)
    y = np.arange(height, dtype=dtype).reshape(1, height, 1, 1)
    return ops.logical_and(_between(y, ys), _between(x, xs))


def _between(positions: Any, bounds: tuple[Any, Any]) -> Any:
    begin, end = (ops.reshape(bound, (-1, 1, 1, 1)) for bound in bounds)
    return ops.logical_and(ops.greater_equal(positions, begin), ops.less(positions, end))

"""Histograms of oriented gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import _core
from juanji.ops._binary import divide, minimum
from juanji.ops._convert import as_array
from juanji.ops._im2col import im2col
from juanji.ops._operation import Operation
from juanji.ops._reductions import sum as sum_of
from juanji.ops._shape import reshape, squeeze
from juanji.ops._unary import absolute, sqrt, square
from juanji.ops._whole import whole_number
from juanji.ops._window import pair
from juanji.ops.filters._windows import to_batch
from juanji.ops.image._layout import choice

_histogram = Operation("hog", _core.GradientHistogram)

_EPSILON = 1e-5
_NORMS = ("L1", "L1-sqrt", "L2", "L2-Hys")


def hog(
    image: Any,
    orientations: int = 9,
    pixels_per_cell: int | Sequence[int] = (8, 8),
    cells_per_block: int | Sequence[int] = (3, 3),
    block_norm: str = "L2-Hys",
    transform_sqrt: bool = False,
    feature_vector: bool = True,
) -> Any:
    """Histograms of oriented gradients (Dalal and Triggs, 2005), as ``skimage.feature.hog`` gives them.

    In each cell, the lengths of the gradients of brightness are averaged by direction; then blocks of cells, which
    overlap, are normalised. Where there are several channels, the one with the longest gradient counts. It has no
    gradient.

    Args:
        image: (H, W), (H, W, C) or (N, H, W, C).
        orientations: bins of directions in half a turn.
        pixels_per_cell: height and width of a cell, or one number for both.
        cells_per_block: height and width of a block, or one number for both.
        block_norm: 'L1', 'L1-sqrt', 'L2' or 'L2-Hys' (L2, limited to 0.2, and L2 again).
        transform_sqrt: take the square root of all pixels first.
        feature_vector: give one vector per image.

    Returns:
        Vectors (features,) or (N, features), or (blocks down, blocks across, cells down, cells across, orientations),
        with N in front for a batch.

    Raises:
        ValueError: for another rank, numbers below 1, unknown norms and images smaller than a block.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.filters.hog(np.random.default_rng(0).random((32, 32))).shape
        (324,)
    """
    x, _ = to_batch("hog", image)
    single = len(as_array(image).shape) != 4
    choice("hog", "block_norm", block_norm, _NORMS)
    bins = whole_number("hog", "orientations", orientations)
    cell = pair("hog", "pixels_per_cell", pixels_per_cell)
    block = pair("hog", "cells_per_block", cells_per_block)
    if min(bins, *cell, *block) < 1 or any(b * c > n for b, c, n in zip(block, cell, x.shape[1:3])):
        raise ValueError(
            f"hog: no block fits; expected numbers from 1 and images of at least "
            f"{block[0] * cell[0]}×{block[1] * cell[1]} pixels, got orientations={orientations}, "
            f"pixels_per_cell={pixels_per_cell}, cells_per_block={cells_per_block}, (height, width)="
            f"{tuple(x.shape[1:3])}."
        )
    cells = _histogram(sqrt(x) if transform_sqrt else x, orientations=bins, cell_height=cell[0], cell_width=cell[1])
    blocks = _normalized(im2col(cells, block), block_norm)
    n, down, across, _ = blocks.shape
    result = reshape(blocks, (n, -1) if feature_vector else (n, down, across, *block, bins))
    return squeeze(result, 0) if single else result


def _normalized(x: Any, norm: str) -> Any:
    if norm.startswith("L1"):
        y = divide(x, sum_of(absolute(x), -1, keepdims=True) + _EPSILON)
        return sqrt(y) if norm == "L1-sqrt" else y
    y = _by_length(x)
    return _by_length(minimum(y, 0.2)) if norm == "L2-Hys" else y


def _by_length(x: Any) -> Any:
    return divide(x, sqrt(sum_of(square(x), -1, keepdims=True) + _EPSILON**2))

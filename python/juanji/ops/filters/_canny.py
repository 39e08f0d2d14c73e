"""Edges by Canny's method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji import _core
from juanji.ops._binary import divide
from juanji.ops._convert import as_array
from juanji.ops._operation import NumpyFunction, Operation
from juanji.ops._shape import moveaxis, reshape
from juanji.ops._unary import sqrt, square
from juanji.ops.filters._linear import gaussian_filter, sobel
from juanji.ops.filters._windows import to_batch
from juanji.ops.image._layout import same_floats

_edges = Operation("canny", _core.Edges)
_quantiles = Operation(
    "quantiles",
    lambda shares: NumpyFunction(lambda x: np.quantile(x, shares, axis=(1, 2)).T.astype(x.dtype)),
)


def canny(
    image: Any,
    sigma: float | Sequence[float] = 1.0,
    low_threshold: float | None = None,
    high_threshold: float | None = None,
    use_quantiles: bool = False,
    mode: str = "constant",
    cval: float = 0.0,
) -> Any:
    """Thin, connected edges (Canny, 1986), as ``skimage.feature.canny`` finds them. It has no gradient.

    Images are blurred, and the slope of brightness is measured by the Sobel operator. A pixel is part of an edge where
    the slope is largest in its own direction and at least the lower threshold, if such pixels lead from it to one of
    at least the upper threshold.

    Args:
        image: (H, W), (H, W, C) or (N, H, W, C); channels are seen on their own. Whole numbers count as fractions of
            the largest one of their type, and so do thresholds.
        sigma: standard deviation of the blur in pixels, or one from top to bottom and one from left to right.
        low_threshold: lower one; a tenth of the largest value by default.
        high_threshold: upper one; a fifth of the largest value by default.
        use_quantiles: thresholds are shares of the pixels whose slope is less, in 0..1.
        mode: what is outside an image, as in :func:`filter2d`; with 'constant' the blur leaves it out.
        cval: pixels outside for mode='constant'.

    Returns:
        Booleans of the same shape.

    Raises:
        ValueError: for another rank, thresholds out of order or, as quantiles, outside 0..1, and unknown modes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> image = np.zeros((7, 8))
        >>> image[:, 4:] = 1
        >>> ops.filters.canny(image)[3].astype(int)
        array([0, 0, 0, 1, 1, 0, 0, 0])
    """
    x, restore = to_batch("canny", image)
    dtype = as_array(image).dtype
    largest = 1.0
    if dtype.kind in "iu":
        largest = float(np.iinfo(dtype).max)
        x = x / largest
    low, high = _thresholds(low_threshold, high_threshold, use_quantiles, largest)
    smooth = gaussian_filter(x, sigma, mode, cval)
    if mode == "constant":  # by how much the outside has taken part
        inside = gaussian_filter(same_floats(x, np.ones((1, *x.shape[1:3], 1))), sigma, mode, cval)
        smooth = divide(smooth, inside + float(np.finfo(x.dtype).eps))
    n, h, w, channels = x.shape
    planes = reshape(moveaxis(smooth, -1, 1), (n * channels, h, w, 1))
    dy, dx = (reshape(sobel(planes, axis), (n * channels, h, w)) for axis in (0, 1))
    slope = sqrt(square(dy) + square(dx))
    thresholds = _quantiles(slope, shares=(low, high)) if use_quantiles else same_floats(slope, [[low, high]])
    found = _edges(dy, dx, slope, thresholds)
    return restore(moveaxis(reshape(found, (n, channels, h, w)), 1, -1))


def _thresholds(low: float | None, high: float | None, quantiles: bool, largest: float) -> tuple[float, float]:
    unit = 1.0 if quantiles else largest
    lower = 0.1 if low is None else low / unit
    upper = 0.2 if high is None else high / unit
    given = f"low_threshold={low}, high_threshold={high}"
    if upper < lower:
        raise ValueError(f"canny: thresholds out of order; expected the lower one first, got {given}.")
    if quantiles and not (0 <= lower <= 1 and 0 <= upper <= 1):
        raise ValueError(f"canny: no such quantiles; expected thresholds in 0..1, got {given}.")
    return lower, upper

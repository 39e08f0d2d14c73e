"""The median filter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import _core
from juanji.ops._convert import as_array
from juanji.ops._operation import Operation
from juanji.ops._window import pair
from juanji.ops.filters._windows import around, extend, to_batch
from juanji.ops.image._layout import like

_median = Operation("median_filter", _core.Median)


def median_filter(images: Any, size: int | Sequence[int] = 3, mode: str = "reflect", cval: float = 0.0) -> Any:
    """The median of the pixels around each, as ``scipy.ndimage.median_filter`` gives it. It has no gradient.

    Args:
        images: (H, W), (H, W, C) or (N, H, W, C); channels are filtered on their own.
        size: (height, width) of the window in pixels, or one number for both. With an even number of pixels, the upper
            one of the two in the middle counts.
        mode: what is outside an image, as in :func:`filter2d`.
        cval: pixels outside for mode='constant'.

    Returns:
        The same shape and type.

    Raises:
        ValueError: for another rank, sizes below 1 and unknown modes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.filters.median_filter(np.array([[1.0, 9.0, 2.0, 3.0]]), (1, 3))
        array([[1., 2., 3., 3.]])
    """
    x, restore = to_batch("median_filter", images)
    height, width = pair("median_filter", "size", size)
    if min(height, width) < 1:
        raise ValueError(f"median_filter: no such window; expected sizes from 1, got size={size!r}.")
    extended = extend("median_filter", x, (around(height), around(width)), mode, cval)
    return restore(like(_median(extended, height=height, width=width), as_array(images).dtype))

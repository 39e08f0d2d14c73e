"""Changing the tones of images by their histograms."""

from __future__ import annotations

from typing import Any

from juanji import _core, ops
from juanji.ops._convert import as_float
from juanji.ops._operation import Call, Operation

_equalize = Operation("equalize", lambda bins: _core.Equalize(bins))
_clahe = Operation("clahe", lambda rows, cols, clip_limit: _core.Clahe(rows, cols, clip_limit))


# Both look tones up in tables of bins: what they give changes in steps.
@_equalize.gradient
@_clahe.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, 0),)


def equalize(images: Any, bins: int = 256) -> Any:
    """Histogram equalization: every tone of a channel is made as common as the others.

    Args:
        images: pixels from 0 to 255, of shape (..., channels); the tones are counted over all images.
        bins: how many tones are told apart.

    Example:
        >>> import numpy as np
        >>> equalize(np.array([[10.0], [20.0], [30.0]]))[:, 0]
        array([  0., 128., 255.])
    """
    return _equalize(as_float(images), bins=int(bins))


def clahe(images: Any, clip_limit: float = 4.0, tile_grid_size: tuple[int, int] = (8, 8)) -> Any:
    """Contrast limited adaptive histogram equalization (Zuiderveld, *Graphics Gems IV*, 1994).

    Args:
        images: pixels from 0 to 255, of shape (batch, height, width, channels).
        clip_limit: how often a tone may count, in relation to the mean of all; 0 for no limit.
        tile_grid_size: number of tiles, vertically and horizontally, with a histogram each.

    Example:
        >>> import numpy as np
        >>> clahe(np.full((1, 4, 4, 1), 9.0), clip_limit=0.0, tile_grid_size=(1, 1))[0, 0, 0]
        array([255.])
    """
    rows, cols = tile_grid_size
    return _clahe(as_float(images), rows=int(rows), cols=int(cols), clip_limit=float(clip_limit))

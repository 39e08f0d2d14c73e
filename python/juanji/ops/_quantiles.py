"""Medians and quantiles, with and without attention to NaN."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji import ops
from juanji.ops._convert import as_float
from juanji.ops._reductions import Axis, _axes

_METHODS = ("linear", "lower", "higher", "nearest", "midpoint")


def _quantiles(op: str, x: Any, q: Any, axis: Axis, method: str, keepdims: bool, skip_nan: bool) -> Any:
    """Sorts along the axes and picks, or mixes, the two elements next to each wanted place."""
    if method not in _METHODS:
        raise ValueError(f"{op}: unknown method; expected one of {', '.join(_METHODS)}, got method={method!r}.")
    x, shares = as_float(x), np.asarray(q, np.float64)
    if not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError(f"{op}: expected shares from 0 to 1 (percentages from 0 to 100), got {q}.")
    rank = len(x.shape)
    axes = _axes(op, axis, rank)
    others = tuple(i for i in range(rank) if i not in axes)
    kept = tuple(x.shape[i] for i in others)
    size = math.prod(x.shape[i] for i in axes)
    if size == 0:
        raise ValueError(f"{op}: nothing to choose from; expected elements along axis={axis}, got {tuple(x.shape)}.")
    rows = ops.sort(ops.reshape(ops.transpose(x, (*others, *axes)), (*kept, size)), axis=-1)
    missing = ops.sum(ops.cast(ops.isnan(rows), x.dtype), axis=-1, keepdims=True)
    if skip_nan:
        spoiled = ops.equal(missing, size)
        last = ops.maximum(ops.subtract(size - 1, missing), 0)
    else:
        spoiled = ops.greater(missing, 0)
        last = ops.full_like(missing, size - 1)
    weights, below, above = _neighbours(ops.multiply(last, shares.reshape(-1).astype(x.dtype)), method)
    low = ops.take_along_axis(rows, ops.cast(below, "int32"), -1)
    high = ops.take_along_axis(rows, ops.cast(above, "int32"), -1)
    mixed = ops.where(ops.equal(low, high), low, ops.add(ops.multiply(low, 1 - weights), ops.multiply(high, weights)))
    y = ops.moveaxis(ops.where(spoiled, math.nan, mixed), -1, 0)
    rest = tuple(1 if i in axes else x.shape[i] for i in range(rank)) if keepdims else kept
    return ops.reshape(y, (*shares.shape, *rest))


def _neighbours(places: Any, method: str) -> tuple[Any, Any, Any]:
    """Weight of the upper neighbour, and the places of both."""
    below, above = ops.floor(places), ops.ceil(places)
    if method == "linear":
        return ops.subtract(places, below), below, above
    if method == "midpoint":
        return ops.full_like(places, 0.5), below, above
    chosen = {"lower": below, "higher": above, "nearest": ops.round(places)}[method]
    return ops.zeros_like(places), chosen, chosen


def quantile(
    x: Any, q: Any, axis: int | Sequence[int] | None = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """The elements below which given shares of all lie; NaN where there is a NaN.

    Args:
        x: array or tensor.
        q: shares, 0 to 1; a number or a vector.
        axis: one or several axes; all by default.
        method: what lies between two elements: 'linear', 'lower', 'higher', 'nearest' or 'midpoint'.
        keepdims: keep reduced axes as size 1.

    Returns:
        The shape of ``q``, then that of ``x`` without the reduced axes.

    Raises:
        ValueError: for shares outside 0 to 1, unknown methods and empty axes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.quantile(np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.75]))
        array([1. , 2.5])
    """
    return _quantiles("quantile", x, q, axis, method, keepdims, skip_nan=False)


def percentile(
    x: Any, q: Any, axis: int | Sequence[int] | None = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """:func:`quantile` with shares in percent.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.percentile(np.array([1.0, 2.0, 3.0]), 50))
        2.0
    """
    return _quantiles("percentile", x, np.asarray(q, np.float64) / 100, axis, method, keepdims, skip_nan=False)


def median(x: Any, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Any:
    """The element in the middle, or the mean of the two there.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.median(np.array([5.0, 1.0, 2.0])))
        2.0
    """
    return _quantiles("median", x, 0.5, axis, "linear", keepdims, skip_nan=False)


def nanquantile(
    x: Any, q: Any, axis: int | Sequence[int] | None = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """:func:`quantile` of the elements that are not NaN.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.nanquantile(np.array([1.0, np.nan, 3.0]), 0.5))
        2.0
    """
    return _quantiles("nanquantile", x, q, axis, method, keepdims, skip_nan=True)


def nanpercentile(
    x: Any, q: Any, axis: int | Sequence[int] | None = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """:func:`percentile` of the elements that are not NaN.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.nanpercentile(np.array([1.0, np.nan, 3.0]), 50))
        2.0
    """
    return _quantiles("nanpercentile", x, np.asarray(q, np.float64) / 100, axis, method, keepdims, skip_nan=True)


def nanmedian(x: Any, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Any:
    """:func:`median` of the elements that are not NaN.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.nanmedian(np.array([1.0, np.nan, 5.0, 2.0])))
        2.0
    """
    return _quantiles("nanmedian", x, 0.5, axis, "linear", keepdims, skip_nan=True)

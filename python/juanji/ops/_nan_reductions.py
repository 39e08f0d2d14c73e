"""Reductions that leave out NaN, the range of values, and how many are not 0."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import DTypeLike

from juanji import ops
from juanji.ops._convert import as_array, as_float
from juanji.ops._reductions import Axis


def _filled(x: Any, value: float) -> Any:
    """``x`` with a number in the place of NaN, through which nothing is differentiated."""
    x = as_array(x)
    return ops.where(ops.isnan(x), value, x) if x.dtype.kind == "f" else x


def _all_missing(x: Any, axis: Axis, keepdims: bool) -> Any:
    return ops.all(ops.isnan(ops.stop_gradient(as_array(x))), axis=axis, keepdims=keepdims)


def nansum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Sum of the elements that are not NaN.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.nansum(np.array([1.0, np.nan, 2.0])))
        3.0
    """
    return ops.sum(_filled(x, 0.0), axis, keepdims)


def nanprod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Product of the elements that are not NaN.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.nanprod(np.array([3.0, np.nan, 2.0])))
        6.0
    """
    return ops.prod(_filled(x, 1.0), axis, keepdims)


def nancumsum(x: Any, axis: int | None = None, dtype: DTypeLike | None = None) -> Any:
    """Running sums in which NaN counts as 0.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.nancumsum(np.array([1.0, np.nan, 2.0]))
        array([1., 1., 3.])
    """
    return ops.cumsum(_filled(x, 0.0), axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: DTypeLike | None = None) -> Any:
    """Running products in which NaN counts as 1.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.nancumprod(np.array([3.0, np.nan, 2.0]))
        array([3., 3., 6.])
    """
    return ops.cumprod(_filled(x, 1.0), axis, dtype)


def _present(x: Any, axis: Axis, keepdims: bool) -> Any:
    return ops.sum(ops.cast(ops.logical_not(ops.isnan(x)), x.dtype), axis, keepdims)


def nanmean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Mean of the elements that are not NaN; NaN where there are none.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.nanmean(np.array([1.0, np.nan, 2.0])))
        1.5
    """
    x = as_float(x)
    return ops.divide(nansum(x, axis, keepdims), _present(x, axis, keepdims))


def nanvar(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Variance of the elements that are not NaN; NaN where there are none.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.nanvar(np.array([1.0, np.nan, 3.0])))
        1.0
    """
    x = as_float(x)
    missing = ops.isnan(x)
    apart = ops.subtract(ops.where(missing, 0.0, x), nanmean(x, axis, keepdims=True))
    squares = ops.square(ops.where(missing, 0.0, apart))
    return ops.divide(ops.sum(squares, axis, keepdims), _present(x, axis, keepdims))


def nanstd(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Standard deviation of the elements that are not NaN; NaN where there are none.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.nanstd(np.array([1.0, np.nan, 3.0])))
        1.0
    """
    return ops.sqrt(nanvar(x, axis, keepdims))


def nanmax(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Largest of the elements that are not NaN; NaN where there are none.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.nanmax(np.array([1.0, np.nan, 3.0])))
        3.0
    """
    y = ops.max(_filled(x, -math.inf), axis, keepdims)
    return ops.where(_all_missing(x, axis, keepdims), math.nan, y) if y.dtype.kind == "f" else y


def nanmin(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Smallest of the elements that are not NaN; NaN where there are none.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.nanmin(np.array([1.0, np.nan, 3.0])))
        1.0
    """
    y = ops.min(_filled(x, math.inf), axis, keepdims)
    return ops.where(_all_missing(x, axis, keepdims), math.nan, y) if y.dtype.kind == "f" else y


def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Position of the largest of the elements that are not NaN; -1 where there are none.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> int(ops.nanargmax(np.array([1.0, np.nan, 3.0])))
        2
    """
    y = ops.argmax(_filled(x, -math.inf), axis, keepdims)
    return _or_none(x, axis, keepdims, y)


def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Position of the smallest of the elements that are not NaN; -1 where there are none.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> int(ops.nanargmin(np.array([np.nan, 1.0, 3.0])))
        1
    """
    y = ops.argmin(_filled(x, math.inf), axis, keepdims)
    return _or_none(x, axis, keepdims, y)


def _or_none(x: Any, axis: int | None, keepdims: bool, y: Any) -> Any:
    return ops.where(_all_missing(x, axis, keepdims), -1, y) if as_array(x).dtype.kind == "f" else y


def ptp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Largest minus smallest element.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.ptp(np.array([1.0, 5.0, 3.0])))
        4.0
    """
    return ops.subtract(ops.max(x, axis, keepdims), ops.min(x, axis, keepdims))


def count_nonzero(x: Any, axis: Axis = None) -> Any:
    """How many elements are not 0, as int32.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> int(ops.count_nonzero(np.array([0, 3, 0, 1])))
        2
    """
    return ops.cast(ops.sum(ops.cast(ops.cast(x, bool), "int32"), axis), "int32")

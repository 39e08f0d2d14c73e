"""Running sums and products, differences, and integrals of samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from juanji import ops
from juanji.autograd import Array
from juanji.ops._convert import as_array, as_float
from juanji.ops._numpy_side import by_numpy
from juanji.ops._operation import Call
from juanji.ops._shape import normalize_axis
from juanji.ops._whole import whole_number


def _running_sum(x: Array, axis: int, reverse: bool) -> Array:
    if reverse:
        return np.flip(np.cumsum(np.flip(x, axis), axis, dtype=x.dtype), axis)
    return np.cumsum(x, axis, dtype=x.dtype)


def _sum_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return (_cumsum(dy, axis=call.attributes["axis"], reverse=not call.attributes["reverse"]),)


def _product_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    # Each product y_j with j >= i has x_i as a factor. Sums over the matrix of products of all others, so that zeros
    # do no harm: d y_j / d x_i = (product of x_k, k <= j, k != i).
    x, axis = call.inputs[0], call.attributes["axis"]
    size = x.shape[axis]
    moved = ops.expand_dims(ops.moveaxis(x, axis, -1), -2)
    own = np.eye(size, dtype=bool)
    others = _cumprod(ops.where(own, np.ones((), x.dtype), moved), axis=len(moved.shape) - 1)  # [i, j]
    before = np.triu(np.ones((size, size), x.dtype))
    terms = ops.multiply(ops.multiply(others, before), ops.expand_dims(ops.moveaxis(dy, axis, -1), -2))
    return (ops.moveaxis(ops.sum(terms, axis=-1), -1, axis),)


_cumsum = by_numpy("cumsum", _running_sum, _sum_gradient)
_cumprod = by_numpy("cumprod", lambda x, axis: np.cumprod(x, axis, dtype=x.dtype), _product_gradient)


def cumsum(x: Any, axis: int | None = None, dtype: DTypeLike | None = None) -> Any:
    """Running sums along an axis.

    Args:
        x: array or tensor.
        axis: axis along which is added; None for all elements in one dimension.
        dtype: type of the sums; that of ``x`` by default, int32 for booleans.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.cumsum(np.array([1.0, 2.0, 3.0]))
        array([1., 3., 6.])
    """
    x, place = _line("cumsum", x, axis, dtype)
    return _cumsum(x, axis=place, reverse=False)


def cumprod(x: Any, axis: int | None = None, dtype: DTypeLike | None = None) -> Any:
    """Running products along an axis.

    Args:
        x: array or tensor.
        axis: axis along which is multiplied; None for all elements in one dimension.
        dtype: type of the products; that of ``x`` by default, int32 for booleans.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.cumprod(np.array([1.0, 2.0, 3.0]))
        array([1., 2., 6.])
    """
    x, place = _line("cumprod", x, axis, dtype)
    return _cumprod(x, axis=place)


def _line(op: str, x: Any, axis: int | None, dtype: DTypeLike | None) -> tuple[Any, int]:
    x = as_array(x)
    wanted = np.dtype(x.dtype if dtype is None else dtype)
    x = ops.cast(x, "int32" if wanted.kind == "b" else wanted)
    if axis is None:
        return ops.ravel(x), 0
    return x, normalize_axis(op, axis, len(x.shape))


def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """Differences of neighbours along an axis, ``n`` times over.

    Args:
        a: array or tensor.
        n: how many times differences are taken, from 0.
        axis: axis along which neighbours stand.

    Raises:
        ValueError: for a negative ``n``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.diff(np.array([1.0, 4.0, 9.0]))
        array([3., 5.])
    """
    x = as_array(a)
    times = whole_number("diff", "n", n)
    if times < 0:
        raise ValueError(f"diff: negative; expected a number from 0, got n={n}.")
    place = normalize_axis("diff", axis, len(x.shape))
    for _ in range(times):
        later, earlier = _behind(x, place, 1), _before(x, place, 1)
        x = ops.not_equal(later, earlier) if x.dtype == bool else ops.subtract(later, earlier)
    return x


def _behind(x: Any, axis: int, count: int) -> Any:
    return x[(slice(None),) * axis + (slice(count, None),)]


def _before(x: Any, axis: int, count: int) -> Any:
    return x[(slice(None),) * axis + (slice(None, max(x.shape[axis] - count, 0)),)]


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """Integral of samples along an axis by the trapezoidal rule.

    Args:
        y: samples.
        x: where they were taken; in steps of ``dx`` by default.
        dx: step between samples.
        axis: axis along which is integrated.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.trapezoid(np.array([1.0, 2.0, 3.0])))
        4.0
    """
    y = as_float(y)
    place = normalize_axis("trapezoid", axis, len(y.shape))
    heights = ops.multiply(ops.add(_behind(y, place, 1), _before(y, place, 1)), 0.5)
    if x is None:
        return ops.sum(ops.multiply(heights, dx), axis=place)
    steps = diff(as_float(x), axis=-1 if len(as_array(x).shape) == 1 else place)
    if len(steps.shape) == 1:
        steps = ops.reshape(steps, [-1 if i == place else 1 for i in range(len(y.shape))])
    return ops.sum(ops.multiply(heights, steps), axis=place)

"""Questions about elements beyond order and equality."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.ops._convert import as_array, as_float, operands
from juanji.ops._numpy_side import by_numpy

_isin = by_numpy(
    "isin", lambda x1, x2, assume_unique, invert: np.isin(x1, x2, assume_unique=assume_unique, invert=invert)
)
_signbit = by_numpy("signbit", np.signbit)


def isinf(x: Any) -> Any:
    """Whether each element is infinite.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.isinf(np.array([1.0, -np.inf, np.nan]))
        array([False,  True, False])
    """
    x = as_array(x)
    return ops.equal(ops.abs(x), float("inf")) if x.dtype.kind == "f" else ops.zeros_like(x, dtype=bool)


def isposinf(x: Any) -> Any:
    """Whether each element is infinite and positive.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.isposinf(np.array([np.inf, -np.inf]))
        array([ True, False])
    """
    x = as_array(x)
    return ops.equal(x, float("inf")) if x.dtype.kind == "f" else ops.zeros_like(x, dtype=bool)


def isneginf(x: Any) -> Any:
    """Whether each element is infinite and negative.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.isneginf(np.array([np.inf, -np.inf]))
        array([False,  True])
    """
    x = as_array(x)
    return ops.equal(x, float("-inf")) if x.dtype.kind == "f" else ops.zeros_like(x, dtype=bool)


def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Whether ``|x1 - x2| <= atol + rtol * |x2|``, element by element; equal infinities are close.

    Args:
        x1, x2: arrays or tensors that broadcast.
        rtol: tolerance relative to ``x2``.
        atol: absolute tolerance.
        equal_nan: whether NaN is close to NaN.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.isclose(np.array([1.0, 1.0]), np.array([1.0000001, 1.1]))
        array([ True, False])
    """
    a, b = operands(x1, x2)
    same = ops.equal(a, b)
    if a.dtype.kind != "f":
        return same
    limit = ops.add(ops.multiply(ops.abs(b), rtol), atol)
    near = ops.logical_and(ops.less_equal(ops.abs(ops.subtract(a, b)), limit), ops.isfinite(b))
    near = ops.logical_or(same, near)
    return ops.logical_or(near, ops.logical_and(ops.isnan(a), ops.isnan(b))) if equal_nan else near


def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Whether all elements are close, as :func:`isclose` says.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> bool(ops.allclose(np.array([1.0, 2.0]), np.array([1.0, 2.0])))
        True
    """
    return ops.all(isclose(x1, x2, rtol, atol, equal_nan))


def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether each element of ``x1`` is among those of ``x2``.

    Args:
        x1: elements that are looked for.
        x2: elements among which is looked.
        assume_unique: promise that no array has an element twice, which saves time.
        invert: ask whether it is not.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.isin(np.array([1, 2, 3]), [2, 5])
        array([False,  True, False])
    """
    a, b = operands(x1, x2)
    return _isin(a, b, assume_unique=bool(assume_unique), invert=bool(invert))


def logical_xor(x1: Any, x2: Any) -> Any:
    """Whether exactly one of two is true (not 0), element by element.

    Example:
        >>> from juanji import ops
        >>> ops.logical_xor([True, True], [True, False])
        array([False,  True])
    """
    return ops.not_equal(ops.cast(x1, bool), ops.cast(x2, bool))


def signbit(x: Any) -> Any:
    """Whether the sign of each element is minus; true for -0.0.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.signbit(np.array([-0.0, 1.0]))
        array([ True, False])
    """
    x = as_array(x)
    return _signbit(x) if x.dtype.kind == "f" else ops.less(x, 0)


def fmax(x1: Any, x2: Any) -> Any:
    """The larger of each pair; where one is NaN, the other.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.fmax(np.array([1.0, np.nan]), 2.0)
        array([2., 2.])
    """
    a, b = operands(x1, x2)
    return ops.where(_takes_second(a, b, ops.less(a, b)), b, a)


def fmin(x1: Any, x2: Any) -> Any:
    """The smaller of each pair; where one is NaN, the other.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.fmin(np.array([1.0, np.nan]), 2.0)
        array([1., 2.])
    """
    a, b = operands(x1, x2)
    return ops.where(_takes_second(a, b, ops.greater(a, b)), b, a)


def _takes_second(a: Any, b: Any, better: Any) -> Any:
    return ops.logical_or(better, ops.isnan(a)) if a.dtype.kind == "f" else better


def heaviside(x1: Any, x2: Any) -> Any:
    """0 for negative ``x1``, 1 for positive, ``x2`` at 0.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.heaviside(np.array([-1.0, 0.0, 2.0]), 0.5)
        array([0. , 0.5, 1. ])
    """
    a, b = (as_float(x) for x in operands(x1, x2))
    above = ops.where(ops.greater(a, 0), 1.0, ops.where(ops.isnan(a), ops.stop_gradient(a), b))
    return ops.where(ops.less(a, 0), ops.zeros_like(b), above)


def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """``x`` with numbers in the place of NaN and infinities.

    Args:
        x: array or tensor.
        nan: in the place of NaN.
        posinf: in the place of infinity; the largest number of the type by default.
        neginf: in the place of minus infinity; the smallest number of the type by default.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.nan_to_num(np.array([np.nan, 1.0, np.inf]), posinf=9.0)
        array([0., 1., 9.])
    """
    x = as_array(x)
    if x.dtype.kind != "f":
        return x
    limits = np.finfo(x.dtype)
    x = ops.where(ops.isnan(x), float(nan), x)
    x = ops.where(isposinf(x), float(limits.max if posinf is None else posinf), x)
    return ops.where(isneginf(x), float(limits.min if neginf is None else neginf), x)


def divide_no_nan(x1: Any, x2: Any) -> Any:
    """``x1 / x2``, and 0 where ``x2`` is 0.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.divide_no_nan(np.array([1.0, 3.0]), np.array([0.0, 2.0]))
        array([0. , 1.5])
    """
    a, b = (as_float(x) for x in operands(x1, x2))
    zero = ops.equal(b, 0)
    return ops.where(zero, 0.0, ops.divide(a, ops.where(zero, 1.0, b)))


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Elements of the first choice whose condition holds, ``default`` where none does.

    Args:
        condlist: conditions, in order.
        choicelist: what belongs to each.
        default: what remains.

    Raises:
        ValueError: when the lists are empty or differ in length.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> x = np.arange(4)
        >>> ops.select([x < 1, x > 2], [x + 10, x + 20])
        array([10,  0,  0, 23])
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(
            f"select: expected as many choices as conditions, and at least one, got {len(condlist)} conditions and "
            f"{len(choicelist)} choices."
        )
    *choices, result = operands(*choicelist, default)
    for condition, choice in zip(reversed(condlist), reversed(choices)):
        result = ops.where(condition, choice, result)
    return result


def fabs(x: Any) -> Any:
    """Absolute value as a float.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.fabs(np.array([-2]))
        array([2.], dtype=float32)
    """
    return ops.abs(as_float(x))

"""Whole numbers from fractions, and remainders."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import _core, ops
from juanji.ops._convert import as_array, as_float, operands
from juanji.ops._numpy_side import by_numpy, no_gradient
from juanji.ops._operation import Call, NativeForFloats, Operation


def _rounding(kind: str, function: Any) -> Operation:
    operation = Operation(kind, lambda: NativeForFloats(_core.Unary(kind), function))
    operation.gradient(no_gradient)
    return operation


_ceil = _rounding("ceil", np.ceil)
_floor = _rounding("floor", np.floor)
_round = _rounding("round", np.round)
_trunc = _rounding("trunc", np.trunc)


def _quotient_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    # x1 - q * x2 with a whole q, which is constant
    from juanji.ops._binary import sum_to_shape

    x1, x2 = call.inputs
    quotient = ops.divide(ops.subtract(ops.stop_gradient(x1), ops.stop_gradient(call.output)), ops.stop_gradient(x2))
    return (
        sum_to_shape(dy, x1.shape) if call.needed[0] else None,
        sum_to_shape(ops.negative(ops.multiply(dy, ops.round(quotient))), x2.shape) if call.needed[1] else None,
    )


_mod = by_numpy("mod", np.mod, _quotient_gradient)
_fmod = by_numpy("fmod", np.fmod, _quotient_gradient)
_floor_divide = by_numpy("floor_divide", np.floor_divide)


def ceil(x: Any) -> Any:
    """The next whole number from ``x`` upwards, as a float.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.ceil(np.array([0.2, 1.0]))
        array([1., 1.])
    """
    return _ceil(as_float(x))


def floor(x: Any) -> Any:
    """The next whole number from ``x`` downwards, as a float.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.floor(np.array([0.8, -0.2]))
        array([ 0., -1.])
    """
    return _floor(as_float(x))


def trunc(x: Any) -> Any:
    """``x`` without its fraction; integers stay integers.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.trunc(np.array([1.8, -1.8]))
        array([ 1., -1.])
    """
    x = as_array(x)
    return _trunc(x) if x.dtype.kind == "f" else x


def round(x: Any, decimals: int = 0) -> Any:
    """``x`` rounded to the nearest number with so many decimals; halves go to the even one.

    Args:
        x: array or tensor; integers stay integers.
        decimals: places behind the point; negative ones round to tens, hundreds and so on.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.round(np.array([0.5, 1.5, 2.71]))
        array([0., 2., 3.])
    """
    x = as_array(x)
    if x.dtype.kind != "f":
        return x if decimals >= 0 else ops.cast(round(ops.cast(x, "float64"), decimals), x.dtype)
    if decimals == 0:
        return _round(x)
    scale = 10.0 ** (decimals if decimals > 0 else -decimals)
    if decimals > 0:
        return ops.divide(_round(ops.multiply(x, scale)), scale)
    return ops.multiply(_round(ops.divide(x, scale)), scale)


def mod(x1: Any, x2: Any) -> Any:
    """The remainder of division, with the sign of the divisor: ``x1 - floor(x1 / x2) * x2``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.mod(np.array([-1.0, 5.0]), 3)
        array([2., 2.])
    """
    return _mod(*_numbers(x1, x2))


def fmod(x1: Any, x2: Any) -> Any:
    """The remainder of division, with the sign of ``x1``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.fmod(np.array([-1.0, 5.0]), 3)
        array([-1.,  2.])
    """
    return _fmod(*_numbers(x1, x2))


def floor_divide(x1: Any, x2: Any) -> Any:
    """The whole quotient ``floor(x1 / x2)``; integers stay integers.

    Example:
        >>> from juanji import ops
        >>> ops.floor_divide([-1, 5], 3)
        array([-1,  1], dtype=int32)
    """
    return _floor_divide(*_numbers(x1, x2))


def _numbers(x1: Any, x2: Any) -> tuple[Any, ...]:
    values = operands(x1, x2)
    return tuple(ops.cast(x, "int32") for x in values) if values[0].dtype == bool else values

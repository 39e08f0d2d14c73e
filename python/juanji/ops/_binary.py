"""Arithmetic, comparison and selection with NumPy's broadcasting.

float32 and float64 run in C++; all other types run through NumPy, behind the same operation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from juanji import _core, ops
from juanji.ops._convert import as_float, cast, operands
from juanji.ops._operation import NATIVE_DTYPES, Call, NativeForFloats, NativeForSome, Operation


def _arithmetic(kind: str, function: Callable[[Any, Any], Any]) -> Operation:
    return Operation(kind, lambda: NativeForFloats(_core.Binary(kind), function))


_add = _arithmetic("add", np.add)
_subtract = _arithmetic("subtract", np.subtract)
_multiply = _arithmetic("multiply", np.multiply)
_divide = _arithmetic("divide", np.true_divide)
_maximum = _arithmetic("maximum", np.maximum)
_minimum = _arithmetic("minimum", np.minimum)
_power = _arithmetic("power", np.power)
_where = Operation("where", lambda: NativeForFloats(_core.Where(), np.where, data=1))


def sum_to_shape(dy: Any, shape: tuple[int, ...]) -> Any:
    """Adds up what broadcasting copied: the gradient of broadcasting ``shape`` to ``dy.shape``."""
    if dy.shape == shape:
        return dy
    lead = len(dy.shape) - len(shape)
    axes = tuple(range(lead)) + tuple(lead + i for i, d in enumerate(shape) if d == 1 and dy.shape[lead + i] != 1)
    return ops.reshape(ops.sum(dy, axis=axes), shape)


def _for_input(call: Call, index: int, gradient: Callable[[], Any]) -> Any:
    return sum_to_shape(gradient(), call.inputs[index].shape) if call.needed[index] else None


@_add.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return _for_input(call, 0, lambda: dy), _for_input(call, 1, lambda: dy)


@_subtract.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return _for_input(call, 0, lambda: dy), _for_input(call, 1, lambda: ops.negative(dy))


@_multiply.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    a, b = call.inputs
    return _for_input(call, 0, lambda: multiply(dy, b)), _for_input(call, 1, lambda: multiply(dy, a))


@_divide.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    _a, b = call.inputs
    da = divide(dy, b)
    return (
        _for_input(call, 0, lambda: da),
        _for_input(call, 1, lambda: ops.negative(multiply(da, call.output))),
    )


@_maximum.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    a, b = call.inputs
    first = greater_equal(ops.stop_gradient(a), ops.stop_gradient(b))
    return _for_input(call, 0, lambda: where(first, dy, 0)), _for_input(call, 1, lambda: where(first, 0, dy))


@_minimum.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    a, b = call.inputs
    first = less_equal(ops.stop_gradient(a), ops.stop_gradient(b))
    return _for_input(call, 0, lambda: where(first, dy, 0)), _for_input(call, 1, lambda: where(first, 0, dy))


@_power.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    a, b = call.inputs

    def of_base() -> Any:
        # b a**(b-1), and 0 rather than 0 * inf where b is 0
        constant = equal(b, 0)
        slope = multiply(b, power(a, where(constant, 0, subtract(b, 1))))
        return multiply(dy, slope)

    def of_exponent() -> Any:
        # y log a; 0 where a is not positive, as there is no derivative
        positive = greater(a, 0)
        return multiply(dy, where(positive, multiply(call.output, ops.log(where(positive, a, 1))), 0))

    return _for_input(call, 0, of_base), _for_input(call, 1, of_exponent)


@_where.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    condition = call.inputs[0]
    return (
        None,
        _for_input(call, 1, lambda: where(condition, dy, 0)),
        _for_input(call, 2, lambda: where(condition, 0, dy)),
    )


def add(x1: Any, x2: Any) -> Any:
    """``x1 + x2`` with broadcasting.

    Args:
        x1, x2: arrays or tensors whose shapes broadcast, or Python numbers, which take the other's type.

    Returns:
        The broadcast shape; types promote as in NumPy.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.add(np.array([[1.0], [2.0]]), np.array([10.0, 20.0]))
        array([[11., 21.],
               [12., 22.]])
    """
    return _add(*operands(x1, x2))


def subtract(x1: Any, x2: Any) -> Any:
    """``x1 - x2`` with broadcasting."""
    return _subtract(*operands(x1, x2))


def multiply(x1: Any, x2: Any) -> Any:
    """``x1 * x2`` with broadcasting."""
    return _multiply(*operands(x1, x2))


def divide(x1: Any, x2: Any) -> Any:
    """``x1 / x2`` with broadcasting; integers give the default float type.

    Example:
        >>> from juanji import ops
        >>> ops.divide([1, 3], 2)
        array([0.5, 1.5], dtype=float32)
    """
    x1, x2 = operands(x1, x2)
    return _divide(as_float(x1), as_float(x2))


true_divide = divide


def maximum(x1: Any, x2: Any) -> Any:
    """The larger of each pair; NaN where either is. Where they are equal the gradient goes to ``x1``."""
    return _maximum(*operands(x1, x2))


def minimum(x1: Any, x2: Any) -> Any:
    """The smaller of each pair; NaN where either is. Where they are equal the gradient goes to ``x1``."""
    return _minimum(*operands(x1, x2))


def power(x1: Any, x2: Any) -> Any:
    """``x1 ** x2`` with broadcasting; a negative base needs an integer exponent.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.power(np.array([-2.0, 4.0]), np.array([3.0, 0.5]))
        array([-8.,  2.])
    """
    return _power(*operands(x1, x2))


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """``x`` limited to [``x_min``, ``x_max``]; the gradient is 0 outside.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.clip(np.array([-1.0, 0.5, 7.0]), 0, 1)
        array([0. , 0.5, 1. ])
    """
    return minimum(maximum(x, x_min), x_max)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """``x1`` where the condition holds, else ``x2``, with broadcasting; the indices that hold without both.

    Args:
        condition: booleans, or numbers of which 0 is false.
        x1, x2: both or neither.

    Raises:
        ValueError: when only one of ``x1`` and ``x2`` is given.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.where(np.array([True, False]), np.array([1.0, 2.0]), 0)
        array([1., 0.])
    """
    if x1 is None and x2 is None:
        return np.nonzero(np.asarray(condition))
    if x1 is None or x2 is None:
        raise ValueError(
            "where: one of the alternatives is missing; expected x1 and x2, or neither, "
            f"got x{2 if x1 is None else 1} alone. Pass both."
        )
    return _where(cast(condition, bool), *operands(x1, x2))


def _comparison(kind: str, function: Callable[[Any, Any], Any]) -> Operation:
    def takes(dtypes: Sequence[np.dtype[Any]]) -> bool:
        return dtypes[0] == dtypes[1] and dtypes[0] in NATIVE_DTYPES

    operation = Operation(kind, lambda: NativeForSome(_core.Comparison(kind), function, takes))
    operation.gradient(lambda call, dy: (None, None))
    return operation


_equal = _comparison("equal", np.equal)
_not_equal = _comparison("not_equal", np.not_equal)
_less = _comparison("less", np.less)
_less_equal = _comparison("less_equal", np.less_equal)
_greater = _comparison("greater", np.greater)
_greater_equal = _comparison("greater_equal", np.greater_equal)


def equal(x1: Any, x2: Any) -> Any:
    """``x1 == x2`` element by element, as booleans.

    Example:
        >>> from juanji import ops
        >>> ops.equal([1, 2, 3], 2)
        array([False,  True, False])
    """
    return _equal(*operands(x1, x2))


def not_equal(x1: Any, x2: Any) -> Any:
    """``x1 != x2`` element by element, as booleans."""
    return _not_equal(*operands(x1, x2))


def less(x1: Any, x2: Any) -> Any:
    """``x1 < x2`` element by element, as booleans."""
    return _less(*operands(x1, x2))


def less_equal(x1: Any, x2: Any) -> Any:
    """``x1 <= x2`` element by element, as booleans."""
    return _less_equal(*operands(x1, x2))


def greater(x1: Any, x2: Any) -> Any:
    """``x1 > x2`` element by element, as booleans."""
    return _greater(*operands(x1, x2))


def greater_equal(x1: Any, x2: Any) -> Any:
    """``x1 >= x2`` element by element, as booleans."""
    return _greater_equal(*operands(x1, x2))


_logical_and = _comparison("logical_and", np.logical_and)
_logical_or = _comparison("logical_or", np.logical_or)


def logical_and(x1: Any, x2: Any) -> Any:
    """Whether both are true (not 0), element by element."""
    return _logical_and(cast(x1, bool), cast(x2, bool))


def logical_or(x1: Any, x2: Any) -> Any:
    """Whether one is true (not 0), element by element."""
    return _logical_or(cast(x1, bool), cast(x2, bool))

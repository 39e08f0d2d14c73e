"""Element-wise functions of one array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juanji import _core, ops
from juanji.ops._convert import as_array, as_float
from juanji.ops._logits import remember_logits
from juanji.ops._operation import Call, NativeForFloats, NumpyFunction, Operation


def _of_floats(kind: str) -> Operation:
    return Operation(kind, lambda: _core.Unary(kind))


def _of_numbers(kind: str, function: Callable[[Any], Any]) -> Operation:
    return Operation(kind, lambda: NativeForFloats(_core.Unary(kind), function))


def _test(name: str, function: Callable[[Any], Any]) -> Operation:
    operation = Operation(name, lambda: NumpyFunction(function))
    operation.gradient(lambda call, dy: (None,))
    return operation


_exp = _of_floats("exp")
_expm1 = _of_floats("expm1")
_log = _of_floats("log")
_log1p = _of_floats("log1p")
_reciprocal = _of_floats("reciprocal")
_relu = _of_floats("relu")
_relu6 = _of_floats("relu6")
_rsqrt = _of_floats("rsqrt")
_sigmoid = _of_floats("sigmoid")
_softplus = _of_floats("softplus")
_sqrt = _of_floats("sqrt")
_tanh = _of_floats("tanh")
_abs = _of_numbers("abs", np.abs)
_negative = _of_numbers("negative", np.negative)
_sign = _of_numbers("sign", np.sign)
_square = _of_numbers("square", np.square)
_isfinite = _test("isfinite", np.isfinite)
# dx from the output y and dy, in one pass
_activation_gradient = Operation("activation_gradient", _core.ActivationGradient)


@_exp.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, call.output),)


@_expm1.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, ops.add(call.output, 1)),)


@_log.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.divide(dy, call.inputs[0]),)


@_log1p.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.divide(dy, ops.add(call.inputs[0], 1)),)


@_reciprocal.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.negative(ops.multiply(dy, ops.square(call.output))),)


@_rsqrt.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    # y = x**-1/2, dy/dx = -1/2 x**-3/2 = -1/2 y / x
    return (ops.multiply(ops.multiply(dy, -0.5), ops.divide(call.output, call.inputs[0])),)


@_softplus.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, ops.sigmoid(call.inputs[0])),)


@_sqrt.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.divide(ops.multiply(dy, 0.5), call.output),)


@_abs.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, ops.sign(call.inputs[0])),)


@_negative.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.negative(dy),)


@_sign.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, 0),)


@_square.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, ops.multiply(call.inputs[0], 2)),)


@_relu.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (activation_gradient(call.output, dy, "relu"),)


@_relu6.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (activation_gradient(call.output, dy, "relu6"),)


@_sigmoid.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (activation_gradient(call.output, dy, "sigmoid"),)


@_tanh.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (activation_gradient(call.output, dy, "tanh"),)


@_activation_gradient.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    # dx = dy f'(y): linear in dy, and with the derivative of f' in y
    y, dy = call.inputs
    activation = call.attributes["activation"]
    through_dy = activation_gradient(y, ddx, activation)
    if activation == "sigmoid":  # f' = y (1 - y)
        return ops.multiply(ops.multiply(ddx, dy), ops.subtract(1, ops.multiply(y, 2))), through_dy
    if activation == "tanh":  # f' = 1 - y**2
        return ops.multiply(ops.multiply(ddx, dy), ops.multiply(y, -2)), through_dy
    return None, through_dy


def activation_gradient(y: Any, dy: Any, activation: str) -> Any:
    """Gradient of an activation from its output, ``dx = dy · f'(x)``; not part of the public interface.

    Args:
        y: output of the activation.
        dy: gradient that arrives at ``y``; same shape and float type.
        activation: 'none', 'relu', 'relu6', 'sigmoid' or 'tanh'.
    """
    return dy if activation == "none" else _activation_gradient(y, dy, activation=activation)


def relu(x: Any) -> Any:
    """Rectified linear unit, ``max(0, x)`` (Nair and Hinton, 2010).

    Args:
        x: array or tensor of any shape; integers are converted to the default float type.

    Returns:
        The same shape and float type.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.relu(np.array([-1.0, 0.0, 2.0]))
        array([0., 0., 2.])
    """
    return _relu(as_float(x))


def relu6(x: Any) -> Any:
    """``min(max(x, 0), 6)`` (Krizhevsky, 2010).

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.relu6(np.array([-1.0, 3.0, 9.0]))
        array([0., 3., 6.])
    """
    return _relu6(as_float(x))


def sigmoid(x: Any) -> Any:
    """Logistic function, ``1 / (1 + exp(-x))``; small results do not vanish early.

    Example:
        >>> from juanji import ops
        >>> float(ops.sigmoid(0.0))
        0.5
    """
    x = as_float(x)
    return remember_logits(_sigmoid(x), "sigmoid", x)


def tanh(x: Any) -> Any:
    """Hyperbolic tangent.

    Example:
        >>> from juanji import ops
        >>> float(ops.tanh(0.0))
        0.0
    """
    return _tanh(as_float(x))


def softplus(x: Any) -> Any:
    """Smooth rectifier, ``log(1 + exp(x))``, without overflow.

    Example:
        >>> from juanji import ops
        >>> float(ops.softplus(1000.0))
        1000.0
    """
    return _softplus(as_float(x))


def exp(x: Any) -> Any:
    """``e**x``; integers are converted to the default float type, as in every function here that needs floats.

    Example:
        >>> from juanji import ops
        >>> float(ops.exp(0.0))
        1.0
    """
    return _exp(as_float(x))


def expm1(x: Any) -> Any:
    """``exp(x) - 1``, exact for small ``x``."""
    return _expm1(as_float(x))


def log(x: Any) -> Any:
    """Natural logarithm: -inf at 0, NaN below.

    Example:
        >>> from juanji import ops
        >>> float(ops.log(1.0))
        0.0
    """
    return _log(as_float(x))


def log1p(x: Any) -> Any:
    """``log(1 + x)``, exact for small ``x``."""
    return _log1p(as_float(x))


def sqrt(x: Any) -> Any:
    """Square root: NaN below 0.

    Example:
        >>> from juanji import ops
        >>> float(ops.sqrt(9.0))
        3.0
    """
    return _sqrt(as_float(x))


def rsqrt(x: Any) -> Any:
    """``1 / sqrt(x)``.

    Example:
        >>> from juanji import ops
        >>> float(ops.rsqrt(4.0))
        0.5
    """
    return _rsqrt(as_float(x))


def reciprocal(x: Any) -> Any:
    """``1 / x``."""
    return _reciprocal(as_float(x))


def square(x: Any) -> Any:
    """``x * x``; integers stay integers.

    Example:
        >>> from juanji import ops
        >>> int(ops.square(3))
        9
    """
    return _square(as_array(x))


def abs(x: Any) -> Any:
    """Absolute value; integers stay integers. The gradient at 0 is 0.

    Example:
        >>> from juanji import ops
        >>> int(ops.abs(-3))
        3
    """
    return _abs(as_array(x))


absolute = abs


def negative(x: Any) -> Any:
    """``-x``; integers stay integers."""
    return _negative(as_array(x))


def isnan(x: Any) -> Any:
    """Whether each element is NaN."""
    x = as_array(x)
    return ops.not_equal(x, x)


def isfinite(x: Any) -> Any:
    """Whether each element is neither infinite nor NaN."""
    x = as_array(x)
    return ops.equal(ops.subtract(x, x), 0) if x.dtype in ("float32", "float64") else _isfinite(x)


def logical_not(x: Any) -> Any:
    """Whether each element is false (0)."""
    return ops.equal(as_array(x), 0)


def sign(x: Any) -> Any:
    """-1, 0 or 1 by the sign of ``x``, NaN for NaN; the gradient is 0."""
    return _sign(as_array(x))

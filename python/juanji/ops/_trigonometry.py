"""Circular and hyperbolic functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juanji import _core, ops
from juanji.ops._convert import as_float, operands
from juanji.ops._numpy_side import by_numpy
from juanji.ops._operation import Call, Operation

_sin = Operation("sin", lambda: _core.Unary("sin"))
_cos = Operation("cos", lambda: _core.Unary("cos"))


@_sin.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, ops.cos(call.inputs[0])),)


@_cos.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.negative(ops.multiply(dy, ops.sin(call.inputs[0]))),)


def _arcsin_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, ops.rsqrt(ops.subtract(1, ops.square(call.inputs[0])))),)


def _arccos_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.negative(ops.multiply(dy, ops.rsqrt(ops.subtract(1, ops.square(call.inputs[0]))))),)


def _arctan_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.divide(dy, ops.add(ops.square(call.inputs[0]), 1)),)


def _arcsinh_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, ops.rsqrt(ops.add(ops.square(call.inputs[0]), 1))),)


def _arccosh_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, ops.rsqrt(ops.subtract(ops.square(call.inputs[0]), 1))),)


def _arctanh_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.divide(dy, ops.subtract(1, ops.square(call.inputs[0]))),)


def _sinh_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, cosh(call.inputs[0])),)


def _cosh_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, sinh(call.inputs[0])),)


def _tan_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, ops.add(ops.square(call.output), 1)),)


def _arctan2_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    from juanji.ops._binary import sum_to_shape

    y, x = call.inputs
    scaled = ops.divide(dy, ops.add(ops.square(x), ops.square(y)))
    return (
        sum_to_shape(ops.multiply(scaled, x), y.shape) if call.needed[0] else None,
        sum_to_shape(ops.negative(ops.multiply(scaled, y)), x.shape) if call.needed[1] else None,
    )


_arccos = by_numpy("arccos", np.arccos, _arccos_gradient)
_arccosh = by_numpy("arccosh", np.arccosh, _arccosh_gradient)
_arcsin = by_numpy("arcsin", np.arcsin, _arcsin_gradient)
_arcsinh = by_numpy("arcsinh", np.arcsinh, _arcsinh_gradient)
_arctan = by_numpy("arctan", np.arctan, _arctan_gradient)
_arctan2 = by_numpy("arctan2", np.arctan2, _arctan2_gradient)
_arctanh = by_numpy("arctanh", np.arctanh, _arctanh_gradient)
_cosh = by_numpy("cosh", np.cosh, _cosh_gradient)
_sinh = by_numpy("sinh", np.sinh, _sinh_gradient)
_tan = by_numpy("tan", np.tan, _tan_gradient)


def sin(x: Any) -> Any:
    """Sine of an angle in radians; integers are converted to the default float type, as in all functions here.

    Example:
        >>> from juanji import ops
        >>> float(ops.sin(0.0))
        0.0
    """
    return _sin(as_float(x))


def cos(x: Any) -> Any:
    """Cosine of an angle in radians.

    Example:
        >>> from juanji import ops
        >>> float(ops.cos(0.0))
        1.0
    """
    return _cos(as_float(x))


def tan(x: Any) -> Any:
    """Tangent of an angle in radians.

    Example:
        >>> from juanji import ops
        >>> float(ops.tan(0.0))
        0.0
    """
    return _tan(as_float(x))


def arcsin(x: Any) -> Any:
    """Angle between -π/2 and π/2 whose sine is ``x``; NaN beyond -1 and 1.

    Example:
        >>> from juanji import ops
        >>> f"{float(ops.arcsin(1.0)):.4f}"
        '1.5708'
    """
    return _arcsin(as_float(x))


def arccos(x: Any) -> Any:
    """Angle between 0 and π whose cosine is ``x``; NaN beyond -1 and 1.

    Example:
        >>> from juanji import ops
        >>> float(ops.arccos(1.0))
        0.0
    """
    return _arccos(as_float(x))


def arctan(x: Any) -> Any:
    """Angle between -π/2 and π/2 whose tangent is ``x``.

    Example:
        >>> from juanji import ops
        >>> f"{float(ops.arctan(1.0)):.4f}"
        '0.7854'
    """
    return _arctan(as_float(x))


def arctan2(x1: Any, x2: Any) -> Any:
    """Angle of the point (``x2``, ``x1``) from the first axis, between -π and π.

    Args:
        x1: second coordinate.
        x2: first coordinate.

    Example:
        >>> from juanji import ops
        >>> f"{float(ops.arctan2(1.0, 0.0)):.4f}"
        '1.5708'
    """
    return _arctan2(*(as_float(x) for x in operands(x1, x2)))


def sinh(x: Any) -> Any:
    """Hyperbolic sine.

    Example:
        >>> from juanji import ops
        >>> float(ops.sinh(0.0))
        0.0
    """
    return _sinh(as_float(x))


def cosh(x: Any) -> Any:
    """Hyperbolic cosine.

    Example:
        >>> from juanji import ops
        >>> float(ops.cosh(0.0))
        1.0
    """
    return _cosh(as_float(x))


def arcsinh(x: Any) -> Any:
    """Inverse of :func:`sinh`.

    Example:
        >>> from juanji import ops
        >>> float(ops.arcsinh(0.0))
        0.0
    """
    return _arcsinh(as_float(x))


def arccosh(x: Any) -> Any:
    """Inverse of :func:`cosh`, 0 or more; NaN below 1.

    Example:
        >>> from juanji import ops
        >>> float(ops.arccosh(1.0))
        0.0
    """
    return _arccosh(as_float(x))


def arctanh(x: Any) -> Any:
    """Inverse of :func:`juanji.ops.tanh`; NaN beyond -1 and 1.

    Example:
        >>> from juanji import ops
        >>> float(ops.arctanh(0.0))
        0.0
    """
    return _arctanh(as_float(x))


def deg2rad(x: Any) -> Any:
    """Degrees as radians.

    Example:
        >>> from juanji import ops
        >>> f"{float(ops.deg2rad(180.0)):.4f}"
        '3.1416'
    """
    return ops.multiply(as_float(x), math.pi / 180)


def rad2deg(x: Any) -> Any:
    """Radians as degrees.

    Example:
        >>> from juanji import ops
        >>> float(ops.rad2deg(0.0))
        0.0
    """
    return ops.multiply(as_float(x), 180 / math.pi)


def sinc(x: Any) -> Any:
    """``sin(π x) / (π x)``, 1 at 0.

    Example:
        >>> from juanji import ops
        >>> float(ops.sinc(0.0))
        1.0
    """
    angle = ops.multiply(as_float(x), math.pi)
    flat = ops.equal(angle, 0)
    # the angle stays in the path at 0, so that the gradient there is that of 1 - angle**2 / 6
    safe = ops.where(flat, 1.0, angle)
    return ops.where(flat, ops.subtract(1, ops.divide(ops.square(angle), 6)), ops.divide(sin(safe), safe))


def hypot(x1: Any, x2: Any) -> Any:
    """``sqrt(x1**2 + x2**2)``, without overflow; the gradient at the origin is 0.

    Example:
        >>> from juanji import ops
        >>> float(ops.hypot(3.0, 4.0))
        5.0
    """
    a, b = (ops.abs(as_float(x)) for x in operands(x1, x2))
    larger, smaller = ops.maximum(a, b), ops.minimum(a, b)
    nothing = ops.logical_or(ops.equal(larger, 0), ops.equal(larger, float("inf")))
    ratio = ops.divide(smaller, ops.where(nothing, 1.0, larger))
    ratio = ops.where(nothing, 0.0, ratio)
    return ops.multiply(larger, ops.sqrt(ops.add(ops.square(ratio), 1)))

"""Functions that NumPy lacks or that are logarithms and powers of other bases."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juanji import _core, ops
from juanji.autograd import Array
from juanji.ops._convert import as_float, operands
from juanji.ops._numpy_side import by_numpy
from juanji.ops._operation import Call, Operation
from juanji.ops._reductions import Axis

_erf = Operation("erf", lambda: _core.Unary("erf"))


def _bell(x: Any) -> Any:
    """The derivative of erf, ``2 / sqrt(pi) * exp(-x**2)``."""
    return ops.multiply(ops.exp(ops.negative(ops.square(x))), 2 / math.sqrt(math.pi))


@_erf.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, _bell(call.inputs[0])),)


def _erfc_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.negative(ops.multiply(dy, _bell(call.inputs[0]))),)


def _erfinv_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.divide(dy, _bell(call.output)),)


def _i0_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.multiply(dy, _i1(call.inputs[0])),)


def _i1_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    # I1' = I0 - I1 / x, which is 1/2 at 0
    x = call.inputs[0]
    flat = ops.equal(x, 0)
    slope = ops.where(flat, 0.5, ops.subtract(i0(x), ops.divide(call.output, ops.where(flat, 1, x))))
    return (ops.multiply(dy, slope),)


def _cbrt_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return (ops.divide(dy, ops.multiply(ops.square(call.output), 3)),)


def _bessel_i1(x: Array) -> Array:
    # I1(x) = 1/pi integral of exp(x cos t) cos t over 0..pi; the midpoint rule converges geometrically
    t = (np.arange(128) + 0.5) * (math.pi / 128)
    y: Array = (np.exp(x[..., None].astype("float64") * np.cos(t)) * np.cos(t)).mean(-1).astype(x.dtype)
    return y


def _erfc_of(x: Array) -> Array:
    y: Array = np.vectorize(math.erfc, otypes=[x.dtype])(x)
    return y


def _erfinv_of(y: Array) -> Array:
    """Giles' approximation (2010), then two steps of Newton's method in float64, in the tails on erfc."""
    z = np.clip(y.astype("float64"), -1, 1)
    w = -np.log1p(-z * z)
    t = np.where(w < 5, w - 2.5, np.sqrt(w) - 3)
    near = (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
            -0.00417768164, 0.246640727, 1.50140941)  # fmt: skip
    far = (-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
           0.00943887047, 1.00167406, 2.83297682)  # fmt: skip
    x = np.where(w < 5, np.polyval(near, t), np.polyval(far, t)) * z
    finite = np.abs(z) < 1
    for _ in range(2):
        size = np.where(finite, np.abs(x), 0.0)
        miss = (1 - np.abs(z)) - _erfc_of(size)
        x = np.where(finite, np.copysign(size - miss * (math.sqrt(math.pi) / 2) * np.exp(size * size), z), x)
    x = np.where(np.abs(z) == 1, np.copysign(np.inf, z), x)
    return np.where(np.abs(y) > 1, np.nan, x).astype(y.dtype)


_erfc = by_numpy("erfc", _erfc_of, _erfc_gradient)
_erfinv = by_numpy("erfinv", _erfinv_of, _erfinv_gradient)
_i0 = by_numpy("i0", lambda x: np.i0(x.astype("float64")).astype(x.dtype), _i0_gradient)
_i1 = by_numpy("i1", _bessel_i1, _i1_gradient)
_cbrt = by_numpy("cbrt", np.cbrt, _cbrt_gradient)


def erf(x: Any) -> Any:
    """Error function, ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to ``x``.

    Example:
        >>> from juanji import ops
        >>> f"{float(ops.erf(0.5)):.4f}"
        '0.5205'
    """
    return _erf(as_float(x))


def erfc(x: Any) -> Any:
    """``1 - erf(x)``, which does not vanish early.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.erfc(np.array([0.0]))
        array([1.])
    """
    return _erfc(as_float(x))


def erfinv(x: Any) -> Any:
    """The inverse of :func:`erf`: infinite at -1 and 1, NaN beyond.

    Example:
        >>> from juanji import ops
        >>> f"{float(ops.erfinv(0.5)):.4f}"
        '0.4769'
    """
    return _erfinv(as_float(x))


def i0(x: Any) -> Any:
    """Modified Bessel function of the first kind, order 0.

    Example:
        >>> from juanji import ops
        >>> float(ops.i0(0.0))
        1.0
    """
    return _i0(as_float(x))


def cbrt(x: Any) -> Any:
    """Cube root, of negative numbers too.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.cbrt(np.array([-8.0, 27.0]))
        array([-2.,  3.])
    """
    return _cbrt(as_float(x))


def exp2(x: Any) -> Any:
    """``2**x``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.exp2(np.array([0.0, 3.0]))
        array([1., 8.])
    """
    return ops.power(2.0, as_float(x))


def log2(x: Any) -> Any:
    """Logarithm to base 2.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.log2(np.array([1.0, 8.0]))
        array([0., 3.])
    """
    return ops.multiply(ops.log(x), 1 / math.log(2))


def log10(x: Any) -> Any:
    """Logarithm to base 10.

    Example:
        >>> from juanji import ops
        >>> f"{float(ops.log10(1000.0)):.5f}"
        '3.00000'
    """
    return ops.multiply(ops.log(x), 1 / math.log(10))


def logaddexp(x1: Any, x2: Any) -> Any:
    """``log(exp(x1) + exp(x2))``, without overflow.

    Example:
        >>> from juanji import ops
        >>> float(ops.logaddexp(1000.0, 0.0))
        1000.0
    """
    a, b = (as_float(x) for x in operands(x1, x2))
    same = ops.equal(a, b)  # infinities of one sign have no difference
    gap = ops.where(same, 0.0, ops.subtract(a, b))
    larger = ops.maximum(a, b)
    return ops.where(same, ops.add(a, math.log(2)), ops.add(larger, ops.log1p(ops.exp(ops.negative(ops.abs(gap))))))


def logaddexp2(x1: Any, x2: Any) -> Any:
    """``log2(2**x1 + 2**x2)``, without overflow.

    Example:
        >>> from juanji import ops
        >>> float(ops.logaddexp2(3.0, 3.0))
        4.0
    """
    scale = math.log(2)
    a, b = (as_float(x) for x in operands(x1, x2))
    return ops.divide(logaddexp(ops.multiply(a, scale), ops.multiply(b, scale)), scale)


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """``log(sum(exp(x)))`` over axes, without overflow.

    Args:
        x: array or tensor.
        axis: one or several axes; all by default.
        keepdims: keep reduced axes as size 1.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> f"{float(ops.logsumexp(np.array([1000.0, 1000.0]))):.4f}"
        '1000.6931'
    """
    x = as_float(x)
    largest = ops.stop_gradient(ops.max(x, axis=axis, keepdims=True))
    largest = ops.where(ops.isfinite(largest), largest, 0.0)
    y = ops.add(ops.log(ops.sum(ops.exp(ops.subtract(x, largest)), axis=axis, keepdims=True)), largest)
    if keepdims:
        return y
    return ops.reshape(y, ops.sum(ops.stop_gradient(x), axis=axis).shape)

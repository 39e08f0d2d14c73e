"""Activations that weigh x by a share of it: kernels of their own, since they are the usual ones of newer networks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from juanji import _core, ops
from juanji.ops._convert import as_float
from juanji.ops._operation import Call, Operation


def _gated(kind: str, second: Callable[[Any], Any]) -> Operation:
    """A function whose derivative is a kernel too, and whose second derivative is made of other operations."""
    slope = Operation(f"{kind}_slope", lambda: _core.Unary(f"{kind}_slope"))
    slope.gradient(lambda call, dy: (ops.multiply(dy, second(call.inputs[0])),))
    operation = Operation(kind, lambda: _core.Unary(kind))

    @operation.gradient
    def _(call: Call, dy: Any) -> tuple[Any, ...]:
        return (ops.multiply(dy, slope(call.inputs[0])),)

    return operation


def _second_of_silu(x: Any) -> Any:
    # s (1 - s) (2 + x (1 - 2 s)) with s = sigmoid(x)
    share = ops.sigmoid(x)
    bend = ops.add(ops.multiply(x, ops.subtract(1, ops.multiply(share, 2))), 2)
    return ops.multiply(ops.multiply(share, ops.subtract(1, share)), bend)


def _second_of_gelu(x: Any) -> Any:
    # (2 - x**2) times the normal density
    squares = ops.square(x)
    density = ops.multiply(ops.exp(ops.multiply(squares, -0.5)), 1 / math.sqrt(2 * math.pi))
    return ops.multiply(ops.subtract(2, squares), density)


def _second_of_gelu_tanh(x: Any) -> Any:
    # t' + x t'' / 2 with t = tanh(u), t' = (1 - t**2) u', t'' = (1 - t**2) (u'' - 2 t u'**2)
    scale, cubic = math.sqrt(2 / math.pi), 0.044715
    squares = ops.multiply(ops.square(x), cubic)
    t = ops.tanh(ops.multiply(ops.multiply(x, ops.add(squares, 1)), scale))
    first = ops.multiply(ops.add(ops.multiply(squares, 3), 1), scale)
    bend = ops.subtract(ops.multiply(x, 6 * cubic * scale), ops.multiply(ops.multiply(t, 2), ops.square(first)))
    outer = ops.subtract(1, ops.square(t))
    return ops.multiply(outer, ops.add(first, ops.multiply(ops.multiply(x, 0.5), bend)))


_silu = _gated("silu", _second_of_silu)
_gelu = _gated("gelu", _second_of_gelu)
_gelu_tanh = _gated("gelu_tanh", _second_of_gelu_tanh)


def gelu(x: Any, approximate: bool = True) -> Any:
    """Gaussian error linear unit, ``x`` times the normal distribution function (Hendrycks and Gimpel, 2016,
    arXiv:1606.08415).

    Args:
        x: array or tensor of any shape.
        approximate: use ``x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))`` in the place of
            ``x / 2 * (1 + erf(x / sqrt(2)))``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.gelu(np.array([-1.0, 0.0, 1.0]), approximate=False).round(4)
        array([-0.1587,  0.    ,  0.8413])
    """
    return (_gelu_tanh if approximate else _gelu)(as_float(x))


def silu(x: Any) -> Any:
    """``x * sigmoid(x)`` (Elfwing et al., 2018, arXiv:1702.03118).

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.silu(np.array([0.0, 1.0])).round(4)
        array([0.    , 0.7311])
    """
    return _silu(as_float(x))


swish = silu

"""Activations that bend, with kernels for values and gradients, since they are the usual ones of smaller networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juanji import _core, ops
from juanji.ops._operation import Call, Operation


def _piecewise(kind: str, second: Callable[..., Any] | None = None) -> Operation:
    """A function with parameters p and q; ``second`` gives its second derivative, which is zero by default."""

    def native(p: float = 0.0, q: float = 0.0) -> _core.Piecewise:
        return _core.Piecewise(kind, p, q)

    def native_gradient(p: float = 0.0, q: float = 0.0) -> _core.PiecewiseGradient:
        return _core.PiecewiseGradient(kind, p, q)

    operation = Operation(kind, native)
    slope = Operation(f"{kind}_gradient", native_gradient)

    @operation.gradient
    def _(call: Call, dy: Any) -> tuple[Any, ...]:
        return (slope(call.inputs[0], dy, **call.attributes),)

    @slope.gradient
    def _(call: Call, ddx: Any) -> tuple[Any, ...]:
        x, dy = call.inputs
        bend = None if second is None else ops.multiply(ops.multiply(ddx, dy), second(x, **call.attributes))
        return bend, slope(x, ddx, **call.attributes)

    return operation


def _second_of_elu(x: Any, p: float, q: float) -> Any:
    return ops.where(ops.greater(x, 0), 0.0, ops.multiply(ops.exp(ops.minimum(x, 0.0)), p * q))


def _second_of_hard_silu(x: Any) -> Any:
    return ops.where(ops.less(ops.abs(x), 3.0), ops.full_like(x, 1 / 3), ops.zeros_like(x))


clipped_relu = _piecewise("clipped_relu")  # min(max(x, 0), p)
elu = _piecewise("elu", _second_of_elu)  # q x, and q p (exp(x) - 1) below zero
hard_sigmoid = _piecewise("hard_sigmoid")
hard_silu = _piecewise("hard_silu", _second_of_hard_silu)
leaky_relu = _piecewise("leaky_relu")  # x, and p x below zero

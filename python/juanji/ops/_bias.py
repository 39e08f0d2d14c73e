"""The gradient behind every fused ``act(z + b)``."""

from __future__ import annotations

from typing import Any

from juanji import _core
from juanji.ops._operation import Call, Operation

_bias_gradient = Operation("bias_gradient", lambda: _core.BiasActivationGradient(activation="none"))
bias_activation_gradient_op = Operation("bias_activation_gradient", _core.BiasActivationGradient, visible_outputs=2)


def bias_activation_gradient(y: Any, dy: Any, activation: str, with_bias: bool) -> tuple[Any, Any]:
    """Gradients (dz, db) of z and b in ``y = act(z + b)``; db is None without a bias.

    Args:
        y: output, (..., C).
        dy: its gradient.
        activation: 'none', 'relu', 'relu6', 'sigmoid' or 'tanh'.
        with_bias: whether db, the sum of dz over all axes but the last, is wanted.
    """
    if activation == "none":
        return dy, _bias_gradient(dy) if with_bias else None
    dz, db = bias_activation_gradient_op(y, dy, activation=activation)
    return dz, db if with_bias else None


@_bias_gradient.gradient
def _(call: Call, ddb: Any) -> tuple[Any, ...]:
    from juanji.ops import broadcast_to

    return (broadcast_to(ddb, call.inputs[0].shape),)


@bias_activation_gradient_op.gradient
def _(call: Call, ddz: Any, ddb: Any) -> tuple[Any, ...]:
    from juanji.ops import add, broadcast_to, multiply, subtract

    y, dy = call.inputs
    activation = call.attributes["activation"]
    arriving = ddz
    if ddb is not None:
        spread = broadcast_to(ddb, dy.shape)
        arriving = spread if ddz is None else add(ddz, spread)
    gradient_dy, _ = bias_activation_gradient(y, arriving, activation, with_bias=False)
    # dz = f(y) · dy with f = 1 - y² (tanh), y - y² (sigmoid); relu's f is piecewise constant.
    gradient_y = None
    if call.needed[0] and activation == "tanh":
        gradient_y = multiply(multiply(arriving, dy), multiply(y, -2.0))
    elif call.needed[0] and activation == "sigmoid":
        gradient_y = multiply(multiply(arriving, dy), subtract(1.0, multiply(y, 2.0)))
    return gradient_y, gradient_dy

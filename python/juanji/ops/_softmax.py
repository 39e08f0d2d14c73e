"""Softmax and its logarithm."""

from __future__ import annotations

from typing import Any

from juanji import _core, ops
from juanji.ops._convert import as_float
from juanji.ops._logits import remember_logits
from juanji.ops._operation import Call, Operation
from juanji.ops._whole import whole_number

_softmax = Operation("softmax", _core.Softmax)
_softmax_gradient = Operation("softmax_gradient", _core.SoftmaxGradient)
_log_softmax = Operation("log_softmax", _core.LogSoftmax)
_log_softmax_gradient = Operation("log_softmax_gradient", _core.LogSoftmaxGradient)


@_softmax.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (_softmax_gradient(call.output, dy),)


@_softmax_gradient.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    y, dy = call.inputs
    dy_gradient = _softmax_gradient(y, ddx) if call.needed[1] else None
    if not call.needed[0]:
        return None, dy_gradient
    dot_dy = ops.sum(ops.multiply(dy, y), axis=-1, keepdims=True)
    dot_ddx = ops.sum(ops.multiply(ddx, y), axis=-1, keepdims=True)
    y_gradient = ops.subtract(ops.multiply(ddx, ops.subtract(dy, dot_dy)), ops.multiply(dy, dot_ddx))
    return y_gradient, dy_gradient


@_log_softmax.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (_log_softmax_gradient(call.output, dy),)


@_log_softmax_gradient.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    y, dy = call.inputs
    weighted = ops.multiply(ops.exp(y), ddx)
    total = ops.sum(weighted, axis=-1, keepdims=True)
    y_gradient = ops.multiply(ops.negative(weighted), ops.sum(dy, axis=-1, keepdims=True))
    return y_gradient, ops.subtract(ddx, total)


def softmax(x: Any, axis: int = -1) -> Any:
    """Exponentials that sum to one along an axis: ``exp(x) / sum(exp(x))`` (Bridle, 1990).

    The largest element is subtracted first, so that nothing overflows. Over the last axis, the resulting Tensor
    remembers its logits: the cross-entropies compute from them and stay finite where probabilities round to 0.

    Args:
        x: logits, of rank 1 or more.
        axis: the axis that holds the classes.

    Returns:
        The same shape; a NaN makes all of its classes NaN.

    Raises:
        ValueError: when there is no such axis, or no class.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.softmax(np.array([0.0, 0.0, 1000.0]))
        array([0., 0., 1.])
    """
    x = as_float(x)
    if is_last_axis("softmax", x, axis):
        return remember_logits(_softmax(x), "softmax", x)
    return along_last_axis(_softmax, x, axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """The logarithm of :func:`softmax`, without its rounding to 0: ``x - log(sum(exp(x)))``.

    Args:
        x: logits, of rank 1 or more.
        axis: the axis that holds the classes.

    Returns:
        The same shape.

    Raises:
        ValueError: when there is no such axis, or no class.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.log_softmax(np.array([0.0, 1000.0]))
        array([-1000.,     0.])
    """
    x = as_float(x)
    return _log_softmax(x) if is_last_axis("log_softmax", x, axis) else along_last_axis(_log_softmax, x, axis)


def is_last_axis(name: str, x: Any, axis: int) -> bool:
    """Whether ``axis`` is the last one; raises ValueError when ``x`` has no such axis."""
    axis = whole_number(name, "axis", axis)
    if x.ndim == 0 or not -x.ndim <= axis < x.ndim:
        raise ValueError(
            f"{name}: there is no such axis; expected {-x.ndim} to {x.ndim - 1} for x.shape={x.shape}, got axis={axis}."
            if x.ndim
            else f"{name}: x has no axis; expected rank 1 or more, got x.shape=()."
        )
    return bool(axis % x.ndim == x.ndim - 1)


def along_last_axis(operation: Operation, x: Any, axis: int) -> Any:
    """Applies an operation over the last axis to another one."""
    order = list(range(x.ndim))
    order[axis], order[-1] = order[-1], order[axis]
    return ops.transpose(operation(ops.transpose(x, order)), order)

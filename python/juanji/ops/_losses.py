"""Binary cross-entropy and mean squared error."""

from __future__ import annotations

from typing import Any

from juanji import _core, ops
from juanji.ops._convert import as_float
from juanji.ops._cross_entropy import _as_type_of, _check_same_shape
from juanji.ops._logits import find_logits
from juanji.ops._operation import Call, Operation
from juanji.ops._softmax import is_last_axis

_binary = Operation("binary_crossentropy", _core.BinaryCrossEntropy)
_binary_gradient = Operation("binary_crossentropy_gradient", _core.BinaryCrossEntropyGradient)
_squared_error = Operation("mean_squared_error", _core.MeanSquaredError)
_squared_error_gradient = Operation("mean_squared_error_gradient", _core.MeanSquaredErrorGradient)


@_binary.gradient
def _(call: Call, dloss: Any) -> tuple[Any, ...]:
    return _binary_gradient(*call.inputs, dloss, **call.attributes), None


@_squared_error.gradient
def _(call: Call, dloss: Any) -> tuple[Any, ...]:
    x, y = call.inputs
    dx = _squared_error_gradient(x, y, dloss) if call.needed[0] else None
    return dx, _squared_error_gradient(y, x, dloss) if call.needed[1] else None


@_squared_error_gradient.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    """Of ``dx = 2 (x - y) dloss / features``."""
    x, y, dloss = call.inputs
    factor = 2.0 / x.shape[-1]
    x_gradient = ops.multiply(ops.multiply(ddx, ops.expand_dims(dloss, -1)), factor)
    dloss_gradient = ops.multiply(ops.sum(ops.multiply(ddx, ops.subtract(x, y)), axis=-1), factor)
    return x_gradient, ops.negative(x_gradient), dloss_gradient


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """Cross-entropy ``-target log(p) - (1 - target) log(1 - p)`` of independent yes-or-no answers.

    From logits, p is their sigmoid, fused with the logarithm so that large logits stay finite. The output of
    ``ops.sigmoid`` counts as logits too: its own are used. Other probabilities are clipped to [1e-7, 1 - 1e-7].

    Args:
        target: 0, 1 or probabilities, of the shape of ``output``.
        output: probabilities or logits, of any shape.
        from_logits: whether ``output`` holds logits.

    Returns:
        One loss per element.

    Raises:
        ValueError: when the shapes differ.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.binary_crossentropy(np.array([0.0, 1.0]), np.array([0.5, 0.75])).round(4)
        array([0.6931, 0.2877])
    """
    output = as_float(output)
    target = _as_type_of(output, target)
    _check_same_shape("binary_crossentropy", target, output)
    output, from_logits = find_logits("binary_crossentropy", output, "sigmoid", from_logits)
    return _binary(output, target, from_logits=from_logits)


def mean_squared_error(target: Any, output: Any) -> Any:
    """``mean((target - output)²)`` over the last axis, in one pass.

    Args:
        target: shape (..., features).
        output: the same shape.

    Returns:
        One value per row, shape (...).

    Raises:
        ValueError: when the shapes differ or have no last axis.

    Example:
        >>> import numpy as np
        >>> mean_squared_error(np.array([[0.0, 1.0]]), np.array([[0.0, 3.0]]))
        array([2.])
    """
    output = as_float(output)
    target = _as_type_of(output, target)
    if target.shape != output.shape:
        raise ValueError(
            f"mean_squared_error: target and output differ in shape; expected target.shape={output.shape}, "
            f"got target.shape={target.shape}. Reshape one of them."
        )
    is_last_axis("mean_squared_error", output, -1)
    return _squared_error(output, target)

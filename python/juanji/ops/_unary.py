"""Element-wise functions of one array."""

from __future__ import annotations

from typing import Any

from juanji import _core
from juanji.ops._convert import as_float
from juanji.ops._operation import Call, Operation

_relu = Operation("relu", _core.Relu)
_relu_gradient = Operation("relu_gradient", _core.ReluGradient)


@_relu.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (_relu_gradient(call.output, dy),)


@_relu_gradient.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    y, _dy = call.inputs
    return None, _relu_gradient(y, ddx)


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

"""Activation functions, under the names of ``keras.activations``.

They are functions of one array or tensor, written in terms of :mod:`juanji.ops` and differentiable like it.
Layers compute some of them inside their own operation; :func:`fused_name` says which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from juanji import ops
from juanji.ops._convert import as_float
from juanji.symbolic.function import recordable
from juanji.utils.registry import Registry

Activation = Callable[..., Any]
Function = TypeVar("Function", bound=Activation)


def linear(x: Any) -> Any:
    """``x``, unchanged.

    Example:
        >>> linear(3.0)
        3.0
    """
    return x


_registry: Registry[Activation] = Registry("juanji.activations", default=linear)
_registry.register()(linear)
get = _registry.get
serialize = _registry.serialize
deserialize = _registry.deserialize


def _activation(*aliases: str) -> Callable[[Function], Function]:
    """Decorator that gives an activation its names in the registry, and lets it take symbolic tensors."""
    return lambda function: _registry.register(*aliases)(recordable(function, "juanji.activations"))


@_activation()
def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """Rectified linear unit: ``x`` above the threshold, else ``negative_slope * (x - threshold)``.

    Args:
        x: array or tensor of any shape.
        negative_slope: slope below the threshold.
        max_value: largest value that can come out; unlimited by default.
        threshold: where the function starts to rise.

    Example:
        >>> import numpy as np
        >>> relu(np.array([-2.0, 1.0, 8.0]), negative_slope=0.5, max_value=6.0)
        array([-1.,  1.,  6.])
    """
    x = as_float(x)
    if threshold == 0:
        y = ops.relu(x)
        below = None if negative_slope == 0 else ops.relu(ops.negative(x))
    else:
        y = ops.where(x > threshold, x, ops.zeros_like(x))
        below = None if negative_slope == 0 else ops.relu(ops.subtract(threshold, x))
    if max_value is not None:
        y = ops.minimum(y, max_value)
    return y if below is None else ops.subtract(y, ops.multiply(below, negative_slope))


@_activation()
def relu6(x: Any) -> Any:
    """``min(max(x, 0), 6)`` (Krizhevsky, 2010).

    Example:
        >>> import numpy as np
        >>> relu6(np.array([-1.0, 3.0, 9.0]))
        array([0., 3., 6.])
    """
    return relu(x, max_value=6.0)


@_activation()
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """``x`` where positive, else ``negative_slope * x`` (Maas et al., 2013).

    Example:
        >>> import numpy as np
        >>> leaky_relu(np.array([-1.0, 3.0]), negative_slope=0.5)
        array([-0.5,  3. ])
    """
    return relu(x, negative_slope=negative_slope)


@_activation()
def elu(x: Any, alpha: float = 1.0) -> Any:
    """``x`` where positive, else ``alpha * (exp(x) - 1)`` (Clevert et al., 2016, arXiv:1511.07289).

    Example:
        >>> import numpy as np
        >>> elu(np.array([-np.inf, 0.0, 2.0]))
        array([-1.,  0.,  2.])
    """
    x = as_float(x)
    # the exponential sees no positive value: it would overflow there, and 0 · inf would be the gradient
    curve = ops.expm1(ops.minimum(x, 0.0))
    return ops.where(x > 0, x, ops.multiply(curve, alpha))


@_activation()
def selu(x: Any) -> Any:
    """Scaled :func:`elu` that keeps mean 0 and variance 1 (Klambauer et al., 2017, arXiv:1706.02515).

    Example:
        >>> import numpy as np
        >>> selu(np.array([0.0, 1.0])).round(4)
        array([0.    , 1.0507])
    """
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    return ops.multiply(elu(x, alpha), scale)


@_activation()
def sigmoid(x: Any) -> Any:
    """``1 / (1 + exp(-x))``.

    Example:
        >>> import numpy as np
        >>> sigmoid(np.array([0.0]))
        array([0.5])
    """
    return ops.sigmoid(x)


@_activation()
def hard_sigmoid(x: Any) -> Any:
    """``x / 6 + 0.5``, kept within 0 and 1.

    Example:
        >>> import numpy as np
        >>> hard_sigmoid(np.array([-3.0, 0.0, 4.0]))
        array([0. , 0.5, 1. ])
    """
    return ops.clip(ops.add(ops.multiply(as_float(x), 1 / 6), 0.5), 0.0, 1.0)


@_activation()
def tanh(x: Any) -> Any:
    """Hyperbolic tangent.

    Example:
        >>> import numpy as np
        >>> tanh(np.array([0.0]))
        array([0.])
    """
    return ops.tanh(x)


@_activation()
def hard_tanh(x: Any) -> Any:
    """``x``, kept within -1 and 1.

    Example:
        >>> import numpy as np
        >>> hard_tanh(np.array([-3.0, 0.5]))
        array([-1. ,  0.5])
    """
    return ops.clip(as_float(x), -1.0, 1.0)


@_activation()
def softmax(x: Any, axis: int = -1) -> Any:
    """``exp(x)`` divided by its sum along an axis.

    Example:
        >>> import numpy as np
        >>> softmax(np.array([[1.0, 1.0]]))
        array([[0.5, 0.5]])
    """
    return ops.softmax(x, axis=axis)


@_activation()
def log_softmax(x: Any, axis: int = -1) -> Any:
    """Logarithm of :func:`softmax`, computed without its overflow.

    Example:
        >>> import numpy as np
        >>> log_softmax(np.array([0.0, 1000.0]))
        array([-1000.,     0.])
    """
    return ops.log_softmax(x, axis=axis)


@_activation()
def exponential(x: Any) -> Any:
    """``exp(x)``.

    Example:
        >>> import numpy as np
        >>> exponential(np.array([0.0]))
        array([1.])
    """
    return ops.exp(x)


@_activation()
def softplus(x: Any) -> Any:
    """``log(1 + exp(x))``.

    Example:
        >>> import numpy as np
        >>> softplus(np.array([0.0, 100.0])).round(4)
        array([  0.6931, 100.    ])
    """
    return ops.softplus(x)


@_activation()
def softsign(x: Any) -> Any:
    """``x / (1 + |x|)``.

    Example:
        >>> import numpy as np
        >>> softsign(np.array([-1.0, 3.0]))
        array([-0.5 ,  0.75])
    """
    x = as_float(x)
    return ops.divide(x, ops.add(ops.abs(x), 1.0))


@_activation("swish")
def silu(x: Any) -> Any:
    """``x * sigmoid(x)`` (Elfwing et al., 2018, arXiv:1702.03118).

    Example:
        >>> import numpy as np
        >>> silu(np.array([0.0, 1.0])).round(4)
        array([0.    , 0.7311])
    """
    x = as_float(x)
    return ops.multiply(x, ops.sigmoid(x))


swish = silu


@_activation("hard_swish")
def hard_silu(x: Any) -> Any:
    """``x * hard_sigmoid(x)`` (Howard et al., 2019, arXiv:1905.02244).

    Example:
        >>> import numpy as np
        >>> hard_silu(np.array([-4.0, 0.0, 3.0]))
        array([-0.,  0.,  3.])
    """
    x = as_float(x)
    return ops.multiply(x, hard_sigmoid(x))


hard_swish = hard_silu


@_activation()
def mish(x: Any) -> Any:
    """``x * tanh(softplus(x))`` (Misra, 2020, arXiv:1908.08681).

    Example:
        >>> import numpy as np
        >>> mish(np.array([0.0, 1.0])).round(4)
        array([0.    , 0.8651])
    """
    x = as_float(x)
    return ops.multiply(x, ops.tanh(softplus(x)))


_FUSED: tuple[tuple[Activation, str], ...] = (
    (relu, "relu"),
    (ops.relu, "relu"),
    (sigmoid, "sigmoid"),
    (ops.sigmoid, "sigmoid"),
    (tanh, "tanh"),
    (ops.tanh, "tanh"),
)


def fused_name(activation: Activation | None) -> str | None:
    """The name under which convolution and dense operations compute this activation themselves, or None.

    Example:
        >>> fused_name(relu), fused_name(softmax)
        ('relu', None)
    """
    return next((name for function, name in _FUSED if function is activation), None)

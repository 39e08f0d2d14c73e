"""Activation functions, under the names of ``keras.activations``.

They are functions of one array or tensor, differentiable like :mod:`juanji.ops`, where most of them are defined.
Layers compute some of them inside their own operation; :func:`fused_name` says which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from juanji import ops
from juanji.ops._convert import as_float
from juanji.ops._piecewise import clipped_relu
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
    if threshold == 0 and max_value is None and negative_slope != 0:
        return ops.leaky_relu(x, negative_slope)
    if threshold == 0 and max_value == 6 and negative_slope == 0:
        return ops.relu6(x)
    if threshold == 0 and max_value is not None and negative_slope == 0:
        return clipped_relu(x, p=float(max_value))
    if threshold == 0:
        y = ops.relu(x)
        below = None if negative_slope == 0 else ops.relu(ops.negative(x))
    else:
        y = ops.where(x > threshold, x, ops.zeros_like(x))
        below = None if negative_slope == 0 else ops.relu(ops.subtract(threshold, x))
    if max_value is not None:
        y = ops.clip(y, 0.0, max_value) if threshold < 0 else ops.minimum(y, max_value)
    return y if below is None else ops.subtract(y, ops.multiply(below, negative_slope))


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
def gelu(x: Any, approximate: bool = False) -> Any:
    """Gaussian error linear unit, ``x`` times the normal distribution function (Hendrycks and Gimpel, 2016,
    arXiv:1606.08415). It is :func:`juanji.ops.gelu`, exact by default.

    Example:
        >>> import numpy as np
        >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4)
        array([-0.1587,  0.    ,  0.8413])
    """
    return ops.gelu(x, approximate=approximate)


@_activation()
def mish(x: Any) -> Any:
    """``x * tanh(softplus(x))`` (Misra, 2020, arXiv:1908.08681).

    Example:
        >>> import numpy as np
        >>> mish(np.array([0.0, 1.0])).round(4)
        array([0.    , 0.8651])
    """
    x = as_float(x)
    return ops.multiply(x, ops.tanh(ops.softplus(x)))


celu = _registry.register()(ops.celu)
elu = _registry.register()(ops.elu)
glu = _registry.register()(ops.glu)
hard_shrink = _registry.register()(ops.hard_shrink)
hard_sigmoid = _registry.register()(ops.hard_sigmoid)
hard_silu = _registry.register("hard_swish")(ops.hard_silu)
hard_tanh = _registry.register()(ops.hard_tanh)
leaky_relu = _registry.register()(ops.leaky_relu)
log_sigmoid = _registry.register()(ops.log_sigmoid)
log_softmax = _registry.register()(ops.log_softmax)
relu6 = _registry.register()(ops.relu6)
selu = _registry.register()(ops.selu)
sigmoid = _registry.register()(ops.sigmoid)
silu = _registry.register("swish")(ops.silu)
soft_shrink = _registry.register()(ops.soft_shrink)
softmax = _registry.register()(ops.softmax)
softplus = _registry.register()(ops.softplus)
softsign = _registry.register()(ops.softsign)
sparse_plus = _registry.register()(ops.sparse_plus)
sparse_sigmoid = _registry.register()(ops.sparse_sigmoid)
sparsemax = _registry.register()(ops.sparsemax)
squareplus = _registry.register()(ops.squareplus)
tanh = _registry.register()(ops.tanh)
tanh_shrink = _registry.register()(ops.tanh_shrink)
threshold = _registry.register()(ops.threshold)
swish = silu
hard_swish = hard_silu

_FUSED: tuple[tuple[Activation, str], ...] = (
    (relu, "relu"),
    (ops.relu, "relu"),
    (relu6, "relu6"),
    (sigmoid, "sigmoid"),
    (tanh, "tanh"),
)


def fused_name(activation: Activation | None) -> str | None:
    """The name under which convolution and dense operations compute this activation themselves, or None.

    Example:
        >>> fused_name(relu), fused_name(softmax)
        ('relu', None)
    """
    return next((name for function, name in _FUSED if function is activation), None)


__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "fused_name",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]


def __dir__() -> list[str]:
    return __all__

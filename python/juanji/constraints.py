"""Constraints, under the names of ``keras.constraints``: what weights are projected onto after each update."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.utils.registry import Configurable, Registry

_EPSILON = 1e-7

_registry: Registry[Any] = Registry("juanji.constraints")
get = _registry.get
serialize = _registry.serialize
deserialize = _registry.deserialize


class Constraint(Configurable):
    """Base class; override ``__call__``, which receives an array or, in a recorded step, a tensor, and returns one."""

    def __call__(self, w: Any) -> Any:
        return w

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal constraint."""
        return dict(vars(self))


@_registry.register(snake_case=True)
class NonNeg(Constraint):
    """Sets negative weights to zero.

    Example:
        >>> import numpy as np
        >>> NonNeg()(np.array([-1.0, 2.0]))
        array([0., 2.])
    """

    def __call__(self, w: Any) -> Any:
        return ops.maximum(w, 0)


@_registry.register(snake_case=True)
class MaxNorm(Constraint):
    """Shrinks weight vectors longer than ``max_value`` to that length (Srivastava et al., 2014).

    Args:
        max_value: greatest Euclidean norm.
        axis: the axes that form one vector; 0 for dense, (0, 1, 2) for convolution kernels.

    Example:
        >>> import numpy as np
        >>> MaxNorm(2.5)(np.array([[3.0, 0.6], [4.0, 0.8]])).round(4)
        array([[1.5, 0.6],
               [2. , 0.8]])
    """

    def __init__(self, max_value: float = 2, axis: int | tuple[int, ...] = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        return _scaled(w, ops.minimum(norms, self.max_value) / (_EPSILON + norms))


@_registry.register(snake_case=True)
class UnitNorm(Constraint):
    """Gives every weight vector length one.

    Args:
        axis: the axes that form one vector; 0 for dense, (0, 1, 2) for convolution kernels.

    Example:
        >>> import numpy as np
        >>> UnitNorm()(np.array([[3.0, 0.6], [4.0, 0.8]])).round(4)
        array([[0.6, 0.6],
               [0.8, 0.8]])
    """

    def __init__(self, axis: int | tuple[int, ...] = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        return _scaled(w, 1 / (_EPSILON + _norms(w, self.axis)))


@_registry.register(snake_case=True)
class MinMaxNorm(Constraint):
    """Moves the lengths of weight vectors into a range.

    Args:
        min_value, max_value: the range of the Euclidean norm.
        rate: 1 for all the way, less to move only by this part of the way.
        axis: the axes that form one vector; 0 for dense, (0, 1, 2) for convolution kernels.

    Example:
        >>> import numpy as np
        >>> MinMaxNorm(2.0, 4.0)(np.array([[3.0, 0.6], [4.0, 0.8]])).round(4)
        array([[2.4, 1.2],
               [3.2, 1.6]])
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: int | tuple[int, ...] = 0
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        desired = self.rate * ops.minimum(ops.maximum(norms, self.min_value), self.max_value) + (1 - self.rate) * norms
        return _scaled(w, desired / (_EPSILON + norms))


def _scaled(w: Any, factors: Any) -> Any:
    return ops.multiply(w, ops.cast(factors, w.dtype))


def _norms(w: Any, axis: int | tuple[int, ...]) -> Any:
    return ops.sqrt(ops.sum(ops.square(ops.cast(w, "float64")), axis=axis, keepdims=True))


max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]


def __dir__() -> list[str]:
    return __all__

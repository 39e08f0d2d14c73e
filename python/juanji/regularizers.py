"""Penalties on weights, under the names of ``keras.regularizers``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from juanji import ops
from juanji.utils.arguments import not_negative
from juanji.utils.registry import Configurable, Registry

_SMALLEST_SQUARE = 1e-24

_registry: Registry[Any] = Registry("juanji.regularizers")
get = _registry.get
serialize = _registry.serialize
deserialize = _registry.deserialize


class Regularizer(Configurable, ABC):
    """Base of all regularizers: called with a weight, it gives the number that is added to the loss.

    Example:
        >>> import numpy as np
        >>> class Largest(Regularizer):
        ...     def __call__(self, x):
        ...         return ops.max(ops.abs(x))
        >>> float(Largest()(np.array([1.0, -2.0])))
        2.0
    """

    @abstractmethod
    def __call__(self, x: Any) -> Any:
        """The penalty, a scalar."""


@_registry.register("l1_l2", "l1l2")
class L1L2(Regularizer):
    """``l1 Σ|x| + l2 Σx²``.

    Args:
        l1: factor on the sum of magnitudes.
        l2: factor on the sum of squares.

    Raises:
        ValueError: for a factor that is negative or not finite.

    Example:
        >>> import numpy as np
        >>> float(L1L2(0.5, 0.25)(np.array([1.0, -2.0])))
        2.75
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = not_negative(type(self).__name__, "l1", l1 or 0.0)
        self.l2 = not_negative(type(self).__name__, "l2", l2 or 0.0)

    def __call__(self, x: Any) -> Any:
        terms = []
        if self.l1:
            terms.append(ops.multiply(ops.sum(ops.abs(x)), self.l1))
        if self.l2:
            terms.append(ops.multiply(ops.sum(ops.square(x)), self.l2))
        if not terms:
            return ops.multiply(ops.sum(x), 0.0)
        return terms[0] if len(terms) == 1 else ops.add(*terms)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


@_registry.register("l1")
class L1(L1L2):
    """``l1 Σ|x|``: drives weights to zero (Tibshirani, 1996).

    Args:
        l1: factor on the sum of magnitudes.

    Example:
        >>> import numpy as np
        >>> float(L1(0.5)(np.array([1.0, -2.0])))
        1.5
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        super().__init__(0.01 if l1 is None else l1, 0.0)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


@_registry.register("l2")
class L2(L1L2):
    """``l2 Σx²``: keeps weights small (Hoerl and Kennard, 1970).

    Args:
        l2: factor on the sum of squares.

    Example:
        >>> import numpy as np
        >>> float(L2(0.5)(np.array([1.0, -2.0])))
        2.5
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        super().__init__(0.0, 0.01 if l2 is None else l2)

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


@_registry.register(snake_case=True)
class OrthogonalRegularizer(Regularizer):
    """``factor`` times the mean of ``|cos|`` between different rows of a matrix: 0 when all are at right angles.

    Args:
        factor: factor on the mean.
        mode: 'rows' or 'columns'.

    Raises:
        ValueError: for another mode, and for weights that are no matrix.

    Example:
        >>> import numpy as np
        >>> round(float(OrthogonalRegularizer(0.5)(np.array([[1.0, 0.0], [3.0, 4.0]]))), 4)
        0.3
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = not_negative(type(self).__name__, "factor", factor)
        if mode not in ("rows", "columns"):
            raise ValueError(f"OrthogonalRegularizer: unknown mode; expected 'rows' or 'columns', got mode={mode!r}.")
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        if len(x.shape) != 2:
            raise ValueError(f"OrthogonalRegularizer: not a matrix; expected rank 2, got shape {tuple(x.shape)}.")
        vectors = x if self.mode == "rows" else ops.transpose(x)
        # the lower bound keeps the gradient of a zero vector finite
        squares = ops.maximum(ops.sum(ops.square(vectors), axis=1, keepdims=True), _SMALLEST_SQUARE)
        vectors = ops.divide(vectors, ops.sqrt(squares))
        size = vectors.shape[0]
        cosines = ops.multiply(ops.matmul(vectors, ops.transpose(vectors)), ops.cast(1 - np.eye(size), x.dtype))
        return ops.multiply(ops.sum(ops.abs(cosines)), self.factor / max(size * (size - 1), 1))

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}


l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]


def __dir__() -> list[str]:
    return __all__

"""What can be done in each step besides the update: limits on gradients, and weight decay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from juanji import _structure, ops
from juanji.autograd import Tensor, Variable
from juanji.trace import LiveNumber
from juanji.utils.arguments import not_negative


class Clipping:
    """Limits gradients by norm, by value, or by their common norm (Pascanu et al., 2013, arXiv:1211.5063).

    Args:
        owner: class name of the optimizer, for messages.
        clipnorm: largest norm of each gradient.
        clipvalue: largest absolute value of gradient elements.
        global_clipnorm: largest norm of all gradients taken together.

    Raises:
        ValueError: when more than one is given, or one is not a positive number.

    Example:
        >>> import numpy as np
        >>> Clipping("SGD", clipnorm=1.0)([np.array([3.0, 4.0])])
        [array([0.6, 0.8])]
    """

    def __init__(
        self,
        owner: str,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        if len(given) > 1:
            raise ValueError(
                f"{owner}: only one kind of clipping can be used; expected one of clipnorm, clipvalue and "
                f"global_clipnorm, got {given}."
            )
        for name, limit in given.items():
            if not limit > 0:
                raise ValueError(f"{owner}: wrong {name}; expected a positive number, got {name}={limit!r}.")
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm

    def __call__(self, gradients: list[Any]) -> list[Any]:
        """The limited gradients; the given arrays stay as they are."""
        if self.clipnorm is not None:
            return [g * _scale(_norm([g]), self.clipnorm) for g in gradients]
        if self.clipvalue is not None:
            return [ops.minimum(ops.maximum(g, -self.clipvalue), self.clipvalue) for g in gradients]
        if self.global_clipnorm is not None:
            scale = _scale(_norm(gradients), self.global_clipnorm)
            return [g * scale for g in gradients]
        return gradients

    def get_config(self) -> dict[str, Any]:
        return {
            "clipnorm": self.clipnorm,
            "clipvalue": self.clipvalue,
            "global_clipnorm": self.global_clipnorm,
        }


def _norm(gradients: Sequence[Any]) -> Any:
    total = ops.sum(ops.square(gradients[0]))
    for gradient in gradients[1:]:
        total = total + ops.sum(ops.square(gradient))
    return ops.sqrt(total)


def _scale(norm: Any, limit: float) -> Any:
    # a norm of NaN or infinity gives NaN: the damage stays visible, as in Keras
    return limit / ops.maximum(norm, limit) + (norm - norm)


class WeightDecay:
    """Multiplies variables by ``1 - learning_rate * rate`` (Loshchilov and Hutter, 2019, arXiv:1711.05101).

    Args:
        owner: class name of the optimizer, for messages.
        rate: None or 0 for no decay.
    """

    def __init__(self, owner: str, rate: float | None) -> None:
        self.rate = None if rate is None else not_negative(owner, "weight_decay", rate)
        self._excluded: list[Variable] = []
        self._excluded_names: tuple[str, ...] = ()

    def exclude(self, variables: Iterable[Variable], names: Iterable[str]) -> None:
        """Leaves these variables alone, and those with any of the names in theirs."""
        self._excluded = list(variables)
        self._excluded_names = tuple(names)
        _structure.setting_changed()

    def __call__(self, variables: Iterable[Variable], learning_rate: float | LiveNumber) -> None:
        if not self.rate:
            return
        share: Any = (
            learning_rate.tensor() * self.rate if isinstance(learning_rate, LiveNumber) else learning_rate * self.rate
        )
        for variable in variables:
            named = any(part in variable.name for part in self._excluded_names)
            if not named and not any(variable is other for other in self._excluded):
                factor = ops.cast(share, variable.dtype) if isinstance(share, Tensor) else share
                variable.assign_sub(variable * factor)

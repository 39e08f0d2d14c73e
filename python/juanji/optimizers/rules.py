"""What can be done in each step besides the update: limits on gradients, and weight decay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from juanji import _structure, ops
from juanji._live import LiveNumber, derived
from juanji.autograd import Variable
from juanji.ops._update_rules import blend_update


def check_clipping(owner: str, **limits: float | None) -> None:
    """Raises ValueError when there is more than one limit, or one is not a positive number.

    Args:
        owner: class name of the optimizer, for messages.
        limits: clipnorm, clipvalue and global_clipnorm; None for those that are not used.
    """
    given = {name: limit for name, limit in limits.items() if limit is not None}
    if len(given) > 1:
        raise ValueError(
            f"{owner}: only one kind of clipping can be used; expected one of clipnorm, clipvalue and "
            f"global_clipnorm, got {given}."
        )
    for name, limit in given.items():
        if not limit > 0:
            raise ValueError(f"{owner}: wrong {name}; expected a positive number, got {name}={limit!r}.")


def clipped(
    gradients: list[Any], clipnorm: float | None, clipvalue: float | None, global_clipnorm: float | None
) -> list[Any]:
    """Gradients limited by norm, by value, or by their common norm (Pascanu et al., 2013, arXiv:1211.5063).

    The given arrays stay as they are. Each limit is None where it is not used.

    Example:
        >>> import numpy as np
        >>> clipped([np.array([3.0, 4.0])], 1.0, None, None)
        [array([0.6, 0.8])]
    """
    if clipnorm is not None:
        return [g * _scale(_norm([g]), clipnorm) for g in gradients]
    if clipvalue is not None:
        return [ops.minimum(ops.maximum(g, -clipvalue), clipvalue) for g in gradients]
    if global_clipnorm is not None:
        scale = _scale(_norm(gradients), global_clipnorm)
        return [g * scale for g in gradients]
    return gradients


def _norm(gradients: Sequence[Any]) -> Any:
    total = ops.sum(ops.square(gradients[0]))
    for gradient in gradients[1:]:
        total = total + ops.sum(ops.square(gradient))
    return ops.sqrt(total)


def _scale(norm: Any, limit: float) -> Any:
    # a norm of NaN or infinity gives NaN: the damage stays visible, as in Keras
    return limit / ops.maximum(norm, limit) + (norm - norm)


class WeightDecay:
    """Multiplies variables by ``1 - learning_rate * rate`` (Loshchilov and Hutter, 2019, arXiv:1711.05101)."""

    def __init__(self) -> None:
        self._excluded: list[Variable] = []
        self._excluded_names: re.Pattern[str] | None = None

    def exclude(self, variables: Iterable[Variable], names: Iterable[str]) -> None:
        """Leaves these variables alone, and those in whose names one of the patterns is found."""
        self._excluded = list(variables)
        patterns = sorted(set(names))
        self._excluded_names = re.compile("|".join(patterns)) if patterns else None
        _structure.setting_changed()

    def applies_to(self, variable: Variable) -> bool:
        """Whether the variable has not been excluded."""
        named = self._excluded_names is not None and self._excluded_names.search(variable.name) is not None
        return not named and not any(variable is other for other in self._excluded)

    def __call__(self, variables: Iterable[Variable], learning_rate: float | LiveNumber, rate: float | None) -> None:
        """Shrinks the variables; not at all when the rate is None or 0."""
        share = rate or 0.0
        kept = [v for v in variables if self.applies_to(v)] if share else []
        if kept:
            blend_update(kept, kept, derived(lambda lr: 1.0 - lr * share, learning_rate), 0.0)

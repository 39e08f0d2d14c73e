"""Lamb."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import ops
from juanji._live import derived, scalar
from juanji.autograd import Variable
from juanji.ops._update_rules import blend_update
from juanji.optimizers.optimizer import Optimizer, registry
from juanji.optimizers.rate import LearningRate
from juanji.utils.arguments import not_negative, share


@registry.register()
class Lamb(Optimizer):
    """:class:`Adam` with steps in proportion to the norm of each variable (You et al., 2020, arXiv:1904.00962).

    ``m = beta_1 * m + (1 - beta_1) * g; v = beta_2 * v + (1 - beta_2) * g²;
    step = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon);
    w -= learning_rate * |w| / |step| * step`` with 1 for the ratio of norms where one of them is 0.

    Args:
        learning_rate: number, schedule, or function without arguments.
        beta_1: share of ``m`` that is kept, at least 0 and below 1.
        beta_2: share of ``v`` that is kept, at least 0 and below 1.
        epsilon: keeps the divisor from 0.
        args, kwargs: see :class:`~juanji.optimizers.Optimizer`.

    Example:
        >>> import numpy as np, juanji
        >>> w = juanji.Variable([3.0, 3.0])
        >>> Lamb(0.1).apply([np.array([2.0, -4.0])], [w])
        >>> w.numpy().round(4)
        array([2.7, 3.3], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, *args, **kwargs)
        self.beta_1 = share("Lamb", "beta_1", beta_1, below_one=True)
        self.beta_2 = share("Lamb", "beta_2", beta_2, below_one=True)
        self.epsilon = not_negative("Lamb", "epsilon", epsilon)
        self._momentums: list[Variable] = []
        self._velocities: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        momentums, velocities = self.state_of(self._momentums, variables), self.state_of(self._velocities, variables)
        blend_update(momentums, gradients, self.beta_1, 1.0 - self.beta_1)
        blend_update(velocities, [ops.square(g) for g in gradients], self.beta_2, 1.0 - self.beta_2)
        step = self.next_step()
        mean_scale = derived(lambda t: 1.0 / (1.0 - self.beta_1**t), step)
        square_scale = derived(lambda t: 1.0 / (1.0 - self.beta_2**t), step)
        for variable, m, v in zip(variables, momentums, velocities):
            dtype = variable.dtype
            divisor = ops.sqrt(v * scalar(square_scale, dtype)) + self.epsilon
            direction = m * scalar(mean_scale, dtype) / divisor
            size = _trust_ratio(_norm(variable), _norm(direction)) * scalar(learning_rate, dtype)
            variable.assign_sub(direction * size)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


def _norm(x: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(x)))


def _trust_ratio(weights: Any, step: Any) -> Any:
    """The norm of the weights over that of the step; 1 where one of them is 0."""
    usable = ops.logical_and(ops.greater(weights, 0.0), ops.greater(step, 0.0))
    return ops.where(usable, weights / ops.where(usable, step, ops.ones_like(step)), ops.ones_like(weights))

"""RMSprop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji.autograd import Variable
from juanji.ops._update import rmsprop_update
from juanji.optimizers.optimizer import Optimizer, registry
from juanji.optimizers.rate import LearningRate
from juanji.utils.arguments import not_negative, share


@registry.register()
class RMSprop(Optimizer):
    """Gradients divided by the root of their running mean square (Hinton, lecture 6e, 2012).

    ``v = rho * v + (1 - rho) * g²; w -= learning_rate * g / sqrt(v + epsilon)``.

    Args:
        learning_rate: number, schedule, or function without arguments.
        rho: share of the running mean that is kept, from 0 to 1.
        momentum: share of the last step that is added to this one, from 0 to 1.
        epsilon: keeps the root from 0.
        centered: whether the squared mean of the gradients is taken off ``v``.
        args, kwargs: see :class:`~juanji.optimizers.Optimizer`.

    Example:
        >>> import numpy as np, juanji
        >>> w = juanji.Variable([1.0])
        >>> RMSprop(0.1, rho=0.75).apply([np.array([2.0])], [w])
        >>> w.numpy().round(4)
        array([0.8], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, *args, **kwargs)
        self.rho = share("RMSprop", "rho", rho)
        self.momentum = share("RMSprop", "momentum", momentum)
        self.epsilon = not_negative("RMSprop", "epsilon", epsilon)
        self.centered = centered
        self._velocities: list[Variable] = []
        self._momentums: list[Variable] = []
        self._mean_gradients: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        if self.momentum:
            self._momentums = self.add_optimizer_variables(variables, "momentum")
        if self.centered:
            self._mean_gradients = self.add_optimizer_variables(variables, "average_gradient")

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        rmsprop_update(
            variables,
            gradients,
            self.state_of(self._velocities, variables),
            self.state_of(self._momentums, variables) if self.momentum else None,
            self.state_of(self._mean_gradients, variables) if self.centered else None,
            learning_rate,
            self.rho,
            self.momentum,
            self.epsilon,
            self.centered,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }

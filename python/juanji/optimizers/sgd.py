"""Gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji.autograd import Variable
from juanji.ops._update import sgd_update
from juanji.optimizers.optimizer import Optimizer, registry
from juanji.optimizers.rate import LearningRate
from juanji.utils.arguments import share


@registry.register()
class SGD(Optimizer):
    """Gradient descent: ``w -= learning_rate * g``.

    With momentum ``v = momentum * v - learning_rate * g; w += v`` (Polyak, 1964), with Nesterov's
    ``w += momentum * v - learning_rate * g`` instead (Sutskever et al., 2013).

    Args:
        learning_rate: number, schedule, or function without arguments.
        momentum: from 0 to 1; 0 keeps no velocities.
        nesterov: whether to use Nesterov's form.
        args, kwargs: see :class:`~juanji.optimizers.Optimizer`.

    Example:
        >>> import numpy as np, juanji
        >>> w = juanji.Variable([1.0, 2.0], dtype="float32")
        >>> SGD(0.5).apply([np.array([1.0, -1.0], "float32")], [w])
        >>> w.numpy()
        array([0.5, 2.5], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, *args, **kwargs)
        self.momentum = share("SGD", "momentum", momentum)
        self.nesterov = nesterov
        self._velocities: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        if self.momentum:
            self._velocities = self.add_optimizer_variables(variables, "momentum")

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        velocities = self.state_of(self._velocities, variables) if self.momentum else None
        sgd_update(variables, gradients, velocities, learning_rate, self.momentum, self.nesterov)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}

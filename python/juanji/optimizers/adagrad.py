"""Adagrad and Adadelta: steps divided by what gradients were so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji.autograd import Variable
from juanji.initializers import Constant
from juanji.ops._update_rules import adadelta_update, adagrad_update
from juanji.optimizers.optimizer import Optimizer, registry
from juanji.optimizers.rate import LearningRate
from juanji.utils.arguments import not_negative, share


@registry.register()
class Adagrad(Optimizer):
    """Gradients divided by the root of the sum of all squares so far (Duchi, Hazan and Singer, JMLR 12, 2011).

    ``a += g²; w -= learning_rate * g / sqrt(a + epsilon)``.

    Args:
        learning_rate: number, schedule, or function without arguments.
        initial_accumulator_value: what ``a`` begins with, at least 0.
        epsilon: keeps the root from 0.
        args, kwargs: see :class:`~juanji.optimizers.Optimizer`.

    Example:
        >>> import numpy as np, juanji
        >>> w = juanji.Variable([1.0])
        >>> Adagrad(0.5, initial_accumulator_value=9.0).apply([np.array([4.0])], [w])
        >>> w.numpy().round(4)
        array([0.6], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, *args, **kwargs)
        self.initial_accumulator_value = not_negative("Adagrad", "initial_accumulator_value", initial_accumulator_value)
        self.epsilon = not_negative("Adagrad", "epsilon", epsilon)
        self._sums: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._sums = self.add_optimizer_variables(variables, "accumulator", Constant(self.initial_accumulator_value))

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        adagrad_update(variables, gradients, self.state_of(self._sums, variables), learning_rate, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }


@registry.register()
class Adadelta(Optimizer):
    """Gradients scaled by the ratio of the root mean squares of steps and gradients (Zeiler, 2012, arXiv:1212.5701).

    ``a = rho * a + (1 - rho) * g²; step = g * sqrt(d + epsilon) / sqrt(a + epsilon);
    d = rho * d + (1 - rho) * step²; w -= learning_rate * step``.

    Args:
        learning_rate: number, schedule, or function without arguments; 1.0 is the paper's.
        rho: share of the running means that is kept, from 0 to 1.
        epsilon: keeps the roots from 0.
        args, kwargs: see :class:`~juanji.optimizers.Optimizer`.

    Example:
        >>> import numpy as np, juanji
        >>> w = juanji.Variable([1.0])
        >>> Adadelta(1.0, rho=0.75, epsilon=1.0).apply([np.array([2.0])], [w])
        >>> w.numpy().round(4)
        array([-0.4142], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, *args, **kwargs)
        self.rho = share("Adadelta", "rho", rho)
        self.epsilon = not_negative("Adadelta", "epsilon", epsilon)
        self._squares: list[Variable] = []
        self._steps: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        names = ["accumulated_grad", "accumulated_delta_var"]
        self._squares, self._steps = self.add_optimizer_variables(variables, names)

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        squares, steps = self.state_of(self._squares, variables), self.state_of(self._steps, variables)
        adadelta_update(variables, gradients, squares, steps, learning_rate, self.rho, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}

"""Lion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji.autograd import Variable
from juanji.ops._update_rules import lion_update
from juanji.optimizers.optimizer import Optimizer, registry
from juanji.optimizers.rate import LearningRate
from juanji.utils.arguments import share


@registry.register()
class Lion(Optimizer):
    """Steps of one size in the direction of a running mean's sign (Chen et al., 2023, arXiv:2302.06675).

    ``w -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g); m = beta_2 * m + (1 - beta_2) * g``. The learning rate
    is a third to a tenth of Adam's, the weight decay as much larger.

    Args:
        learning_rate: number, schedule, or function without arguments.
        beta_1: share of ``m`` in the direction, above 0 and at most 1.
        beta_2: share of ``m`` that is kept, from 0 to 1.
        args, kwargs: see :class:`~juanji.optimizers.Optimizer`.

    Example:
        >>> import numpy as np, juanji
        >>> w = juanji.Variable([1.0, 1.0, 1.0])
        >>> Lion(0.25).apply([np.array([2.0, -3.0, 0.0])], [w])
        >>> w.numpy()
        array([0.75, 1.25, 1.  ], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, *args, **kwargs)
        self.beta_1 = share("Lion", "beta_1", beta_1)
        self.beta_2 = share("Lion", "beta_2", beta_2)
        if not self.beta_1 > 0:
            raise ValueError(f"Lion: wrong beta_1; expected a number above 0 and at most 1, got beta_1={beta_1!r}.")
        self._momentums: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        momentums = self.state_of(self._momentums, variables)
        lion_update(variables, gradients, momentums, learning_rate, self.beta_1, self.beta_2)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2}

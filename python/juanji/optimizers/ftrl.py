"""Follow the regularized leader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji.autograd import Variable
from juanji.initializers import Constant
from juanji.ops._update_rules import ftrl_update
from juanji.optimizers.optimizer import Optimizer, registry
from juanji.optimizers.rate import LearningRate
from juanji.utils.arguments import not_negative


@registry.register()
class Ftrl(Optimizer):
    """FTRL-Proximal, which gives many weights of exactly 0 (McMahan et al., KDD 2013, *Ad click prediction*).

    With ``p = -learning_rate_power``: ``z += g + 2 * l2_shrinkage * w - ((a + g²)^p - a^p) / learning_rate * w;
    a += g²; w = (clip(z, -l1, l1) - z) / (a^p / learning_rate + 2 * l2 + beta / learning_rate)``.

    Args:
        learning_rate: number, schedule, or function without arguments.
        learning_rate_power: how the learning rate falls with the sum of squares, at most 0; 0 for not at all.
        initial_accumulator_value: what ``a`` begins with, at least 0.
        l1_regularization_strength: at least 0.
        l2_regularization_strength: at least 0.
        l2_shrinkage_regularization_strength: at least 0; a penalty on the size of weights.
        beta: the paper's, at least 0.
        args, kwargs: see :class:`~juanji.optimizers.Optimizer`.

    Example:
        >>> import numpy as np, juanji
        >>> w = juanji.Variable([0.0, 0.0])
        >>> Ftrl(1.0, initial_accumulator_value=0.0, l1_regularization_strength=1.0).apply([np.array([2.0, 0.5])], [w])
        >>> w.numpy()
        array([-0.5,  0. ], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, *args, **kwargs)
        if not learning_rate_power <= 0:
            raise ValueError(
                "Ftrl: wrong learning_rate_power; expected a number of at most 0, got "
                f"learning_rate_power={learning_rate_power!r}."
            )
        self.learning_rate_power = float(learning_rate_power)
        self.initial_accumulator_value = not_negative("Ftrl", "initial_accumulator_value", initial_accumulator_value)
        self.l1_regularization_strength = not_negative("Ftrl", "l1_regularization_strength", l1_regularization_strength)
        self.l2_regularization_strength = not_negative("Ftrl", "l2_regularization_strength", l2_regularization_strength)
        self.l2_shrinkage_regularization_strength = not_negative(
            "Ftrl", "l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength
        )
        self.beta = not_negative("Ftrl", "beta", beta)
        self._sums: list[Variable] = []
        self._linears: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        beginnings = [Constant(self.initial_accumulator_value), "zeros"]
        self._sums, self._linears = self.add_optimizer_variables(variables, ["accumulator", "linear"], beginnings)

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        ftrl_update(
            variables,
            gradients,
            self.state_of(self._sums, variables),
            self.state_of(self._linears, variables),
            learning_rate,
            self.learning_rate_power,
            self.l1_regularization_strength,
            self.l2_regularization_strength,
            self.l2_shrinkage_regularization_strength,
            self.beta,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }

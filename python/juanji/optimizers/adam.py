"""Adam, and Adam with weight decay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji.autograd import Variable
from juanji.ops._update import adam_update
from juanji.optimizers.optimizer import Optimizer, registry
from juanji.optimizers.rate import LearningRate
from juanji.utils.arguments import not_negative, share


@registry.register()
class Adam(Optimizer):
    """Steps from running means of gradients and of their squares (Kingma and Ba, 2015, arXiv:1412.6980).

    ``m += (1 - beta_1) * (g - m); v += (1 - beta_2) * (g² - v); w -= alpha * m / (sqrt(v) + epsilon)`` with
    ``alpha = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)`` at step t = 1, 2, ...

    Args:
        learning_rate: number, schedule, or function without arguments.
        beta_1: share of ``m`` that is kept, at least 0 and below 1.
        beta_2: share of ``v`` that is kept, at least 0 and below 1.
        epsilon: keeps the divisor from 0; "epsilon hat" of the paper.
        amsgrad: whether to divide by the largest ``v`` so far (Reddi et al., 2018, arXiv:1904.09237).
        args, kwargs: see :class:`~juanji.optimizers.Optimizer`.

    Example:
        >>> import numpy as np, juanji
        >>> w = juanji.Variable([1.0, 1.0])
        >>> Adam(0.1).apply([np.array([2.0, -3.0])], [w])
        >>> w.numpy().round(4)
        array([0.9, 1.1], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, *args, **kwargs)
        owner = type(self).__name__
        self.beta_1 = share(owner, "beta_1", beta_1, below_one=True)
        self.beta_2 = share(owner, "beta_2", beta_2, below_one=True)
        self.epsilon = not_negative(owner, "epsilon", epsilon)
        self.amsgrad = amsgrad
        self._momentums: list[Variable] = []
        self._velocities: list[Variable] = []
        self._largest: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        if self.amsgrad:
            self._largest = self.add_optimizer_variables(variables, "velocity_hat")

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        adam_update(
            variables,
            gradients,
            self.state_of(self._momentums, variables),
            self.state_of(self._velocities, variables),
            self.state_of(self._largest, variables) if self.amsgrad else None,
            learning_rate,
            self.beta_1,
            self.beta_2,
            self.epsilon,
            self.next_step(),
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }


@registry.register()
class AdamW(Adam):
    """:class:`Adam` with weight decay (Loshchilov and Hutter, 2019, arXiv:1711.05101).

    Args:
        learning_rate: number, schedule, or function without arguments.
        weight_decay: each step first multiplies the variables by ``1 - learning_rate * weight_decay``.
        beta_1, beta_2, epsilon, amsgrad: see :class:`Adam`.
        args, kwargs: see :class:`~juanji.optimizers.Optimizer`.

    Example:
        >>> import numpy as np, juanji
        >>> w = juanji.Variable([1.0])
        >>> AdamW(0.5, weight_decay=0.5).apply([np.array([0.0])], [w])
        >>> w.numpy()
        array([0.75], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, *args, **kwargs)

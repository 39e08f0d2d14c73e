"""Kin of Adam: Adamax, Nadam and schedule-free AdamW."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji._live import derived, live
from juanji.autograd import Variable, open_trace
from juanji.ops._update_rules import adamax_update, nadam_update, schedule_free_update
from juanji.optimizers.optimizer import Optimizer, registry
from juanji.optimizers.rate import LearningRate
from juanji.utils.arguments import not_negative, share


class _TwoMoments(Optimizer):
    """Two variables of state for each trained one, and the settings of Adam."""

    _slots = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate: LearningRate,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, *args, **kwargs)
        owner = type(self).__name__
        self.beta_1 = share(owner, "beta_1", beta_1, below_one=True)
        self.beta_2 = share(owner, "beta_2", beta_2, below_one=True)
        self.epsilon = not_negative(owner, "epsilon", epsilon)
        self._first: list[Variable] = []
        self._second: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._first, self._second = self.add_optimizer_variables(variables, self._slots)

    def _moments(self, variables: list[Variable]) -> tuple[list[Variable], list[Variable]]:
        return self.state_of(self._first, variables), self.state_of(self._second, variables)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


@registry.register()
class Adamax(_TwoMoments):
    """:class:`Adam` with the largest gradient in the place of the mean square (Kingma and Ba, 2015, section 7.1).

    ``m += (1 - beta_1) * (g - m); u = max(beta_2 * u, |g|);
    w -= learning_rate / (1 - beta_1^t) * m / (u + epsilon)`` at step t = 1, 2, ...

    Args:
        learning_rate: number, schedule, or function without arguments.
        beta_1: share of ``m`` that is kept, at least 0 and below 1.
        beta_2: share of ``u`` that is kept, at least 0 and below 1.
        epsilon: keeps the divisor from 0.
        args, kwargs: see :class:`~juanji.optimizers.Optimizer`.

    Example:
        >>> import numpy as np, juanji
        >>> w = juanji.Variable([1.0, 1.0])
        >>> Adamax(0.1).apply([np.array([2.0, -3.0])], [w])
        >>> w.numpy().round(4)
        array([0.9, 1.1], dtype=float32)
    """

    _slots = ("momentum", "norm")

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, *args, **kwargs)

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        betas, step = (self.beta_1, self.beta_2), self.next_step()
        adamax_update(variables, gradients, *self._moments(variables), learning_rate, *betas, self.epsilon, step)


@registry.register()
class Nadam(_TwoMoments):
    """:class:`Adam` with Nesterov's look ahead (Dozat, 2015, *Incorporating Nesterov momentum into Adam*).

    With ``mu_t = beta_1 * (1 - 0.96^t / 2)`` and their product p up to this step:
    ``m += (1 - beta_1) * (g - m); v += (1 - beta_2) * (g² - v);
    mean = mu_(t+1) * m / (1 - p * mu_(t+1)) + (1 - mu_t) * g / (1 - p);
    w -= learning_rate * mean / (sqrt(v / (1 - beta_2^t)) + epsilon)``.

    Args:
        learning_rate: number, schedule, or function without arguments.
        beta_1: share of ``m`` that is kept, at least 0 and below 1.
        beta_2: share of ``v`` that is kept, at least 0 and below 1.
        epsilon: keeps the divisor from 0.
        args, kwargs: see :class:`~juanji.optimizers.Optimizer`.

    Example:
        >>> import numpy as np, juanji
        >>> w = juanji.Variable([1.0, 1.0])
        >>> Nadam(0.1).apply([np.array([2.0, -3.0])], [w])
        >>> w.numpy().round(4)
        array([0.8937, 1.1063], dtype=float32)
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
        super().__init__(learning_rate, beta_1, beta_2, epsilon, *args, **kwargs)
        self._product: Variable | None = None

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._product = self.add_variable((), "ones", "float64", name="product")

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        step = self.next_step()
        before = live(lambda: float(self._product))  # type: ignore[arg-type]
        product = derived(lambda p, t: p * self.beta_1 * (1.0 - 0.5 * 0.96**t), before, step)
        moments, betas = self._moments(variables), (self.beta_1, self.beta_2)
        nadam_update(variables, gradients, *moments, learning_rate, *betas, self.epsilon, step, product)
        trace = open_trace()
        if trace is None:
            self._advance()
        else:
            trace.defer(self._advance)

    def _advance(self) -> None:
        assert self._product is not None
        step = int(self.iterations) + 1
        self._product.assign(float(self._product) * self.beta_1 * (1.0 - 0.5 * 0.96**step))


@registry.register()
class ScheduleFreeAdamW(_TwoMoments):
    """Adam whose averaged weights make a learning rate schedule superfluous (Defazio et al., 2024, arXiv:2405.15682).

    The variable w is kept between the points z, which gradients move, and their average x:
    ``v += (1 - beta_2) * (g² - v); z -= learning_rate * g / (sqrt(v / (1 - beta_2^t)) + epsilon);
    x += (z - x) / t; w = (1 - beta_1) * z + beta_1 * x`` at step t = 1, 2, ...

    Args:
        learning_rate: number, schedule, or function without arguments.
        beta_1: share of the average in the variable, above 0 and below 1.
        beta_2: share of ``v`` that is kept, at least 0 and below 1.
        epsilon: keeps the divisor from 0.
        warmup_steps: steps in which the learning rate rises to its value in a straight line.
        args, kwargs: see :class:`~juanji.optimizers.Optimizer`.

    Example:
        >>> import numpy as np, juanji
        >>> w = juanji.Variable([1.0, 1.0])
        >>> ScheduleFreeAdamW(0.1).apply([np.array([2.0, -3.0])], [w])
        >>> w.numpy().round(4)
        array([0.9, 1.1], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, *args, **kwargs)
        if not self.beta_1 > 0:
            raise ValueError(f"ScheduleFreeAdamW: wrong beta_1; expected a number above 0, got beta_1={beta_1!r}.")
        self.warmup_steps = warmup_steps

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        for point, variable in zip(self._first, variables):
            point.assign(variable)

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        step = self.next_step()
        if self.warmup_steps > 0:
            learning_rate = derived(lambda lr, t: lr * min(t / self.warmup_steps, 1.0), learning_rate, step)
        moments, betas = self._moments(variables), (self.beta_1, self.beta_2)
        schedule_free_update(variables, gradients, *moments, learning_rate, *betas, self.epsilon, step)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "warmup_steps": self.warmup_steps}

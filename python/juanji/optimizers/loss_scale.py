"""An optimizer around another one that finds out by how much the loss can be scaled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from juanji.autograd import NoValueError, Variable, open_trace
from juanji.optimizers.optimizer import Optimizer, registry


@registry.register()
class LossScaleOptimizer(Optimizer):
    """Scales the loss so that small gradients do not become 0, and skips steps with gradients that overflow.

    The factor is halved when a gradient is not finite, and doubled after ``dynamic_growth_steps`` steps without that
    (Micikevicius et al., 2018, arXiv:1710.03740). Whether a step is skipped is not known before the gradients are, so
    training steps are not recorded and run operation by operation.

    Args:
        inner_optimizer: makes the steps.
        initial_scale: the first factor.
        dynamic_growth_steps: steps after which the factor is doubled.
        name: the class name in snake case by default.

    Raises:
        ValueError: for arguments that belong to the inner optimizer.

    Example:
        >>> import juanji
        >>> optimizer = LossScaleOptimizer(juanji.optimizers.SGD(0.5), initial_scale=4.0)
        >>> v = juanji.Variable([1.0])
        >>> optimizer.apply([np.array([4.0])], [v])  # of a loss that was multiplied by 4
        >>> optimizer.apply([np.array([np.inf])], [v])
        >>> v.numpy(), float(optimizer.dynamic_scale)
        (array([0.5], dtype=float32), 2.0)
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        given = {key: value for key, value in kwargs.items() if value not in (None, False) and key != "ema_momentum"}
        if not isinstance(inner_optimizer, Optimizer) or given.pop("dynamic", True) is not True or given:
            raise ValueError(
                "LossScaleOptimizer: wrong arguments; expected an inner optimizer, initial_scale, "
                f"dynamic_growth_steps and name, got inner_optimizer={inner_optimizer!r}, {given or kwargs}. Give "
                "other arguments to the inner optimizer."
            )
        super().__init__(0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = float(initial_scale)
        self.dynamic_growth_steps = int(dynamic_growth_steps)
        self.step_counter: Any = None
        self.dynamic_scale: Any = None
        inner_optimizer.loss_scale_factor = None

    def build(self, variables: Sequence[Variable]) -> None:
        self.step_counter = self.add_variable((), dtype="int64", name="step_counter")
        self.dynamic_scale = self.add_variable((), dtype="float32", name="dynamic_scale")
        self.dynamic_scale.assign(self.initial_scale)
        if not self.inner_optimizer.built:
            self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def learning_rate(self) -> Any:
        """That of the inner optimizer."""
        inner = vars(self).get("inner_optimizer")
        return self._learning_rate if inner is None else inner.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        inner = vars(self).get("inner_optimizer")
        if inner is not None:
            inner.learning_rate = value
            return
        self._learning_rate = self._placed(Variable(value, trainable=False, dtype="float64", name="learning_rate"))
        self._variables.append(self._learning_rate)

    @property
    def iterations(self) -> Any:
        """Steps of the inner optimizer."""
        return self.inner_optimizer.iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        grads = list(grads)
        if not grads:
            return
        variables = self._built_with(trainable_variables)
        if open_trace() is not None:
            raise NoValueError("the scale of the loss")
        if not all(np.isfinite(np.asarray(g)).all() for g in grads if g is not None):
            self.step_counter.assign(0)
            self.dynamic_scale.assign(float(self.dynamic_scale) * 0.5)
            return
        scale = float(self.dynamic_scale)
        self.inner_optimizer.apply([None if g is None else g / scale for g in grads], variables)
        if int(self.step_counter) == self.dynamic_growth_steps - 1:
            self.step_counter.assign(0)
            self.dynamic_scale.assign(scale * 2.0)
        else:
            self.step_counter.assign_add(1)

    def scale_loss(self, loss: Any) -> Any:
        return loss * (self.dynamic_scale if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "inner_optimizer": registry.serialize(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        return cls(**{**config, "inner_optimizer": registry.deserialize(config["inner_optimizer"])})

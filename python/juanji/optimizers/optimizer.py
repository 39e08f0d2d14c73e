"""What all optimizers share: learning rate, clipping, weight decay, averages, and checks of what they are given."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from juanji import ops
from juanji._live import LiveNumber, live, scalar
from juanji.autograd import Variable, open_trace
from juanji.ops._update_rules import blend_update
from juanji.optimizers import schedules
from juanji.optimizers.averages import AverageOwner
from juanji.optimizers.checks import check_counts, match, refuse_others
from juanji.optimizers.rate import LearningRate, LearningRateOwner
from juanji.optimizers.rules import WeightDecay, check_clipping, clipped
from juanji.utils.arguments import not_negative
from juanji.utils.naming import auto_name
from juanji.utils.registry import Registry

registry: Registry[Any] = Registry("juanji.optimizers", fold_case=True)


class Optimizer(LearningRateOwner, AverageOwner):
    """Base of all optimizers; two hooks make a new one: :meth:`build` makes state, :meth:`update` uses it.

    Args:
        learning_rate: number, :class:`~juanji.optimizers.schedules.LearningRateSchedule`, or function without
            arguments.
        weight_decay: each step first multiplies the variables by ``1 - learning_rate * weight_decay``
            (Loshchilov and Hutter, 2019, arXiv:1711.05101).
        clipnorm: largest norm of each gradient.
        clipvalue: largest absolute value of gradient elements.
        global_clipnorm: largest norm of all gradients taken together.
        use_ema: whether a moving average of the variables is kept: ``average = ema_momentum * average +
            (1 - ema_momentum) * variable`` after each step; ``fit`` ends with the averages in the variables.
        ema_momentum: see above, from 0 to 1.
        ema_overwrite_frequency: write the averages into the variables every so many steps; None for not during
            training.
        loss_scale_factor: the loss is multiplied by it (:meth:`scale_loss`), the gradients are divided by it.
        gradient_accumulation_steps: change the variables only in every so many steps (2 or more), by the mean of the
            gradients since then. Learning rate schedules count all steps.
        name: the class name in snake case by default.

    Raises:
        ValueError: for a learning rate that is negative or not finite, more than one kind of clipping, or a setting
            out of range.

    Example:
        >>> import numpy as np, juanji
        >>> class SignDescent(Optimizer):
        ...     def __init__(self, learning_rate=0.5, **kwargs):
        ...         super().__init__(learning_rate, **kwargs)
        ...     def update_step(self, gradient, variable, learning_rate):
        ...         variable.assign_sub(learning_rate * np.sign(gradient))
        >>> v = juanji.Variable([1.0, 2.0])
        >>> SignDescent().apply([np.array([3.0, -4.0])], [v])
        >>> v.numpy()
        array([0.5, 2.5], dtype=float32)
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Shows the arguments behind ``*args, **kwargs`` in the signature."""
        super().__init_subclass__(**kwargs)
        own = inspect.signature(cls.__init__).parameters.values()
        if {p.kind for p in own} >= {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
            shown = [p for p in own if p.name != "self" and p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
            names = {p.name for p in shown}
            common = inspect.signature(Optimizer.__init__).parameters.values()
            shown += [p for p in common if p.name != "self" and p.name not in names]
            setattr(cls, "__signature__", inspect.Signature(shown))  # noqa: B010

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        owner = type(self).__name__
        refuse_others(owner, kwargs)
        self.name = name or auto_name(owner)
        check_clipping(owner, clipnorm=clipnorm, clipvalue=clipvalue, global_clipnorm=global_clipnorm)
        self.weight_decay = None if weight_decay is None else not_negative(owner, "weight_decay", weight_decay)
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self._decay = WeightDecay()
        check_counts(owner, use_ema, ema_momentum, ema_overwrite_frequency, gradient_accumulation_steps)
        self.use_ema = bool(use_ema)
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._averages: list[Variable] = []
        self._accumulators: list[Variable] = []
        self._iterations = self._placed(Variable(0, trainable=False, dtype="int64", name="iteration"))
        self._variables = [self._iterations]
        self.learning_rate = learning_rate
        self.built = False

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the state for these variables; optimizers with state extend it. Called by the first step."""
        for i, variable in enumerate(variables):
            if not isinstance(variable, Variable):
                raise TypeError(
                    f"{type(self).__name__}.build: not a variable; expected juanji.Variable, got "
                    f"{type(variable).__name__} at position {i}."
                )
        if self.use_ema:
            self._averages = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulators = self.add_optimizer_variables(variables, "gradient_accumulator")
        self._trainable = list(variables)
        self._index = {id(v): i for i, v in enumerate(self._trainable)}
        self.built = True

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """One step from pairs of gradient and variable; gives the number of steps.

        Example:
            >>> import numpy as np, juanji
            >>> v = juanji.Variable(1.0)
            >>> int(juanji.optimizers.SGD(0.25).apply_gradients([(np.array(2.0), v)])), float(v)
            (1, 0.5)
        """
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """One step: changes the variables in place, and applies their constraints.

        Args:
            grads: the gradient of each variable; None where the loss does not depend on it.
            trainable_variables: the variables; by default those the optimizer was built with.

        Raises:
            ValueError: for unknown variables, no gradient at all, or shapes that do not match.
        """
        grads = list(grads)
        if not grads:
            return
        variables = self._built_with(trainable_variables)
        gradients, variables = match(type(self).__name__, grads, variables, self._index)
        trace = open_trace()
        if trace is None:
            self._begin_step()
        else:
            trace.beginnings.append(self._begin_step)
        if self.loss_scale_factor is not None:
            gradients = [ops.divide(g, self.loss_scale_factor) for g in gradients]
        updates, overwrites = self._phase()
        if updates:
            self._change(gradients, variables)
        else:
            blend_update(self.state_of(self._accumulators, variables), gradients, 1.0, 1.0)
        if self.use_ema:
            self._update_averages(overwrites)
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))
        if trace is None:
            self._finish_step()
        else:
            trace.defer(self._finish_step)

    def _built_with(self, variables: Sequence[Variable] | None) -> list[Variable]:
        """The variables of a step, for which there is state afterwards."""
        if not self.built:
            if variables is None:
                raise ValueError(
                    f"{type(self).__name__}.apply: variables missing; expected apply(grads, variables), or build() "
                    "first, got neither."
                )
            self.build(list(variables))
            self.built = True
        return self._trainable if variables is None else list(variables)

    def _phase(self) -> tuple[bool, bool]:
        """Whether this step changes the variables, and whether it ends by writing the averages into them."""
        every, frequency = self.gradient_accumulation_steps, self.ema_overwrite_frequency
        trace = open_trace()
        if trace is not None and (every or (self.use_ema and frequency)):
            trace.add_phase(self._phase)
        taken = int(self._iterations._held())  # read while a trace is open, too: it records one phase
        updates = not every or (taken + 1) % every == 0
        return updates, bool(self.use_ema and frequency) and (taken // (every or 1) + 1) % int(frequency or 1) == 0

    def _change(self, gradients: list[Any], variables: list[Variable]) -> None:
        every = self.gradient_accumulation_steps
        if every:
            sums = self.state_of(self._accumulators, variables)
            blend_update(sums, gradients, 1.0 / every, 1.0 / every)
            gradients = list(sums)
        rate = live(self._rate_of_this_step)
        self._apply_weight_decay(variables, rate)
        limited = clipped(gradients, self.clipnorm, self.clipvalue, self.global_clipnorm)
        self.update(limited, variables, rate)
        if every:
            blend_update(self._accumulators, self._accumulators, 0.0, 0.0)

    def _apply_weight_decay(self, variables: list[Variable], learning_rate: float | LiveNumber) -> None:
        self._decay(variables, learning_rate, self.weight_decay)

    def _finish_step(self) -> None:
        self._iterations.assign_add(1)

    def next_step(self) -> float | LiveNumber:
        """The number of the step that is being taken, counted from 1."""
        return live(lambda: int(self.iterations) + 1)

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        """Applies one step to all variables; the default calls :meth:`update_step` for each.

        ``iterations`` is the number of steps before this one.
        """
        for gradient, variable in zip(gradients, variables):
            self.update_step(gradient, variable, scalar(learning_rate, variable.dtype))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Applies one step to one variable."""
        raise TypeError(
            f"{type(self).__name__}: no rule for a step; expected a method update_step(gradient, variable, "
            "learning_rate) or update(gradients, variables, learning_rate)."
        )

    def scale_loss(self, loss: Any) -> Any:
        """The loss as gradients are to be taken of it: multiplied by ``loss_scale_factor`` where there is one."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Keeps variables from weight decay.

        Args:
            var_list: the variables.
            var_names: patterns (regular expressions) that are looked for in their names, for example ['bias'].
        """
        self._decay.exclude(var_list or (), var_names or ())

    def get_config(self) -> dict[str, Any]:
        rate = self._learning_rate
        if isinstance(rate, schedules.LearningRateSchedule):
            rate = schedules.serialize(rate)
        elif isinstance(rate, Variable):
            rate = float(rate)
        return {
            "name": self.name,
            "learning_rate": rate,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        rate = config.get("learning_rate")
        given = {"learning_rate": schedules.deserialize(rate)} if isinstance(rate, Mapping) else {}
        return cls(**{**config, **given})

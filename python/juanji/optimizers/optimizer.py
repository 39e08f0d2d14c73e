"""What all optimizers share: learning rate, clipping, weight decay, and checks of what they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from juanji.autograd import Variable, open_trace
from juanji.optimizers import schedules
from juanji.optimizers.checks import match
from juanji.optimizers.rules import Clipping, WeightDecay
from juanji.trace import LiveNumber, live
from juanji.utils.arguments import not_negative
from juanji.utils.naming import auto_name
from juanji.utils.registry import Configurable, Registry

LearningRate = float | schedules.LearningRateSchedule | Callable[[], Any]

registry: Registry[Any] = Registry("juanji.optimizers", fold_case=True)


class Optimizer(Configurable):
    """Base of all optimizers; two hooks make a new one: :meth:`build` makes state, :meth:`update` uses it.

    Args:
        learning_rate: number, :class:`~juanji.optimizers.schedules.LearningRateSchedule`, or function without
            arguments.
        weight_decay: each step first multiplies the variables by ``1 - learning_rate * weight_decay``
            (Loshchilov and Hutter, 2019, arXiv:1711.05101).
        clipnorm: largest norm of each gradient.
        clipvalue: largest absolute value of gradient elements.
        global_clipnorm: largest norm of all gradients taken together.
        name: the class name in snake case by default.

    Raises:
        ValueError: for a learning rate that is negative or not finite, or more than one kind of clipping.

    Example:
        >>> import juanji
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

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
    ) -> None:
        owner = type(self).__name__
        self.name = name or auto_name(owner)
        self._clip = Clipping(owner, clipnorm, clipvalue, global_clipnorm)
        self._decay = WeightDecay(owner, weight_decay)
        self._iterations = Variable(0, trainable=False, dtype="int64", name="iteration")
        self._variables = [self._iterations]
        self._learning_rate: Any = None
        self.learning_rate = learning_rate
        self._rate: float | None = None  # known once in each step: a function may give another one at every call
        self._trainable: list[Variable] = []
        self._index: dict[int, int] = {}
        self.built = False

    @property
    def learning_rate(self) -> Any:
        """The current learning rate: a scalar variable, or what the schedule gives for this iteration.

        Setting it takes effect from the next step on.
        """
        if isinstance(self._learning_rate, schedules.LearningRateSchedule):
            return self._learning_rate(int(self._iterations.value))
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        return self._learning_rate()

    @learning_rate.setter
    def learning_rate(self, value: LearningRate) -> None:
        if callable(value):
            self._variables = [v for v in self._variables if v is not self._learning_rate]
            self._learning_rate = value
            return
        rate = not_negative(type(self).__name__, "learning_rate", value)
        if isinstance(self._learning_rate, schedules.LearningRateSchedule):
            raise TypeError(
                f"{type(self).__name__}: this optimizer follows a schedule; expected another schedule, got "
                f"learning_rate={rate}. Create the optimizer with a number to change it by hand."
            )
        if isinstance(self._learning_rate, Variable):
            self._learning_rate.assign(rate)
        else:
            self._learning_rate = Variable(rate, trainable=False, dtype="float64", name="learning_rate")
            self._variables.insert(1, self._learning_rate)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._index = {id(v): i for i, v in enumerate(self._trainable)}  # copies of variables have other ids

    @property
    def iterations(self) -> Variable:
        """How many steps were taken: an int64 scalar."""
        return self._iterations

    @property
    def variables(self) -> list[Variable]:
        """The optimizer's own variables: iteration, learning rate, and the state of each trained variable."""
        return list(self._variables)

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the state for these variables; optimizers with state extend it. Called by the first step."""
        for i, variable in enumerate(variables):
            if not isinstance(variable, Variable):
                raise TypeError(
                    f"{type(self).__name__}.build: not a variable; expected juanji.Variable, got "
                    f"{type(variable).__name__} at position {i}."
                )
        self._trainable = list(variables)
        self._index = {id(v): i for i, v in enumerate(self._trainable)}
        self.built = True

    def add_optimizer_variables(self, variables: Sequence[Variable], name: str) -> list[Variable]:
        """One variable of zeros for each given variable, of its shape and type, in the same order."""
        added = [Variable(np.zeros(v.shape, v.dtype), trainable=False, name=f"{v.name}_{name}") for v in variables]
        self._variables.extend(added)
        return added

    def state_of(self, slots: list[Variable], variables: Sequence[Variable]) -> list[Variable]:
        """The members of a list from :meth:`add_optimizer_variables` that belong to these variables."""
        return [slots[self._index[id(v)]] for v in variables]

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """One step from pairs of gradient and variable; gives :attr:`iterations`.

        Example:
            >>> import juanji
            >>> v = juanji.Variable(1.0)
            >>> int(juanji.optimizers.SGD(0.25).apply_gradients([(np.array(2.0), v)])), float(v)
            (1, 0.5)
        """
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """One step: changes the variables in place.

        Args:
            grads: the gradient of each variable; None where the loss does not depend on it.
            trainable_variables: the variables; by default those the optimizer was built with.

        Raises:
            ValueError: for unknown variables, no gradient at all, or shapes that do not match.
        """
        grads = list(grads)
        if not grads:
            return
        owner = type(self).__name__
        variables = self._trainable if trainable_variables is None else list(trainable_variables)
        if not self.built:
            if trainable_variables is None:
                raise ValueError(
                    f"{owner}.apply: variables missing; expected apply(grads, variables), or build() first, "
                    "got neither."
                )
            self.build(variables)
        gradients, variables = match(owner, grads, variables, self._index)
        trace = open_trace()
        if trace is None:
            self._begin_step()
        else:
            trace.beginnings.append(self._begin_step)
        rate = live(self._rate_of_this_step)
        self._decay(variables, rate)
        self.update(self._clip(gradients), variables, rate)
        if trace is None:
            self._finish_step()
        else:
            trace.defer(self._finish_step)

    def _rate_of_this_step(self) -> float:
        if self._rate is None:
            self._rate = not_negative(type(self).__name__, "learning_rate", self.learning_rate)
        return self._rate

    def _begin_step(self) -> None:
        self._rate = None

    def _finish_step(self) -> None:
        self._iterations.assign_add(1)

    def next_step(self) -> float | LiveNumber:
        """The number of the step that is being taken, counted from 1."""
        return live(lambda: int(self._iterations) + 1)

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        """Applies one step to all variables; the default calls :meth:`update_step` for each.

        ``iterations`` is the number of steps before this one.
        """
        for gradient, variable in zip(gradients, variables):
            self.update_step(gradient, variable, learning_rate)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Applies one step to one variable."""
        raise TypeError(
            f"{type(self).__name__}: no rule for a step; expected a method update_step(gradient, variable, "
            "learning_rate) or update(gradients, variables, learning_rate)."
        )

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Keeps variables from weight decay.

        Args:
            var_list: the variables.
            var_names: parts of their names, for example ['bias'].
        """
        self._decay.exclude(var_list or (), var_names or ())

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Puts the values of :attr:`variables` into ``store``, by number."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Takes the values that :meth:`save_own_variables` stored; the optimizer has to be built.

        Raises:
            ValueError: when their number or a shape differs; then none is changed.
        """
        variables = self.variables
        values = [np.asarray(store[str(i)]) for i in range(len(store))]
        if [v.shape for v in values] != [v.shape for v in variables]:
            raise ValueError(
                f"{type(self).__name__}: the state does not fit; expected {len(variables)} arrays of the shapes of "
                f"optimizer.variables, got {len(values)}. Use the model that it was taken from."
            )
        if not int(values[0]) >= 0:
            raise ValueError(f"{type(self).__name__}: wrong iterations; expected at least 0, got {int(values[0])}.")
        for variable, value in zip(variables, values):
            variable.assign(value)

    def get_config(self) -> dict[str, Any]:
        rate = self._learning_rate
        if isinstance(rate, schedules.LearningRateSchedule):
            rate = schedules.serialize(rate)
        elif isinstance(rate, Variable):
            rate = float(rate)
        return {
            "name": self.name,
            "learning_rate": rate,
            "weight_decay": self._decay.rate,
            **self._clip.get_config(),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        rate = config.get("learning_rate")
        given = {"learning_rate": schedules.deserialize(rate)} if isinstance(rate, Mapping) else {}
        return cls(**{**config, **given})

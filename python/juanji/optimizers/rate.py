"""The learning rate of an optimizer: a variable, a schedule or a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juanji.autograd import Variable
from juanji.optimizers import schedules
from juanji.optimizers.state import OptimizerState
from juanji.utils.arguments import not_negative

LearningRate = float | schedules.LearningRateSchedule | Callable[[], Any]


class LearningRateOwner(OptimizerState):
    """The part of an optimizer that knows its learning rate."""

    _iterations: Variable
    _learning_rate: Any = None
    _rate: float | None = None  # known once in each step: a function may give another one at every call

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
            self._learning_rate = self._placed(Variable(rate, trainable=False, dtype="float64", name="learning_rate"))
            self._variables.insert(1, self._learning_rate)

    def _rate_of_this_step(self) -> float:
        if self._rate is None:
            self._rate = not_negative(type(self).__name__, "learning_rate", self.learning_rate)
        return self._rate

    def _begin_step(self) -> None:
        self._rate = None

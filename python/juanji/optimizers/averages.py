"""Moving averages of the variables that an optimizer trains."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from juanji._live import derived, live
from juanji.autograd import Array, Variable
from juanji.ops._update_rules import blend_update
from juanji.optimizers.state import OptimizerState


class AverageOwner(OptimizerState):
    """The part of an optimizer that counts its steps and keeps averages over them."""

    use_ema: bool
    ema_momentum: float
    gradient_accumulation_steps: int | None
    _iterations: Variable
    _averages: list[Variable]

    @property
    def iterations(self) -> Variable | Array:
        """How many times the variables were changed: an int64 scalar, with accumulated gradients not a variable."""
        if self.gradient_accumulation_steps:
            return np.asarray(self._iterations.value // self.gradient_accumulation_steps)
        return self._iterations

    def _update_averages(self, overwrite: bool) -> None:
        keep = live(lambda: self.ema_momentum if int(self.iterations) else 0.0)
        blend_update(self._averages, self._trainable, keep, derived(lambda share: 1.0 - share, keep))
        if overwrite:
            self.finalize_variable_values(self._trainable)

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Writes the moving averages, where they are kept, into the variables: the end of a training."""
        if not self.use_ema or not self._averages:
            return
        variables = [v for v in var_list if id(v) in self._index]
        blend_update(variables, self.state_of(self._averages, variables), 0.0, 1.0)

    def swap_averages(self) -> None:
        """Exchanges the values of the variables and of their moving averages."""
        for variable, average in zip(self._trainable, self._averages):
            value = variable.numpy()
            variable.assign(average)
            average.assign(value)

    def keep_values_as_averages(self) -> None:
        """Writes the variables into their moving averages."""
        for variable, average in zip(self._trainable, self._averages):
            average.assign(variable)

"""The variables of an optimizer: made beside those it trains, read, written, saved and loaded."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from juanji import initializers
from juanji.autograd import Array, Variable
from juanji.config import floatx
from juanji.stateless import StatelessScope, new_values
from juanji.utils.registry import Configurable


class OptimizerState(Configurable):
    """What an optimizer keeps between steps, in Keras' order."""

    name: str
    built: bool

    def __init__(self) -> None:
        self._variables: list[Variable] = []
        self._trainable: list[Variable] = []
        self._index: dict[int, int] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._index = {id(v): i for i, v in enumerate(self._trainable)}  # copies of variables have other ids

    @abstractmethod
    def apply(self, grads: Sequence[Any]) -> None:
        """One step with the gradients of all trained variables."""

    @property
    def variables(self) -> list[Variable]:
        """The optimizer's own variables: iteration, learning rate, and the state of each trained variable."""
        return list(self._variables)

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: Any = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Makes one variable of state.

        Args:
            shape: its shape.
            initializer: name, object or function that gives the first value.
            dtype: element type; the default float type when None.
            aggregation, layout: accepted for Keras' scripts; without effect.
            name: 'variable' by default.
        """
        value = initializers.get(initializer)(tuple(shape), dtype=dtype or floatx())
        variable = Variable(np.asarray(value), trainable=False, dtype=dtype or floatx(), name=name or "variable")
        self._variables.append(self._placed(variable))
        return variable

    def _placed(self, variable: Variable) -> Variable:
        """A variable of this optimizer, with the path that it has in Keras."""
        variable.path = f"{self.name}/{variable.name}"
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """A variable of the shape and type of another one, called '{its name}_{name}'."""
        base = str(getattr(reference_variable, "path", reference_variable.name)).replace("/", "_")
        return self.add_variable(
            reference_variable.shape, initializer, reference_variable.dtype, name=f"{base}_{name or 'var'}"
        )

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Variable], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """One variable of state for each given variable, of its shape and type, in the same order.

        Args:
            trainable_variables: those to be trained.
            name: what to call the state, or several names for several variables each.
            initializer: of the first values, or one for each name.

        Returns:
            A list, or a tuple with one list for each name.
        """
        if isinstance(name, str):
            return [self.add_variable_from_reference(v, name, initializer) for v in trainable_variables]
        several = list(initializer) if isinstance(initializer, (list, tuple)) else [initializer] * len(name)
        if len(several) != len(name):
            raise ValueError(
                f"{type(self).__name__}.add_optimizer_variables: one initializer per name is needed; expected "
                f"{len(name)}, got {len(several)}."
            )
        rows = [
            [self.add_variable_from_reference(v, one, how) for one, how in zip(name, several)]
            for v in trainable_variables
        ]
        return tuple([row[i] for row in rows] for i in range(len(name)))

    def state_of(self, slots: Sequence[Any], variables: Sequence[Variable]) -> list[Any]:
        """The members of a list from :meth:`add_optimizer_variables` that belong to these variables."""
        return [slots[self._get_variable_index(v)] for v in variables]

    def _get_variable_index(self, variable: Variable) -> int:
        """Which of the trained variables this is; the name that Keras' optimizers use."""
        return self._index[id(variable)]

    def assign(self, variable: Variable, value: Any) -> None:
        """Writes a value into a variable."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Adds a value to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtracts a value from a variable."""
        variable.assign_sub(value)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Sets the values of :attr:`variables`.

        Raises:
            ValueError: before :meth:`build`, for another number of values, or for shapes that do not match.
        """
        self._require_built("set_weights")
        self._check_count("set_weights", "weights", weights, self.variables)
        for variable, value in zip(self.variables, weights):
            variable.assign(value)

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

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list[Array], list[Array]]:
        """One step on values instead of variables: nothing but what is given back changes.

        Args:
            optimizer_variables: values of :attr:`variables`.
            grads: the gradients.
            trainable_variables: values of the variables the optimizer was built with.

        Returns:
            The values of the trained variables and of the optimizer's variables after the step.

        Example:
            >>> import juanji
            >>> optimizer = juanji.optimizers.SGD(0.5)
            >>> optimizer.build([juanji.Variable([0.0])])
            >>> optimizer.stateless_apply([0, 0.5], [np.array([2.0])], [np.array([3.0])])[0]
            [array([2.], dtype=float32)]
        """
        self._require_built("stateless_apply")
        own = self.variables
        self._check_count("stateless_apply", "optimizer_variables", optimizer_variables, own)
        self._check_count("stateless_apply", "trainable_variables", trainable_variables, self._trainable)
        everything = [*self._trainable, *own]
        with StatelessScope(zip(everything, [*trainable_variables, *optimizer_variables])) as scope:
            self.apply(grads)
        after = [value.numpy() for value in new_values(scope, everything)]
        return after[: len(self._trainable)], after[len(self._trainable) :]

    def _require_built(self, method: str) -> None:
        if not self.built:
            raise ValueError(
                f"{type(self).__name__}.{method}: the optimizer has no state yet; expected build(variables) before, "
                "got none."
            )

    def _check_count(self, method: str, name: str, given: Sequence[Any], wanted: Sequence[Any]) -> None:
        if len(given) != len(wanted):
            raise ValueError(
                f"{type(self).__name__}.{method}: wrong number of {name}; expected {len(wanted)}, got {len(given)}."
            )

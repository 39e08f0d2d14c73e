"""The weights of a layer and of the layers inside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from juanji import _structure, constraints, initializers, regularizers
from juanji.autograd import Variable
from juanji.layers._budget import zeros_for_file

if TYPE_CHECKING:
    from juanji.layers.layer import Layer

Array = np.ndarray[Any, Any]


class OwnedWeight(NamedTuple):
    """A variable and what training does with it."""

    variable: Variable
    trainable: bool  # as declared; the variable itself is also frozen while its layer is
    regularizer: Any


class WeightOwner:
    """What layers and models have in common: variables of their own, and layers inside them.

    Layers inside are found by looking at the attributes (also in lists, tuples and dicts), in the order in which they
    were set, so nothing has to be registered.
    """

    name: str
    _form: _structure.Form
    # attributes that say nothing about what a step computes, or count their changes by themselves
    _passing: ClassVar[frozenset[str]] = frozenset(
        {"history", "stop_training", "trainable", "train_function", "test_function", "predict_function"}
    )

    def __setattr__(self, name: str, value: Any) -> None:
        kept = name in vars(self) and _structure.is_same(vars(self)[name], value)
        object.__setattr__(self, name, value)
        if isinstance(value, Variable):
            self._own(value)
        if name[0] != "_" and name not in self._passing and not kept:
            object.__setattr__(self, "_form", _structure.changed())

    def __init__(self, trainable: bool, dtype: str) -> None:
        self._own_weights: list[OwnedWeight] = []
        self._trainable = bool(trainable)
        self.dtype = dtype

    def add_weight(
        self,
        shape: Sequence[int] | None = None,
        initializer: Any = None,
        dtype: str | None = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str | None = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Creates a variable of this layer. A :class:`juanji.Variable` that is set as an attribute is one too.

        Args:
            shape: () by default.
            initializer: name, object or callable ``(shape, dtype)``; Glorot uniform by default, zeros for integers.
            dtype: that of the layer by default.
            trainable: whether training changes it.
            regularizer: its value is added to the loss.
            constraint: applied to the variable after each update.
            name: 'variable' by default.
            autocast, aggregation, overwrite_with_gradient: accepted for Keras scripts; without effect.
        """
        dtype = str(np.dtype(dtype or self.dtype))
        if isinstance(shape, str):
            raise ValueError(
                f"{self.name!r}: add_weight takes the shape first; expected add_weight(shape=..., name={shape!r}), got "
                f"shape={shape!r}. Pass the name as a keyword."
            )
        default = "glorot_uniform" if "float" in dtype else "zeros"
        shape = (shape,) if isinstance(shape, int) else shape
        try:
            values = zeros_for_file(tuple(shape or ()), dtype)
            if values is None:
                make = initializers.get(default if initializer is None else initializer)
                values = make(tuple(shape or ()), dtype=dtype)
        except MemoryError:
            raise MemoryError(
                f"{self.name!r}: the weight {name!r} does not fit into memory; expected a size the machine can hold, "
                f"got shape={tuple(shape or ())} of {dtype}. Use fewer units or a smaller kernel."
            ) from None
        variable = Variable(values, trainable=trainable and self._trainable, dtype=dtype, name=name or "variable")
        variable.path = f"{getattr(self, 'path', self.name)}/{variable.name}"
        variable.constraint = constraints.get(constraint)
        self._own_weights.append(OwnedWeight(variable, trainable, regularizers.get(regularizer)))
        return variable

    def _own(self, variable: Variable) -> None:
        """Makes a variable that is set as an attribute a weight, unless it is one."""
        owned: list[OwnedWeight] | None = vars(self).get("_own_weights")
        if owned is None:
            raise RuntimeError(
                f"{type(self).__name__}: a variable is set too early; expected super().__init__() before, got none. "
                "Call it first in the constructor."
            )
        if not any(weight.variable is variable for weight in owned):
            owned.append(OwnedWeight(variable, variable.trainable, None))
            variable.trainable = variable.trainable and self._trainable
            if "/" not in variable.path:  # that of the layer which made it stays
                variable.path = f"{getattr(self, 'path', self.name)}/{variable.name}"

    def sublayers(self) -> list[Layer]:
        """The layers directly inside this one."""
        found: list[Any] = []
        for name, value in vars(self).items():
            if type(value) not in _PLAIN and name not in _NO_LAYERS:
                _collect_layers(value, found)
        return found

    def walk(self) -> Iterator[WeightOwner]:
        """This layer and every layer inside it, each once, outer ones first."""
        seen: set[int] = set()
        todo: list[WeightOwner] = [self]
        while todo:
            layer = todo.pop()
            if id(layer) not in seen:
                seen.add(id(layer))
                yield layer
                todo.extend(reversed(layer.sublayers()))

    @property
    def trainable(self) -> bool:
        """Whether training changes the trainable weights; setting it also sets the layers inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.walk():
            if layer._trainable != bool(value):
                layer._trainable = bool(value)
                _structure.changed()
            for weight in layer._own_weights:
                weight.variable.trainable = weight.trainable and layer._trainable

    @property
    def weights(self) -> list[Variable]:
        """All variables, in the order in which :meth:`get_weights` gives their values."""
        found = (w.variable for layer in self.walk() for w in layer._own_weights)
        return list({id(variable): variable for variable in found}.values())  # one may belong to two layers

    @property
    def trainable_weights(self) -> list[Variable]:
        """What training changes; nothing while this layer is frozen, whatever was set inside it later."""
        return [v for v in self.weights if v.trainable] if self._trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        return [v for v in self.weights if not v.trainable] if self._trainable else self.weights

    @property
    def variables(self) -> list[Variable]:
        return self.weights

    @property
    def trainable_variables(self) -> list[Variable]:
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        return self.non_trainable_weights

    def get_weights(self) -> list[Array]:
        """Copies of the values of all weights."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Overwrites all weights.

        Args:
            weights: arrays in the order and shapes of :meth:`get_weights`.

        Raises:
            ValueError: when their number or a shape differs; then no weight is changed.
        """
        variables = self.weights
        if not isinstance(weights, (list, tuple)):
            raise TypeError(
                f"set_weights: not a list of arrays for {self.name!r}; expected a list, got {type(weights).__name__}. "
                "Pass what get_weights returns."
            )
        if len(weights) != len(variables):
            raise ValueError(
                f"set_weights: wrong number of arrays for {self.name!r}; expected {len(variables)}, "
                f"got len(weights)={len(weights)}. Take them from get_weights of a layer of the same form."
            )
        arrays = [np.asarray(w) for w in weights]
        for variable, array in zip(variables, arrays):
            if array.dtype.kind not in "fiub":
                raise TypeError(
                    f"set_weights: unsupported dtype for {variable.name!r} in {self.name!r}; expected numbers, "
                    f"got dtype={array.dtype}. Pass what get_weights returns."
                )
            if variable.shape != array.shape:
                raise ValueError(
                    f"set_weights: wrong shape for {variable.name!r} in {self.name!r}; expected {variable.shape}, "
                    f"got shape={array.shape}. Take the arrays from get_weights of a layer of the same form."
                )
        for variable, array in zip(variables, arrays):
            variable.assign(array)

    def form(self) -> tuple[Any, ...]:
        """What decides about the operations of a step: it is equal while no layer inside has changed.

        Layers that are frozen and set free again are what they were.
        """
        parts: list[Any] = []
        for layer in self.walk():
            own = [w.variable for w in layer._own_weights]
            parts += (layer._form, layer._trainable, *((v.trainable, v.constraint) for v in own))
        return tuple(parts)

    def count_params(self) -> int:
        """Numbers in all weights together."""
        return sum(math.prod(v.shape) for v in self.weights)

    def own_penalties(self) -> list[Any]:
        """What this layer itself adds to the loss: the penalties of its weights that have a regularizer."""
        return [
            w.regularizer(w.variable) for w in self._own_weights if w.regularizer is not None and w.variable.trainable
        ]


# Attributes of these types are passed over: this is done several times in every training step.
_NO_LAYERS = frozenset(("_form", "_own_weights", "_inbound_nodes", "_build_shape", "_init_arguments"))
_PLAIN = frozenset((bool, float, int, str, type(None), Variable))


def _collect_layers(value: Any, found: list[Any]) -> None:
    if isinstance(value, WeightOwner):
        found.append(value)
    elif isinstance(value, (list, tuple)):
        for member in value:
            if type(member) not in _PLAIN:
                _collect_layers(member, found)
    elif isinstance(value, dict):
        for member in value.values():
            _collect_layers(member, found)

"""Recurrent layers around any cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from juanji import ops, regularizers
from juanji.autograd import Variable
from juanji.layers._arguments import Shape
from juanji.layers._kernel_layer import or_none
from juanji.layers._recurrence import as_list, converted, run_steps
from juanji.layers._recurrent_cell import Prepared, RecurrentCell
from juanji.layers._registry import deserialize, registry, serialize
from juanji.layers.layer import Layer
from juanji.layers.stacked_rnn_cells import StackedRNNCells, output_size, prepared, require_cell
from juanji.symbolic.structure import flatten, map_structure


@registry.register()
class RNN(Layer):
    """Goes through sequences step by step with a cell that has a state.

    Input (N, T, ...), output (N, size) of the last step or (N, T, size) with ``return_sequences``; with
    ``return_state`` the states behind the last step follow. A mask (N, T), given or carried by the input, says which
    steps count: the others leave state and output as they are.

    The steps are gone through in Python; as part of a recorded step they are one native call.

    Args:
        cell: a cell (a layer with ``state_size`` whose ``call(inputs, states)`` gives output and next states), or a
            list of cells that stand on each other.
        return_sequences: give the output of every step.
        return_state: give the last states as well.
        go_backwards: begin with the last step; outputs come in this order.
        stateful: begin each batch with the states behind the one before. The batch size has to be known and constant.
        unroll: accepted and without effect: the loop always runs over the steps there are.
        zero_output_for_mask: give zeros at steps that a mask leaves out; the output before them otherwise.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for something that is no cell, an input without steps, or states that do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> rnn = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_sequences=True)
        >>> rnn(np.zeros((4, 5, 6), "float32")).shape
        (4, 5, 2)
    """

    supports_masking = True
    _takes_one_array = True
    _rank: int | None = None  # axes of the input

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cell: Any = StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else cell
        require_cell(type(self).__name__, self.cell)
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        self.go_backwards = bool(go_backwards)
        self.stateful = bool(stateful)
        self.unroll = bool(unroll)
        self.zero_output_for_mask = bool(zero_output_for_mask)
        self._states: list[Any] | None = None

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the cell's states."""
        return as_list(self.cell.state_size)

    @property
    def states(self) -> Any:
        """The variables that hold the states between batches; None unless ``stateful`` and built."""
        return self._states

    def check_input(self, shape: Shape) -> None:
        if len(shape) != self._rank if self._rank else len(shape) < 3:
            wanted = f"{self._rank} axes (batch, steps, ...)" if self._rank else "at least 3 axes (batch, steps, ...)"
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: wrong rank of the input; expected {wanted}, got "
                f"shape={tuple(shape)}. Reshape the input, or set return_sequences=True in the recurrent layer before."
            )
        if shape[1] == 0:
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: there are no steps; expected at least 1, got "
                f"shape={tuple(shape)}. Leave empty sequences out."
            )

    def build(self, sequences_shape: Shape, initial_state_shape: Any = None) -> None:
        self.check_input(sequences_shape)
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
        if self.stateful and self._states is None:
            if sequences_shape[0] is None:
                raise ValueError(
                    f"{type(self).__name__} {self.name!r}: the batch size is not known; expected a number for "
                    f"stateful=True, got shape={tuple(sequences_shape)}. Pass batch_size= to Input."
                )
            self._states = map_structure(
                lambda x: Variable(x, trainable=False, dtype=self.dtype, name="rnn_state"),
                self.get_initial_state(sequences_shape[0]),
            )

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """The states before the first step, zeros unless the cell says otherwise."""
        if hasattr(self.cell, "get_initial_state"):
            return as_list(self.cell.get_initial_state(batch_size=batch_size))
        return [ops.zeros((batch_size, size), self.dtype) for size in self.state_size]

    def reset_state(self) -> None:
        """Sets the states kept between batches to zero."""
        for variable in flatten(self._states or []):
            variable.assign(np.zeros(variable.shape))

    def reset_states(self) -> None:
        """The same as :meth:`reset_state`."""
        self.reset_state()

    def _prepared(self, batch: int, training: bool | None) -> Prepared:
        return prepared(self.cell, batch, training)

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None) -> Any:
        batch = sequences.shape[0]
        states = converted(self._first_states(batch, initial_state), self.dtype)
        project, advance = self._prepared(batch, training)
        output, states = run_steps(
            project(sequences),
            states,
            advance,
            flatten(mask)[0],
            self.go_backwards,
            self.zero_output_for_mask,
            self.return_sequences,
        )
        if self.stateful:
            for variable, state in zip(flatten(self._states), flatten(states)):
                variable.assign(state)
        return (output, *states) if self.return_state else output

    def _first_states(self, batch: int, given: Any) -> list[Any]:
        if self.stateful and self._states is not None:
            kept = flatten(self._states)[0].shape[0]
            if batch != kept:
                raise ValueError(
                    f"{type(self).__name__} {self.name!r}: another batch size; expected {kept}, as states are kept "
                    f"between batches, got {batch} samples. Pass batch_size={kept}, or leave the last batch out."
                )
        if given is not None:
            return as_list(given)
        if self.stateful and self._states is not None:
            # Copies: the variables get other values before gradients are taken.
            copies: list[Any] = map_structure(lambda v: ops.multiply(v, 1.0), self._states)
            return copies
        return self.get_initial_state(batch)

    def compute_output_shape(self, sequences_shape: Shape, initial_state_shape: Any = None) -> Any:
        batch, steps = sequences_shape[:2]
        size = output_size(self.cell)
        output = (batch, steps, size) if self.return_sequences else (batch, size)
        if not self.return_state:
            return output
        return (output, *map_structure(lambda n: (batch, n), self.state_size))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """That of the input for the output of all steps; none for the last output, and for states."""
        mask = flatten(previous_mask)[0] if self.return_sequences else None
        return [mask, *(None for _ in self.state_size)] if self.return_state else mask

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._loop_config(), "cell": serialize(self.cell)}

    def _loop_config(self) -> dict[str, Any]:
        names = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        cell = config["cell"]
        if isinstance(cell, Mapping):
            cell = deserialize(cell, custom_objects)
        return cls(**{**config, "cell": cell})


class CellLayer(RNN):
    """A recurrent layer with a cell of juanji's own, whose arguments it takes and shows as attributes."""

    _of_cell: Sequence[str] = (
        "units",
        "activation",
        "recurrent_activation",
        "use_bias",
        *(
            f"{w}_{kind}"
            for w in ("kernel", "recurrent", "bias")
            for kind in ("initializer", "regularizer", "constraint")
        ),
        "dropout",
        "recurrent_dropout",
        "unit_forget_bias",
        "reset_after",
    )
    _rank = 3

    def __getattr__(self, name: str) -> Any:
        cell = vars(self).get("cell")
        if cell is not None and name in self._of_cell:
            return getattr(cell, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def check_input(self, shape: Shape) -> None:
        super().check_input(shape)
        if self.built and isinstance(self.cell, RecurrentCell) and shape[-1] != self.cell.kernel.shape[-2]:
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: wrong number of features; expected "
                f"{self.cell.kernel.shape[-2]} on the last axis, got shape={tuple(shape)}. The layer was built for "
                "another input: check the data, or build a new layer."
            )

    def get_config(self) -> dict[str, Any]:
        cell = {
            key: value for key, value in self.cell.get_config().items() if key not in ("name", "dtype", "trainable")
        }
        own = super().get_config()
        del own["cell"]
        return {**own, **cell, "activity_regularizer": or_none(regularizers, self.activity_regularizer)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        return cls(**config)


def own_arguments(kwargs: dict[str, Any], name: str) -> dict[str, Any]:
    """Arguments of the cell among those of its layer: the type, whether it is trained, and `implementation`."""
    shared: dict[str, Any] = {key: kwargs[key] for key in ("dtype", "trainable") if key in kwargs}
    return {**shared, "name": name, "implementation": kwargs.pop("implementation", 2)}


def require_cudnn_argument(owner: str, value: Any) -> Any:
    """``use_cudnn`` is accepted, as in scripts for graphics cards, and has no effect."""
    if value not in ("auto", True, False):
        raise ValueError(
            f"{owner}: use_cudnn is not clear; expected 'auto', True or False, got use_cudnn={value!r}. Leave it out."
        )
    return value

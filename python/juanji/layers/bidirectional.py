"""Recurrent layers that read sequences in both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from juanji import ops
from juanji.layers._arguments import Shape
from juanji.layers._registry import deserialize, registry, serialize
from juanji.layers.layer import Layer
from juanji.layers.wrapper import require_layer
from juanji.symbolic.structure import flatten

_MODES = ("sum", "mul", "ave", "concat", None)


@registry.register()
class Bidirectional(Layer):
    """Two recurrent layers, of which one goes backwards (Schuster and Paliwal, 1997); their outputs are merged.

    Outputs of all steps are in the order of the input. The states that ``return_state`` adds are those of the forward
    layer, then those of the other; ``initial_state`` is taken in the same order.

    Args:
        layer: a recurrent layer; a new one is made like it for each direction.
        merge_mode: 'concat' (on the last axis), 'sum', 'mul', 'ave' (the mean), or None for both outputs.
        weights: first values of the weights of both layers; those of their initializers by default.
        backward_layer: the layer for the other direction, with ``go_backwards=True``; like ``layer`` by default.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for something that is no layer, or two layers that do not fit each other.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layers.Bidirectional(layers.LSTM(4, return_sequences=True))(np.zeros((2, 5, 3), "float32")).shape
        (2, 5, 8)
    """

    supports_masking = True
    _takes_one_array = True

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Sequence[Any] | None = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        require_layer("Bidirectional", layer)
        if merge_mode not in _MODES:
            raise ValueError(
                f"Bidirectional: unknown merge_mode; expected one of {', '.join(map(repr, _MODES))}, got "
                f"merge_mode={merge_mode!r}."
            )
        self.merge_mode = merge_mode
        self.forward_layer = _copied(layer, "forward", layer.go_backwards)
        if backward_layer is None:
            self.backward_layer = _copied(layer, "backward", not layer.go_backwards)
        else:
            require_layer("Bidirectional", backward_layer)
            self.backward_layer = backward_layer
        self._check_directions()
        for one in (self.forward_layer, self.backward_layer):
            one.zero_output_for_mask = one.return_sequences
        self._first_weights = None if weights is None else list(weights)

    def _check_directions(self) -> None:
        one, other = self.forward_layer, self.backward_layer
        if one.go_backwards == other.go_backwards:
            raise ValueError(
                "Bidirectional: both layers go in one direction; expected different go_backwards, got "
                f"{one.go_backwards} for both. Pass a backward_layer with go_backwards=True."
            )
        for name in ("stateful", "return_sequences", "return_state"):
            if getattr(one, name) != getattr(other, name):
                raise ValueError(
                    f"Bidirectional: the layers do not fit each other; expected the same {name}, got "
                    f"{getattr(one, name)} and {getattr(other, name)}. Make them with the same arguments."
                )

    @property
    def return_sequences(self) -> bool:
        """Whether the outputs of all steps are given."""
        return bool(self.forward_layer.return_sequences)

    @property
    def return_state(self) -> bool:
        """Whether the last states are given as well."""
        return bool(self.forward_layer.return_state)

    @property
    def stateful(self) -> bool:
        """Whether states are kept between batches."""
        return bool(self.forward_layer.stateful)

    @property
    def states(self) -> Any:
        """The variables that hold the states of both layers between batches; None unless ``stateful`` and built."""
        one, other = self.forward_layer.states, self.backward_layer.states
        return (*one, *other) if one and other else None

    def reset_state(self) -> None:
        """Sets the states kept between batches to zero."""
        if not self.stateful:
            raise AttributeError("Bidirectional: no states are kept; expected a layer with stateful=True.")
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self) -> None:
        """The same as :meth:`reset_state`."""
        self.reset_state()

    def check_input(self, shape: Shape) -> None:
        self.forward_layer.check_input(shape)

    def build(self, sequences_shape: Shape, initial_state_shape: Any = None) -> None:
        for one in (self.forward_layer, self.backward_layer):
            if not one.built:
                one.build(sequences_shape)
        if self._first_weights is not None:
            self.set_weights(self._first_weights)

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None) -> Any:
        forward_state = backward_state = None
        if initial_state is not None:
            half = len(initial_state) // 2
            forward_state, backward_state = initial_state[:half], initial_state[half:]
        y = self.forward_layer(sequences, initial_state=forward_state, mask=mask, training=training)
        z = self.backward_layer(sequences, initial_state=backward_state, mask=mask, training=training)
        states: tuple[Any, ...] = ()
        if self.return_state:
            states, y, z = (*y[1:], *z[1:]), y[0], z[0]
        if self.return_sequences:
            z = ops.flip(z, axis=1)
        output = self._merged(y, z)
        if not self.return_state:
            return output
        return (*output, *states) if self.merge_mode is None else (output, *states)

    def _merged(self, y: Any, z: Any) -> Any:
        if self.merge_mode == "concat":
            return ops.concatenate([y, z], axis=-1)
        if self.merge_mode is None:
            return y, z
        if self.merge_mode == "mul":
            return ops.multiply(y, z)
        total = ops.add(y, z)
        return ops.multiply(total, 0.5) if self.merge_mode == "ave" else total

    def compute_output_shape(self, sequences_shape: Shape, initial_state_shape: Any = None) -> Any:
        output = self.forward_layer.compute_output_shape(sequences_shape)
        states: tuple[Any, ...] = ()
        if self.return_state:
            output, *own = output
            states = (*own, *own)
        if self.merge_mode is None:
            return (output, output, *states)
        if self.merge_mode == "concat":
            output = (*output[:-1], 2 * output[-1])
        return (output, *states) if states else output

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """That of the input for the outputs of all steps; none for the last output, and for states."""
        mask = flatten(previous_mask)[0] if self.return_sequences else None
        outputs = [mask] if self.merge_mode else [mask, mask]
        states = 2 * len(self.forward_layer.state_size) if self.return_state else 0
        return [*outputs, *(None for _ in range(states))]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": serialize(self.forward_layer),
            "backward_layer": serialize(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        made = dict(config)
        for name in ("layer", "backward_layer"):
            if made.get(name) is not None:
                made[name] = deserialize(made[name], custom_objects)
        return cls(**made)


def _copied(layer: Any, direction: str, go_backwards: bool) -> Any:
    """A new layer with the arguments of another one."""
    name = f"{direction}_{layer.name.removeprefix(f'{direction}_')}"
    return type(layer).from_config({**layer.get_config(), "go_backwards": go_backwards, "name": name})

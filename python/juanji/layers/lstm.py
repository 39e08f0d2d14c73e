"""Long short-term memory."""

from __future__ import annotations

from typing import Any

from juanji import activations, ops
from juanji.layers._recurrent_cell import Prepared, RecurrentCell, forget_bias
from juanji.layers._registry import registry
from juanji.layers.rnn import CellLayer, own_arguments, require_cudnn_argument


@registry.register()
class LSTMCell(RecurrentCell):
    """One step of :class:`LSTM`; the columns of the weights are those of i, f, c and o.

    Input (N, F) and states [h, c] of shape (N, units); gives the output h' and the next states [h', c'].

    Args:
        units: size of the output and of the state.
        activation: of the candidate and of the carry on its way out; 'tanh' by default, None for none.
        recurrent_activation: of the gates; 'sigmoid' by default.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        unit_forget_bias: begin with a bias of one for the forget gate.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: part of the inputs set to zero in training, 0 to 1; the same ones at every step of a sequence.
        recurrent_dropout: part of the state set to zero on its way into the gates, likewise.
        seed: integer for dropout masks of a sequence of its own; drawn from the global seed by default.
        kwargs: those of :class:`Layer` (name, dtype, ...).

    Raises:
        ValueError: for a number of units below 1.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> cell = layers.LSTMCell(4)
        >>> output, (h, c) = cell(np.ones((2, 3)), cell.get_initial_state(2))
        >>> output.shape, h.shape, c.shape
        ((2, 4), (2, 4), (2, 4))
    """

    _gates = 4

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel=(kernel_initializer, kernel_regularizer, kernel_constraint),
            recurrent=(recurrent_initializer, recurrent_regularizer, recurrent_constraint),
            bias=(bias_initializer, bias_regularizer, bias_constraint),
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            **kwargs,
        )
        self.unit_forget_bias = bool(unit_forget_bias)
        self.state_size = [self.units, self.units]

    def _add_bias(self) -> None:
        initializer = forget_bias(self, self.units) if self.unit_forget_bias else None
        self.bias = self._add("bias", "bias", (4 * self.units,), initializer)

    def prepare(self, batch: int, training: bool | None) -> Prepared:
        recur = self._recurrence(batch, training)

        def advance(z: Any, states: Any) -> tuple[Any, Any]:
            return lstm_step(self, ops.add(z, recur(states[0])), states[1])

        return Prepared(self._projection(batch, training, self.bias), advance)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
        }


def lstm_step(cell: Any, z: Any, c: Any) -> tuple[Any, Any]:
    """Output and next states [h, c] from the gates.

    Args:
        cell: has the two activations.
        z: sums that arrive at the gates i, f, c and o, one behind the other on the last axis.
        c: the carry before.
    """
    z_i, z_f, z_c, z_o = ops.split(z, 4, axis=-1)
    gate = cell.recurrent_activation
    c = ops.add(ops.multiply(gate(z_f), c), ops.multiply(gate(z_i), cell.activation(z_c)))
    h = ops.multiply(gate(z_o), cell.activation(c))
    return h, [h, c]


@registry.register()
class LSTM(CellLayer):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997; Gers et al., *Learning to Forget*, 2000).

    With ``z = x[t] · W + h[t-1] · U + b`` cut into four gates: ``c[t] = σ(z_f) · c[t-1] + σ(z_i) · act(z_c)`` and
    ``h[t] = σ(z_o) · act(c[t])``. Input (N, T, F), output h (N, units), or (N, T, units) with ``return_sequences``;
    the states are [h, c].

    Args:
        units: size of the output and of the state.
        activation: of the candidate and of the carry on its way out; 'tanh' by default, None for none.
        recurrent_activation: of the gates; 'sigmoid' by default.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        unit_forget_bias: begin with a bias of one for the forget gate.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: part of the inputs set to zero in training, 0 to 1; the same ones at every step of a sequence.
        recurrent_dropout: part of the state set to zero on its way into the gates, likewise.
        seed: integer for dropout masks of a sequence of its own; drawn from the global seed by default.
        return_sequences, return_state, go_backwards, stateful, unroll: as in :class:`RNN`.
        use_cudnn: accepted and without effect.
        activity_regularizer: penalty of the output, added to the loss.
        kwargs: ``zero_output_for_mask`` as in :class:`RNN`, and those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a number of units below 1, or an input without three axes.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> y, h, c = layers.LSTM(4, return_sequences=True, return_state=True)(np.zeros((2, 7, 3), "float32"))
        >>> y.shape, h.shape, c.shape
        ((2, 7, 4), (2, 4), (2, 4))
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: bool | str = "auto",
        **kwargs: Any,
    ) -> None:
        cell = LSTMCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            **own_arguments(kwargs, "lstm_cell"),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.use_cudnn = require_cudnn_argument("LSTM", use_cudnn)

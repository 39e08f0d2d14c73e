"""The plain recurrent layer."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers._recurrent_cell import Prepared, RecurrentCell
from juanji.layers._registry import registry
from juanji.layers.rnn import CellLayer, own_arguments


@registry.register()
class SimpleRNNCell(RecurrentCell):
    """One step of :class:`SimpleRNN`: ``h' = act(x · W + h · U + b)``.

    Input (N, F) and states [h] of shape (N, units); gives the output h' and the next states [h'].

    Args:
        units: size of the output and of the state.
        activation: of the output; 'tanh' by default, None for none.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
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
        >>> cell = layers.SimpleRNNCell(2, kernel_initializer="ones", recurrent_initializer="zeros")
        >>> output, states = cell(np.zeros((1, 3)), cell.get_initial_state(1))
        >>> output.shape
        (1, 2)
    """

    _gates = 1

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
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
            use_bias=use_bias,
            kernel=(kernel_initializer, kernel_regularizer, kernel_constraint),
            recurrent=(recurrent_initializer, recurrent_regularizer, recurrent_constraint),
            bias=(bias_initializer, bias_regularizer, bias_constraint),
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            **kwargs,
        )

    def prepare(self, batch: int, training: bool | None) -> Prepared:
        recur = self._recurrence(batch, training)

        def advance(z: Any, states: Any) -> tuple[Any, Any]:
            h = self.activation(ops.add(z, recur(states[0])))
            return h, [h]

        return Prepared(self._projection(batch, training, self.bias), advance)

    def _drops(self, rate: float) -> bool:
        return rate > 0


@registry.register()
class SimpleRNN(CellLayer):
    """The plain recurrent layer, ``h[t] = act(x[t] · W + h[t-1] · U + b)`` (Elman, *Finding Structure in Time*, 1990).

    Input (N, T, F), output (N, units), or (N, T, units) with ``return_sequences``.

    Args:
        units: size of the output and of the state.
        activation: of the output; 'tanh' by default, None for none.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: part of the inputs set to zero in training, 0 to 1; the same ones at every step of a sequence.
        recurrent_dropout: part of the state set to zero on its way into the gates, likewise.
        seed: integer for dropout masks of a sequence of its own; drawn from the global seed by default.
        return_sequences, return_state, go_backwards, stateful, unroll: as in :class:`RNN`.
        activity_regularizer: penalty of the output, added to the loss.
        kwargs: ``zero_output_for_mask`` as in :class:`RNN`, and those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a number of units below 1, or an input without three axes.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layers.SimpleRNN(4, return_sequences=True)(np.zeros((2, 7, 3), "float32")).shape
        (2, 7, 4)
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        cell = SimpleRNNCell(
            units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            **own_arguments(kwargs, "simple_rnn_cell"),
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

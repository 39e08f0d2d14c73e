"""Gated recurrent unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juanji import activations, ops
from juanji.layers._recurrent_cell import Prepared, RecurrentCell, Step
from juanji.layers._registry import registry
from juanji.layers.rnn import CellLayer, own_arguments, require_cudnn_argument
from juanji.ops._matmul import dense


@registry.register()
class GRUCell(RecurrentCell):
    """One step of :class:`GRU`; the columns of the weights are those of z, r and h.

    Input (N, F) and states [h] of shape (N, units); gives the output h' and the next states [h'].

    Args:
        units: size of the output and of the state.
        activation: of the candidate; 'tanh' by default, None for none.
        recurrent_activation: of the gates; 'sigmoid' by default.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: part of the inputs set to zero in training, 0 to 1; the same ones at every step of a sequence.
        recurrent_dropout: part of the state set to zero on its way into the gates, likewise.
        reset_after: apply the reset gate behind the product with the recurrent kernel, which then has a bias of its
            own (bias of shape (2, 3 · units)); before it otherwise.
        seed: integer for dropout masks of a sequence of its own; drawn from the global seed by default.
        kwargs: those of :class:`Layer` (name, dtype, ...).

    Raises:
        ValueError: for a number of units below 1.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> cell = layers.GRUCell(4)
        >>> output, states = cell(np.ones((2, 3)), cell.get_initial_state(2))
        >>> output.shape
        (2, 4)
    """

    _gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        reset_after: bool = True,
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
        self.reset_after = bool(reset_after)

    def _add_bias(self) -> None:
        columns = 3 * self.units
        self.bias = self._add("bias", "bias", (2, columns) if self.reset_after else (columns,))

    def prepare(self, batch: int, training: bool | None) -> Prepared:
        of_inputs, of_state = self.bias, None
        if self.bias is not None and self.reset_after:
            of_inputs, of_state = (ops.reshape(b, (-1,)) for b in ops.split(self.bias, 2, axis=0))
        project = self._projection(batch, training, of_inputs)
        if self.reset_after:
            return Prepared(project, self._reset_after(self._recurrence(batch, training, of_state)))
        return Prepared(project, self._reset_before(batch, training))

    def _reset_after(self, recur: Callable[[Any], Any]) -> Step:
        def advance(x: Any, states: Any) -> tuple[Any, Any]:
            x_z, x_r, x_h = ops.split(x, 3, axis=-1)
            u_z, u_r, u_h = ops.split(recur(states[0]), 3, axis=-1)
            r = self.recurrent_activation(ops.add(x_r, u_r))
            return self._mixed(ops.add(x_z, u_z), ops.add(x_h, ops.multiply(r, u_h)), states[0])

        return advance

    def _reset_before(self, batch: int, training: bool | None) -> Step:
        w_z, w_r, w_h = ops.split(self.recurrent_kernel, 3, axis=1)
        masks = self._masks(batch, self.units, self.recurrent_dropout, training)

        def advance(x: Any, states: Any) -> tuple[Any, Any]:
            h_z, h_r, h_h = [states[0]] * 3 if masks is None else [ops.multiply(states[0], m) for m in masks]
            x_z, x_r, x_h = ops.split(x, 3, axis=-1)
            r = self.recurrent_activation(ops.add(x_r, dense(h_r, w_r)))
            return self._mixed(ops.add(x_z, dense(h_z, w_z)), ops.add(x_h, dense(ops.multiply(r, h_h), w_h)), states[0])

        return advance

    def _mixed(self, update: Any, candidate: Any, h: Any) -> tuple[Any, Any]:
        z = self.recurrent_activation(update)
        g = self.activation(candidate)
        h = ops.add(g, ops.multiply(z, ops.subtract(h, g)))
        return h, [h]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "reset_after": self.reset_after,
        }


@registry.register()
class GRU(CellLayer):
    """Gated recurrent unit (Cho et al., arXiv:1406.1078).

    With update gate ``z = σ(x · W_z + h · U_z + b_z)`` and reset gate r likewise: the candidate is
    ``g = act(x · W_h + b_h + r · (h · U_h + b'_h))``, or ``act(x · W_h + b_h + (r · h) · U_h)`` with
    ``reset_after=False``, and ``h[t] = z · h[t-1] + (1 - z) · g``. Input (N, T, F), output (N, units), or (N, T, units)
    with ``return_sequences``.

    Args:
        units: size of the output and of the state.
        activation: of the candidate; 'tanh' by default, None for none.
        recurrent_activation: of the gates; 'sigmoid' by default.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout: part of the inputs set to zero in training, 0 to 1; the same ones at every step of a sequence.
        recurrent_dropout: part of the state set to zero on its way into the gates, likewise.
        reset_after: apply the reset gate behind the product with the recurrent kernel, which then has a bias of its
            own (bias of shape (2, 3 · units)); before it otherwise.
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
        >>> layers.GRU(4)(np.zeros((2, 7, 3), "float32")).shape
        (2, 4)
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
        reset_after: bool = True,
        use_cudnn: bool | str = "auto",
        **kwargs: Any,
    ) -> None:
        cell = GRUCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
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
            reset_after=reset_after,
            seed=seed,
            **own_arguments(kwargs, "gru_cell"),
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
        self.use_cudnn = require_cudnn_argument("GRU", use_cudnn)

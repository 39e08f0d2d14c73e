"""LSTM layers whose products are convolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from juanji import activations, ops
from juanji.layers._arguments import Shape, int_tuple, known_size, padding_mode, window_output
from juanji.layers._channels import place_of_channels
from juanji.layers._conv_steps import conv_steps
from juanji.layers._recurrent_cell import Prepared, RecurrentCell, forget_bias
from juanji.layers._registry import registry
from juanji.layers.lstm import lstm_step
from juanji.layers.rnn import CellLayer, own_arguments
from juanji.symbolic.structure import flatten, map_structure

Size = int | Sequence[int]


class ConvLSTMCell(RecurrentCell):
    """One step of :class:`ConvLSTM2D`, in one to three dimensions; its arguments, and ``rank``, the dimensions."""

    _gates = 4

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Size,
        strides: Size = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Size = 1,
        unit_forget_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        owner = f"ConvLSTM{rank}D"
        super().__init__(filters, **kwargs)
        self.rank = rank
        self.filters = self.units
        self.kernel_size = int_tuple(owner, "kernel_size", kernel_size, rank)
        self.strides = int_tuple(owner, "strides", strides, rank)
        self.padding = padding_mode(owner, padding)
        self.data_format = place_of_channels(owner, data_format)
        self.dilation_rate = int_tuple(owner, "dilation_rate", dilation_rate, rank)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{owner}: strides and dilation exclude each other; expected one of them to be 1, got "
                f"strides={self.strides} and dilation_rate={self.dilation_rate}."
            )
        self.unit_forget_bias = bool(unit_forget_bias)
        self.implementation = 1  # dropout masks for each gate
        self._sizes: tuple[int, ...] = ()

    def build(self, input_shape: Shape) -> None:
        sizes = window_output(self, input_shape, self.kernel_size, self.strides, self.dilation_rate, self.padding)
        known = tuple(size for size in sizes if size is not None)
        if len(known) < self.rank:
            raise ValueError(
                f"ConvLSTM{self.rank}D: the size of the images is not known; expected numbers, got one step of shape "
                f"{tuple(input_shape)}. Give the Input a full shape."
            )
        self._sizes = known
        self._input_sizes = tuple(size for size in input_shape[1:] if size is not None)
        channels = known_size(self, input_shape, "channels")
        self.kernel = self._add("kernel", "kernel", (*self.kernel_size, channels, 4 * self.filters))
        shape = (*self.kernel_size, self.filters, 4 * self.filters)
        self.recurrent_kernel = self._add("recurrent_kernel", "recurrent", shape)
        if self.use_bias:
            initializer = forget_bias(self, self.filters) if self.unit_forget_bias else None
            self.bias = self._add("bias", "bias", (4 * self.filters,), initializer)

    def step_shape(self, shape: Shape) -> Shape:
        """Shape of the output and of the states for inputs of one step."""
        sizes = window_output(self, shape, self.kernel_size, self.strides, self.dilation_rate, self.padding)
        return (shape[0], *sizes, self.filters)

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """States of zeros for so many samples."""
        return [ops.zeros((batch_size or 1, *self._sizes, self.filters), self.dtype) for _ in range(2)]

    def prepare(self, batch: int, training: bool | None) -> Prepared:
        geometry = {"strides": self.strides, "padding": self.padding, "dilation_rate": self.dilation_rate}
        of_inputs = self._image_masks((batch, *self._input_sizes), self.dropout, training)
        of_state = self._image_masks((batch, *self._sizes, self.filters), self.recurrent_dropout, training)
        project = self._convolution(self.kernel, of_inputs, self.bias, geometry)
        recur = self._convolution(self.recurrent_kernel, of_state, None, {"padding": "same"})

        def advance(z: Any, states: Any) -> tuple[Any, Any]:
            return lstm_step(self, ops.add(z, recur(states[0])), states[1])

        return Prepared(project, advance)

    def _image_masks(self, shape: tuple[int, ...], rate: float, training: bool | None) -> list[Any] | None:
        if not training or not self._drops(rate):
            return None
        return [self._mask(shape, rate) for _ in range(4)]

    def _convolution(
        self, kernel: Any, masks: list[Any] | None, bias: Any, geometry: dict[str, Any]
    ) -> Callable[[Any], Any]:
        """The convolution of all gates; of each with inputs of its own where there is dropout."""
        if masks is None:
            return lambda x: conv_steps(x, kernel, bias, self.rank, **geometry)
        kernels = ops.split(kernel, 4, axis=-1)
        biases = [None] * 4 if bias is None else ops.split(bias, 4)

        def convolve(x: Any) -> Any:
            factors = [ops.expand_dims(m, 1) if x.ndim == self.rank + 3 else m for m in masks]
            parts = [
                conv_steps(ops.multiply(x, m), w, b, self.rank, **geometry) for m, w, b in zip(factors, kernels, biases)
            ]
            return ops.concatenate(parts, axis=-1)

        return convolve

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["units"]
        names = ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "unit_forget_bias")
        return {
            **config,
            **{name: getattr(self, name) for name in names},
            "recurrent_activation": activations.serialize(self.recurrent_activation),
        }


class ConvLSTM(CellLayer):
    """What the layers of one to three dimensions share; subclasses say how many (``_dimensions``)."""

    _dimensions: ClassVar[int]
    _of_cell = (*CellLayer._of_cell, "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate")

    def __init__(
        self,
        filters: int,
        kernel_size: Size,
        strides: Size = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Size = 1,
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
        **kwargs: Any,
    ) -> None:
        cell = ConvLSTMCell(
            self._dimensions,
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            unit_forget_bias,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel=(kernel_initializer, kernel_regularizer, kernel_constraint),
            recurrent=(recurrent_initializer, recurrent_regularizer, recurrent_constraint),
            bias=(bias_initializer, bias_regularizer, bias_constraint),
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            **own_arguments(kwargs, "conv_lstm_cell"),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )

    @property
    def state_size(self) -> list[Any]:
        """The channels of the two states."""
        return [self.cell.filters, self.cell.filters]

    @property
    def _channels_first(self) -> bool:
        return bool(self.cell.data_format == "channels_first")

    def build(self, sequences_shape: Shape, initial_state_shape: Any = None) -> None:
        self.check_input(sequences_shape)
        super().build(self._to_last(sequences_shape), initial_state_shape)

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None) -> Any:
        if not self._channels_first:
            return super().call(sequences, initial_state, mask, training)
        states = None if initial_state is None else [ops.moveaxis(x, 1, -1) for x in flatten(initial_state)]
        results = super().call(ops.moveaxis(sequences, 2, -1), states, mask, training)
        return map_structure(lambda y: ops.moveaxis(y, -1, 2 if y.ndim == self._rank else 1), results)

    def _to_last(self, shape: Shape) -> Shape:
        return (*shape[:2], *shape[3:], shape[2]) if self._channels_first and len(shape) == self._rank else shape

    def check_input(self, shape: Shape) -> None:
        shape = self._to_last(shape)
        super().check_input(shape)
        if self.built and tuple(shape[2:]) != self.cell._input_sizes:
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: another size of the images; expected steps of shape "
                f"{self.cell._input_sizes}, got shape={tuple(shape)}. The layer was built for another input: build a "
                "new layer and copy the weights."
            )

    def compute_output_shape(self, sequences_shape: Shape, initial_state_shape: Any = None) -> Any:
        last = self._to_last(tuple(sequences_shape))
        state = self.cell.step_shape((last[0], *last[2:]))
        if self._channels_first:
            state = (state[0], state[-1], *state[1:-1])
        output = (state[0], sequences_shape[1], *state[1:]) if self.return_sequences else state
        return (output, state, state) if self.return_state else output


@registry.register()
class ConvLSTM1D(ConvLSTM):
    """Long short-term memory over sequences of signals: :class:`ConvLSTM2D` in one dimension.

    Input (N, T, W, C), output (N, OW, filters) of the last step, or (N, T, OW, filters) with
    ``return_sequences``. Arguments and errors are those of :class:`ConvLSTM2D`.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layer = layers.ConvLSTM1D(4, 3, padding="same", return_sequences=True)
        >>> layer(np.zeros((1, 3, 8, 2), "float32")).shape
        (1, 3, 8, 4)
    """

    _dimensions = 1
    _rank = 4


@registry.register()
class ConvLSTM2D(ConvLSTM):
    """Long short-term memory over sequences of images, with convolutions in the place of matrix products (Shi et al.,
    arXiv:1506.04214).

    Input (N, T, H, W, C), output (N, OH, OW, filters) of the last step, or (N, T, OH, OW, filters) with
    ``return_sequences``; the states [h, c] have the shape of one output. As in :class:`LSTM`,
    ``c' = σ(z_f) · c + σ(z_i) · act(z_c)`` and ``h' = σ(z_o) · act(c')``, with ``z = conv(x, W) + conv(h, U) + b``; the
    convolution of the state has step 1 and keeps its size.

    Args:
        filters: channels of the output and of the states.
        kernel_size: size of both convolutions, one number or one for each dimension.
        strides: step of the convolution of the inputs.
        padding: 'valid' or 'same', of the convolution of the inputs.
        data_format: 'channels_last' (default), or 'channels_first', (N, T, C, H, W) also for states, which is slower.
        dilation_rate: spacing of the kernel's elements in the convolution of the inputs.
        activation, recurrent_activation: of the candidate and the carry on its way out, and of the gates.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of the weights.
        unit_forget_bias: begin with a bias of one for the forget gate.
        kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: parts of the inputs and of the state set to zero in training, for each gate others,
            the same ones at every step.
        seed: integer for dropout masks of a sequence of its own; drawn from the global seed by default.
        return_sequences, return_state, go_backwards, stateful: as in :class:`RNN`.
        kwargs: ``unroll`` and ``zero_output_for_mask`` as in :class:`RNN`, and those of :class:`Layer`.

    Raises:
        ValueError: for arguments out of range, an input of another rank, or images of unknown size.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layer = layers.ConvLSTM2D(4, 3, padding="same", return_sequences=True)
        >>> layer(np.zeros((1, 3, 8, 8, 2), "float32")).shape
        (1, 3, 8, 8, 4)
    """

    _dimensions = 2
    _rank = 5


@registry.register()
class ConvLSTM3D(ConvLSTM):
    """Long short-term memory over sequences of volumes: :class:`ConvLSTM2D` in three dimensions.

    Input (N, T, D, H, W, C), output (N, OD, OH, OW, filters) of the last step, or (N, T, OD, OH, OW, filters) with
    ``return_sequences``. Arguments and errors are those of :class:`ConvLSTM2D`.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layer = layers.ConvLSTM3D(4, 3, padding="same", return_sequences=True)
        >>> layer(np.zeros((1, 3, 4, 4, 4, 2), "float32")).shape
        (1, 3, 4, 4, 4, 4)
    """

    _dimensions = 3
    _rank = 6

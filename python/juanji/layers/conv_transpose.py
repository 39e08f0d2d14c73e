"""Transposed convolution, which enlarges images and sequences."""

from __future__ import annotations

from typing import Any

from juanji import constraints, initializers, ops, regularizers
from juanji.layers._arguments import Shape, positive_int
from juanji.layers._convolution import Convolution
from juanji.layers._kernel_layer import kernel_config
from juanji.layers._registry import registry
from juanji.ops._conv_transpose import transposed_size
from juanji.ops._whole import whole_numbers


class _ConvTranspose(Convolution):
    """Arguments and weights of Conv1DTranspose and Conv2DTranspose."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        output_padding: int | tuple[int, ...] | None = None,
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            bias_constraint=bias_constraint,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        owner = type(self).__name__
        self.filters = positive_int(owner, "filters", filters)
        self.output_padding = None if output_padding is None else self._added(output_padding)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.kernel: Any = None

    def _added(self, output_padding: Any) -> tuple[int, ...]:
        sizes = whole_numbers(type(self).__name__, "output_padding", output_padding)
        sizes = sizes * self._rank if len(sizes) == 1 else sizes
        if len(sizes) != self._rank or not all(0 <= size < step for size, step in zip(sizes, self.strides)):
            raise ValueError(
                f"{type(self).__name__}: output_padding is out of range; expected numbers from 0 and below "
                f"strides={self.strides}, got output_padding={output_padding!r}. Leave it out for the usual size."
            )
        return sizes

    def build(self, input_shape: Shape) -> None:
        channels = self._know_channels(input_shape)
        self.kernel = self.add_weight(
            (*self.kernel_size, self.filters, channels),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        y = ops.conv_transpose(inputs, self.kernel, output_padding=self.output_padding, **self._geometry)
        return self.activation(y if self.bias is None else ops.add(y, self.bias))

    def _output_size(self, shape: Shape) -> Shape:
        added = self.output_padding or (None,) * self._rank
        axes = zip(shape[1:-1], self.kernel_size, self.strides, added, self.dilation_rate)
        return tuple(
            None if size is None else transposed_size(size, k, stride, self.padding, extra, dilation)
            for size, k, stride, extra, dilation in axes
        )

    def _output_channels(self, channels: int | None) -> int:
        return self.filters

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            **self._geometry_config(),
            "output_padding": self.output_padding,
            **self._shared_config(),
            **kernel_config("kernel", self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint),
        }


@registry.register("Convolution2DTranspose")
class Conv2DTranspose(_ConvTranspose):
    """Transposed 2-D convolution: every pixel adds a scaled kernel to a larger image (decoders, super-resolution).

    It is the gradient of a convolution of the same strides and padding with respect to its input.
    Input (N, H, W, C), output (N, OH, OW, filters), kernel (KH, KW, filters, C). OH is H · stride for 'same', and
    max(KH - stride, 0) more for 'valid'.

    Args:
        filters: output channels.
        kernel_size: height and width of the kernel, or one number for both.
        strides: by how much the output is larger, in rows and columns.
        padding: 'valid' or 'same'.
        output_padding: added to the size (H - 1) · stride + KH of the output, less than the stride; by default the
            size is the one above.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        dilation_rate: distance between the pixels that one kernel reaches.
        activation: name or function; none by default.
        use_bias: add one learned number per filter.
        kernel_initializer, bias_initializer: Glorot uniform and zeros by default.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: applied after each update.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1, output_padding of at least the stride, or an input of another shape.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Conv2DTranspose
        >>> Conv2DTranspose(8, 3, strides=2, padding="same")(np.zeros((1, 7, 7, 16), "float32")).shape
        (1, 14, 14, 8)
    """

    _rank = 2


@registry.register("Convolution1DTranspose")
class Conv1DTranspose(_ConvTranspose):
    """Transposed 1-D convolution: every element adds a scaled kernel to a longer sequence.

    Input (N, W, C), output (N, OW, filters), kernel (K, filters, C). OW is W · stride for 'same', and
    max(K - stride, 0) more for 'valid'.

    Args:
        filters: output channels.
        kernel_size: length of the kernel.
        strides: by how much the output is longer.
        padding: 'valid' or 'same'.
        output_padding: added to the length (W - 1) · stride + K of the output, less than the stride; by default the
            length is the one above.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        dilation_rate: distance between the elements that one kernel reaches.
        activation: name or function; none by default.
        use_bias: add one learned number per filter.
        kernel_initializer, bias_initializer: Glorot uniform and zeros by default.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: applied after each update.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1, output_padding of at least the stride, or an input of another shape.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Conv1DTranspose
        >>> Conv1DTranspose(8, 3, strides=2)(np.zeros((1, 10, 4), "float32")).shape
        (1, 21, 8)
    """

    _rank = 1


Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose

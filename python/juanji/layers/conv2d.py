"""Convolution over images."""

from __future__ import annotations

from typing import Any

from juanji import constraints, initializers, regularizers
from juanji.layers._arguments import (
    Shape,
    channels_last,
    int_pair,
    known_size,
    padding_mode,
    positive_int,
    require_last_axis,
    require_rank,
    window_output,
)
from juanji.layers._kernel_layer import KernelLayer, kernel_config
from juanji.layers._registry import registry
from juanji.ops import conv2d


@registry.register()
class Conv2D(KernelLayer):
    """2-D convolution: slides ``filters`` small kernels over the image.

    ``y[n,i,j,o] = act(Σ x[n, i·s+a·d, j·s+b·d, c] · kernel[a,b,c,o] + bias[o])``, summed over a, b and c.
    Input (N, H, W, C), output (N, OH, OW, filters), kernel (KH, KW, C / groups, filters).

    Args:
        filters: output channels.
        kernel_size: height and width of the kernel, or one number for both.
        strides: step of the window in rows and columns.
        padding: 'valid' (none) or 'same' (zeros, so that OH = ceil(H / stride)).
        data_format: only 'channels_last'.
        dilation_rate: distance between the pixels that one kernel sees.
        groups: input and output channels are cut into this many independent groups.
        activation: name or function; none by default.
        use_bias: add one learned number per filter.
        kernel_initializer, bias_initializer: Glorot uniform and zeros by default.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: applied after each update.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1, filters not divisible by groups, or an input of another shape.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Conv2D
        >>> layer = Conv2D(32, (3, 3), padding="same", activation="relu")
        >>> layer(np.zeros((1, 28, 28, 3), "float32")).shape
        (1, 28, 28, 32)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, int] = (1, 1),
        groups: int = 1,
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
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            bias_constraint=bias_constraint,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.filters = positive_int("Conv2D", "filters", filters)
        self.kernel_size = int_pair("Conv2D", "kernel_size", kernel_size)
        self.strides = int_pair("Conv2D", "strides", strides)
        self.padding = padding_mode("Conv2D", padding)
        self.data_format = channels_last("Conv2D", data_format)
        self.dilation_rate = int_pair("Conv2D", "dilation_rate", dilation_rate)
        self.groups = positive_int("Conv2D", "groups", groups)
        if self.filters % self.groups:
            raise ValueError(
                f"Conv2D: filters do not divide into groups; expected a multiple of groups={self.groups}, "
                f"got filters={self.filters}. Change one of them."
            )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.kernel: Any = None

    def check_input(self, shape: Shape) -> None:
        require_rank(self, shape, 4, "(batch, height, width, channels)")
        if self.built:
            require_last_axis(self, shape, self.kernel.shape[2] * self.groups, "channels")

    def build(self, input_shape: Shape) -> None:
        self.check_input(input_shape)
        channels = known_size(self, input_shape, "channels")
        if channels % self.groups:
            raise ValueError(
                f"Conv2D {self.name!r}: input channels do not divide into groups; expected a multiple of "
                f"groups={self.groups}, got shape={tuple(input_shape)}. Change groups or the layer before."
            )
        self.kernel = self.add_weight(
            (*self.kernel_size, channels // self.groups, self.filters),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        y = conv2d(
            inputs,
            self.kernel,
            self.bias,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            groups=self.groups,
            activation=self._fused_activation,
        )
        return self._activate(y)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        size = window_output(self, input_shape, self.kernel_size, self.strides, self.dilation_rate, self.padding)
        return (input_shape[0], *size, self.filters)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            **self._shared_config(),
            **kernel_config("kernel", self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint),
        }

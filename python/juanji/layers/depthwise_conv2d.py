"""Convolution of each channel by itself."""

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
from juanji.ops._depthwise import depthwise_conv2d


@registry.register()
class DepthwiseConv2D(KernelLayer):
    """Depthwise convolution: ``depth_multiplier`` kernels for every channel, which see that channel only.

    ``y[n,i,j,c·m+q] = act(Σ x[n, i·s+a·d, j·s+b·d, c] · kernel[a,b,c,q] + bias[c·m+q])`` (Chollet, *Xception*, 2017).
    Input (N, H, W, C), output (N, OH, OW, C · depth_multiplier), kernel (KH, KW, C, depth_multiplier).

    Args:
        kernel_size: height and width of the kernel, or one number for both.
        strides: step of the window in rows and columns.
        padding: 'valid' (none) or 'same' (zeros, so that OH = ceil(H / stride)).
        depth_multiplier: output channels per input channel.
        data_format: only 'channels_last'.
        dilation_rate: distance between the pixels that one kernel sees.
        activation: name or function; none by default.
        use_bias: add one learned number per output channel.
        depthwise_initializer, bias_initializer: Glorot uniform and zeros by default.
        depthwise_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        depthwise_constraint, bias_constraint: applied after each update.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1 or an input of another shape.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import DepthwiseConv2D
        >>> DepthwiseConv2D(3, depth_multiplier=2)(np.zeros((1, 8, 8, 4), "float32")).shape
        (1, 6, 6, 8)
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | tuple[int, int] = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
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
        self.kernel_size = int_pair("DepthwiseConv2D", "kernel_size", kernel_size)
        self.strides = int_pair("DepthwiseConv2D", "strides", strides)
        self.padding = padding_mode("DepthwiseConv2D", padding)
        self.depth_multiplier = positive_int("DepthwiseConv2D", "depth_multiplier", depth_multiplier)
        self.data_format = channels_last("DepthwiseConv2D", data_format)
        self.dilation_rate = int_pair("DepthwiseConv2D", "dilation_rate", dilation_rate)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.kernel: Any = None

    def check_input(self, shape: Shape) -> None:
        require_rank(self, shape, 4, "(batch, height, width, channels)")
        if self.built:
            require_last_axis(self, shape, self.kernel.shape[2], "channels")

    def build(self, input_shape: Shape) -> None:
        self.check_input(input_shape)
        channels = known_size(self, input_shape, "channels")
        self.kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            name="kernel",
        )
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Any) -> Any:
        y = depthwise_conv2d(
            inputs,
            self.kernel,
            self.bias,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            activation=self._fused_activation,
        )
        return self._activate(y)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        size = window_output(self, input_shape, self.kernel_size, self.strides, self.dilation_rate, self.padding)
        channels = input_shape[3]
        return (input_shape[0], *size, None if channels is None else channels * self.depth_multiplier)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "depth_multiplier": self.depth_multiplier,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            **self._shared_config(),
            **kernel_config(
                "depthwise", self.depthwise_initializer, self.depthwise_regularizer, self.depthwise_constraint
            ),
        }

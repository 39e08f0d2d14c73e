"""Convolution of each channel by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from juanji import constraints, initializers, regularizers
from juanji.layers._arguments import Shape, positive_int
from juanji.layers._convolution import Convolution
from juanji.layers._kernel_layer import kernel_config
from juanji.layers._registry import registry
from juanji.ops._depthwise import depthwise_conv2d
from juanji.ops._sequences import depthwise_conv1d


class _DepthwiseConv(Convolution):
    """Arguments and weights of DepthwiseConv1D and DepthwiseConv2D, which name the operation."""

    _conv: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
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
        self.depth_multiplier = positive_int(type(self).__name__, "depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.kernel: Any = None

    def build(self, input_shape: Shape) -> None:
        channels = self._know_channels(input_shape)
        self.kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            name="kernel",
        )
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Any) -> Any:
        y = type(self)._conv(inputs, self.kernel, self.bias, activation=self._fused_activation, **self._geometry)
        return self._activate(y)

    def _output_channels(self, channels: int | None) -> int | None:
        return None if channels is None else channels * self.depth_multiplier

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            **self._geometry_config(),
            "depth_multiplier": self.depth_multiplier,
            **self._shared_config(),
            **kernel_config(
                "depthwise", self.depthwise_initializer, self.depthwise_regularizer, self.depthwise_constraint
            ),
        }


@registry.register()
class DepthwiseConv2D(_DepthwiseConv):
    """Depthwise convolution: ``depth_multiplier`` kernels for every channel, which see that channel only.

    ``y[n,i,j,c·m+q] = act(Σ x[n, i·s+a·d, j·s+b·d, c] · kernel[a,b,c,q] + bias[c·m+q])`` (Chollet, *Xception*, 2017).
    Input (N, H, W, C), output (N, OH, OW, C · depth_multiplier), kernel (KH, KW, C, depth_multiplier).

    Args:
        kernel_size: height and width of the kernel, or one number for both.
        strides: step of the window in rows and columns.
        padding: 'valid' (none) or 'same' (zeros, so that OH = ceil(H / stride)).
        depth_multiplier: output channels per input channel.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
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

    _rank = 2
    _conv = depthwise_conv2d


@registry.register()
class DepthwiseConv1D(_DepthwiseConv):
    """Depthwise convolution of sequences: ``depth_multiplier`` kernels for every channel.

    ``y[n,i,c·m+q] = act(Σ x[n, i·s+a·d, c] · kernel[a,c,q] + bias[c·m+q])``, summed over a.
    Input (N, W, C), output (N, OW, C · depth_multiplier), kernel (K, C, depth_multiplier).

    Args:
        kernel_size: length of the kernel.
        strides: step of the window.
        padding: 'valid' (none) or 'same' (zeros, so that OW = ceil(W / stride)).
        depth_multiplier: output channels per input channel.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        dilation_rate: distance between the elements that one kernel sees.
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
        >>> from juanji.layers import DepthwiseConv1D
        >>> DepthwiseConv1D(3)(np.zeros((1, 8, 4), "float32")).shape
        (1, 6, 4)
    """

    _rank = 1
    _conv = depthwise_conv1d

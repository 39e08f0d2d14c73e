"""Convolution of each channel by itself, and then across the channels of each pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from juanji import constraints, initializers, regularizers
from juanji.layers._arguments import Shape, positive_int
from juanji.layers._convolution import Convolution
from juanji.layers._kernel_layer import kernel_config
from juanji.layers._registry import registry
from juanji.ops import conv2d
from juanji.ops._depthwise import depthwise_conv2d
from juanji.ops._sequences import conv1d, depthwise_conv1d


class _SeparableConv(Convolution):
    """Arguments and weights of SeparableConv1D and SeparableConv2D, which name the operations."""

    _depthwise: ClassVar[Callable[..., Any]]
    _pointwise: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
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
        self.depth_multiplier = positive_int(owner, "depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)
        self.depthwise_kernel: Any = None
        self.pointwise_kernel: Any = None

    def build(self, input_shape: Shape) -> None:
        channels = self._know_channels(input_shape)
        self.depthwise_kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
            name="depthwise_kernel",
        )
        self.pointwise_kernel = self.add_weight(
            (*(1,) * self._rank, channels * self.depth_multiplier, self.filters),
            self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
            name="pointwise_kernel",
        )
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        y = type(self)._depthwise(inputs, self.depthwise_kernel, **self._geometry)
        y = type(self)._pointwise(y, self.pointwise_kernel, self.bias, activation=self._fused_activation)
        return self._activate(y)

    def _output_channels(self, channels: int | None) -> int:
        return self.filters

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            **self._geometry_config(),
            "depth_multiplier": self.depth_multiplier,
            **self._shared_config(),
            **kernel_config(
                "depthwise", self.depthwise_initializer, self.depthwise_regularizer, self.depthwise_constraint
            ),
            **kernel_config(
                "pointwise", self.pointwise_initializer, self.pointwise_regularizer, self.pointwise_constraint
            ),
        }


@registry.register("SeparableConvolution2D")
class SeparableConv2D(_SeparableConv):
    """Depthwise convolution, then a 1×1 convolution that mixes the channels (Chollet, *Xception*, 2017).

    Far fewer multiplications than :class:`Conv2D`: KH·KW·C + C·filters per pixel instead of their product.
    Input (N, H, W, C), output (N, OH, OW, filters); kernels (KH, KW, C, depth_multiplier) and
    (1, 1, C · depth_multiplier, filters).

    Args:
        filters: output channels.
        kernel_size: height and width of the depthwise kernel, or one number for both.
        strides: step of the window in rows and columns.
        padding: 'valid' (none) or 'same' (zeros, so that OH = ceil(H / stride)).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        dilation_rate: distance between the pixels that one kernel sees.
        depth_multiplier: channels between the two convolutions per input channel.
        activation: name or function, applied at the end; none by default.
        use_bias: add one learned number per filter, at the end.
        depthwise_initializer, pointwise_initializer, bias_initializer: Glorot uniform, and zeros for the bias.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer: penalties added to the
            loss.
        depthwise_constraint, pointwise_constraint, bias_constraint: applied after each update.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1 or an input of another shape.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import SeparableConv2D
        >>> SeparableConv2D(16, 3, padding="same")(np.zeros((1, 8, 8, 4), "float32")).shape
        (1, 8, 8, 16)
    """

    _rank = 2
    _depthwise = depthwise_conv2d
    _pointwise = conv2d


@registry.register("SeparableConvolution1D")
class SeparableConv1D(_SeparableConv):
    """Depthwise convolution of sequences, then one of length 1 that mixes the channels.

    Input (N, W, C), output (N, OW, filters); kernels (K, C, depth_multiplier) and (1, C · depth_multiplier, filters).

    Args:
        filters: output channels.
        kernel_size: length of the depthwise kernel.
        strides: step of the window.
        padding: 'valid' (none) or 'same' (zeros, so that OW = ceil(W / stride)).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        dilation_rate: distance between the elements that one kernel sees.
        depth_multiplier: channels between the two convolutions per input channel.
        activation: name or function, applied at the end; none by default.
        use_bias: add one learned number per filter, at the end.
        depthwise_initializer, pointwise_initializer, bias_initializer: Glorot uniform, and zeros for the bias.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer: penalties added to the
            loss.
        depthwise_constraint, pointwise_constraint, bias_constraint: applied after each update.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1 or an input of another shape.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import SeparableConv1D
        >>> SeparableConv1D(16, 3, padding="same")(np.zeros((1, 8, 4), "float32")).shape
        (1, 8, 16)
    """

    _rank = 1
    _depthwise = depthwise_conv1d
    _pointwise = conv1d


SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D

"""Convolution over images and sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from juanji import constraints, initializers, regularizers
from juanji.layers._arguments import Shape, positive_int
from juanji.layers._convolution import Convolution
from juanji.layers._kernel_layer import kernel_config
from juanji.layers._registry import registry
from juanji.ops import conv2d
from juanji.ops._sequences import conv1d


class _Conv(Convolution):
    """Arguments and weights of Conv1D and Conv2D, which name the operation."""

    _conv: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
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
        self.groups = positive_int(owner, "groups", groups)
        if self.filters % self.groups:
            raise ValueError(
                f"{owner}: filters do not divide into groups; expected a multiple of groups={self.groups}, "
                f"got filters={self.filters}. Change one of them."
            )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.kernel: Any = None

    def build(self, input_shape: Shape) -> None:
        channels = self._know_channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: input channels do not divide into groups; expected a multiple "
                f"of groups={self.groups}, got shape={tuple(input_shape)}. Change groups or the layer before."
            )
        self.kernel = self.add_weight(
            (*self.kernel_size, channels // self.groups, self.filters),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self._add_bias(self.filters)

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """The convolution without bias and activation. What overrides it can change the kernel or the inputs."""
        return type(self)._conv(inputs, kernel, None, groups=self.groups, **self._geometry)

    def call(self, inputs: Any) -> Any:
        if type(self).convolution_op is not _Conv.convolution_op:
            y = self.convolution_op(inputs, self.kernel)
            return self.activation(y if self.bias is None else y + self.bias)
        y = type(self)._conv(
            inputs, self.kernel, self.bias, groups=self.groups, activation=self._fused_activation, **self._geometry
        )
        return self._activate(y)

    def _output_channels(self, channels: int | None) -> int:
        return self.filters

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            **self._geometry_config(),
            "groups": self.groups,
            **self._shared_config(),
            **kernel_config("kernel", self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint),
        }


@registry.register("Convolution2D")
class Conv2D(_Conv):
    """2-D convolution: slides ``filters`` small kernels over the image.

    ``y[n,i,j,o] = act(Σ x[n, i·s+a·d, j·s+b·d, c] · kernel[a,b,c,o] + bias[o])``, summed over a, b and c.
    Input (N, H, W, C), output (N, OH, OW, filters), kernel (KH, KW, C / groups, filters).

    Args:
        filters: output channels.
        kernel_size: height and width of the kernel, or one number for both.
        strides: step of the window in rows and columns.
        padding: 'valid' (none) or 'same' (zeros, so that OH = ceil(H / stride)).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
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

    _rank = 2
    _conv = conv2d


@registry.register("Convolution1D")
class Conv1D(_Conv):
    """1-D convolution: slides ``filters`` small kernels along a sequence.

    ``y[n,i,o] = act(Σ x[n, i·s+a·d, c] · kernel[a,c,o] + bias[o])``, summed over a and c.
    Input (N, W, C), output (N, OW, filters), kernel (K, C / groups, filters).

    Args:
        filters: output channels.
        kernel_size: length of the kernel.
        strides: step of the window.
        padding: 'valid' (none), 'same' (zeros, so that OW = ceil(W / stride)) or 'causal' (zeros in front only, so
            that no output sees what follows it).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        dilation_rate: distance between the elements that one kernel sees.
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
        >>> from juanji.layers import Conv1D
        >>> Conv1D(8, 3, padding="causal")(np.zeros((1, 100, 4), "float32")).shape
        (1, 100, 8)
    """

    _rank = 1
    _causal = True
    _conv = conv1d


Convolution1D = Conv1D
Convolution2D = Conv2D

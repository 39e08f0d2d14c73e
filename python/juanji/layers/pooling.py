"""Pooling over windows of an image or a sequence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from juanji import ops
from juanji.layers._arguments import Shape, int_tuple, padding_mode, require_rank, window_output
from juanji.layers._channels import ChannelsLayer, place_of_channels
from juanji.layers._registry import registry


class _Pooling(ChannelsLayer):
    """Arguments and shapes of the pooling layers; subclasses name the operation and what the window slides over."""

    _takes_one_array = True
    _rank: ClassVar[int]
    _pool: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        pool_size: int | tuple[int, ...] = 2,
        strides: int | tuple[int, ...] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.pool_size = int_tuple(owner, "pool_size", pool_size, self._rank)
        self.strides = self.pool_size if strides is None else int_tuple(owner, "strides", strides, self._rank)
        self.padding = padding_mode(owner, padding)
        self.data_format = place_of_channels(owner, data_format)

    def check_input(self, shape: Shape) -> None:
        require_rank(self, shape, self._rank)

    def call(self, inputs: Any) -> Any:
        return type(self)._pool(inputs, self.pool_size, strides=self.strides, padding=self.padding)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        size = window_output(self, input_shape, self.pool_size, self.strides, (1,) * self._rank, self.padding)
        return (input_shape[0], *size, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
        }


@registry.register("MaxPool2D")
class MaxPooling2D(_Pooling):
    """Largest value of each window and channel.

    Input (N, H, W, C), output (N, OH, OW, C).

    Args:
        pool_size: height and width of the window, or one number for both.
        strides: step of the window; ``pool_size`` by default.
        padding: 'valid' (none) or 'same' (OH = ceil(H / stride); padding is never the largest).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1, an input without four axes, or a window larger than the image.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import MaxPooling2D
        >>> MaxPooling2D((2, 2))(np.arange(4, dtype="float32").reshape(1, 2, 2, 1)).ravel()
        array([3.], dtype=float32)
    """

    _rank = 2
    _pool = ops.max_pool


@registry.register("MaxPool1D")
class MaxPooling1D(_Pooling):
    """Largest value of each window and channel of a sequence.

    Input (N, W, C), output (N, OW, C).

    Args:
        pool_size: length of the window.
        strides: step of the window; ``pool_size`` by default.
        padding: 'valid' (none) or 'same' (OW = ceil(W / stride); padding is never the largest).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1, an input without three axes, or a window longer than the sequence.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import MaxPooling1D
        >>> MaxPooling1D(2)(np.arange(4, dtype="float32").reshape(1, 4, 1)).ravel()
        array([1., 3.], dtype=float32)
    """

    _rank = 1
    _pool = ops.max_pool


@registry.register("AvgPool2D")
class AveragePooling2D(_Pooling):
    """Mean of each window and channel; padding is not counted.

    Input (N, H, W, C), output (N, OH, OW, C).

    Args:
        pool_size: height and width of the window, or one number for both.
        strides: step of the window; ``pool_size`` by default.
        padding: 'valid' (none) or 'same' (OH = ceil(H / stride)).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1, an input without four axes, or a window larger than the image.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import AveragePooling2D
        >>> AveragePooling2D((2, 2))(np.arange(4, dtype="float32").reshape(1, 2, 2, 1)).ravel()
        array([1.5], dtype=float32)
    """

    _rank = 2
    _pool = ops.average_pool


@registry.register("AvgPool1D")
class AveragePooling1D(_Pooling):
    """Mean of each window and channel of a sequence; padding is not counted.

    Input (N, W, C), output (N, OW, C).

    Args:
        pool_size: length of the window.
        strides: step of the window; ``pool_size`` by default.
        padding: 'valid' (none) or 'same' (OW = ceil(W / stride)).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1, an input without three axes, or a window longer than the sequence.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import AveragePooling1D
        >>> AveragePooling1D(2)(np.arange(4, dtype="float32").reshape(1, 4, 1)).ravel()
        array([0.5, 2.5], dtype=float32)
    """

    _rank = 1
    _pool = ops.average_pool


MaxPool2D = MaxPooling2D
AvgPool2D = AveragePooling2D
MaxPool1D = MaxPooling1D
AvgPool1D = AveragePooling1D

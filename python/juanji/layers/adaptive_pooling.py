"""Pooling to a given size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from juanji import ops
from juanji.layers._arguments import Shape, int_tuple, require_rank
from juanji.layers._channels import ChannelsLayer, place_of_channels
from juanji.layers._registry import registry


class _AdaptivePooling(ChannelsLayer):
    """Arguments and shapes of the adaptive pooling layers; subclasses name the operation and the axes."""

    _takes_one_array = True
    _rank: ClassVar[int]
    _pool: ClassVar[Callable[..., Any]]

    def __init__(self, output_size: int | tuple[int, ...], data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.output_size = int_tuple(owner, "output_size", output_size, self._rank)
        self.data_format = place_of_channels(owner, data_format)

    def check_input(self, shape: Shape) -> None:
        require_rank(self, shape, self._rank)

    def call(self, inputs: Any) -> Any:
        return type(self)._pool(inputs, self.output_size)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        return (input_shape[0], *self.output_size, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "output_size": self.output_size, "data_format": self.data_format}


@registry.register()
class AdaptiveAveragePooling1D(_AdaptivePooling):
    """Mean of each of ``output_size`` windows that share a sequence as evenly as they can.

    Input (N, W, C), output (N, *output_size, C). Window i of an axis of length L reaches from floor(i·L / O) to
    ceil((i + 1)·L / O).

    Args:
        output_size: length of the output.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1 or an input without 3 axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import AdaptiveAveragePooling1D
        >>> AdaptiveAveragePooling1D(2)(np.zeros((1, 5, 2), "float32")).shape
        (1, 2, 2)
    """

    _rank = 1
    _pool = ops.adaptive_average_pool


@registry.register()
class AdaptiveAveragePooling2D(_AdaptivePooling):
    """Mean of each of ``output_size`` windows that share an image as evenly as they can.

    Input (N, H, W, C), output (N, *output_size, C). Window i of an axis of length L reaches from floor(i·L / O) to
    ceil((i + 1)·L / O).

    Args:
        output_size: height and width of the output, or one number for all.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1 or an input without 4 axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import AdaptiveAveragePooling2D
        >>> AdaptiveAveragePooling2D(2)(np.zeros((1, 7, 5, 2), "float32")).shape
        (1, 2, 2, 2)
    """

    _rank = 2
    _pool = ops.adaptive_average_pool


@registry.register()
class AdaptiveAveragePooling3D(_AdaptivePooling):
    """Mean of each of ``output_size`` windows that share a volume as evenly as they can.

    Input (N, D, H, W, C), output (N, *output_size, C). Window i of an axis of length L reaches from floor(i·L / O) to
    ceil((i + 1)·L / O).

    Args:
        output_size: depth, height and width of the output, or one number for all.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1 or an input without 5 axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import AdaptiveAveragePooling3D
        >>> AdaptiveAveragePooling3D(2)(np.zeros((1, 3, 7, 5, 2), "float32")).shape
        (1, 2, 2, 2, 2)
    """

    _rank = 3
    _pool = ops.adaptive_average_pool


@registry.register()
class AdaptiveMaxPooling1D(_AdaptivePooling):
    """Largest value of each of ``output_size`` windows that share a sequence as evenly as they can.

    Input (N, W, C), output (N, *output_size, C). Window i of an axis of length L reaches from floor(i·L / O) to
    ceil((i + 1)·L / O).

    Args:
        output_size: length of the output.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1 or an input without 3 axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import AdaptiveMaxPooling1D
        >>> AdaptiveMaxPooling1D(2)(np.zeros((1, 5, 2), "float32")).shape
        (1, 2, 2)
    """

    _rank = 1
    _pool = ops.adaptive_max_pool


@registry.register()
class AdaptiveMaxPooling2D(_AdaptivePooling):
    """Largest value of each of ``output_size`` windows that share an image as evenly as they can.

    Input (N, H, W, C), output (N, *output_size, C). Window i of an axis of length L reaches from floor(i·L / O) to
    ceil((i + 1)·L / O).

    Args:
        output_size: height and width of the output, or one number for all.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1 or an input without 4 axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import AdaptiveMaxPooling2D
        >>> AdaptiveMaxPooling2D(2)(np.zeros((1, 7, 5, 2), "float32")).shape
        (1, 2, 2, 2)
    """

    _rank = 2
    _pool = ops.adaptive_max_pool


@registry.register()
class AdaptiveMaxPooling3D(_AdaptivePooling):
    """Largest value of each of ``output_size`` windows that share a volume as evenly as they can.

    Input (N, D, H, W, C), output (N, *output_size, C). Window i of an axis of length L reaches from floor(i·L / O) to
    ceil((i + 1)·L / O).

    Args:
        output_size: depth, height and width of the output, or one number for all.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1 or an input without 5 axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import AdaptiveMaxPooling3D
        >>> AdaptiveMaxPooling3D(2)(np.zeros((1, 3, 7, 5, 2), "float32")).shape
        (1, 2, 2, 2, 2)
    """

    _rank = 3
    _pool = ops.adaptive_max_pool

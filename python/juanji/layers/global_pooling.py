"""Pooling over the whole image or sequence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from juanji import ops
from juanji.layers._arguments import Shape, require_rank
from juanji.layers._channels import ChannelsLayer, place_of_channels
from juanji.layers._registry import registry
from juanji.ops._pool import global_average_pool, global_max_pool


class _GlobalPooling(ChannelsLayer):
    """Arguments and shapes of the global pooling layers; subclasses name the operation."""

    _takes_one_array = True
    _rank: ClassVar[int]
    _pool: ClassVar[Callable[..., Any]]

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = place_of_channels(type(self).__name__, data_format)
        self.keepdims = bool(keepdims)

    def check_input(self, shape: Shape) -> None:
        require_rank(self, shape, self._rank)

    def call(self, inputs: Any) -> Any:
        return type(self)._pool(inputs, self.keepdims)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        return (input_shape[0], *(1,) * (self._rank if self.keepdims else 0), input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}


@registry.register("GlobalAvgPool2D")
class GlobalAveragePooling2D(_GlobalPooling):
    """Mean of each channel over the whole image (Lin et al., *Network in Network*, 2014).

    Input (N, H, W, C), output (N, C), or (N, 1, 1, C) with keepdims.

    Args:
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        keepdims: keep height and width as axes of size 1.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import GlobalAveragePooling2D
        >>> GlobalAveragePooling2D()(np.ones((2, 4, 4, 3), "float32")).shape
        (2, 3)
    """

    _rank = 2
    _pool = global_average_pool


@registry.register("GlobalAvgPool1D")
class GlobalAveragePooling1D(_GlobalPooling):
    """Mean of each channel over the whole sequence.

    Input (N, W, C), output (N, C), or (N, 1, C) with keepdims. Steps that a mask (N, W) leaves out do not count.

    Args:
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        keepdims: keep the length as an axis of size 1.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import GlobalAveragePooling1D
        >>> GlobalAveragePooling1D()(np.arange(4, dtype="float32").reshape(1, 2, 2))
        array([[1., 2.]], dtype=float32)
    """

    _rank = 1
    _pool = global_average_pool

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return super().call(inputs)
        kept = ops.cast(ops.expand_dims(mask, 2), bool)
        total = ops.sum(ops.where(kept, inputs, np.zeros((), inputs.dtype)), 1, self.keepdims)
        return total / ops.sum(ops.cast(kept, inputs.dtype), 1, self.keepdims)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> None:
        """None: the output has no steps."""


@registry.register("GlobalMaxPool2D")
class GlobalMaxPooling2D(_GlobalPooling):
    """Largest value of each channel over the whole image.

    Input (N, H, W, C), output (N, C), or (N, 1, 1, C) with keepdims.

    Args:
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        keepdims: keep height and width as axes of size 1.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import GlobalMaxPooling2D
        >>> GlobalMaxPooling2D(keepdims=True)(np.ones((2, 4, 4, 3), "float32")).shape
        (2, 1, 1, 3)
    """

    _rank = 2
    _pool = global_max_pool


@registry.register("GlobalMaxPool1D")
class GlobalMaxPooling1D(_GlobalPooling):
    """Largest value of each channel over the whole sequence.

    Input (N, W, C), output (N, C), or (N, 1, C) with keepdims.

    Args:
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        keepdims: keep the length as an axis of size 1.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import GlobalMaxPooling1D
        >>> GlobalMaxPooling1D()(np.arange(4, dtype="float32").reshape(1, 2, 2))
        array([[2., 3.]], dtype=float32)
    """

    _rank = 1
    _pool = global_max_pool


GlobalAvgPool2D = GlobalAveragePooling2D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalMaxPool1D = GlobalMaxPooling1D

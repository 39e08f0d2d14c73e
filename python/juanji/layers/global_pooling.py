"""Pooling over the whole image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from juanji.layers._arguments import Shape, channels_last, require_rank
from juanji.layers._registry import registry
from juanji.layers.layer import Layer
from juanji.ops._pool import global_average_pool, global_max_pool


class _GlobalPooling2D(Layer):
    """Arguments and shapes of the global pooling layers; subclasses name the operation."""

    _takes_one_array = True
    _pool: ClassVar[Callable[..., Any]]

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = channels_last(type(self).__name__, data_format)
        self.keepdims = bool(keepdims)

    def check_input(self, shape: Shape) -> None:
        require_rank(self, shape, 4, "(batch, height, width, channels)")

    def call(self, inputs: Any) -> Any:
        return type(self)._pool(inputs, self.keepdims)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        n, _, _, c = input_shape
        return (n, 1, 1, c) if self.keepdims else (n, c)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}


@registry.register("GlobalAvgPool2D")
class GlobalAveragePooling2D(_GlobalPooling2D):
    """Mean of each channel over the whole image (Lin et al., *Network in Network*, 2014).

    Input (N, H, W, C), output (N, C), or (N, 1, 1, C) with keepdims.

    Args:
        data_format: only 'channels_last'.
        keepdims: keep height and width as axes of size 1.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import GlobalAveragePooling2D
        >>> GlobalAveragePooling2D()(np.ones((2, 4, 4, 3), "float32")).shape
        (2, 3)
    """

    _pool = global_average_pool


@registry.register("GlobalMaxPool2D")
class GlobalMaxPooling2D(_GlobalPooling2D):
    """Largest value of each channel over the whole image.

    Input (N, H, W, C), output (N, C), or (N, 1, 1, C) with keepdims.

    Args:
        data_format: only 'channels_last'.
        keepdims: keep height and width as axes of size 1.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import GlobalMaxPooling2D
        >>> GlobalMaxPooling2D(keepdims=True)(np.ones((2, 4, 4, 3), "float32")).shape
        (2, 1, 1, 3)
    """

    _pool = global_max_pool


GlobalAvgPool2D = GlobalAveragePooling2D
GlobalMaxPool2D = GlobalMaxPooling2D

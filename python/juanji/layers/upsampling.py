"""Larger images and longer sequences, without weights."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers._arguments import Shape, int_tuple, positive_int, require_rank
from juanji.layers._channels import ChannelsLayer, place_of_channels
from juanji.layers._registry import registry
from juanji.layers.layer import Layer

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


@registry.register()
class UpSampling2D(ChannelsLayer):
    """Enlarges images by whole factors.

    Input (N, H, W, C), output (N, H · rows, W · columns, C).

    Args:
        size: factors of rows and columns, or one number for both.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        interpolation: 'nearest' repeats pixels, 'bilinear', 'bicubic', 'lanczos3' and 'lanczos5' are those of
            :func:`juanji.ops.image.resize`.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for factors below 1, another interpolation, or an input without four axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import UpSampling2D
        >>> x = np.array([0.0, 4.0], "float32").reshape(1, 1, 2, 1)
        >>> UpSampling2D((1, 2))(x).ravel(), UpSampling2D((1, 2), interpolation="bilinear")(x).ravel()
        (array([0., 0., 4., 4.], dtype=float32), array([0., 1., 3., 4.], dtype=float32))
    """

    _takes_one_array = True

    def __init__(
        self,
        size: int | tuple[int, int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = int_tuple("UpSampling2D", "size", size, 2)
        self.data_format = place_of_channels("UpSampling2D", data_format)
        self.interpolation = str(interpolation).lower()
        if self.interpolation not in _INTERPOLATIONS:
            raise ValueError(
                f"UpSampling2D: unknown interpolation; expected one of {', '.join(_INTERPOLATIONS)}, got "
                f"interpolation={interpolation!r}."
            )

    def check_input(self, shape: Shape) -> None:
        require_rank(self, shape, 2)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        n, height, width, channels = input_shape
        rows, columns = self.size
        return (n, None if height is None else height * rows, None if width is None else width * columns, channels)

    def call(self, inputs: Any) -> Any:
        if self.interpolation != "nearest":
            size = (inputs.shape[1] * self.size[0], inputs.shape[2] * self.size[1])
            return ops.image.resize(inputs, size, self.interpolation)
        return _repeated(inputs, self.size)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "size": self.size,
            "data_format": self.data_format,
            "interpolation": self.interpolation,
        }


@registry.register()
class UpSampling1D(Layer):
    """Repeats every element of sequences: input (N, W, C), output (N, W · size, C).

    Args:
        size: how often.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a size below 1, or an input without three axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import UpSampling1D
        >>> UpSampling1D(3)(np.array([1.0, 2.0], "float32").reshape(1, 2, 1)).ravel()
        array([1., 1., 1., 2., 2., 2.], dtype=float32)
    """

    _takes_one_array = True

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = positive_int("UpSampling1D", "size", size)

    def check_input(self, shape: Shape) -> None:
        require_rank(self, shape, 1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        n, length, channels = input_shape
        return (n, None if length is None else length * self.size, channels)

    def call(self, inputs: Any) -> Any:
        return _repeated(inputs, (self.size,))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}


@registry.register()
class UpSampling3D(ChannelsLayer):
    """Repeats every voxel of volumes: input (N, D, H, W, C), output (N, D · planes, H · rows, W · columns, C).

    Args:
        size: factors of planes, rows and columns, or one number for all.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for factors below 1, or an input without five axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import UpSampling3D
        >>> UpSampling3D((1, 2, 3))(np.zeros((1, 2, 2, 2, 1), "float32")).shape
        (1, 2, 4, 6, 1)
    """

    _takes_one_array = True

    def __init__(
        self, size: int | tuple[int, int, int] = (2, 2, 2), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size = int_tuple("UpSampling3D", "size", size, 3)
        self.data_format = place_of_channels("UpSampling3D", data_format)

    def check_input(self, shape: Shape) -> None:
        require_rank(self, shape, 3)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        sizes = zip(input_shape[1:-1], self.size)
        larger = (None if size is None else size * factor for size, factor in sizes)
        return (input_shape[0], *larger, input_shape[-1])

    def call(self, inputs: Any) -> Any:
        return _repeated(inputs, self.size)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size, "data_format": self.data_format}


def _repeated(x: Any, factors: tuple[int, ...]) -> Any:
    """Each element as often as the factors of the spatial axes say, in one copy."""
    count, *sizes, channels = x.shape
    apart = ops.reshape(x, (count, *(n for size in sizes for n in (size, 1)), channels))
    spread = ops.broadcast_to(apart, (count, *(n for pair in zip(sizes, factors) for n in pair), channels))
    return ops.reshape(spread, (count, *(size * factor for size, factor in zip(sizes, factors)), channels))

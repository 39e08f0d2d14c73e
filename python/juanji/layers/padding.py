"""Zeros around images, sequences and volumes."""

from __future__ import annotations

from typing import Any, ClassVar

from juanji import ops
from juanji.layers._arguments import Shape, amounts, require_rank
from juanji.layers._channels import ChannelsLayer, place_of_channels
from juanji.layers._registry import registry


class _ZeroPadding(ChannelsLayer):
    """Arguments and shapes of the padding layers."""

    _takes_one_array = True
    _keeps_integers = True
    _rank: ClassVar[int]

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self._amounts = amounts(owner, "padding", padding, self._rank)
        self.padding: Any = self._amounts[0] if self._rank == 1 else self._amounts
        self.data_format = place_of_channels(owner, data_format)

    def check_input(self, shape: Shape) -> None:
        require_rank(self, shape, self._rank)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        sizes = zip(input_shape[1:-1], self._amounts)
        padded = (None if size is None else size + before + after for size, (before, after) in sizes)
        return (input_shape[0], *padded, input_shape[-1])

    def call(self, inputs: Any) -> Any:
        return ops.pad(inputs, ((0, 0), *self._amounts, (0, 0)))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": self.padding, "data_format": self.data_format}


@registry.register()
class ZeroPadding2D(_ZeroPadding):
    """Rows and columns of zeros around images.

    Input (N, H, W, C), output (N, H + top + bottom, W + left + right, C).

    Args:
        padding: one number for all sides, (rows, columns) for opposite sides, or ((top, bottom), (left, right)).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for negative numbers, or an input without four axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import ZeroPadding2D
        >>> ZeroPadding2D(((1, 0), (0, 2)))(np.ones((1, 1, 1, 1), "float32"))[0, :, :, 0]
        array([[0., 0., 0.],
               [1., 0., 0.]], dtype=float32)
    """

    _rank = 2


@registry.register()
class ZeroPadding1D(_ZeroPadding):
    """Zeros before and after sequences.

    Input (N, W, C), output (N, W + before + after, C).

    Args:
        padding: one number for both ends, or (before, after).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for negative numbers, or an input without three axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import ZeroPadding1D
        >>> ZeroPadding1D((0, 2))(np.ones((1, 1, 1), "float32")).ravel()
        array([1., 0., 0.], dtype=float32)
    """

    _rank = 1


@registry.register()
class ZeroPadding3D(_ZeroPadding):
    """Zeros around volumes.

    Input (N, D, H, W, C), output the same with each size but the first and last enlarged.

    Args:
        padding: one number for all sides, one for each of the three axes, or a pair (before, after) for each.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for negative numbers, or an input without five axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import ZeroPadding3D
        >>> ZeroPadding3D((1, 0, 2))(np.ones((1, 2, 2, 2, 1), "float32")).shape
        (1, 4, 2, 6, 1)
    """

    _rank = 3

"""Borders cut off images, sequences and volumes."""

from __future__ import annotations

from typing import Any, ClassVar

from juanji import ops
from juanji.layers._arguments import Shape, amounts, require_rank
from juanji.layers._channels import ChannelsLayer, place_of_channels
from juanji.layers._registry import registry


class _Cropping(ChannelsLayer):
    """Arguments and shapes of the cropping layers."""

    _takes_one_array = True
    _keeps_integers = True
    _rank: ClassVar[int]

    def __init__(self, cropping: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self._amounts = amounts(owner, "cropping", cropping, self._rank)
        self.cropping: Any = self._amounts[0] if self._rank == 1 else self._amounts
        self.data_format = place_of_channels(owner, data_format)

    def check_input(self, shape: Shape) -> None:
        require_rank(self, shape, self._rank)
        self._cropped(shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        require_rank(self, input_shape, self._rank)
        return (input_shape[0], *self._cropped(input_shape), input_shape[-1])

    def _cropped(self, shape: Shape) -> Shape:
        sizes = zip(shape[1:-1], self._amounts)
        left = tuple(None if size is None else size - before - after for size, (before, after) in sizes)
        if any(size is not None and size < 1 for size in left):
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: nothing would be left; expected an input larger than "
                f"cropping={self.cropping}, got shape={tuple(shape)}. Crop less."
            )
        return left

    def call(self, inputs: Any) -> Any:
        shape = inputs.shape
        begin = (0, *(before for before, _ in self._amounts), 0)
        left = (size - before - after for size, (before, after) in zip(shape[1:-1], self._amounts))
        return ops.slice(inputs, begin, (shape[0], *left, shape[-1]))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cropping": self.cropping, "data_format": self.data_format}


@registry.register()
class Cropping2D(_Cropping):
    """Rows and columns cut off at the borders of images.

    Input (N, H, W, C), output (N, H - top - bottom, W - left - right, C).

    Args:
        cropping: one number for all sides, (rows, columns) for opposite sides, or ((top, bottom), (left, right)).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for negative numbers, an input without four axes, or when nothing would be left.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Cropping2D
        >>> Cropping2D(((1, 0), (0, 1)))(np.arange(4, dtype="float32").reshape(1, 2, 2, 1)).ravel()
        array([2.], dtype=float32)
    """

    _rank = 2

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)


@registry.register()
class Cropping1D(_Cropping):
    """Elements cut off at the ends of sequences.

    Input (N, W, C), output (N, W - before - after, C).

    Args:
        cropping: one number for both ends, or (before, after).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for negative numbers, an input without three axes, or when nothing would be left.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Cropping1D
        >>> Cropping1D((1, 2))(np.arange(5, dtype="float32").reshape(1, 5, 1)).ravel()
        array([1., 2.], dtype=float32)
    """

    _rank = 1

    def __init__(self, cropping: Any = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)


@registry.register()
class Cropping3D(_Cropping):
    """Borders cut off volumes.

    Input (N, D, H, W, C), output the same with each size but the first and last reduced.

    Args:
        cropping: one number for all sides, one for each of the three axes, or a pair (before, after) for each.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for negative numbers, an input without five axes, or when nothing would be left.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Cropping3D
        >>> Cropping3D(1)(np.ones((1, 3, 4, 5, 2), "float32")).shape
        (1, 1, 2, 3, 2)
    """

    _rank = 3

    def __init__(self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)

"""From images to rows."""

from __future__ import annotations

import math
from typing import Any

from juanji import ops
from juanji.layers._arguments import Shape
from juanji.layers._channels import ChannelsLayer, place_of_channels
from juanji.layers._registry import registry


@registry.register()
class Flatten(ChannelsLayer):
    """Joins all axes after the first: input (N, d1, d2, ...), output (N, d1·d2·...).

    Args:
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Flatten
        >>> Flatten()(np.zeros((2, 4, 4, 3), "float32")).shape
        (2, 48)
    """

    _takes_one_array = True
    _keeps_integers = True

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = place_of_channels("Flatten", data_format)

    def check_input(self, shape: Shape) -> None:
        if not shape:
            raise ValueError(
                f"Flatten {self.name!r}: wrong rank of the input; expected a batch axis, got shape=(). "
                "Add it: x[np.newaxis]."
            )

    def call(self, inputs: Any) -> Any:
        shape = inputs.shape
        return ops.reshape(inputs, (shape[0], math.prod(shape[1:])))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        sizes = [size for size in input_shape[1:] if size is not None]
        return (input_shape[0], math.prod(sizes) if len(sizes) == len(input_shape) - 1 else None)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}

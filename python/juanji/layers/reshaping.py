"""The same elements in another shape or order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from juanji import ops
from juanji.layers._arguments import Shape, positive_int
from juanji.layers._registry import registry
from juanji.layers.layer import Layer
from juanji.ops._whole import whole_numbers


@registry.register()
class Reshape(Layer):
    """Gives each sample another shape; the batch axis stays.

    Input (N, ...), output (N, *target_shape).

    Args:
        target_shape: sizes without the batch axis; one of them may be -1 and is computed.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: when the number of elements differs.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Reshape
        >>> Reshape((2, -1))(np.zeros((5, 6), "float32")).shape
        (5, 2, 3)
    """

    _takes_one_array = True
    _keeps_integers = True

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        sizes = whole_numbers("Reshape", "target_shape", target_shape)
        if sizes.count(-1) > 1 or any(size < -1 for size in sizes):
            raise ValueError(
                f"Reshape: not a shape; expected sizes from 0 with at most one -1, got target_shape={target_shape!r}. "
                "Pass the shape of one sample."
            )
        self.target_shape = sizes

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        sizes = input_shape[1:]
        if None in sizes:
            return (input_shape[0], *(None if size == -1 else size for size in self.target_shape))
        elements = math.prod(size for size in sizes if size is not None)
        known = math.prod(size for size in self.target_shape if size != -1)
        free = -1 in self.target_shape
        if (elements % known if known else elements) if free else elements != known:
            raise ValueError(
                f"Reshape {self.name!r}: the sizes do not fit; expected a target_shape of {elements} elements, got "
                f"target_shape={self.target_shape} for inputs of shape {tuple(input_shape)}. Change one of them."
            )
        missing = elements // known if known else 0
        return (input_shape[0], *(missing if size == -1 else size for size in self.target_shape))

    def call(self, inputs: Any) -> Any:
        self.compute_output_shape(inputs.shape)  # tells what does not fit
        missing = math.prod(inputs.shape[1:]) // max(1, math.prod(size for size in self.target_shape if size != -1))
        return ops.reshape(inputs, (inputs.shape[0], *(missing if size == -1 else size for size in self.target_shape)))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": self.target_shape}


@registry.register()
class Permute(Layer):
    """Puts the axes of each sample into another order; the batch axis stays.

    Args:
        dims: the axes of the input, counted from 1, in the order of the output.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: when ``dims`` is no order of 1, 2, ..., or the input has another number of axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Permute
        >>> Permute((3, 1, 2))(np.zeros((1, 4, 5, 3), "float32")).shape
        (1, 3, 4, 5)
    """

    _takes_one_array = True
    _keeps_integers = True

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = whole_numbers("Permute", "dims", dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"Permute: not an order of axes; expected each of 1 to {len(self.dims)} once, got dims={dims!r}. "
                "Count the axes from 1, without the batch axis."
            )

    def check_input(self, shape: Shape) -> None:
        if len(shape) != len(self.dims) + 1:
            raise ValueError(
                f"Permute {self.name!r}: wrong rank of the input; expected {len(self.dims) + 1} axes for "
                f"dims={self.dims}, got shape={tuple(shape)}. Name every axis but the batch axis."
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def call(self, inputs: Any) -> Any:
        return ops.transpose(inputs, (0, *self.dims))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dims": self.dims}


@registry.register()
class RepeatVector(Layer):
    """Repeats each vector: input (N, C), output (N, n, C).

    Args:
        n: how often.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for n below 1, or an input without two axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RepeatVector
        >>> RepeatVector(3)(np.zeros((2, 5), "float32")).shape
        (2, 3, 5)
    """

    _takes_one_array = True
    _keeps_integers = True

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = positive_int("RepeatVector", "n", n)

    def check_input(self, shape: Shape) -> None:
        if len(shape) != 2:
            raise ValueError(
                f"RepeatVector {self.name!r}: wrong rank of the input; expected 2 axes (batch, channels), got "
                f"shape={tuple(shape)}. Flatten it first."
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        return (input_shape[0], self.n, input_shape[1])

    def call(self, inputs: Any) -> Any:
        samples, channels = inputs.shape
        return ops.broadcast_to(ops.expand_dims(inputs, 1), (samples, self.n, channels))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n": self.n}

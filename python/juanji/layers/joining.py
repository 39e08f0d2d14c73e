"""Layers that join inputs along an axis, or multiply them over one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from juanji import ops
from juanji.layers._arguments import Shape
from juanji.layers._registry import registry
from juanji.layers.layer import Layer
from juanji.layers.merging import require_list
from juanji.ops._shape import normalize_axis
from juanji.ops._whole import whole_number


@registry.register()
class Concatenate(Layer):
    """Joins the inputs along an axis.

    Inputs that differ in the size of that axis only; output with the sum of these sizes.

    Args:
        axis: the axis to join along; the channels (the last) by default.
        kwargs: those of :class:`Layer` (name, ...).

    Raises:
        ValueError: for an input that is no list, or shapes that differ elsewhere.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Concatenate
        >>> Concatenate()([np.zeros((1, 4, 4, 3)), np.zeros((1, 4, 4, 5))]).shape
        (1, 4, 4, 8)
    """

    _keeps_integers = True

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = whole_number("Concatenate", "axis", axis)

    def check_input(self, shape: Any) -> None:
        self.compute_output_shape(shape)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        shapes = require_list(self, input_shape, 1, None)
        rank = len(shapes[0])
        place = normalize_axis(f"Concatenate {self.name!r}", self.axis, rank)
        sizes: list[int | None] = []
        for axis, column in enumerate(zip(*shapes)):
            known = [size for size in column if size is not None]
            if axis == place:
                sizes.append(sum(known) if len(known) == len(column) else None)
                continue
            if len(set(known)) > 1 or any(len(s) != rank for s in shapes):
                raise ValueError(
                    f"Concatenate {self.name!r}: the shapes of the inputs do not fit; expected equal sizes but for "
                    f"axis {self.axis}, got {', '.join(map(str, shapes))}. Crop or pad them, or choose another axis."
                )
            sizes.append(known[0] if known else None)
        return tuple(sizes)

    def call(self, inputs: Any) -> Any:
        return ops.concatenate(inputs, axis=self.axis)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The masks joined likewise, where an input without one counts everywhere; True where any channel does."""
        if previous_mask is None:
            return None
        masks = []
        for x, mask in zip(inputs, previous_mask):
            if mask is not None and mask.ndim < x.ndim:
                spread = ops.expand_dims(mask, tuple(range(mask.ndim, x.ndim)))
                mask = ops.logical_or(spread, ops.zeros_like(x, dtype="bool"))
            masks.append(ops.ones_like(x, dtype="bool") if mask is None else mask)
        return ops.any(ops.concatenate(masks, axis=self.axis), axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


@registry.register()
class Dot(Layer):
    """Sum of the products of two inputs along an axis, sample by sample.

    ``y[n, i, j] = Σ a[n, i, k] · b[n, k, j]`` for axes=(2, 1); inputs (N, k) and (N, k) give (N, 1).

    Args:
        axes: the axis of both inputs that is summed over, or one for each.
        normalize: make the vectors along that axis unit vectors first: the result is their cosine.
        kwargs: those of :class:`Layer` (name, ...).

    Raises:
        ValueError: for another number of inputs than two, or different sizes along the axes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Dot
        >>> Dot(axes=1)([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])])
        array([[11.]], dtype=float32)
    """

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = tuple(axes) if isinstance(axes, (list, tuple)) else (axes, axes)
        if len(pair) != 2:
            raise ValueError(
                f"Dot: axes are not clear; expected one axis, or one for each of the two inputs, got axes={axes!r}. "
                "Pass, for example, axes=1."
            )
        self.axes: Any = axes if isinstance(axes, int) else pair
        self._pair = tuple(whole_number("Dot", "axes", axis) for axis in pair)
        self.normalize = bool(normalize)

    def check_input(self, shape: Any) -> None:
        self.compute_output_shape(shape)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        first, second = require_list(self, input_shape, 2, 2)
        a, b = self._places(len(first), len(second))
        if None not in (first[a], second[b]) and first[a] != second[b]:
            raise ValueError(
                f"Dot {self.name!r}: the sizes do not fit; expected equal ones along axes={self.axes}, got shapes "
                f"{first} and {second}. Choose other axes."
            )
        sizes = (*first[:a], *first[a + 1 :], *second[1:b], *second[b + 1 :])
        return sizes if len(sizes) > 1 else (*sizes, 1)

    def call(self, inputs: Any) -> Any:
        x, y = inputs
        a, b = self._places(len(x.shape), len(y.shape))
        if self.normalize:
            x, y = _unit_vectors(x, a), _unit_vectors(y, b)
        x, y = ops.moveaxis(x, a, -1), ops.moveaxis(y, b, 1)
        n, *rows, k = x.shape
        columns = y.shape[2:]
        product = ops.matmul(
            ops.reshape(x, (n, math.prod(rows), k)),
            ops.reshape(y, (n, k, math.prod(columns))),
        )
        return ops.reshape(product, (n, *rows, *columns) if rows or columns else (n, 1))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> None:
        """None: the result has no steps."""

    def _places(self, *ranks: int) -> list[int]:
        places = [normalize_axis(f"Dot {self.name!r}", axis, rank) for axis, rank in zip(self._pair, ranks)]
        if 0 in places:
            raise ValueError(
                f"Dot {self.name!r}: the batch axis cannot be summed over; expected axes from 1, got axes={self.axes}."
            )
        return places

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def _unit_vectors(x: Any, axis: int) -> Any:
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(squares, 1e-12)))


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """Joins the inputs along an axis: :class:`Concatenate` as a function.

    Args:
        inputs: list of arrays, tensors or symbolic tensors.
        axis: the axis to join along.
        kwargs: those of the layer (name, ...).

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layers.concatenate([np.zeros((1, 2)), np.zeros((1, 3))]).shape
        (1, 5)
    """
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Sequence[Any], axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """Sum of products along an axis: :class:`Dot` as a function."""
    return Dot(axes=axes, **kwargs)(inputs)

"""Layers that make one output of several inputs, element by element."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from juanji import ops
from juanji._masks import get_mask
from juanji.layers._arguments import Shape
from juanji.layers._registry import registry
from juanji.layers.layer import Layer


class Merge(Layer):
    """A layer that is called with a list of inputs, and merges them pair by pair.

    Shapes broadcast as in Keras: inputs of fewer axes are given axes of size 1 behind the batch axis.
    """

    _keeps_integers = True
    _least_inputs = 1
    _most_inputs: int | None = None

    def check_input(self, shape: Any) -> None:
        shapes = require_list(self, shape, self._least_inputs, self._most_inputs)
        # One size in the first call; after it, a single sample may serve a batch, as in Keras.
        batches = {s[0] for s in shapes if s and not self.built} - {None}
        if any(not s for s in shapes) or len(batches) > 1:
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: the inputs have different batch sizes; expected one size of "
                f"the first axis, got shapes {', '.join(map(str, shapes))}. Pass equally many samples."
            )
        self.compute_output_shape(shapes)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        shapes = [tuple(s) for s in input_shape]
        rank = max(map(len, shapes))
        sizes = [(s[0], *(1,) * (rank - len(s)), *s[1:]) for s in shapes]
        return tuple(self._broadcast(axis, shapes) for axis in zip(*sizes))

    def _broadcast(self, sizes: tuple[int | None, ...], shapes: list[Shape]) -> int | None:
        known = set(sizes) - {1}
        if len(known - {None}) > 1:
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: the shapes of the inputs do not fit; expected equal sizes, or "
                f"1, on each axis, got {', '.join(map(str, shapes))}. Reshape them, or use Concatenate."
            )
        return 1 if not known else None if None in known else next(iter(known))

    def call(self, inputs: Any) -> Any:
        rank = max(len(x.shape) for x in inputs)
        return reduce(self._merge, [_with_rank(x, rank) for x in inputs])

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Steps that count in any of the inputs; None unless all inputs carry a mask."""
        if previous_mask is None or any(mask is None for mask in previous_mask):
            return None
        return reduce(ops.logical_or, previous_mask)

    def _merge(self, a: Any, b: Any) -> Any:
        raise TypeError(f"{type(self).__name__}: it does not say how two inputs are merged. Override call.")


def _with_rank(x: Any, rank: int) -> Any:
    shape = x.shape
    return x if len(shape) == rank else ops.reshape(x, (shape[0], *(1,) * (rank - len(shape)), *shape[1:]))


def require_list(layer: Layer, shape: Any, least: int, most: int | None) -> list[Shape]:
    """The shapes of several inputs. Raises ValueError for one input, or another number of them."""
    several = isinstance(shape, (list, tuple)) and all(isinstance(s, (list, tuple)) for s in shape)
    wanted = f"exactly {most}" if most == least else f"at least {least}"
    if not several or len(shape) < least or (most is not None and len(shape) > most):
        raise ValueError(
            f"{type(layer).__name__} {layer.name!r}: it merges several inputs; expected a list of {wanted}, got "
            f"{f'{len(shape)} inputs' if several else f'one input of shape {shape}'}. Pass them in one list."
        )
    return [tuple(s) for s in shape]


@registry.register()
class Add(Merge):
    """Sum of the inputs: the shortcut of residual networks (He et al., *Deep Residual Learning*, 2016).

    Inputs of one shape (or shapes that broadcast), output of that shape.

    Args:
        kwargs: those of :class:`Layer` (name, ...).

    Raises:
        ValueError: for a single input, or shapes that do not broadcast.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Add
        >>> Add()([np.ones((1, 2), "float32"), np.ones((1, 2), "float32")])
        array([[2., 2.]], dtype=float32)
    """

    def _merge(self, a: Any, b: Any) -> Any:
        return ops.add(a, b)


@registry.register()
class Subtract(Merge):
    """First input minus the second; exactly two inputs.

    Args:
        kwargs: those of :class:`Layer` (name, ...).

    Raises:
        ValueError: for another number of inputs, or shapes that do not broadcast.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Subtract
        >>> Subtract()([np.full((1, 2), 3, "float32"), np.ones((1, 2), "float32")])
        array([[2., 2.]], dtype=float32)
    """

    _least_inputs = _most_inputs = 2

    def _merge(self, a: Any, b: Any) -> Any:
        return ops.subtract(a, b)


@registry.register()
class Multiply(Merge):
    """Product of the inputs, element by element: gates and squeeze-and-excitation.

    Args:
        kwargs: those of :class:`Layer` (name, ...).

    Raises:
        ValueError: for a single input, or shapes that do not broadcast.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Multiply
        >>> Multiply()([np.full((1, 2), 3, "float32"), np.full((1, 2), 2, "float32")])
        array([[6., 6.]], dtype=float32)
    """

    def call(self, inputs: Any) -> Any:
        masks = [_spread(get_mask(x), x) for x in inputs]
        if all(mask is None for mask in masks):
            return super().call(inputs)
        one, zero = np.ones((), inputs[0].dtype), np.zeros((), inputs[0].dtype)
        y = super().call([x if mask is None else ops.where(mask, x, one) for x, mask in zip(inputs, masks)])
        if any(mask is None for mask in masks):
            return y
        return ops.where(reduce(ops.logical_or, masks), y, zero)

    def _merge(self, a: Any, b: Any) -> Any:
        return ops.multiply(a, b)


@registry.register()
class Average(Merge):
    """Mean of the inputs, element by element.

    Args:
        kwargs: those of :class:`Layer` (name, ...).

    Raises:
        ValueError: for a single input, or shapes that do not broadcast.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Average
        >>> Average()([np.full((1, 2), 3, "float32"), np.ones((1, 2), "float32")])
        array([[2., 2.]], dtype=float32)
    """

    _keeps_integers = False

    def call(self, inputs: Any) -> Any:
        return ops.divide(super().call(inputs), len(inputs))

    def _merge(self, a: Any, b: Any) -> Any:
        return ops.add(a, b)


class _Extreme(Merge):
    """Maximum and minimum: where one input is masked, the other one is the result."""

    def call(self, inputs: Any) -> Any:
        masks = [get_mask(x) for x in inputs]
        if all(mask is None for mask in masks):
            return super().call(inputs)
        output, kept = inputs[0], _spread(masks[0], inputs[0])
        for x, mask in zip(inputs[1:], masks[1:]):
            other = _spread(mask, x)
            x = x if other is None else ops.where(other, x, output)
            output = self._merge(x if kept is None else ops.where(kept, output, x), x)
            kept = None if other is None or kept is None else ops.logical_or(kept, other)
        return output


def _spread(mask: Any, x: Any) -> Any:
    return None if mask is None else ops.broadcast_to(ops.expand_dims(mask, -1), x.shape)


@registry.register()
class Maximum(_Extreme):
    """Largest of the inputs, element by element.

    Args:
        kwargs: those of :class:`Layer` (name, ...).

    Raises:
        ValueError: for a single input, or shapes that do not broadcast.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Maximum
        >>> Maximum()([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])])
        array([[3., 4.]], dtype=float32)
    """

    def _merge(self, a: Any, b: Any) -> Any:
        return ops.maximum(a, b)


@registry.register()
class Minimum(_Extreme):
    """Smallest of the inputs, element by element.

    Args:
        kwargs: those of :class:`Layer` (name, ...).

    Raises:
        ValueError: for a single input, or shapes that do not broadcast.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Minimum
        >>> Minimum()([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])])
        array([[1., 2.]], dtype=float32)
    """

    def _merge(self, a: Any, b: Any) -> Any:
        return ops.minimum(a, b)


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Sum of the inputs: :class:`Add` as a function.

    Args:
        inputs: list of arrays, tensors or symbolic tensors.
        kwargs: those of the layer (name, ...).

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layers.add([np.ones((1, 2), "float32"), np.ones((1, 2), "float32")])
        array([[2., 2.]], dtype=float32)
    """
    return Add(**kwargs)(inputs)


def subtract(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """First input minus the second: :class:`Subtract` as a function."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Product of the inputs: :class:`Multiply` as a function."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Mean of the inputs: :class:`Average` as a function."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Largest of the inputs: :class:`Maximum` as a function."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Smallest of the inputs: :class:`Minimum` as a function."""
    return Minimum(**kwargs)(inputs)

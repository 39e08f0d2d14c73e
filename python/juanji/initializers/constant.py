"""Initializers without chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji.initializers.initializer import Array, Initializer, element_type, registry
from juanji.utils.registry import plain


@registry.register("zero", snake_case=True)
class Zeros(Initializer):
    """Zeros.

    Example:
        >>> Zeros()((2,))
        array([0., 0.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return np.zeros(shape, element_type(dtype))


@registry.register("one", snake_case=True)
class Ones(Initializer):
    """Ones.

    Example:
        >>> Ones()((2,))
        array([1., 1.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return np.ones(shape, element_type(dtype))


@registry.register(snake_case=True)
class Constant(Initializer):
    """One value everywhere.

    Args:
        value: number, or array that broadcasts to the shape.

    Example:
        >>> Constant(0.5)((2,))
        array([0.5, 0.5], dtype=float32)
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return np.full(shape, self.value, element_type(dtype))

    def get_config(self) -> dict[str, Any]:
        return {"value": plain(self.value)}


@registry.register("IdentityInitializer", snake_case=True)
class Identity(Initializer):
    """A matrix with one value on its diagonal.

    Args:
        gain: the value.

    Example:
        >>> Identity(2.0)((2, 3))
        array([[2., 0., 0.],
               [0., 2., 0.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        if len(shape) != 2:
            raise ValueError(f"Identity: not the shape of a matrix; expected rank 2, got shape={tuple(shape)}.")
        return (np.eye(shape[0], shape[1]) * self.gain).astype(element_type(dtype))

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}


def from_array(value: Any) -> Any:
    """A function that gives this very array as the first value.

    Raises:
        ValueError: when called, for another shape.

    Example:
        >>> from_array(np.array([1.0, 2.0]))((2,))
        array([1., 2.], dtype=float32)
    """
    array = np.asarray(value)

    def initialize(shape: Sequence[int], dtype: Any = None) -> Array:
        if tuple(shape) != array.shape:
            raise ValueError(
                f"initializer: the given array does not fit; expected shape {tuple(shape)}, got shape {array.shape}."
            )
        return array.astype(element_type(dtype))

    return initialize

"""Where a model begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from juanji.layers._arguments import Shape, batch_shape, positive_int
from juanji.layers._registry import registry
from juanji.layers.layer import Layer


@registry.register()
class InputLayer(Layer):
    """Holds the shape of a model's input and passes the input on.

    Args:
        shape: shape of one sample, without the batch axis; None where the size varies.
        batch_size: fixed batch size; varies by default.
        dtype: 'float32' or 'float64'.
        batch_shape: shape with the batch axis, instead of ``shape`` and ``batch_size``.
        name: made by itself when left out.

    Raises:
        ValueError: when neither or both of ``shape`` and ``batch_shape`` are given, or a size is below 1.

    Example:
        >>> from juanji.layers import InputLayer
        >>> InputLayer(shape=(32, 32, 3)).batch_shape
        (None, 32, 32, 3)
    """

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        batch_shape: Sequence[int | None] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(dtype=dtype, name=name)
        self.batch_shape = _input_shape(shape, batch_size, batch_shape)
        self.built = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self.batch_shape

    def get_config(self) -> dict[str, Any]:
        return {"batch_shape": self.batch_shape, "dtype": self.dtype, "name": self.name}


@dataclass(frozen=True)
class SymbolicTensor:
    """The shape and type of a value that does not exist yet."""

    shape: Shape
    dtype: str
    name: str
    keras_history: Layer


def Input(  # noqa: N802 (Keras' name)
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
) -> SymbolicTensor:
    """The input of a model: the first thing a Sequential is given when its shape is known.

    Args:
        shape: shape of one sample, without the batch axis; None where the size varies.
        batch_size: fixed batch size; varies by default.
        dtype: 'float32' or 'float64'.
        batch_shape: shape with the batch axis, instead of ``shape`` and ``batch_size``.
        name: made by itself when left out.

    Raises:
        ValueError: when neither or both of ``shape`` and ``batch_shape`` are given, or a size is below 1.

    Example:
        >>> from juanji import Sequential, layers
        >>> Sequential([layers.Input((4,)), layers.Dense(2)]).output_shape
        (None, 2)
    """
    layer = InputLayer(shape, batch_size, dtype, batch_shape, name)
    return SymbolicTensor(layer.batch_shape, layer.dtype, layer.name, layer)


def _input_shape(shape: Any, batch_size: int | None, full: Any) -> Shape:
    if (shape is None) == (full is None):
        raise ValueError(
            f"Input: the shape is not clear; expected either shape or batch_shape, got shape={shape!r}, "
            f"batch_shape={full!r}. Pass the shape of one sample, for example shape=(32, 32, 3)."
        )
    if full is not None:
        return batch_shape("Input", "batch_shape", full)
    size = None if batch_size is None else positive_int("Input", "batch_size", batch_size)
    return (size, *batch_shape("Input", "shape", shape))

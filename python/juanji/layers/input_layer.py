"""Where a model begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji.layers._arguments import Shape, batch_shape, positive_int
from juanji.layers._registry import registry
from juanji.layers.layer import Layer
from juanji.symbolic.tensor import KerasTensor, Node


@registry.register()
class InputLayer(Layer):
    """Holds the shape of a model's input and passes the input on.

    Args:
        shape: shape of one sample, without the batch axis; None where the size varies.
        batch_size: fixed batch size; varies by default.
        dtype: element type, 'float32' by default; integers and 'bool' are possible too.
        batch_shape: shape with the batch axis, instead of ``shape`` and ``batch_size``.
        name: made by itself when left out.
        kwargs: ``sparse``, ``ragged`` and ``optional`` of Keras, which have to be False.

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
        **kwargs: Any,
    ) -> None:
        _refuse_kinds(kwargs)
        integers = _integer_type(dtype)
        super().__init__(dtype=None if integers else dtype, name=name)
        self.dtype = integers or self.dtype
        self.batch_shape = _input_shape(shape, batch_size, batch_shape)
        self.built = True
        self._make_output()

    def _make_output(self) -> None:
        Node(self, (), {}, KerasTensor(self.batch_shape, self.dtype, self.name))

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._make_output()

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self.batch_shape

    def get_config(self) -> dict[str, Any]:
        return {"batch_shape": self.batch_shape, "dtype": self.dtype, "name": self.name}


def Input(  # noqa: N802 (Keras' name)
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
    **kwargs: Any,
) -> Any:
    """The symbolic input of a model, which layers and operations are then called with.

    It is also the first thing a Sequential is given when its shape is known.

    Args:
        shape: shape of one sample, without the batch axis; None where the size varies.
        batch_size: fixed batch size; varies by default.
        dtype: element type, 'float32' by default; integers and 'bool' are possible too.
        batch_shape: shape with the batch axis, instead of ``shape`` and ``batch_size``.
        name: made by itself when left out.
        kwargs: ``sparse``, ``ragged`` and ``optional`` of Keras, which have to be False.

    Raises:
        ValueError: when neither or both of ``shape`` and ``batch_shape`` are given, or a size is below 1.

    Returns:
        A :class:`juanji.KerasTensor`.

    Example:
        >>> from juanji import Input, Model, layers
        >>> x = Input((8, 8, 3))
        >>> Model(x, layers.Add()([x, layers.Conv2D(3, 3, padding="same")(x)])).output_shape
        (None, 8, 8, 3)
        >>> from juanji import Sequential
        >>> Sequential([layers.Input((4,)), layers.Dense(2)]).output_shape
        (None, 2)
    """
    return InputLayer(shape, batch_size, dtype, batch_shape, name, **kwargs).output


def _refuse_kinds(kwargs: dict[str, Any]) -> None:
    """Accepts Keras' arguments for tensors of other kinds where they ask for none."""
    unknown = kwargs.keys() - {"sparse", "ragged", "optional"}
    if unknown:
        raise TypeError(f"Input: unknown argument; got {', '.join(sorted(unknown))}. Check the spelling.")
    wanted = [name for name, value in kwargs.items() if value]
    if wanted:
        raise ValueError(
            f"Input: inputs are arrays; expected {wanted[0]}=False, got {wanted[0]}={kwargs[wanted[0]]!r}. Leave it "
            "out, and pass full arrays."
        )


def _integer_type(dtype: Any) -> str | None:
    """The name of a type of integers or booleans; None for anything else."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        return None
    return found.name if dtype is not None and found.kind in "iub" else None


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

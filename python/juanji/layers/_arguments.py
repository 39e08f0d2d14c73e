"""Checks of the arguments that layers share."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

Shape = tuple[int | None, ...]


def positive_int(owner: str, name: str, value: Any) -> int:
    """``value`` as a Python int of at least 1."""
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise ValueError(
            f"{owner}: {name} has to be a whole number; expected an integer of at least 1, got {name}={value!r}. "
            f"Pass, for example, {name}=1."
        )
    return number


_AXES = {
    1: ("(length,)", "(batch, steps, channels)", ("length",)),
    2: ("(height, width)", "(batch, height, width, channels)", ("height", "width")),
    3: ("(depth, height, width)", "(batch, depth, height, width, channels)", ("depth", "height", "width")),
}


def int_tuple(owner: str, name: str, value: Any, rank: int) -> tuple[int, ...]:
    """One positive integer for all of ``rank`` directions, or one each."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) != rank:
            raise ValueError(
                f"{owner}: {name} has the wrong length; expected one integer or {_AXES[rank][0]}, "
                f"got {name}={value!r}. Pass {rank} {'number' if rank == 1 else 'numbers'}."
            )
        return tuple(positive_int(owner, name, part) for part in value)
    return (positive_int(owner, name, value),) * rank


def padding_mode(owner: str, value: Any, causal: bool = False) -> str:
    """'valid', 'same', or where it is possible 'causal', in any case."""
    modes = ("valid", "same", "causal") if causal else ("valid", "same")
    mode = value.lower() if isinstance(value, str) else value
    if mode not in modes:
        raise ValueError(
            f"{owner}: unknown padding; expected {' or '.join(map(repr, modes))}, got padding={value!r}. "
            f"Choose one of the {'three' if causal else 'two'}."
        )
    return str(mode)


def batch_shape(owner: str, name: str, value: Any) -> Shape:
    """A shape without the batch axis: positive integers, None where the size varies."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError(
            f"{owner}: {name} is not a shape; expected a tuple such as (32, 32, 3), got {name}={value!r}. "
            "Write (n,) for a single axis."
        )
    return tuple(None if size is None else positive_int(owner, name, size) for size in value)


def known_size(layer: Any, shape: Shape, what: str) -> int:
    """The last axis, which weights are built for."""
    size = shape[-1]
    if not size:
        raise ValueError(
            f"{type(layer).__name__} {layer.name!r}: the number of {what} is not known; expected at least 1 on the "
            f"last axis, got shape={tuple(shape)}. Give the Input a full shape, or pool the image before Flatten."
        )
    return size


def require_rank(layer: Any, shape: Shape, rank: int) -> None:
    """Raises unless the input has ``rank`` axes besides those of batch and channels."""
    if len(shape) != rank + 2:
        example = "Add the batch axis: x[np.newaxis]." if len(shape) == rank + 1 else "Reshape the input."
        raise ValueError(
            f"{type(layer).__name__} {layer.name!r}: wrong rank of the input; expected {rank + 2} axes "
            f"{_AXES[rank][1]}, got shape={shape}. {example}"
        )


def require_last_axis(layer: Any, shape: Shape, size: int, what: str) -> None:
    """Raises when the last axis is not what the weights were built for."""
    if shape[-1] != size:
        expected = (*("..." for _ in shape[:-1]), size)
        raise ValueError(
            f"{type(layer).__name__} {layer.name!r}: wrong number of {what}; expected shape "
            f"({', '.join(map(str, expected))}), got shape={shape}. "
            "The layer was built for another input: check the data, or build a new layer."
        )


def window_output(
    layer: Any,
    shape: Shape,
    window: tuple[int, ...],
    strides: tuple[int, ...],
    dilation: tuple[int, ...],
    padding: str,
) -> Shape:
    """The sizes between batch and channels after a window has slid over an image or a sequence."""
    sizes: list[int | None] = []
    for axis, size, k, stride, d in zip(_AXES[len(window)][2], shape[1:-1], window, strides, dilation):
        if size is None:
            sizes.append(None)
            continue
        reach = (k - 1) * d + 1
        out = (size - reach) // stride + 1 if padding == "valid" else -(-size // stride)
        if out < 1:
            raise ValueError(
                f"{type(layer).__name__} {layer.name!r}: the window does not fit; expected an input {axis} of at "
                f"least {reach} for padding='valid', got shape={shape}. Use padding='same', a smaller window, or "
                "fewer layers that shrink the image."
            )
        sizes.append(out)
    return tuple(sizes)


def amounts(owner: str, name: str, value: Any, rank: int) -> tuple[tuple[int, int], ...]:
    """How much is added or cut off before and after, for each of ``rank`` directions.

    Args:
        owner, name: for messages.
        value: one number for all, one per direction, or a pair (before, after) per direction. For one direction two
            numbers are (before, after).
        rank: number of directions.
    """
    sides: Any = value
    if isinstance(value, (int, np.integer)):
        sides = ((value, value),) * rank
    elif rank == 1 and isinstance(value, Sequence) and len(value) == 2:
        sides = (value,)
    elif isinstance(value, Sequence) and len(value) == rank:
        sides = tuple((side, side) if isinstance(side, (int, np.integer)) else side for side in value)
    pairs = isinstance(sides, tuple) and all(isinstance(side, Sequence) and len(side) == 2 for side in sides)
    if not pairs or not all(isinstance(n, (int, np.integer)) and n >= 0 for side in sides for n in side):
        forms = "(before, after)" if rank == 1 else f"{rank} of them, or {rank} pairs (before, after)"
        raise ValueError(
            f"{owner}: {name} is not clear; expected one number from 0, or {forms}, got {name}={value!r}. "
            f"Pass, for example, {name}=1."
        )
    return tuple((int(before), int(after)) for before, after in sides)


def refuse_quantization(owner: str, **given: Any) -> None:
    """Raises ValueError for arguments of Keras that adapt or quantise large models, unless they are None."""
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"{owner}: weights are neither quantised nor adapted here; expected {name}=None, got {name}={value!r}. "
                "Leave it out."
            )

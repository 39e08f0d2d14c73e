"""The axes of normalisation layers."""

from __future__ import annotations

from typing import Any

from juanji.layers._arguments import Shape
from juanji.ops._whole import whole_numbers


def check_axes(owner: str, axis: Any, several: bool) -> tuple[int, ...]:
    """``axis`` as a tuple of integers; TypeError unless it is one, or with ``several`` a list of them."""
    try:
        axes = whole_numbers(owner, "axis", axis)
    except ValueError:
        axes = ()
    if not axes or isinstance(axis, bool) or (not several and isinstance(axis, (list, tuple))):
        wanted = "an integer or a list of integers" if several else "an integer"
        raise TypeError(f"{owner}: axis is not of the right kind; expected {wanted}, got axis={axis!r}.")
    return axes


def ordered_axes(axes: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """The axes in order; counted from the end where all are, so that inputs of other ranks will do."""
    return tuple(sorted(axes if max(axes) < 0 else (axis % rank for axis in axes)))


def axis_size(layer: Any, shape: Shape, axis: int) -> int | None:
    """Size of an axis; ValueError when the input has no such axis."""
    if not -len(shape) <= axis < len(shape):
        raise ValueError(
            f"{type(layer).__name__} {layer.name!r}: the input has no such axis; expected an axis from {-len(shape)} "
            f"to {len(shape) - 1}, got axis={axis} for shape={tuple(shape)}. Check the rank of the input."
        )
    return shape[axis]


def known_axis_size(layer: Any, shape: Shape, axis: int) -> int:
    """Size of an axis that weights are built for; ValueError also when it varies."""
    size = axis_size(layer, shape, axis)
    if not size:
        raise ValueError(
            f"{type(layer).__name__} {layer.name!r}: the size of the normalised axis is not known; expected at least 1 "
            f"on axis {axis}, got shape={tuple(shape)}. Give the Input a full shape."
        )
    return size


def require_sizes(layer: Any, shape: Shape, sizes: list[int | None], weight: Any) -> None:
    """Raises unless the normalised axes have the sizes that the layer's weight (None without one) was built for."""
    if weight is not None and tuple(sizes) != tuple(weight.shape):
        raise ValueError(
            f"{type(layer).__name__} {layer.name!r}: wrong size of the normalised axes; expected {tuple(weight.shape)} "
            f"on axis {layer.axis}, got shape={tuple(shape)}. The layer was built for another input: check the data, "
            "or build a new layer."
        )

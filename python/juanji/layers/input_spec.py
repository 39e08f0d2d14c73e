"""What the inputs of a layer have to be like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class InputSpec:
    """Rank, shape and type that a layer expects; set as ``layer.input_spec``, it is checked at every call.

    Args:
        dtype: name of the element type; not checked, since layers convert their inputs.
        shape: sizes, None where any will do.
        ndim: number of axes.
        max_ndim, min_ndim: bounds of it.
        axes: sizes of some axes by their number.
        allow_last_axis_squeeze: whether a last axis of size 1 may be missing or too many.
        name: of the input.
        optional: whether the input may be None.

    Raises:
        TypeError: for axes that are no dictionary of whole numbers.

    Example:
        >>> from juanji import InputSpec
        >>> InputSpec(ndim=4, axes={-1: 3}).axes
        {-1: 3}
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Sequence[int | None] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else str(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = ndim if self.shape is None else len(self.shape)
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.name = name
        self.optional = optional
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        try:
            self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        except (TypeError, ValueError, AttributeError):
            raise TypeError(
                f"InputSpec: axes is not clear; expected a dictionary from axis numbers to sizes, got axes={axes!r}."
            ) from None

    def misfit(self, shape: Sequence[int | None]) -> str | None:
        """What is wrong with an input of this shape, for messages; None when it fits."""
        rank = len(shape)
        if self.allow_last_axis_squeeze and self.shape is not None and shape:
            if rank == len(self.shape) + 1 and shape[-1] == 1:
                shape, rank = shape[:-1], rank - 1
            elif rank == len(self.shape) - 1 and self.shape[-1] == 1:
                shape, rank = (*shape, 1), rank + 1
        if self.ndim is not None and rank != self.ndim:
            return f"{self.ndim} axes"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"at most {self.max_ndim} axes"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"at least {self.min_ndim} axes"
        for axis, size in self.axes.items():
            fits = -rank <= axis < rank and (size is None or shape[axis] in (size, None))
            if not fits:
                return f"size {size} of axis {axis}"
        for have, want in zip(shape, self.shape or ()):
            if want is not None and have is not None and have != want:
                return f"shape {self.shape}"
        return None

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this description again."""
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "optional")
        config = {name: getattr(self, name) for name in names}
        return config if self.shape is None else {**config, "ndim": None}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> InputSpec:
        """The description that :meth:`get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        parts = [f"{name}={value}" for name, value in vars(self).items() if value]
        return f"InputSpec({', '.join(parts)})"

"""What classical filters share: images of rank 2 to 4 and what lies outside of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juanji.ops._convert import as_array, as_float
from juanji.ops._shape import expand_dims, pad, squeeze

# scipy.ndimage's names and NumPy's
MODES = {"reflect": "symmetric", "constant": "constant", "nearest": "edge", "mirror": "reflect", "wrap": "wrap"}

Widths = tuple[tuple[int, int], tuple[int, int]]


def to_batch(op: str, images: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Images as floats (N, H, W, C), and the function that gives a result the axes that the images had.

    Raises:
        ValueError: for another rank than 2 (H, W), 3 (H, W, C) and 4.
    """
    x = as_float(as_array(images))
    rank = len(x.shape)
    if rank not in (2, 3, 4):
        raise ValueError(
            f"{op}: not an image; expected (H, W), (H, W, C) or (N, H, W, C), got images.shape={tuple(x.shape)}."
        )
    x = expand_dims(x, -1) if rank == 2 else x
    x = expand_dims(x, 0) if rank < 4 else x

    def restore(y: Any) -> Any:
        y = squeeze(y, 0) if rank < 4 else y
        return squeeze(y, -1) if rank == 2 else y

    return x, restore


def extend(op: str, x: Any, widths: Widths, mode: str, cval: float) -> Any:
    """Images with rows and columns around them, as the mode says.

    Raises:
        ValueError: for an unknown mode.
    """
    if mode not in MODES:
        raise ValueError(f"{op}: unknown mode; expected one of {', '.join(MODES)}, got mode={mode!r}.")
    if mode == "constant":
        return pad(x, ((0, 0), *widths, (0, 0)), constant_values=float(cval))
    return pad(x, ((0, 0), *widths, (0, 0)), MODES[mode])


def around(size: int) -> tuple[int, int]:
    """Elements of a window before and behind the one that it belongs to; of an even one more before."""
    return size // 2, size - 1 - size // 2

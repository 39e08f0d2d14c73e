"""Pixels moved between space and channels, blocks cut out of images and put back, and axes by name."""

from __future__ import annotations

import math
import re
from typing import Any

from juanji import ops
from juanji.ops._convert import as_array
from juanji.ops._indexing import _place_part
from juanji.ops._whole import whole_number, whole_numbers

Size = Any  # one whole number, or two


def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Channels moved into blocks of pixels ("pixel shuffle", Shi et al., 2016, arXiv:1609.05158).

    Args:
        x: (N, H, W, C · r²) with r the block size, or (N, C · r², H, W).
        block_size: height and width of a block, 2 or more.
        data_format: 'channels_last' or 'channels_first'.

    Returns:
        (N, H · r, W · r, C), or (N, C, H · r, W · r). A channel's number in its pixel counts rows of the block,
        columns, then channels of the result.

    Raises:
        ValueError: for other ranks, a smaller block, or channels that are no multiple of r².

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.depth_to_space(np.arange(4.0).reshape(1, 1, 1, 4), 2)[0, :, :, 0]
        array([[0., 1.],
               [2., 3.]])
    """
    x, r = _block_input("depth_to_space", x, block_size, data_format)
    if data_format == "channels_first":
        return ops.moveaxis(depth_to_space(ops.moveaxis(x, 1, -1), r), -1, 1)
    n, h, w, c = x.shape
    if c % (r * r):
        raise ValueError(
            f"depth_to_space: the channels do not fill blocks; expected a multiple of {r * r} channels, got {c}."
        )
    x = ops.transpose(ops.reshape(x, (n, h, w, r, r, c // (r * r))), (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (n, h * r, w * r, c // (r * r)))


def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Blocks of pixels moved into channels; undoes :func:`depth_to_space`.

    Args:
        x: (N, H · r, W · r, C) with r the block size, or (N, C, H · r, W · r).
        block_size: height and width of a block, 2 or more.
        data_format: 'channels_last' or 'channels_first'.

    Returns:
        (N, H, W, C · r²), or (N, C · r², H, W).

    Raises:
        ValueError: for other ranks, a smaller block, or sizes that are no multiple of r.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.space_to_depth(np.ones((1, 4, 4, 3)), 2).shape
        (1, 2, 2, 12)
    """
    x, r = _block_input("space_to_depth", x, block_size, data_format)
    if data_format == "channels_first":
        return ops.moveaxis(space_to_depth(ops.moveaxis(x, 1, -1), r), -1, 1)
    n, h, w, c = x.shape
    if h % r or w % r:
        raise ValueError(
            f"space_to_depth: blocks do not fill the image; expected height and width to be multiples of {r}, "
            f"got x.shape={tuple(x.shape)}."
        )
    x = ops.transpose(ops.reshape(x, (n, h // r, r, w // r, r, c)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (n, h // r, w // r, r * r * c))


def _block_input(op: str, x: Any, block_size: int, data_format: str) -> tuple[Any, int]:
    x, r = as_array(x), whole_number(op, "block_size", block_size)
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(f"{op}: unknown layout; expected channels_last or channels_first, got {data_format!r}.")
    if r < 2:
        raise ValueError(f"{op}: the blocks are too small; expected 2 or more, got block_size={block_size}.")
    if len(x.shape) != 4:
        raise ValueError(f"{op}: no batch of images; expected rank 4, got x.shape={tuple(x.shape)}.")
    return x, r


def _pair(op: str, name: str, value: Size, least: int) -> tuple[int, int]:
    sizes = whole_numbers(op, name, value)
    pair = (sizes[0], sizes[0]) if len(sizes) == 1 else sizes
    if len(pair) != 2 or min(pair) < least:
        raise ValueError(f"{op}: unusable {name}; expected one or two numbers from {least}, got {name}={value!r}.")
    return pair[0], pair[1]


def _taps(op: str, size: Any, kernel_size: Size, dilation: Size, padding: Size, stride: Size) -> Any:
    """Padding, number of blocks, and where the blocks' elements of each kernel position lie in the padded image."""
    kernel, rate = _pair(op, "kernel_size", kernel_size, 1), _pair(op, "dilation", dilation, 1)
    edge, step = _pair(op, "padding", padding, 0), _pair(op, "stride", stride, 1)
    padded = tuple(n + 2 * e for n, e in zip(size, edge))
    counts = tuple((n - r * (k - 1) - 1) // s + 1 for n, r, k, s in zip(padded, rate, kernel, step))
    if min(counts) < 1:
        raise ValueError(
            f"{op}: no block fits; expected an image that holds kernel_size={kernel} with dilation={rate}, got "
            f"{padded[0]}x{padded[1]} pixels, padding included."
        )

    def places(axis: int, tap: int) -> tuple[int, int, int]:
        begin = tap * rate[axis]
        return begin, begin + step[axis] * (counts[axis] - 1) + 1, step[axis]

    rows = [places(0, i) for i in range(kernel[0])]
    columns = [places(1, j) for j in range(kernel[1])]
    return edge, padded, counts, [(row, column) for row in rows for column in columns]


def unfold(x: Any, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Any:
    """Blocks of images as columns (im2col).

    Args:
        x: images with channels first, (N, C, H, W).
        kernel_size: height and width of a block in pixels; one number for both, as below.
        dilation: distance between a block's pixels.
        padding: zeros added on each side.
        stride: step from block to block.

    Returns:
        (N, C · KH · KW, L) with L blocks, row by row.

    Raises:
        ValueError: for other ranks, or when no block fits.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.unfold(np.ones((1, 2, 4, 4)), 2, stride=2).shape
        (1, 8, 4)
    """
    x = as_array(x)
    if len(x.shape) != 4:
        raise ValueError(f"unfold: no batch of images; expected rank 4, got x.shape={tuple(x.shape)}.")
    n, c = x.shape[:2]
    edge, _, counts, taps = _taps("unfold", x.shape[2:], kernel_size, dilation, padding, stride)
    if max(edge):
        x = ops.pad(x, ((0, 0), (0, 0), (edge[0], edge[0]), (edge[1], edge[1])))
    parts = [x[:, :, slice(*row), slice(*column)] for row, column in taps]
    return ops.reshape(ops.stack(parts, axis=2), (n, c * len(taps), counts[0] * counts[1]))


def fold(x: Any, output_size: Size, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> Any:
    """Images from columns of blocks; where blocks overlap, their values are added (col2im).

    Args:
        x: (N, C · KH · KW, L), as :func:`unfold` gives it.
        output_size: height and width of the images.
        kernel_size, dilation, padding, stride: as for :func:`unfold`.

    Returns:
        (N, C, H, W).

    Raises:
        ValueError: when the number of blocks or channels does not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.fold(np.ones((1, 4, 4)), 3, 2)[0, 0]
        array([[1., 2., 1.],
               [2., 4., 2.],
               [1., 2., 1.]])
    """
    x = as_array(x)
    size = _pair("fold", "output_size", output_size, 1)
    edge, padded, counts, taps = _taps("fold", size, kernel_size, dilation, padding, stride)
    if len(x.shape) != 3 or x.shape[1] % len(taps) or x.shape[2] != counts[0] * counts[1]:
        raise ValueError(
            f"fold: the columns do not fit; expected (N, a multiple of {len(taps)}, {counts[0] * counts[1]}), got "
            f"x.shape={tuple(x.shape)}."
        )
    n, c = x.shape[0], x.shape[1] // len(taps)
    x = ops.reshape(x, (n, c, len(taps), *counts))
    whole = (None, None, None)
    images: Any = 0
    for i, (row, column) in enumerate(taps):
        placed = _place_part(x[:, :, i], key=(whole, whole, row, column), shape=(n, c, *padded))
        images = placed if i == 0 else ops.add(images, placed)
    return images[:, :, edge[0] : padded[0] - edge[0], edge[1] : padded[1] - edge[1]]


_AXES = re.compile(r"\([\w\s]*\)|\w+")


def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Any:
    """Axes split, reordered and joined by name, as in einops.

    Args:
        tensor: array or tensor.
        pattern: names of its axes, an arrow, names of the result's; names in parentheses share one axis.
        axes_lengths: sizes of axes that are split; one of each group may be left out.

    Raises:
        ValueError: when names, ranks or sizes do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.rearrange(np.ones((2, 6, 3)), "b (h w) c -> b c h w", h=2).shape
        (2, 3, 2, 3)
    """
    x = as_array(tensor)
    left, arrow, right = pattern.partition("->")
    before, behind = (
        [part.strip("()").split() if "(" in part else [part] for part in _AXES.findall(side)] for side in (left, right)
    )
    names = [name for group in before for name in group]
    wanted = [name for group in behind for name in group]
    if not arrow or len(set(names)) != len(names) or sorted(names) != sorted(wanted) or len(before) != len(x.shape):
        raise ValueError(
            f"rearrange: the pattern does not fit; expected each of {len(x.shape)} axes (or groups of them) once on "
            f"both sides of an arrow, got pattern={pattern!r} for tensor.shape={tuple(x.shape)}."
        )
    sizes: dict[str, int] = {}
    for group, size in zip(before, x.shape):
        free = [name for name in group if name not in axes_lengths]
        known = math.prod(axes_lengths[name] for name in group if name in axes_lengths)
        if len(free) > 1 or known < 1 or size % known or (not free and size != known):
            raise ValueError(
                f"rearrange: the sizes do not fit; expected sizes of {' and '.join(group)} whose product is {size}, "
                f"got {axes_lengths}."
            )
        sizes.update({name: axes_lengths.get(name, size // known) for name in group})
    x = ops.reshape(x, [sizes[name] for name in names])
    x = ops.transpose(x, [names.index(name) for name in wanted])
    return ops.reshape(x, [math.prod(sizes[name] for name in group) for group in behind])

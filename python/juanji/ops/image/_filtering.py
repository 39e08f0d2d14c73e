"""Blurring and edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji.ops._binary import divide, multiply
from juanji.ops._convert import as_array, as_float
from juanji.ops._depthwise import depthwise_conv
from juanji.ops._indexing import get_item
from juanji.ops._reductions import sum as sum_of
from juanji.ops._shape import broadcast_to, moveaxis, pad, reshape, swapaxes
from juanji.ops._unary import exp, square
from juanji.ops._window import pair
from juanji.ops.image._layout import is_channels_first, same_floats, to_batch

_SOBEL = np.array(
    [[[-1, -1], [-2, 0], [-1, 1]], [[0, -2], [0, 0], [0, 2]], [[1, -1], [2, 0], [1, 1]]], dtype=np.float64
)


def gaussian_line(x: Any, size: int, sigma: Any) -> Any:
    """The weights of a Gaussian filter along a line, which add up to 1, in the type of ``x``."""
    places = same_floats(x, np.arange(size) - (size - 1) / 2)
    bell = exp(multiply(square(divide(places, same_floats(x, sigma))), same_floats(x, -0.5)))
    return divide(bell, sum_of(bell))


_FEW_CHANNELS = 16


def convolve_channels(x: Any, kernel: Any, padding: str) -> Any:
    """Every channel of images (N, H, W, C) with the same kernel (KH, KW).

    Vectors hold channels, so where there are few, a line of weights sees the columns as channels.
    """
    height, width = kernel.shape
    n, rows, columns, channels = x.shape
    if channels < _FEW_CHANNELS and height > 1 and width == 1 and columns > 1:
        y = convolve_channels(reshape(x, (n, rows, 1, columns * channels)), kernel, padding)
        return reshape(y, (n, y.shape[1], columns, channels))
    if channels < _FEW_CHANNELS and height == 1 and width > 1 and rows > 1:
        y = convolve_channels(swapaxes(x, 1, 2), reshape(kernel, (width, 1)), padding)
        return swapaxes(y, 1, 2)
    weights = broadcast_to(reshape(kernel, (height, width, 1, 1)), (height, width, channels, 1))
    return depthwise_conv(x, weights, padding=padding)


def convolve_lines(x: Any, down: Any, across: Any, padding: str) -> Any:
    """The same for the outer product of two lines of weights."""
    y = convolve_channels(x, reshape(down, (-1, 1)), padding)
    return convolve_channels(y, reshape(across, (1, -1)), padding)


def gaussian_blur(
    images: Any,
    kernel_size: Sequence[int] = (3, 3),
    sigma: Any = (1.0, 1.0),
    data_format: str | None = None,
) -> Any:
    """Images blurred by a Gaussian filter; outside the images are zeros.

    Differentiable by ``sigma`` too. As in Keras, ``sigma[0]`` is the deviation from left to right and ``sigma[1]``
    the one from top to bottom.

    Args:
        images: (H, W, C) or (N, H, W, C).
        kernel_size: height and width of the filter, in pixels. With two different numbers the weights are laid out as
            Keras does, which is no Gaussian in either direction.
        sigma: two standard deviations, in pixels: numbers or a tensor (2,).
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        Images of the same shape, of the float type of the images.

    Raises:
        ValueError: for another rank and for sizes below 1.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.image.gaussian_blur(np.ones((3, 3, 1)))[1, :, 0].round(3)
        array([0.726, 1.   , 0.726])
    """
    x, restore = to_batch("gaussian_blur", images, data_format)
    x = as_float(x)
    height, width = pair("gaussian_blur", "kernel_size", tuple(kernel_size))
    if min(height, width) < 1:
        raise ValueError(f"gaussian_blur: no such filter; expected sizes from 1, got kernel_size={kernel_size!r}.")
    sigmas = same_floats(x, sigma)
    if tuple(sigmas.shape) != (2,):
        raise ValueError(f"gaussian_blur: sigma has the wrong shape; expected two numbers, got sigma={sigma!r}.")
    down = gaussian_line(x, width, get_item(sigmas, 1))
    across = gaussian_line(x, height, get_item(sigmas, 0))
    if height == width and height > 3:  # two passes are cheaper then
        return restore(convolve_lines(x, down, across, "same"))
    kernel = multiply(reshape(down, (-1, 1)), reshape(across, (1, -1)))
    return restore(convolve_channels(x, reshape(kernel, (height, width)), "same"))


def sobel_edges(images: Any, data_format: str | None = None) -> Any:
    """The slope of brightness by the Sobel operator, from top to bottom and from left to right.

    Images are mirrored at their edges (the outermost pixels are not repeated), so that they must have 2 rows and
    columns at least.

    Args:
        images: (N, H, W, C).
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        (N, H, W, C, 2), or (N, C, H, W, 2) for channels_first; the last axis holds [dy, dx].

    Raises:
        ValueError: for another rank.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> image = np.arange(4.0) * np.ones((1, 3, 1))
        >>> ops.image.sobel_edges(image[..., None])[0, 1, :, 0]
        array([[0., 0.],
               [0., 8.],
               [0., 8.],
               [0., 0.]])
    """
    first = is_channels_first("sobel_edges", data_format)
    x, _ = to_batch("sobel_edges", images, data_format)
    if len(as_array(images).shape) != 4:
        raise ValueError(
            f"sobel_edges: images must be a batch; expected rank 4 (N, H, W, C), got images.shape={tuple(x.shape[1:])}."
        )
    x = as_float(x)
    channels = x.shape[-1]
    kernel = np.broadcast_to(_SOBEL.astype(x.dtype)[:, :, None], (3, 3, channels, 2))
    y = depthwise_conv(pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect"), kernel)
    y = reshape(y, (*x.shape, 2))
    return moveaxis(y, 3, 1) if first else y

"""Filters that are weighted sums of neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji.autograd import Array
from juanji.ops._convert import as_array
from juanji.ops._shape import reshape, swapaxes
from juanji.ops.filters._windows import around, extend, to_batch
from juanji.ops.image._filtering import convolve_channels
from juanji.ops.image._layout import same_floats


def filter2d(images: Any, kernel: Any, mode: str = "reflect", cval: float = 0.0) -> Any:
    """Every channel of images correlated with a kernel, as ``scipy.ndimage.correlate`` does.

    ``y[i, j] = Σ kernel[p, q] · x[i + p - KH // 2, j + q - KW // 2]``; for a convolution turn the kernel by 180°.
    Differentiable by images and kernel.

    Args:
        images: (H, W), (H, W, C) or (N, H, W, C).
        kernel: weights (KH, KW).
        mode: what is outside an image ``a b c d``: 'reflect' ``b a|a b c d|d c``, 'constant' ``k k|a b c d|k k``,
            'nearest' ``a a|a b c d|d d``, 'mirror' ``c b|a b c d|c b`` or 'wrap' ``c d|a b c d|a b``.
        cval: k in mode 'constant'.

    Returns:
        The same shape, of the float type of the images.

    Raises:
        ValueError: for another rank, an empty kernel and unknown modes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.filters.filter2d(np.array([[1.0, 2.0, 4.0]]), [[-1, 0, 1]])
        array([[1., 3., 2.]])
    """
    x, restore = to_batch("filter2d", images)
    weights = same_floats(x, kernel)
    if len(weights.shape) != 2 or 0 in weights.shape:
        raise ValueError(
            f"filter2d: not a kernel; expected (KH, KW), both from 1, got kernel.shape={tuple(weights.shape)}."
        )
    return restore(_correlate("filter2d", x, weights, mode, cval))


def _correlate(op: str, x: Any, weights: Any, mode: str, cval: float) -> Any:
    height, width = weights.shape
    if height == 1 and width > 1:  # going down is faster: rows are added as they lie
        return swapaxes(_correlate(op, swapaxes(x, 1, 2), reshape(weights, (width, 1)), mode, cval), 1, 2)
    return convolve_channels(extend(op, x, (around(height), around(width)), mode, cval), weights, "valid")


def gaussian_weights(sigma: float, truncate: float = 4.0, radius: int | None = None) -> Array:
    """The weights of a Gaussian filter, which add up to 1, out to ``radius`` or to ``truncate`` deviations.

    Example:
        >>> gaussian_weights(0.5).round(3)
        array([0.   , 0.106, 0.787, 0.106, 0.   ])
    """
    reach = int(truncate * sigma + 0.5) if radius is None else int(radius)
    if not sigma > 1e-15:
        return np.ones(1)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    result: Array = weights / weights.sum()
    return result


def gaussian_filter(
    images: Any,
    sigma: float | Sequence[float],
    mode: str = "reflect",
    cval: float = 0.0,
    truncate: float = 4.0,
    radius: int | None = None,
) -> Any:
    """Images blurred by a Gaussian filter, as ``scipy.ndimage.gaussian_filter`` does.

    Args:
        images: (H, W), (H, W, C) or (N, H, W, C).
        sigma: standard deviation in pixels, or one from top to bottom and one from left to right.
        mode: what is outside an image, as in :func:`filter2d`.
        cval: pixels outside for mode='constant'.
        truncate: deviations after which the filter ends.
        radius: pixels after which it ends, instead.

    Returns:
        The same shape, of the float type of the images.

    Raises:
        ValueError: for another rank, a negative deviation and unknown modes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.filters.gaussian_filter(np.eye(3), 0.5).round(2)
        array([[0.81, 0.18, 0.01],
               [0.18, 0.64, 0.18],
               [0.01, 0.18, 0.81]])
    """
    x, restore = to_batch("gaussian_filter", images)
    down, across = _two("gaussian_filter", sigma)
    if not (down >= 0 and across >= 0):
        raise ValueError(f"gaussian_filter: negative deviation; expected sigma from 0, got sigma={sigma!r}.")
    for axis, deviation in enumerate((down, across)):
        weights = np.expand_dims(gaussian_weights(deviation, truncate, radius), 1 - axis)
        x = _correlate("gaussian_filter", x, same_floats(x, weights), mode, cval)
    return restore(x)


def _two(op: str, sigma: Any) -> tuple[float, float]:
    values = np.asarray(sigma, dtype=np.float64).ravel()
    if values.size not in (1, 2):
        raise ValueError(f"{op}: wrong number of deviations; expected one or two, got sigma={sigma!r}.")
    return float(values[0]), float(values[-1])


def sobel(images: Any, axis: int = -1, mode: str = "reflect", cval: float = 0.0) -> Any:
    """The slope of brightness along an axis by the Sobel operator, as ``scipy.ndimage.sobel`` does.

    Args:
        images: (H, W), (H, W, C) or (N, H, W, C).
        axis: 0 (or -2) from top to bottom, 1 (or -1) from left to right.
        mode: what is outside an image, as in :func:`filter2d`.
        cval: pixels outside for mode='constant'.

    Returns:
        The same shape, of the float type of the images.

    Raises:
        ValueError: for another rank or axis and unknown modes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.filters.sobel(np.array([[0.0, 1.0, 2.0]] * 2))
        array([[4., 8., 4.],
               [4., 8., 4.]])
    """
    if axis not in (0, 1, -1, -2):
        raise ValueError(f"sobel: no such axis; expected 0 (down) or 1 (across), got axis={axis!r}.")
    x, restore = to_batch("sobel", images)
    slope, smooth = [[-1, 0, 1]], [[1, 2, 1]]
    kernels = (np.transpose(slope), smooth) if axis in (0, -2) else (slope, np.transpose(smooth))
    for kernel in kernels:
        x = _correlate("sobel", x, same_floats(x, kernel), mode, cval)
    return restore(x)


_LAPLACIAN = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], dtype=np.float64)


def laplacian(images: Any, mode: str = "reflect", cval: float = 0.0) -> Any:
    """The sum of second differences along both axes, as ``scipy.ndimage.laplace`` gives it.

    Args:
        images: (H, W), (H, W, C) or (N, H, W, C).
        mode: what is outside an image, as in :func:`filter2d`.
        cval: pixels outside for mode='constant'.

    Returns:
        The same shape, of the float type of the images.

    Raises:
        ValueError: for another rank and unknown modes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.filters.laplacian(np.array([[0.0, 1.0, 4.0, 9.0]]))
        array([[ 1.,  2.,  2., -5.]])
    """
    x, restore = to_batch("laplacian", as_array(images))
    return restore(_correlate("laplacian", x, same_floats(x, _LAPLACIAN), mode, cval))

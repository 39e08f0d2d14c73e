"""How alike two images look."""

from __future__ import annotations

from typing import Any

from juanji.ops._convert import as_array, as_float, cast
from juanji.ops._reductions import mean
from juanji.ops._shape import squeeze
from juanji.ops._whole import whole_number
from juanji.ops.image._filtering import convolve_lines, gaussian_line
from juanji.ops.image._layout import same_floats, to_batch


def ssim(
    image1: Any,
    image2: Any,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Any:
    """Structural similarity (Wang, Bovik, Sheikh and Simoncelli, 2004): 1 for equal images, less for others.

    ``(2 μ1 μ2 + c1)(2 σ12 + c2) / ((μ1² + μ2² + c1)(σ1² + σ2² + c2))``, where ``c = (k · max_val)²`` and means μ and
    (co)variances σ are taken under a Gaussian window wherever it lies inside; then the mean over the image.

    Args:
        image1: (H, W, C) or (N, H, W, C).
        image2: images of the same shape.
        max_val: largest value that a pixel can have.
        filter_size: height and width of the window, in pixels.
        filter_sigma: standard deviation of the window, in pixels.
        k1: first constant.
        k2: second constant.
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        One number per image: (N,), or () for a single image.

    Raises:
        ValueError: for shapes that differ or do not fit, and for images smaller than the window.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> image = np.random.default_rng(0).random((16, 16, 3))
        >>> float(ops.image.ssim(image, image))
        1.0
    """
    x, _ = to_batch("ssim", image1, data_format, "image1")
    y, _ = to_batch("ssim", image2, data_format, "image2")
    dtype = x.dtype
    x = as_float(x)
    y = same_floats(x, y)
    size = whole_number("ssim", "filter_size", filter_size)
    if x.shape != y.shape or size < 1 or size > min(x.shape[1:3]):
        raise ValueError(
            "ssim: images do not fit; expected two of one shape, not smaller than the window of "
            f"{size}×{size} pixels, got image1.shape={tuple(x.shape)}, image2.shape={tuple(y.shape)}."
        )
    line = gaussian_line(x, size, filter_sigma)
    similarity = _similarity(x, y, line, (k1 * max_val) ** 2, (k2 * max_val) ** 2)
    result = cast(mean(similarity, (1, 2, 3)), dtype)
    return squeeze(result, 0) if len(as_array(image1).shape) == 3 else result


def _similarity(x: Any, y: Any, line: Any, c1: float, c2: float) -> Any:
    """The similarity at every place of the window."""

    def average(images: Any) -> Any:
        return convolve_lines(images, line, line, "valid")

    mean1, mean2 = average(x), average(y)
    both, squares = mean1 * mean2, mean1 * mean1 + mean2 * mean2
    covariance = average(x * y) - both
    variances = average(x * x) + average(y * y) - squares
    return (2.0 * both + c1) * (2.0 * covariance + c2) / ((squares + c1) * (variances + c2))

"""Conversions between colours."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import _core
from juanji.ops._convert import as_array, as_float
from juanji.ops._matmul import matmul
from juanji.ops._operation import Call, Operation
from juanji.ops.image._layout import like, same_floats, to_batch

_rgb_to_hsv = Operation("rgb_to_hsv", _core.RgbToHsv)
_rgb_to_hsv_gradient = Operation("rgb_to_hsv_gradient", _core.RgbToHsvGradient)
_hsv_to_rgb = Operation("hsv_to_rgb", _core.HsvToRgb)
_hsv_to_rgb_gradient = Operation("hsv_to_rgb_gradient", _core.HsvToRgbGradient)


@_rgb_to_hsv.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (_rgb_to_hsv_gradient(call.inputs[0], dy),)


@_hsv_to_rgb.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return (_hsv_to_rgb_gradient(call.inputs[0], dy),)


_GRAY = np.array([[0.2989], [0.5870], [0.1140]])


def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Any:
    """The brightness of colours: ``0.2989 R + 0.5870 G + 0.1140 B`` (ITU-R BT.601).

    Args:
        images: (H, W, C) or (N, H, W, C) with 3 channels, or 1, which stays as it is.
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        The images with one channel, of their own type (whole numbers are cut, as Keras does).

    Raises:
        ValueError: for another rank or number of channels.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.image.rgb_to_grayscale(np.ones((2, 4, 4, 3))).shape
        (2, 4, 4, 1)
    """
    x, restore = to_batch("rgb_to_grayscale", images, data_format)
    if x.shape[-1] not in (1, 3):
        raise ValueError(
            "rgb_to_grayscale: images have the wrong number of channels; expected 3 (or 1, already gray), got "
            f"images.shape={tuple(as_array(images).shape)}."
        )
    if x.shape[-1] == 1:
        return as_array(images)
    floats = as_float(x)
    return restore(like(matmul(floats, same_floats(floats, _GRAY)), x.dtype, rounded=False))


def rgb_to_hsv(images: Any, data_format: str | None = None) -> Any:
    """Red, green, blue as hue, saturation and value, all in 0..1 (Smith, 1978). A hue of 1/3 is green.

    Differentiable where no two channels are equal and largest.

    Args:
        images: floats in 0..1, (H, W, 3) or (N, H, W, 3).
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        The same shape and type.

    Raises:
        ValueError: for another rank or number of channels, and for pixels that are no floats.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.image.rgb_to_hsv(np.array([[[0.0, 1.0, 0.5]]]))
        array([[[0.41666667, 1.        , 1.        ]]])
    """
    x, restore = to_batch("rgb_to_hsv", images, data_format)
    _check_floats("rgb_to_hsv", x)
    return restore(like(_rgb_to_hsv(as_float(x)), x.dtype))


def hsv_to_rgb(images: Any, data_format: str | None = None) -> Any:
    """Hue, saturation and value as red, green and blue: the inverse of :func:`rgb_to_hsv`.

    Args:
        images: floats in 0..1, (H, W, 3) or (N, H, W, 3).
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        The same shape and type.

    Raises:
        ValueError: for another rank or number of channels, and for pixels that are no floats.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.image.hsv_to_rgb(np.array([[[0.5, 1.0, 1.0]]]))
        array([[[0., 1., 1.]]])
    """
    x, restore = to_batch("hsv_to_rgb", images, data_format)
    _check_floats("hsv_to_rgb", x)
    return restore(like(_hsv_to_rgb(as_float(x)), x.dtype))


def _check_floats(op: str, x: Any) -> None:
    if x.dtype.kind != "f":
        raise ValueError(
            f"{op}: pixels are no floats; expected float32 or float64 in 0..1, got images.dtype={x.dtype}. "
            "Divide by 255 first."
        )

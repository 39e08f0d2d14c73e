"""Convolution over sequences: that over images, with images of height 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji.ops._conv import conv2d
from juanji.ops._depthwise import depthwise_conv2d
from juanji.ops._shape import expand_dims, squeeze
from juanji.ops._window import single

Size1D = int | Sequence[int]


def conv1d(
    x: Any,
    w: Any,
    b: Any = None,
    *,
    strides: Size1D = 1,
    padding: str = "valid",
    dilation_rate: Size1D = 1,
    groups: int = 1,
    activation: str | None = None,
) -> Any:
    """Convolution of sequences with bias and activation in one pass.

    Args:
        x: sequences (N, W, C), float32 or float64.
        w: kernel (K, C/groups, OC) of the same type.
        b: bias (OC,) or None.
        strides: step of the window.
        padding: 'valid', 'same', or 'causal': (K - 1)·dilation zeros in front, so that no output sees what follows it.
        dilation_rate: spacing of the kernel's elements.
        groups: output channels of group g see input channels of group g alone.
        activation: None, 'relu', 'relu6', 'sigmoid' or 'tanh'.

    Returns:
        (N, OW, OC).

    Raises:
        ValueError: when shapes, padding or groups do not fit.

    Example:
        >>> import numpy as np
        >>> conv1d(np.ones((1, 4, 1)), np.ones((3, 1, 1)), padding="causal")[0, :, 0]
        array([1., 2., 3., 3.])
    """
    geometry = _as_image("conv1d", w, strides, padding, dilation_rate)
    y = conv2d(expand_dims(x, 1), expand_dims(w, 0), b, groups=groups, activation=activation, **geometry)
    return squeeze(y, 1)


def depthwise_conv1d(
    x: Any,
    w: Any,
    b: Any = None,
    *,
    strides: Size1D = 1,
    padding: str = "valid",
    dilation_rate: Size1D = 1,
    activation: str | None = None,
) -> Any:
    """Convolution of each channel of sequences by itself, with bias and activation in one pass.

    Args:
        x: sequences (N, W, C), float32 or float64.
        w: kernels (K, C, M) of the same type; M is the depth multiplier.
        b: bias (C·M,) or None.
        strides, padding, dilation_rate, activation: as for :func:`conv1d`.

    Returns:
        (N, OW, C·M).

    Example:
        >>> import numpy as np
        >>> depthwise_conv1d(np.ones((1, 4, 2)), np.ones((3, 2, 1))).shape
        (1, 2, 2)
    """
    geometry = _as_image("depthwise_conv1d", w, strides, padding, dilation_rate)
    y = depthwise_conv2d(expand_dims(x, 1), expand_dims(w, 0), b, activation=activation, **geometry)
    return squeeze(y, 1)


def _as_image(op: str, w: Any, strides: Size1D, padding: str, dilation_rate: Size1D) -> dict[str, Any]:
    """The arguments of a convolution over an image of one row."""
    dilation = single(op, "dilation_rate", dilation_rate)
    if padding == "causal":
        padding_2d: Any = ((0, 0), ((w.shape[0] - 1) * dilation, 0))
    else:
        padding_2d = padding
    stride = single(op, "strides", strides)
    return {"strides": (1, stride), "padding": padding_2d, "dilation_rate": (1, dilation)}

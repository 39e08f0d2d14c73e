"""Further functions of ``keras.ops.nn``: separable convolution, class sets, and a measure of picture quality."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import DTypeLike

from juanji import ops
from juanji.ops._convert import as_array, as_float, operands


def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """A depthwise convolution, then a mixing of its channels (Chollet, 2017, arXiv:1610.02357).

    Args:
        inputs: images (N, H, W, C).
        depthwise_kernel: (KH, KW, C, multiplier).
        pointwise_kernel: (1, 1, C · multiplier, OC).
        strides: step in pixels of the depthwise convolution, one number or two.
        padding: 'valid' or 'same'.
        data_format: None or 'channels_last', or 'channels_first', which is slower.
        dilation_rate: distance between the depthwise kernel's pixels.

    Returns:
        (N, OH, OW, OC).

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.separable_conv(np.ones((1, 5, 5, 2)), np.ones((3, 3, 2, 1)), np.ones((1, 1, 2, 4))).shape
        (1, 3, 3, 4)
    """
    x = ops.depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return ops.conv(x, pointwise_kernel, 1, "valid", data_format)


def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: DTypeLike | None = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Any:
    """Sets of class numbers as vectors with a one for each member.

    Args:
        inputs: integers; the axis behind the samples (or the only one) holds the members of a set.
        num_classes: length of the vectors.
        axis: where the classes stand in the result.
        dtype: type of the result; the default float type.
        sparse: False; there are no sparse tensors.
        kwargs: ``num_tokens``, an older name of ``num_classes``.

    Raises:
        ValueError: without a number of classes, or for sparse=True.

    Example:
        >>> from juanji import ops
        >>> ops.multi_hot([0, 4], num_classes=5)
        array([1., 0., 0., 0., 1.], dtype=float32)
    """
    count = kwargs.pop("num_tokens", None) if num_classes is None else num_classes
    if kwargs:
        raise TypeError(f"multi_hot: unknown argument; expected num_tokens, got {', '.join(sorted(kwargs))}.")
    if count is None:
        raise ValueError("multi_hot: the number of classes is missing; expected num_classes, got None.")
    if sparse:
        raise ValueError("multi_hot: there are no sparse tensors; expected sparse=False, got True.")
    x = as_array(inputs)
    members = 1 if len(x.shape) > 1 else 0
    return ops.max(ops.one_hot(x, count, axis=axis, dtype=dtype), axis=members)


def psnr(x1: Any, x2: Any, max_val: float) -> Any:
    """Peak signal-to-noise ratio in decibels, ``20 log10(max_val) - 10 log10(mean((x1 - x2)**2))``.

    Args:
        x1, x2: signals of one shape.
        max_val: largest value that the signals can have.

    Raises:
        ValueError: when the shapes differ.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> f"{float(ops.psnr(np.zeros(4), np.full(4, 0.1), 1.0)):.2f}"
        '20.00'
    """
    a, b = (as_float(x) for x in operands(x1, x2))
    if tuple(a.shape) != tuple(b.shape):
        raise ValueError(
            f"psnr: the shapes differ; expected one shape, got x1.shape={tuple(a.shape)}, x2.shape={tuple(b.shape)}."
        )
    noise = ops.mean(ops.square(ops.subtract(a, b)))
    return ops.subtract(20 * math.log10(max_val), ops.multiply(ops.log10(noise), 10.0))

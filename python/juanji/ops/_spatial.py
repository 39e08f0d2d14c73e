"""Convolution and pooling under their keras.ops names: sequences, images and volumes alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji.ops import _pool
from juanji.ops._conv import conv2d
from juanji.ops._convert import as_float
from juanji.ops._sequences import conv1d
from juanji.ops._volumes import average_pool3d, conv3d, max_pool3d
from juanji.ops._window import with_channels_first

Sizes = int | Sequence[int]
Padding = str | Sequence[Any]

_CONVOLUTIONS = {3: conv1d, 4: conv2d, 5: conv3d}


@with_channels_first
def conv(
    inputs: Any,
    kernel: Any,
    strides: Sizes = 1,
    padding: Padding = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Any:
    """Convolution of sequences, images or volumes.

    Args:
        inputs: (N, W, C), (N, H, W, C) or (N, D, H, W, C).
        kernel: (K, C/groups, OC), (KH, KW, C/groups, OC) or (KD, KH, KW, C/groups, OC); the number of groups
            follows from C, as in Keras.
        strides: one number or one per axis.
        padding: 'valid' or 'same'; for sequences 'causal' too, for images amounts ((top, bottom), (left, right)).
        data_format: None or 'channels_last', or 'channels_first', which is slower.
        dilation_rate: one number or one per axis.

    Returns:
        Of the inputs' rank, with OC channels.

    Raises:
        ValueError: when shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.conv(np.ones((1, 5, 5, 3)), np.ones((3, 3, 3, 8)), strides=2).shape
        (1, 2, 2, 8)
        >>> ops.conv(np.ones((1, 9, 3)), np.ones((3, 3, 8)), padding="same").shape
        (1, 9, 8)
    """
    x, w = as_float(inputs), as_float(kernel)
    if len(x.shape) not in _CONVOLUTIONS or len(w.shape) != len(x.shape):
        raise ValueError(
            "conv: wrong number of dimensions; expected inputs (N, W, C), (N, H, W, C) or (N, D, H, W, C) and a kernel "
            f"with as many axes, got inputs.shape={tuple(x.shape)}, kernel.shape={tuple(w.shape)}."
        )
    groups = max(1, x.shape[-1] // max(1, w.shape[-2]))
    convolution: Any = _CONVOLUTIONS[len(x.shape)]
    return convolution(x, w, strides=strides, padding=padding, dilation_rate=dilation_rate, groups=groups)


@with_channels_first
def max_pool(
    inputs: Any, pool_size: Any, strides: Any = None, padding: Any = "valid", data_format: str | None = None
) -> Any:
    """The largest value of each window: ``y[n,i,j,c] = max x[n, i·sh + p, j·sw + q, c]`` over p < KH, q < KW.

    Padding never takes part. NaN counts as larger than everything, as in ``np.max``. The gradient goes to the
    first, in row-major order, of equal maxima.

    Args:
        inputs: sequences (N, W, C), images (N, H, W, C) or volumes (N, D, H, W, C).
        pool_size: window, one number or one per axis.
        strides: step, one number or one per axis; ``pool_size`` by default.
        padding: 'valid' (none), 'same' (as many outputs as ceil(size / stride)), or for images amounts
            ``((top, bottom), (left, right))``, each smaller than the window.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.

    Returns:
        Of the inputs' rank and float type.

    Raises:
        ValueError: for a wrong rank, window, stride or padding.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.max_pool(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
        array([[ 5.,  7.],
               [13., 15.]])
    """
    x = as_float(inputs)
    pool = max_pool3d if len(x.shape) == 5 else _pool.max_pool
    return pool(x, pool_size, strides, padding)


@with_channels_first
def average_pool(
    inputs: Any, pool_size: Any, strides: Any = None, padding: Any = "valid", data_format: str | None = None
) -> Any:
    """The mean of each window: ``y[n,i,j,c] = mean x[n, i·sh + p, j·sw + q, c]`` over p < KH, q < KW.

    Padding never takes part: at the edges the mean is that of the pixels inside the image.

    Args:
        inputs, pool_size, strides, padding, data_format: as for :func:`max_pool`.

    Returns:
        Of the inputs' rank and float type.

    Raises:
        ValueError: for a wrong rank, window, stride or padding.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.average_pool(np.arange(9.0).reshape(1, 3, 3, 1), 2, padding="same")[0, :, :, 0]
        array([[2. , 3.5],
               [6.5, 8. ]])
    """
    x = as_float(inputs)
    pool = average_pool3d if len(x.shape) == 5 else _pool.average_pool
    return pool(x, pool_size, strides, padding)

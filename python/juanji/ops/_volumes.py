"""Convolution and pooling over volumes (N, D, H, W, C), made of the operations over images.

The depth is dealt with by views and copies around one two-dimensional operation: the planes that a kernel sees are laid
side by side as channels, and depth and batch are one axis for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from juanji.ops._conv import _input_gradient, conv2d
from juanji.ops._pool import average_pool, max_pool
from juanji.ops._shape import concatenate, pad, reshape, transpose
from juanji.ops._whole import whole_numbers

Sizes = int | Sequence[int]
Triple = tuple[int, int, int]


def triple(op: str, name: str, value: Any) -> Triple:
    """One whole number for depth, height and width, or one each.

    Raises:
        ValueError: for anything else, and for numbers below 1.

    Example:
        >>> triple("conv", "strides", 2)
        (2, 2, 2)
    """
    sizes = whole_numbers(op, name, value)
    sizes = sizes * 3 if len(sizes) == 1 else sizes
    if len(sizes) != 3 or min(sizes) < 1:
        raise ValueError(
            f"{op}: wrong {name}; expected one number of at least 1, or three (depth, height, width), got "
            f"{name}={value!r}."
        )
    return sizes[0], sizes[1], sizes[2]


def _padding_name(op: str, padding: Any) -> str:
    name = padding.lower() if isinstance(padding, str) else padding
    if name not in ("valid", "same"):
        raise ValueError(f"{op}: unknown padding; expected 'valid' or 'same', got padding={padding!r}.")
    return str(name)


def _same_padding(size: int, reach: int, stride: int) -> tuple[int, int]:
    """Zeros before and after an axis, so that ceil(size / stride) windows fit."""
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def conv3d(
    x: Any,
    w: Any,
    b: Any = None,
    *,
    strides: Sizes = 1,
    padding: str = "valid",
    dilation_rate: Sizes = 1,
    groups: int = 1,
    activation: str | None = None,
) -> Any:
    """Convolution of volumes with bias and activation in one pass.

    ``y[n,k,i,j,o] = act(b[o] + Σ x[n, k·sd + r·dd, i·sh + p·dh, j·sw + q·dw, c] · w[r,p,q,c,o])``.

    Args:
        x: volumes (N, D, H, W, C), float32 or float64.
        w: kernel (KD, KH, KW, C/groups, OC) of the same type.
        b: bias (OC,) or None.
        strides: step of the window, one number or (depth, height, width).
        padding: 'valid' or 'same'.
        dilation_rate: spacing of the kernel's elements, one number or three.
        groups: output channels of group g see input channels of group g alone.
        activation: None, 'relu', 'relu6', 'sigmoid' or 'tanh'.

    Returns:
        (N, OD, OH, OW, OC).

    Raises:
        ValueError: when shapes, padding or groups do not fit.

    Example:
        >>> import numpy as np
        >>> conv3d(np.ones((1, 4, 4, 4, 2)), np.ones((2, 2, 2, 2, 5)))[0, 0, 0, 0]
        array([16., 16., 16., 16., 16.])
    """
    (sd, *stride), (dd, *dilation) = triple("conv", "strides", strides), triple("conv", "dilation_rate", dilation_rate)
    padding = _padding_name("conv", padding)
    n, depth, height, width, channels = x.shape
    kd, kh, kw, group_channels, outputs = w.shape
    reach = (kd - 1) * dd + 1
    if padding == "same":
        x = pad(x, ((0, 0), _same_padding(depth, reach, sd), (0, 0), (0, 0), (0, 0)))
        depth = x.shape[1]
    planes = (depth - reach) // sd + 1
    if planes < 1:
        raise ValueError(
            f"conv: the window does not fit; expected an input depth of at least {reach} for padding='valid', got "
            f"inputs.shape={(n, depth, height, width, channels)}. Use padding='same' or a smaller kernel."
        )
    seen = [x[:, r * dd : r * dd + (planes - 1) * sd + 1 : sd] for r in range(kd)]
    if groups > 1:  # the planes' channels of one group next to each other
        split = [reshape(part, (*part.shape[:4], groups, channels // groups)) for part in seen]
        images = concatenate(split, axis=-1)
    else:
        images = concatenate(seen, axis=-1) if kd > 1 else seen[0]
    y = conv2d(
        reshape(images, (n * planes, height, width, kd * channels)),
        reshape(transpose(w, (1, 2, 0, 3, 4)), (kh, kw, kd * group_channels, outputs)),
        b,
        strides=stride,
        padding=padding,
        dilation_rate=dilation,
        groups=groups,
        activation=activation,
    )
    return reshape(y, (n, planes, *y.shape[1:]))


def conv3d_transpose(
    x: Any, w: Any, size: tuple[int, ...], strides: tuple[int, ...], padding: str, dilation_rate: tuple[int, ...]
) -> Any:
    """Transposed convolution of volumes: what a convolution would map back to the input's size.

    Args:
        x: volumes (N, D, H, W, C).
        w: kernel (KD, KH, KW, OC, C).
        size: depth, height and width of the output.
        strides, padding, dilation_rate: those of that convolution.

    Returns:
        (N, *size, OC).

    Example:
        >>> import numpy as np
        >>> y = conv3d_transpose(np.ones((1, 2, 1, 1, 1)), np.ones((3, 1, 1, 1, 1)), (5, 1, 1), (2, 1, 1), "valid",
        ...                      (1, 1, 1))
        >>> y[0, :, 0, 0, 0]
        array([1., 1., 2., 1., 1.])
    """
    n, depth, height, width, channels = x.shape
    kd, kh, kw, outputs, _ = w.shape
    (sd, *stride), (dd, *dilation) = strides, dilation_rate
    spread = _input_gradient(
        reshape(x, (n * depth, height, width, channels)),
        reshape(transpose(w, (1, 2, 0, 3, 4)), (kh, kw, kd * outputs, channels)),
        input_size=tuple(size[1:]),
        strides=tuple(stride),
        padding=padding,
        dilation_rate=tuple(dilation),
        groups=1,
    )
    spread = reshape(spread, (n, depth, 1, *size[1:], kd * outputs))
    spread = pad(spread, ((0, 0), (0, 0), (0, sd - 1), (0, 0), (0, 0), (0, 0)))
    spread = reshape(spread, (n, depth * sd, *size[1:], kd * outputs))
    reach = (kd - 1) * dd + 1
    before = 0 if padding == "valid" else max((depth - 1) * sd + reach - size[0], 0) // 2
    length = max((kd - 1) * dd + depth * sd, before + size[0])
    total = None
    for r in range(kd):
        part = spread[..., r * outputs : (r + 1) * outputs]
        after = length - r * dd - depth * sd
        part = pad(part, ((0, 0), (r * dd, after), (0, 0), (0, 0), (0, 0)))
        total = part if total is None else total + part
    assert total is not None
    return total[:, before : before + size[0]]


def max_pool3d(x: Any, pool_size: Sizes, strides: Sizes | None = None, padding: str = "valid") -> Any:
    """The largest value of each window of volumes (N, D, H, W, C); arguments as for :func:`max_pool`.

    Example:
        >>> import numpy as np
        >>> max_pool3d(np.arange(8.0).reshape(1, 2, 2, 2, 1), 2)[0, 0, 0, 0]
        array([7.])
    """
    return _pool(max_pool, "max_pool", x, pool_size, strides, padding)


def average_pool3d(x: Any, pool_size: Sizes, strides: Sizes | None = None, padding: str = "valid") -> Any:
    """The mean of each window of volumes (N, D, H, W, C); arguments as for :func:`average_pool`.

    Example:
        >>> import numpy as np
        >>> average_pool3d(np.arange(8.0).reshape(1, 2, 2, 2, 1), 2)[0, 0, 0, 0]
        array([3.5])
    """
    return _pool(average_pool, "average_pool", x, pool_size, strides, padding)


# A window is a box, so that the maximum of maxima, and the mean of means, of its planes are its own, and the first of
# equal maxima in the first plane is the first of all.
def _pool(pool: Callable[..., Any], op: str, x: Any, pool_size: Sizes, strides: Sizes | None, padding: str) -> Any:
    kd, *kernel = triple(op, "pool_size", pool_size)
    sd, *stride = triple(op, "strides", pool_size if strides is None else strides)
    padding = _padding_name(op, padding)
    n, depth, height, width, channels = x.shape
    planes = reshape(x, (n * depth, height, width, channels))
    if (*kernel, *stride) != (1, 1, 1, 1):
        planes = pool(planes, tuple(kernel), tuple(stride), padding)
    size = planes.shape[1:]
    columns = reshape(planes, (n, depth, size[0] * size[1] * size[2]))
    if (kd, sd) != (1, 1):
        columns = pool(columns, kd, sd, padding)
    return reshape(columns, (n, columns.shape[1], *size))

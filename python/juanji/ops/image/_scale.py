"""Images scaled and moved by any, also differentiable, amounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from juanji.ops._binary import clip, divide, greater, greater_equal, less_equal, logical_and, maximum, where
from juanji.ops._convert import as_array, as_float
from juanji.ops._indexing import get_item
from juanji.ops._matmul import matmul
from juanji.ops._reductions import max as max_of
from juanji.ops._reductions import min as min_of
from juanji.ops._reductions import sum as sum_of
from juanji.ops._shape import expand_dims, moveaxis
from juanji.ops._trigonometry import sin
from juanji.ops._unary import absolute
from juanji.ops._whole import whole_number, whole_numbers
from juanji.ops.image._layout import choice, like, same_floats


def _triangle(x: Any) -> Any:
    return maximum(1.0 - x, 0.0)


def _cubic(x: Any) -> Any:
    near = ((1.5 * x - 2.5) * x) * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return where(x >= 1.0, where(x >= 2.0, 0.0 * x, far), near)


def _lanczos(radius: float) -> Callable[[Any], Any]:
    def kernel(x: Any) -> Any:
        apart = greater(x, 1e-3)
        y = radius * sin(np.pi * x) * sin((np.pi / radius) * x)
        y = where(apart, divide(y, where(apart, (np.pi * np.pi) * x * x, 0.0 * x + 1.0)), 0.0 * x + 1.0)
        return where(greater(x, radius), 0.0 * x, y)

    return kernel


_KERNELS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), _triangle),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), _cubic),
    "lanczos3": _lanczos(3.0),
    "lanczos5": _lanczos(5.0),
}
_NEGLIGIBLE = 1000 * float(np.finfo(np.float32).eps)


def scale_and_translate(
    images: Any,
    output_shape: Sequence[int | None],
    scale: Any,
    translation: Any,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Any:
    """An array stretched and moved along some of its axes.

    Along an axis, place p of the input (elements have their centres at halves) comes to ``p · scale + translation``.
    Each output is the weighted mean of the elements around the place that it comes from; outputs from outside are 0.
    Differentiable by images, scale and translation.

    Args:
        images: array of any rank.
        output_shape: shape of the result; only sizes of axes in ``spatial_dims`` count.
        scale: a factor for each of K axes, (K,).
        translation: a distance for each, in elements of the output, (K,).
        spatial_dims: numbers of the K axes.
        method: 'linear' (also 'bilinear', 'trilinear', 'triangle'), 'cubic' (also 'bicubic', 'tricubic'), 'lanczos3'
            or 'lanczos5'.
        antialias: widen the kernel where something gets smaller.

    Returns:
        An array of that shape and the type of ``images``; whole numbers are rounded and stay between the smallest
        and the largest.

    Raises:
        ValueError: for shapes that do not fit and an unknown method.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> scale = np.array([2.0, 2.0])
        >>> image = np.arange(4.0).reshape(2, 2)
        >>> ops.image.scale_and_translate(image, (3, 3), scale, 0.5 - scale / 2, (0, 1), "linear")
        array([[0. , 0.5, 1. ],
               [1. , 1.5, 2. ],
               [2. , 2.5, 3. ]])
    """
    op = "scale_and_translate"
    kernel = _KERNELS[choice(op, "method", method, tuple(_KERNELS))]
    x = as_array(images)
    y = as_float(x)
    factors, distances = same_floats(y, scale), same_floats(y, translation)
    axes = whole_numbers(op, "spatial_dims", spatial_dims)
    _check_axes(op, len(x.shape), output_shape, axes, factors, distances)
    for i, axis in enumerate(axes):
        size = whole_number(op, "output_shape", output_shape[axis])
        weights = _weights(y, axis, size, get_item(factors, i), get_item(distances, i), kernel, antialias)
        y = moveaxis(matmul(moveaxis(y, axis, -1), weights), -1, axis)
    if x.dtype.kind in "iu":
        y = clip(y, same_floats(y, min_of(x)), same_floats(y, max_of(x)))
    return like(y, x.dtype)


def _check_axes(op: str, rank: int, output_shape: Any, axes: tuple[int, ...], factors: Any, distances: Any) -> None:
    if len(output_shape) != rank or not all(-rank <= axis < rank for axis in axes):
        raise ValueError(
            f"{op}: axes do not fit; expected an output_shape of {rank} numbers and spatial_dims below {rank}, "
            f"got output_shape={output_shape}, spatial_dims={axes}."
        )
    if tuple(factors.shape) != (len(axes),) or tuple(distances.shape) != (len(axes),):
        raise ValueError(
            f"{op}: not one scale and translation per axis; expected shape ({len(axes)},), "
            f"got scale.shape={tuple(factors.shape)}, translation.shape={tuple(distances.shape)}."
        )


def _weights(
    x: Any, axis: int, outputs: int, scale: Any, translation: Any, kernel: Callable[[Any], Any], antialias: bool
) -> Any:
    """(sources, outputs): what every source counts for."""
    sources = x.shape[axis]
    step = divide(1.0, scale)
    stretch = maximum(step, 1.0) if antialias else 1.0
    # numbers of elements, their centres being whole numbers
    place = same_floats(x, np.arange(outputs) + 0.5) * step - translation * step - 0.5
    away = expand_dims(place, 0) - same_floats(x, np.arange(sources)[:, None])
    weights = kernel(divide(absolute(away), stretch))
    total = sum_of(weights, 0, keepdims=True)
    some = greater(absolute(total), _NEGLIGIBLE)
    inside = expand_dims(logical_and(greater_equal(place, -0.5), less_equal(place, sources - 0.5)), 0)
    return where(logical_and(some, inside), divide(weights, where(some, total, 0.0 * total + 1.0)), 0.0 * weights)

"""Normalisation of each sample by itself, over chosen axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import ops
from juanji.ops._convert import as_float
from juanji.ops._group_norm import group_norm
from juanji.ops._normalization import moments
from juanji.ops._shape import normalize_axis
from juanji.ops._whole import whole_numbers

Axis = int | Sequence[int]


def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Axis = -1, epsilon: float | None = None, **kwargs: Any
) -> Any:
    """Brings the elements along axes to mean 0 and deviation 1 (Ba, Kiros and Hinton, *Layer Normalization*, 2016).

    ``(x - mean) / sqrt(variance + epsilon) · gamma + beta``.

    Args:
        x: array or tensor; integers are converted to the default float type.
        gamma, beta: in the sizes of the axes, in their order; nothing is multiplied or added without them.
        axis: one or several axes.
        epsilon: added to the variance; 1e-7 by default.
        kwargs: ``rms_scaling``, an older way of Keras to leave out the mean and ``beta``.

    Returns:
        The shape of ``x``.

    Raises:
        ValueError: for gamma or beta of another shape, or no such axis.
        TypeError: for an unknown argument.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.layer_normalization(np.array([[1.0, 3.0]]), epsilon=0.0)
        array([[-1.,  1.]])
    """
    rms_scaling = kwargs.pop("rms_scaling", False)
    if kwargs:
        raise TypeError(
            f"layer_normalization: unknown argument; expected rms_scaling, got {', '.join(sorted(kwargs))}."
        )
    x = as_float(x)
    axes = _axes("layer_normalization", axis, x)
    if not rms_scaling and _are_last(axes, x):
        scale, offset = (
            None if value is None else _along("layer_normalization", name, value, x, axes)
            for name, value in (("gamma", gamma), ("beta", beta))
        )
        return _by_rows(x, scale, offset, axes, epsilon, centered=True)
    mean, variance = moments(x, axes, keepdims=True)
    inverse = ops.rsqrt(ops.add(variance, 1e-7 if epsilon is None else epsilon))
    y = ops.multiply(x if rms_scaling else ops.subtract(x, mean), inverse)
    if gamma is not None:
        y = ops.multiply(y, _along("layer_normalization", "gamma", gamma, x, axes))
    return y if beta is None or rms_scaling else ops.add(y, _along("layer_normalization", "beta", beta, x, axes))


def rms_normalization(x: Any, scale: Any = None, axis: Axis = -1, epsilon: float | None = None) -> Any:
    """Divides by the root of the mean square along axes (Zhang and Sennrich, *RMSNorm*, 2019).

    ``x / sqrt(mean(x**2) + epsilon) · scale``.

    Args:
        x: array or tensor; integers are converted to the default float type.
        scale: in the sizes of the axes, in their order; nothing is multiplied without it.
        axis: one or several axes.
        epsilon: added to the mean square; 1e-7 by default.

    Returns:
        The shape of ``x``; a single number gives shape (1,).

    Raises:
        ValueError: for a scale of another shape, or no such axis.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.rms_normalization(np.array([3.0, -3.0]), epsilon=0.0)
        array([ 1., -1.])
    """
    x = as_float(x)
    if len(x.shape) == 0:
        x = ops.reshape(x, (1,))
    axes = _axes("rms_normalization", axis, x)
    if _are_last(axes, x):
        along = None if scale is None else _along("rms_normalization", "scale", scale, x, axes)
        return _by_rows(x, along, None, axes, epsilon, centered=False)
    square = ops.mean(ops.square(x), axes, keepdims=True)
    y = ops.multiply(x, ops.rsqrt(ops.add(square, 1e-7 if epsilon is None else epsilon)))
    return y if scale is None else ops.multiply(y, _along("rms_normalization", "scale", scale, x, axes))


def _axes(op: str, axis: Axis, x: Any) -> tuple[int, ...]:
    axes = tuple(sorted(normalize_axis(op, a, len(x.shape)) for a in whole_numbers(op, "axis", axis)))
    if len(set(axes)) != len(axes) or not axes:
        raise ValueError(f"{op}: no axis, or one named twice; expected different axes, got axis={axis}.")
    return axes


def _are_last(axes: tuple[int, ...], x: Any) -> bool:
    return axes == tuple(range(axes[0], len(x.shape)))


def _by_rows(x: Any, gamma: Any, beta: Any, axes: tuple[int, ...], epsilon: float | None, centered: bool) -> Any:
    sizes = tuple(x.shape[a] for a in axes)
    least = 1e-7 if epsilon is None else epsilon
    return group_norm(x, gamma, beta, sizes, sample_axes=axes[0], epsilon=least, centered=centered)


def _along(op: str, name: str, value: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """``value`` with size 1 on the other axes, so that it broadcasts."""
    value = ops.cast(value, x.dtype)
    expected = tuple(x.shape[a] for a in axes)
    if tuple(value.shape) != expected:
        raise ValueError(
            f"{op}: {name} has the wrong shape; expected {expected} for axis {axes} of x.shape={tuple(x.shape)}, got "
            f"{name}.shape={tuple(value.shape)}. Pass one number for each normalised position."
        )
    if _are_last(axes, x):
        return value  # they broadcast as they are
    return ops.reshape(value, tuple(d if i in axes else 1 for i, d in enumerate(x.shape)))

"""Normalisation of each sample by itself as one native operation."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from juanji import _core, ops
from juanji.autograd import Array, GradientTape, Tensor
from juanji.ops._operation import Call, Operation

_group_norm = Operation("group_norm", _core.GroupNorm)


def _native_gradient(sample_axes: int, groups: int, epsilon: float, centered: bool) -> _core.Operation:
    # epsilon is in the statistics already; the rule of the gradient's gradient asks for it
    return _core.GroupNormGradient(sample_axes, groups, centered)


_group_norm_gradient = Operation("group_norm_gradient", _native_gradient, visible_outputs=3)


def group_norm(
    x: Any,
    gamma: Any,
    beta: Any,
    channels: tuple[int, ...],
    *,
    sample_axes: int,
    groups: int = 1,
    epsilon: float,
    centered: bool = True,
) -> Any:
    """Brings groups of channels of each sample to mean 0 and deviation 1; not part of the public interface.

    ``(x - mean) / sqrt(variance + epsilon) · gamma + beta`` with the statistics over the channels of a group and all
    positions of a sample.

    Args:
        x: array or tensor of floats; its last axes are the channels.
        gamma, beta: in the sizes of those axes, of the same type; None for ones and zeros.
        channels: the sizes of those axes.
        sample_axes: how many of the first axes are samples; those between are positions.
        groups: a divisor of the number of channels.
        epsilon: added to the variance.
        centered: False takes the mean for 0.

    Example:
        >>> import numpy as np
        >>> group_norm(np.array([[1.0, 3.0]]), None, None, (2,), sample_axes=1, epsilon=0.0)
        array([[-1.,  1.]])
    """
    gamma = _filled(channels, str(x.dtype), 1.0) if gamma is None else gamma
    beta = _filled(channels, str(x.dtype), 0.0) if beta is None else beta
    return _group_norm(
        x, gamma, beta, sample_axes=sample_axes, groups=groups, epsilon=float(epsilon), centered=centered
    )


@lru_cache(maxsize=64)
def _filled(shape: tuple[int, ...], dtype: str, value: float) -> Array:
    array = np.full(shape, value, dtype)
    array.flags.writeable = False
    return array


@_group_norm.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    x, gamma, _ = call.inputs
    _, mean, inverse = call.outputs
    found: tuple[Any, ...] = _group_norm_gradient(dy, x, gamma, mean, inverse, **call.attributes)
    return found


@_group_norm_gradient.gradient
def _(call: Call, *arriving: Any) -> tuple[Any, ...]:
    # The same gradient once more in plain operations, which know their own gradients. The statistics are computed again
    # from x, so what arrives at them goes there.
    attributes = call.attributes
    inputs = [x if isinstance(x, Tensor) else Tensor(x) for x in call.inputs[:3]]
    with GradientTape() as tape:
        tape.watch(inputs)
        dy, x, gamma = inputs
        shape, groups = tuple(x.shape), attributes["groups"]
        samples = math.prod(shape[: attributes["sample_axes"]])
        channels = math.prod(gamma.shape)
        split = (samples, -1, groups, channels // groups)
        parts, along = ops.reshape(x, split), ops.reshape(gamma, (1, 1, *split[2:]))
        centers = ops.mean(parts, (1, 3), keepdims=True) if attributes["centered"] else 0.0
        distances = ops.subtract(parts, centers)
        variance = ops.mean(ops.square(distances), (1, 3), keepdims=True)
        inverse = ops.rsqrt(ops.add(variance, attributes["epsilon"]))
        unit = ops.multiply(distances, inverse)
        slopes = ops.multiply(ops.reshape(dy, split), along)
        common = ops.multiply(unit, ops.mean(ops.multiply(slopes, unit), (1, 3), keepdims=True))
        if attributes["centered"]:
            common = ops.add(common, ops.mean(slopes, (1, 3), keepdims=True))
        dx = ops.reshape(ops.multiply(ops.subtract(slopes, common), inverse), shape)
        rows = ops.reshape(dy, split)
        dgamma = ops.reshape(ops.sum(ops.multiply(rows, unit), (0, 1)), gamma.shape)
        dbeta = ops.reshape(ops.sum(rows, (0, 1)), gamma.shape)
        wanted = [(part, a) for part, a in zip((dx, dgamma, dbeta), arriving) if a is not None]
    targets, seeds = [part for part, _ in wanted], [a for _, a in wanted]
    return (*tape.gradient(targets, inputs, output_gradients=seeds), None, None)

"""Normalisation: batch statistics, application of given statistics, and unit norms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from juanji import _core, ops
from juanji.autograd import GradientTape, Tensor
from juanji.ops._bias import bias_activation_gradient
from juanji.ops._convert import as_float
from juanji.ops._operation import Call, Operation
from juanji.ops._shape import normalize_axis
from juanji.ops._whole import whole_number

_batch_norm = Operation("batch_norm", _core.BatchNorm, visible_outputs=3)
_batch_norm_gradient = Operation("batch_norm_gradient", _core.BatchNormGradient, visible_outputs=3)
_batch_norm_residual_gradient = Operation("batch_norm_gradient", _core.BatchNormGradient, visible_outputs=4)
_scale_shift = Operation("scale_shift", _core.ScaleShift)


def batch_norm(
    x: Any, gamma: Any, beta: Any, epsilon: float = 1e-3, activation: str = "none", residual: Any = None
) -> tuple[Any, Any, Any]:
    """Normalises each channel with the mean and variance of the batch (Ioffe and Szegedy, 2015), in two passes.

    ``y = act((x - mean) / sqrt(variance + epsilon) · gamma + beta [+ residual])``; not part of the public interface.

    Args:
        x: array or tensor (..., C).
        gamma, beta: vectors (C) of the same type.
        epsilon: added to the variance.
        activation: 'none' or 'relu'.
        residual: added before the activation, in the shape of ``x``.

    Returns:
        y in the shape of ``x``, and the mean and the biased variance (C).

    Raises:
        ValueError: for other shapes, and when there is nothing to take the mean of.

    Example:
        >>> import numpy as np
        >>> y, mean, variance = batch_norm(np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1), epsilon=0.0)
        >>> y.ravel(), mean, variance
        (array([-1.,  1.]), array([2.]), array([1.]))
    """
    inputs = (x, gamma, beta) if residual is None else (x, gamma, beta, residual)
    results: tuple[Any, Any, Any] = _batch_norm(*inputs, epsilon=epsilon, activation=activation)
    return results


@_batch_norm.gradient
def _(call: Call, dy: Any, dmean: Any, dvariance: Any) -> tuple[Any, ...]:
    x, gamma = call.inputs[:2]
    y, mean, variance = call.outputs
    gradients: list[Any] = [None] * len(call.inputs)
    if dy is not None:
        masked = call.attributes["activation"] == "relu"
        residual = len(call.inputs) == 4
        operation = _batch_norm_residual_gradient if residual and masked else _batch_norm_gradient
        # Without a residual the mask follows from x and beta, and y is not read.
        mask = [] if not masked else [y] if residual else [call.inputs[2]]
        attributes = {**call.attributes, "residual": residual and masked, "from_input": masked and not residual}
        found = operation(dy, x, *mask, gamma, mean, variance, **attributes)
        gradients[: len(found)] = found
        if residual and not masked:
            gradients[3] = dy
    if dmean is not None or dvariance is not None:
        through = _through_statistics(x, mean, dmean, dvariance)
        gradients[0] = through if gradients[0] is None else ops.add(gradients[0], through)
    return tuple(gradients)


def _through_statistics(x: Any, mean: Any, dmean: Any, dvariance: Any) -> Any:
    share = 1.0 / math.prod(x.shape[:-1])
    parts = []
    if dmean is not None:
        parts.append(ops.broadcast_to(ops.multiply(dmean, share), x.shape))
    if dvariance is not None:
        parts.append(ops.multiply(ops.subtract(x, mean), ops.multiply(dvariance, 2.0 * share)))
    return parts[0] if len(parts) == 1 else ops.add(*parts)


def _gradient_of_gradient(call: Call, *arriving: Any) -> tuple[Any, ...]:
    # The same gradient once more in plain operations, which know their own gradients.
    masked = call.attributes["activation"] == "relu"
    inputs = [x if isinstance(x, Tensor) else Tensor(x) for x in call.inputs]
    with GradientTape() as tape:
        tape.watch(inputs)
        dy, x, *rest = inputs
        y_or_beta = rest.pop(0) if masked else None
        gamma, mean, variance = rest
        axes = tuple(range(len(x.shape) - 1))
        inverse = ops.rsqrt(ops.add(variance, call.attributes["epsilon"]))
        unit = ops.multiply(ops.subtract(x, mean), inverse)
        y = ops.add(ops.multiply(unit, gamma), y_or_beta) if call.attributes["from_input"] else y_or_beta
        dz = ops.multiply(dy, ops.cast(ops.greater(y, 0), dy.dtype)) if masked else dy
        dgamma = ops.sum(ops.multiply(dz, unit), axes)
        dbeta = ops.sum(dz, axes)
        share = 1.0 / math.prod(x.shape[:-1])
        common = ops.multiply(ops.add(dbeta, ops.multiply(unit, dgamma)), share)
        dx = ops.multiply(ops.subtract(dz, common), ops.multiply(gamma, inverse))
        wanted = [(part, a) for part, a in zip((dx, dgamma, dbeta, dz), arriving) if a is not None]
    targets, seeds = [part for part, _ in wanted], [a for _, a in wanted]
    return tuple(tape.gradient(targets, inputs, output_gradients=seeds))


_batch_norm_gradient.gradient(_gradient_of_gradient)
_batch_norm_residual_gradient.gradient(_gradient_of_gradient)


def scale_shift(x: Any, scale: Any, shift: Any, activation: str = "none", residual: Any = None) -> Any:
    """``act(x · scale + shift [+ residual])`` with one scale and shift per channel; not part of the public interface.

    What is left of batch normalisation once its statistics are constants.

    Args:
        x: array or tensor (..., C).
        scale, shift: vectors (C) of the same type.
        activation: 'none' or 'relu'.
        residual: added before the activation, in the shape of ``x``.
    """
    inputs = (x, scale, shift) if residual is None else (x, scale, shift, residual)
    return _scale_shift(*inputs, activation=activation)


@_scale_shift.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    x, scale = call.inputs[:2]
    dz, dshift = bias_activation_gradient(call.output, dy, call.attributes["activation"], with_bias=call.needed[2])
    dx = ops.multiply(dz, scale) if call.needed[0] else None
    dscale = ops.sum(ops.multiply(dz, x), tuple(range(len(x.shape) - 1))) if call.needed[1] else None
    return (dx, dscale, dshift, dz)[: len(call.inputs)]


def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Any:
    """Normalises ``x`` with a given mean and variance for each index of an axis.

    ``(x - mean) / sqrt(variance + epsilon) · scale + offset`` (Ioffe and Szegedy, 2015).

    Args:
        x: array or tensor.
        mean, variance: vectors as long as the axis.
        axis: the axis that holds the channels.
        offset, scale: vectors as long as the axis; nothing is added or multiplied without them.
        epsilon: added to the variance.

    Returns:
        The shape of ``x``.

    Raises:
        ValueError: for vectors of another length, or no such axis.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.batch_normalization(np.array([[1.0], [3.0]]), [2.0], [1.0], axis=-1, epsilon=0.0).ravel()
        array([-1.,  1.])
    """
    x = as_float(x)
    place = normalize_axis("batch_normalization", axis, len(x.shape))
    given = {"mean": mean, "variance": variance, "offset": offset, "scale": scale}
    vectors = {name: _channel_vector(name, v, x, place) for name, v in given.items() if v is not None}
    factor = ops.rsqrt(ops.add(vectors["variance"], epsilon))
    if scale is not None:
        factor = ops.multiply(factor, vectors["scale"])
    shift = ops.negative(ops.multiply(vectors["mean"], factor))
    if offset is not None:
        shift = ops.add(shift, vectors["offset"])
    if place == len(x.shape) - 1:
        return scale_shift(x, factor, shift)
    along = tuple(d if i == place else 1 for i, d in enumerate(x.shape))
    return ops.add(ops.multiply(x, ops.reshape(factor, along)), ops.reshape(shift, along))


def _channel_vector(name: str, value: Any, x: Any, axis: int) -> Any:
    vector = ops.cast(value, x.dtype)
    if tuple(vector.shape) != (x.shape[axis],):
        raise ValueError(
            f"batch_normalization: {name} has the wrong shape; expected ({x.shape[axis]},) for axis {axis} of "
            f"x.shape={tuple(x.shape)}, got {name}.shape={tuple(vector.shape)}. Pass one number per channel."
        )
    return vector


def moments(x: Any, axes: int | Sequence[int], keepdims: bool = False, synchronized: bool = False) -> tuple[Any, Any]:
    """Mean and variance over axes, the variance from the differences to the mean.

    Args:
        x: array or tensor; integers are converted to the default float type.
        axes: one or several axes.
        keepdims: keep reduced axes as size 1.
        synchronized: accepted and without effect, as there is one device.

    Returns:
        The mean and the biased variance.

    Example:
        >>> from juanji import ops
        >>> mean, variance = ops.moments([1.0, 3.0], axes=[0])
        >>> float(mean), float(variance)
        (2.0, 1.0)
    """
    x = as_float(x)
    mean = ops.mean(x, axes, keepdims=True)
    variance = ops.mean(ops.square(ops.subtract(x, mean)), axes, keepdims=keepdims)
    return (mean if keepdims else ops.reshape(mean, variance.shape)), variance


def normalize(x: Any, axis: int | Sequence[int] = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """``x`` divided by its norm along axes: ``x / max(norm(x), epsilon)``.

    Args:
        x: array or tensor; integers are converted to the default float type.
        axis: one or several axes.
        order: of the norm, ``sum(|x|**order)**(1 / order)``; 1 or more.
        epsilon: least norm; 1e-7 by default.

    Returns:
        The shape of ``x``; a single number gives shape (1,).

    Raises:
        ValueError: for an order below 1.

    Example:
        >>> from juanji import ops
        >>> ops.normalize([3.0, 4.0])
        array([0.6, 0.8], dtype=float32)
    """
    order = whole_number("normalize", "order", order)
    if order < 1:
        raise ValueError(f"normalize: order is out of range; expected an integer of at least 1, got order={order}.")
    x = as_float(x)
    if len(x.shape) == 0:
        x = ops.reshape(x, (1,))
    least = 1e-7 if epsilon is None else float(epsilon)
    sizes = ops.abs(x) if order == 1 else ops.square(x) if order == 2 else ops.power(ops.abs(x), float(order))
    # Limited before the root: its gradient at 0 is infinite.
    total = ops.maximum(ops.sum(sizes, axis, keepdims=True), least**order)
    if order == 2:
        return ops.multiply(x, ops.rsqrt(total))
    return ops.divide(x, total if order == 1 else ops.maximum(ops.power(total, 1.0 / order), least))

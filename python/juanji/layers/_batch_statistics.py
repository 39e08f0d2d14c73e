"""Batch normalisation over masked steps, and with moving statistics that take part in training (renormalisation)."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops

_LEAST = 1e-7  # added to the number of steps that count


def masked_moments(x: Any, mask: Any, axis: int) -> tuple[Any, Any]:
    """Mean and variance for each index of an axis over the elements that the mask keeps.

    Args:
        x: tensor.
        mask: True where elements count, in the shape of ``x`` without the last axis.
        axis: the axis that holds the channels.

    Returns:
        The mean and the biased variance.
    """
    kept = ops.broadcast_to(ops.cast(ops.expand_dims(mask, -1), bool), x.shape)
    over = tuple(i for i in range(len(x.shape)) if i != axis % len(x.shape))
    count = ops.add(ops.sum(ops.cast(kept, x.dtype), over, keepdims=True), _LEAST)
    mean = ops.divide(ops.sum(ops.where(kept, x, 0), over, keepdims=True), count)
    squares = ops.square(ops.where(kept, ops.subtract(x, mean), 0))
    variance = ops.divide(ops.sum(squares, over, keepdims=True), count)
    return ops.reshape(mean, (-1,)), ops.reshape(variance, (-1,))


class Renormalization:
    """Moving statistics that the training step is corrected by (Ioffe, *Batch Renormalization*, 2017).

    ``y = ((x - mean) / deviation · r + d) · gamma + beta`` with ``r = deviation / moving deviation`` and
    ``d = (mean - moving mean) / moving deviation``, both limited and taken as constants.

    Args:
        clipping: limits 'rmin', 'rmax' of r and 'dmax' of the size of d; what is left out is not limited.
        momentum: how much of the statistics stays at each batch.
    """

    def __init__(self, clipping: dict[str, float] | None, momentum: float) -> None:
        limits = dict(clipping or {})
        low, high, shift = (limits.get(name) for name in ("rmin", "rmax", "dmax"))
        unknown = sorted(set(limits) - {"rmin", "rmax", "dmax"})
        if unknown:
            raise ValueError(
                "BatchNormalization: unknown limits; expected 'rmin', 'rmax' and 'dmax' in renorm_clipping, got "
                f"{', '.join(map(repr, unknown))}."
            )
        if (low is not None and high is not None and high < low) or (shift is not None and shift < 0):
            raise ValueError(
                "BatchNormalization: renorm_clipping leaves no value; expected rmin of at most rmax and dmax of at "
                f"least 0, got renorm_clipping={clipping}."
            )
        self.limits = limits
        self.momentum = float(momentum)
        self.mean: Any = None
        self.deviation: Any = None
        self.moving_deviation: Any = None

    def build(self, layer: Any, shape: tuple[int, ...]) -> None:
        """Adds the statistics to the layer's weights."""

        def root(shape: Any, dtype: Any = None) -> Any:
            return np.sqrt(np.asarray(layer.moving_variance_initializer(shape, dtype)))

        self.moving_deviation = layer.add_weight(shape, root, trainable=False, name="moving_stddev")
        self.mean = layer.add_weight(shape, layer.moving_mean_initializer, trainable=False, name="renorm_mean")
        self.deviation = layer.add_weight(shape, root, trainable=False, name="renorm_stddev")

    def correction(self, mean: Any, deviation: Any, epsilon: float) -> tuple[Any, Any]:
        """r and d for the statistics of a batch."""
        usual = ops.maximum(self.deviation, float(np.sqrt(epsilon)))
        r = ops.divide(deviation, usual)
        d = ops.divide(ops.subtract(mean, self.mean), usual)
        if self.limits.get("rmin") is not None:
            r = ops.maximum(r, self.limits["rmin"])
        if self.limits.get("rmax") is not None:
            r = ops.minimum(r, self.limits["rmax"])
        if self.limits.get("dmax") is not None:
            d = ops.clip(d, -self.limits["dmax"], self.limits["dmax"])
        return r, d


def follow(moving: Any, batch: Any, momentum: float) -> Any:
    """Moves a statistic towards that of the batch; gives its new value."""
    value = ops.add(ops.multiply(moving, momentum), ops.multiply(batch, 1.0 - momentum))
    moving.assign(value)
    return value

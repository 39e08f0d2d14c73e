"""Batch normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import initializers, ops
from juanji.layers._arguments import Shape
from juanji.layers._batch_statistics import Renormalization, follow, masked_moments
from juanji.layers._centered import CenteredLayer
from juanji.layers._normalized_axes import axis_size, check_axes, known_axis_size, require_sizes
from juanji.layers._registry import registry
from juanji.ops._normalization import batch_norm, scale_shift


@registry.register()
class BatchNormalization(CenteredLayer):
    """Brings each channel to a mean near 0 and a deviation near 1, then scales and shifts it by learned numbers.

    ``y = gamma · (x - mean) / sqrt(variance + epsilon) + beta`` (Ioffe and Szegedy, *Batch Normalization*, 2015). In
    training the statistics are those of the batch, over all axes but one; the moving statistics follow them:
    ``moving = momentum · moving + (1 - momentum) · batch``. Otherwise, and while ``trainable`` is False, the moving
    statistics are used. The shape stays.

    Args:
        axis: the axis that holds the channels; the last is fastest.
        momentum: how much of the moving statistics stays at each batch, 0 to 1.
        epsilon: added to the variance.
        center: add ``beta``.
        scale: multiply by ``gamma``.
        beta_initializer, gamma_initializer: zeros and ones by default.
        moving_mean_initializer, moving_variance_initializer: zeros and ones by default.
        beta_regularizer, gamma_regularizer: penalties added to the loss.
        beta_constraint, gamma_constraint: applied after each update.
        renorm: correct the statistics of the batch by moving ones also in training (batch renormalisation).
        renorm_clipping: limits of that correction, 'rmin', 'rmax' and 'dmax'; none by default.
        renorm_momentum: momentum of the statistics it uses.
        synchronized: accepted and without effect, as there is one device.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for an axis that the input does not have, and in training for a batch without any sample.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import BatchNormalization
        >>> layer = BatchNormalization(epsilon=0.0)
        >>> layer(np.array([[1.0], [3.0]], "float32"), training=True).numpy().ravel()
        array([-1.,  1.], dtype=float32)
        >>> [v.name for v in layer.weights]
        ['gamma', 'beta', 'moving_mean', 'moving_variance']
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            epsilon=epsilon,
            center=center,
            scale=scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
            **kwargs,
        )
        self.axis = check_axes("BatchNormalization", axis, several=False)[0]
        self.momentum = float(momentum)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.renorm = bool(renorm)
        self.renorm_clipping = renorm_clipping
        self.renorm_momentum = float(renorm_momentum)
        self._renormalization = Renormalization(renorm_clipping, renorm_momentum) if renorm else None
        self.synchronized = bool(synchronized)
        self.moving_mean: Any = None
        self.moving_variance: Any = None

    def check_input(self, shape: Shape) -> None:
        size = axis_size(self, shape, self.axis)
        if self.built:
            require_sizes(self, shape, [size], self.moving_mean)

    def build(self, input_shape: Shape) -> None:
        shape = (known_axis_size(self, input_shape, self.axis),)
        self._add_gamma_and_beta(shape)
        self.moving_mean = self.add_weight(shape, self.moving_mean_initializer, trainable=False, name="moving_mean")
        self.moving_variance = self.add_weight(
            shape, self.moving_variance_initializer, trainable=False, name="moving_variance"
        )
        if self._renormalization is not None:
            self._renormalization.build(self, shape)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if mask is not None and tuple(np.shape(mask)) != tuple(inputs.shape[:-1]):
            raise ValueError(
                f"BatchNormalization {self.name!r}: the mask does not fit; expected the shape of the input without its "
                f"last axis, {tuple(inputs.shape[:-1])}, got mask.shape={tuple(np.shape(mask))}."
            )
        if not (training and self.trainable):
            return ops.batch_normalization(
                inputs, self.moving_mean, self.moving_variance, self.axis, self.beta, self.gamma, self.epsilon
            )
        if mask is not None:
            mean, variance = masked_moments(inputs, mask, self.axis)
            gamma, beta = self._follow(mean, variance)
            return ops.batch_normalization(inputs, mean, variance, self.axis, beta, gamma, self.epsilon)
        last = self.axis in (-1, len(inputs.shape) - 1)
        y = self._normalize_by_batch(inputs if last else ops.moveaxis(inputs, self.axis, -1))
        return y if last else ops.moveaxis(y, -1, self.axis)

    def _normalize_by_batch(self, x: Any) -> Any:
        ones, zeros = np.ones(x.shape[-1], self.dtype), np.zeros(x.shape[-1], self.dtype)
        if self._renormalization is not None:
            y, mean, variance = batch_norm(x, ones, zeros, self.epsilon)
            gamma, beta = self._follow(mean, variance)
            return scale_shift(y, gamma, beta)
        gamma = ones if self.gamma is None else self.gamma
        beta = zeros if self.beta is None else self.beta
        y, mean, variance = batch_norm(x, gamma, beta, self.epsilon)
        self._follow(mean, variance)
        return y

    def _follow(self, mean: Any, variance: Any) -> tuple[Any, Any]:
        """Moves the statistics towards those of the batch; gives gamma and beta with the correction for this batch."""
        mean, variance = ops.stop_gradient(mean), ops.stop_gradient(variance)
        renormalization = self._renormalization
        if renormalization is None:
            follow(self.moving_mean, mean, self.momentum)
            follow(self.moving_variance, variance, self.momentum)
            return self.gamma, self.beta
        deviation = ops.sqrt(ops.add(variance, self.epsilon))
        r, d = renormalization.correction(mean, deviation, self.epsilon)
        gamma = r if self.gamma is None else ops.multiply(r, self.gamma)
        beta = d if self.gamma is None else ops.multiply(d, self.gamma)
        follow(renormalization.mean, mean, renormalization.momentum)
        follow(renormalization.deviation, deviation, renormalization.momentum)
        follow(self.moving_mean, mean, self.momentum)
        moving = follow(renormalization.moving_deviation, deviation, self.momentum)
        self.moving_variance.assign(ops.relu(ops.subtract(ops.square(moving), self.epsilon)))
        return gamma, beta if self.beta is None else ops.add(beta, self.beta)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            **self._shared_config(),
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "synchronized": self.synchronized,
            "renorm": self.renorm,
            "renorm_clipping": self.renorm_clipping,
            "renorm_momentum": self.renorm_momentum,
        }

"""Group normalisation."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers._arguments import Shape
from juanji.layers._centered import CenteredLayer
from juanji.layers._normalized_axes import axis_size, check_axes, known_axis_size, require_sizes
from juanji.layers._registry import registry
from juanji.ops._group_norm import group_norm


@registry.register()
class GroupNormalization(CenteredLayer):
    """Brings each group of channels of each sample to mean 0 and deviation 1, then scales and shifts each channel.

    ``y = gamma · (x - mean) / sqrt(variance + epsilon) + beta`` with the statistics of a group of C / groups
    neighbouring channels over all positions (Wu and He, *Group Normalization*, 2018). One group is layer normalisation
    over everything but the batch, as many groups as channels (``groups=-1``) instance normalisation. The shape stays.

    Args:
        groups: number of groups, a divisor of the number of channels; -1 for one group per channel.
        axis: the axis that holds the channels.
        epsilon: added to the variance.
        center: add ``beta``.
        scale: multiply by ``gamma``.
        beta_initializer, gamma_initializer: zeros and ones by default.
        beta_regularizer, gamma_regularizer: penalties added to the loss.
        beta_constraint, gamma_constraint: applied after each update.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a number of groups that does not divide the channels, or no such axis.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import GroupNormalization
        >>> x = np.array([[1.0, 3.0, 10.0, 20.0]], "float32")
        >>> GroupNormalization(groups=2, epsilon=0.0)(x).numpy()
        array([[-1.,  1., -1.,  1.]], dtype=float32)
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
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
        if not isinstance(groups, int) or isinstance(groups, bool) or (groups < 1 and groups != -1):
            raise ValueError(
                f"GroupNormalization: groups is out of range; expected an integer of at least 1, or -1 for one group "
                f"per channel, got groups={groups!r}."
            )
        self.groups = groups
        self.axis = check_axes("GroupNormalization", axis, several=False)[0]

    def check_input(self, shape: Shape) -> None:
        size = axis_size(self, shape, self.axis)
        if self.axis % len(shape) == 0:
            raise ValueError(
                f"GroupNormalization {self.name!r}: the channels cannot be on the batch axis; expected an axis other "
                f"than the first, got axis={self.axis} for shape={tuple(shape)}."
            )
        if self.built:
            require_sizes(self, shape, [size], self.beta if self.gamma is None else self.gamma)

    def build(self, input_shape: Shape) -> None:
        self.check_input(input_shape)
        channels = known_axis_size(self, input_shape, self.axis)
        if self.groups != -1 and channels % self.groups:
            raise ValueError(
                f"GroupNormalization {self.name!r}: the channels cannot be divided into equal groups; expected a "
                f"divisor of {channels}, got groups={self.groups} for shape={tuple(input_shape)}. Choose another."
            )
        self._add_gamma_and_beta((channels,))

    def call(self, inputs: Any) -> Any:
        shape = inputs.shape
        place = self.axis % len(shape)
        groups = shape[place] if self.groups == -1 else self.groups
        if place == len(shape) - 1:
            return group_norm(
                inputs, self.gamma, self.beta, (shape[place],), sample_axes=1, groups=groups, epsilon=self.epsilon
            )
        pair = (groups, shape[place] // groups)
        x = ops.reshape(inputs, (*shape[:place], *pair, *shape[place + 1 :]))
        over = tuple(i for i in range(1, len(x.shape)) if i != place)
        mean, variance = ops.moments(x, over, keepdims=True)
        y = ops.multiply(ops.subtract(x, mean), ops.rsqrt(ops.add(variance, self.epsilon)))
        along = tuple(d if i in (place, place + 1) else 1 for i, d in enumerate(x.shape))
        if self.gamma is not None:
            y = ops.multiply(y, ops.reshape(self.gamma, along))
        if self.beta is not None:
            y = ops.add(y, ops.reshape(self.beta, along))
        return ops.reshape(y, shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "groups": self.groups, "axis": self.axis, **self._shared_config()}

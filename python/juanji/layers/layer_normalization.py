"""Layer normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji.layers._arguments import Shape
from juanji.layers._centered import CenteredLayer
from juanji.layers._normalized_axes import axis_size, check_axes, known_axis_size, ordered_axes, require_sizes
from juanji.layers._registry import registry
from juanji.ops._layer_normalization import layer_normalization


@registry.register()
class LayerNormalization(CenteredLayer):
    """Brings each sample to mean 0 and deviation 1 over some axes, then scales and shifts it by learned numbers.

    ``y = gamma · (x - mean) / sqrt(variance + epsilon) + beta`` (Ba, Kiros and Hinton, *Layer Normalization*, 2016);
    alike in training and at inference. The shape stays; gamma and beta have the sizes of the axes.

    Args:
        axis: the axes that are normalised, one or several; the last by default.
        epsilon: added to the variance.
        center: add ``beta``.
        scale: multiply by ``gamma``.
        beta_initializer, gamma_initializer: zeros and ones by default.
        beta_regularizer, gamma_regularizer: penalties added to the loss.
        beta_constraint, gamma_constraint: applied after each update.
        rms_scaling: has to be False; :class:`RMSNormalization` divides by the root mean square.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for an axis that the input does not have.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import LayerNormalization
        >>> LayerNormalization(epsilon=0.0)(np.array([[1.0, 3.0]], "float32")).numpy()
        array([[-1.,  1.]], dtype=float32)
    """

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        rms_scaling: bool = False,
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
        if rms_scaling:
            raise ValueError(
                f"LayerNormalization: scaling by the root mean square is another layer; expected rms_scaling=False, "
                f"got rms_scaling={rms_scaling!r}. Use RMSNormalization."
            )
        self.axis = check_axes("LayerNormalization", axis, several=True)

    def check_input(self, shape: Shape) -> None:
        sizes = [axis_size(self, shape, a) for a in self.axis]
        if self.built:
            weight = self.beta if self.gamma is None else self.gamma
            require_sizes(self, shape, sizes, weight)

    def build(self, input_shape: Shape) -> None:
        self.axis = ordered_axes(self.axis, len(input_shape))
        self._add_gamma_and_beta([known_axis_size(self, input_shape, a) for a in self.axis])

    def call(self, inputs: Any) -> Any:
        return layer_normalization(inputs, self.gamma, self.beta, self.axis, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": list(self.axis), **self._shared_config()}

"""The fully connected layer."""

from __future__ import annotations

from typing import Any

from juanji import constraints, initializers, regularizers
from juanji.layers._arguments import Shape, known_size, positive_int, require_last_axis
from juanji.layers._kernel_layer import KernelLayer, kernel_config
from juanji.layers._registry import registry
from juanji.ops import dense


@registry.register()
class Dense(KernelLayer):
    """Fully connected layer: ``y = act(x · kernel + bias)`` along the last axis.

    Input (N, ..., in), output (N, ..., units), kernel (in, units).

    Args:
        units: size of the output's last axis.
        activation: name or function; none by default.
        use_bias: add one learned number per unit.
        kernel_initializer, bias_initializer: Glorot uniform and zeros by default.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: applied after each update.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for fewer than two axes, or a last axis other than the one the layer was built for.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Dense
        >>> Dense(10, activation="softmax")(np.zeros((2, 5), "float32")).shape
        (2, 10)
    """

    supports_masking = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            bias_constraint=bias_constraint,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.units = positive_int("Dense", "units", units)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.kernel: Any = None

    def check_input(self, shape: Shape) -> None:
        if len(shape) < 2:
            raise ValueError(
                f"Dense {self.name!r}: wrong rank of the input; expected at least 2 axes (batch, ..., features), "
                f"got shape={tuple(shape)}. Add the batch axis: x[np.newaxis]."
            )
        if self.built:
            require_last_axis(self, shape, self.kernel.shape[0], "features")

    def build(self, input_shape: Shape) -> None:
        self.check_input(input_shape)
        self.kernel = self.add_weight(
            (known_size(self, input_shape, "features"), self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self._add_bias(self.units)

    def call(self, inputs: Any) -> Any:
        return self._activate(dense(inputs, self.kernel, self.bias, activation=self._fused_activation))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            **self._shared_config(),
            **kernel_config("kernel", self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint),
        }

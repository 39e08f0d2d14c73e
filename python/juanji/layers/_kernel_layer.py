"""What the layers with a kernel, a bias and an activation share."""

from __future__ import annotations

from typing import Any

from juanji import activations, constraints, initializers, regularizers
from juanji.layers.layer import Layer


class KernelLayer(Layer):
    """Keeps activation, initializers, regularizers and constraints of a kernel and a bias.

    Activations that the native operation knows (relu, sigmoid, tanh) are computed while the output is still in
    registers; the others are applied to the finished output.
    """

    _takes_one_array = True

    def __init__(
        self,
        *,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.bias: Any = None

    @property
    def activation(self) -> Any:
        """The function applied to the output; None and names may be set."""
        return self._activation

    @activation.setter
    def activation(self, value: Any) -> None:
        self._activation = activations.get(value)

    def _add_bias(self, size: int) -> None:
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (size,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    @property
    def _fused_activation(self) -> str | None:
        return activations.fused_name(self.activation)

    def _activate(self, y: Any) -> Any:
        """Applies an activation that was not part of the native operation."""
        if self._fused_activation is not None or self.activation is activations.linear:
            return y
        return self.activation(y)

    def _shared_config(self) -> dict[str, Any]:
        return {
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "bias_regularizer": or_none(regularizers, self.bias_regularizer),
            "activity_regularizer": or_none(regularizers, self.activity_regularizer),
            "bias_constraint": or_none(constraints, self.bias_constraint),
        }


def kernel_config(prefix: str, initializer: Any, regularizer: Any, constraint: Any) -> dict[str, Any]:
    """The configuration entries of one kernel."""
    return {
        f"{prefix}_initializer": initializers.serialize(initializer),
        f"{prefix}_regularizer": or_none(regularizers, regularizer),
        f"{prefix}_constraint": or_none(constraints, constraint),
    }


def or_none(family: Any, part: Any) -> Any:
    return None if part is None else family.serialize(part)

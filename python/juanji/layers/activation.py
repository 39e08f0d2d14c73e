"""Activations as layers of their own."""

from __future__ import annotations

from typing import Any

from juanji import activations
from juanji.layers._registry import registry
from juanji.layers.layer import ElementwiseLayer


@registry.register()
class Activation(ElementwiseLayer):
    """Applies an activation function to every element; the shape stays.

    Args:
        activation: name such as 'relu', or a function.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Activation
        >>> Activation("relu")(np.array([-1.0, 2.0], "float32"))
        array([0., 2.], dtype=float32)
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


@registry.register()
class ReLU(ElementwiseLayer):
    """Rectified linear unit with an optional ceiling, slope and threshold.

    ``max_value`` where x ≥ max_value, ``x`` where threshold ≤ x < max_value, ``negative_slope · (x - threshold)``
    elsewhere.

    Args:
        max_value: greatest output; no limit by default.
        negative_slope: slope below the threshold.
        threshold: where the unit starts to pass its input.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a negative argument.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import ReLU
        >>> ReLU(max_value=6.0)(np.array([-1.0, 2.0, 9.0], "float32"))
        array([0., 2., 6.], dtype=float32)
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("max_value", max_value), ("negative_slope", negative_slope), ("threshold", threshold)):
            if not (value is None and name == "max_value") and not (value is not None and value >= 0):
                raise ValueError(
                    f"ReLU: {name} is out of range; expected a number of at least 0, got {name}={value!r}. "
                    "Leave it out for the default."
                )
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold

    def call(self, inputs: Any) -> Any:
        return activations.relu(
            inputs, negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


@registry.register()
class Softmax(ElementwiseLayer):
    """``exp(x) / Σ exp(x)`` along an axis: positive numbers that add up to one.

    Args:
        axis: where the sum goes; the last by default.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Softmax
        >>> Softmax()(np.zeros((1, 4), "float32"))
        array([[0.25, 0.25, 0.25, 0.25]], dtype=float32)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        return activations.softmax(inputs, axis=self.axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}

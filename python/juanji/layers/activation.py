"""Activations as layers of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji import activations, ops
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
        axis: where the sum goes, one axis or several; the last by default.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Softmax
        >>> Softmax()(np.zeros((1, 4), "float32"))
        array([[0.25, 0.25, 0.25, 0.25]], dtype=float32)
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis if isinstance(axis, int) else list(axis)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        return softmax_of_kept(inputs, mask, self.axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


def softmax_of_kept(x: Any, mask: Any, axis: int | Sequence[int]) -> Any:
    """Softmax over one axis or several, over the elements that a mask keeps; the others give zero.

    Args:
        x: array or tensor.
        mask: booleans, or numbers above 0.5, where an element counts; broadcasts to ``x``. None for all.
        axis: axis, or axes, along which the results add up to one.
    """
    if mask is None:
        return activations.softmax(x, axis=axis) if isinstance(axis, int) else _over_axes(x, axis)
    if len(mask.shape) > x.ndim or any(m not in (1, n) for m, n in zip(mask.shape[::-1], x.shape[::-1])):
        raise ValueError(
            f"Softmax: the mask does not fit; expected a shape that broadcasts to {tuple(x.shape)}, got "
            f"mask.shape={tuple(mask.shape)}. Give it an axis of size 1 where it says nothing."
        )
    mask = mask if mask.dtype == bool else ops.greater(mask, 0.5)
    kept = ops.where(mask, x, np.asarray(-1e9, x.dtype))
    # Where nothing is kept along the whole axis, zeros as well.
    return ops.where(mask, softmax_of_kept(kept, None, axis), np.asarray(0, x.dtype))


def _over_axes(x: Any, axes: Sequence[int]) -> Any:
    if len(axes) == 1:
        return activations.softmax(x, axis=axes[0])
    exponentials = ops.exp(x - ops.stop_gradient(ops.max(x, axis=tuple(axes), keepdims=True)))
    return exponentials / ops.sum(exponentials, axis=tuple(axes), keepdims=True)

"""Layers around another layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from juanji import ops
from juanji.layers._arguments import Shape
from juanji.layers._registry import deserialize, registry, serialize
from juanji.layers.layer import Layer
from juanji.trace import is_own


@registry.register()
class Wrapper(Layer):
    """Base of layers that hold another one, as :attr:`layer`, and do something before or behind it.

    Args:
        layer: the layer inside.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for something that is no layer.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> class Twice(layers.Wrapper):
        ...     def call(self, inputs):
        ...         return self.layer(self.layer(inputs))
        >>> Twice(layers.Lambda(lambda x: x + 1))(np.zeros(2, "float32"))
        array([2., 2.], dtype=float32)
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        require_layer(type(self).__name__, layer)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": serialize(self.layer)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        return cls(**{**config, "layer": deserialize(config["layer"], custom_objects)})


@registry.register()
class TimeDistributed(Wrapper):
    """Applies a layer to each step of sequences.

    Input (N, T, ...), output (N, T, ...) with what the layer makes of each (N, ...). Layers of juanji that treat
    samples one by one get all steps at once, as more samples; others are called step by step.

    Args:
        layer: the layer inside.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for something that is no layer, an input of fewer than three axes, or a mask that does not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layers.TimeDistributed(layers.Conv2D(4, 3))(np.zeros((2, 5, 8, 8, 3), "float32")).shape
        (2, 5, 6, 6, 4)
    """

    supports_masking = True
    _takes_one_array = True

    def check_input(self, shape: Shape) -> None:
        if len(shape) < 3:
            raise ValueError(
                f"TimeDistributed {self.name!r}: wrong rank of the input; expected at least 3 axes (batch, steps, "
                f"...), got shape={tuple(shape)}. Reshape the input."
            )
        if self.layer.built:
            self.layer.check_input((shape[0], *shape[2:]))

    def build(self, input_shape: Any = None) -> None:
        self.check_input(input_shape)
        super().build((input_shape[0], *input_shape[2:]))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        inner = self.layer.compute_output_shape((input_shape[0], *input_shape[2:]))
        return (inner[0], input_shape[1], *inner[1:])

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if mask is not None and tuple(mask.shape[:2]) != tuple(inputs.shape[:2]):
            raise ValueError(
                f"TimeDistributed {self.name!r}: the mask does not fit; expected {tuple(inputs.shape[:2])} on its "
                f"first axes, got mask.shape={tuple(mask.shape)}."
            )
        samples, steps = inputs.shape[:2]
        if self._treats_samples_one_by_one():
            y = self._call_inner(_folded(inputs), training, None if mask is None else _folded(mask))
            return ops.reshape(y, (samples, steps, *y.shape[1:]))
        outputs = [self._call_inner(inputs[:, t], training, None if mask is None else mask[:, t]) for t in range(steps)]
        return ops.stack(outputs, axis=1)

    def _treats_samples_one_by_one(self) -> bool:
        """Whether the layers inside are known, and have no weights such as moving averages that a call changes."""
        inside = list(self.layer.walk())
        return all(is_own(type(one)) for one in inside) and all(w.trainable for one in inside for w in one._own_weights)

    def _call_inner(self, x: Any, training: bool | None, mask: Any) -> Any:
        kwargs: dict[str, Any] = {}
        if self.layer._takes_training:
            kwargs["training"] = training
        if mask is not None and "mask" in self.layer._argument_names:
            kwargs["mask"] = mask
        return self.layer.call(x, **kwargs)


def _folded(x: Any) -> Any:
    return ops.reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:]))


def require_layer(owner: str, layer: Any) -> None:
    """Raises ValueError for something that is no layer."""
    if not isinstance(layer, Layer):
        raise ValueError(
            f"{owner}: not a layer; expected a juanji.layers.Layer, got layer={layer!r} of type "
            f"{type(layer).__name__}. Create it first, for example layers.Dense(10)."
        )

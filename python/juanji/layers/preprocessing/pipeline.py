"""Several layers, one behind the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from juanji.layers._registry import registry
from juanji.layers.layer import Layer


@registry.register()
class Pipeline(Layer):
    """Calls layers one after the other, each with the result of the one before: a chain of changes to images.

    Args:
        layers: layers, or their configurations.
        name: unique in a model; made from the class name by default.
        kwargs: those of :class:`Layer`.

    Raises:
        ValueError: for something else than a list of layers.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> pipeline = layers.Pipeline([layers.RandomFlip("horizontal", seed=1), layers.Rescaling(1 / 255)])
        >>> pipeline(np.full((2, 4, 4, 3), 255, "uint8")).max()
        np.float32(1.0)
    """

    def __init__(self, layers: Sequence[Any], name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        if not isinstance(layers, (list, tuple)) or not all(isinstance(layer, (Layer, Mapping)) for layer in layers):
            raise ValueError(f"Pipeline: not a list of layers; expected [layer, ...], got layers={layers!r}.")
        self._pipeline_layers = [
            registry.deserialize(layer) if isinstance(layer, Mapping) else layer for layer in layers
        ]

    @property
    def layers(self) -> list[Any]:
        """The layers in the order in which they are called."""
        return self._pipeline_layers

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        for layer in self._pipeline_layers:
            inputs = layer(inputs, training=training)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        for layer in self._pipeline_layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layers": [registry.serialize(layer) for layer in self._pipeline_layers]}

    def _convert(self, inputs: Any) -> Any:
        """As it is: the first layer converts what it gets."""
        return inputs

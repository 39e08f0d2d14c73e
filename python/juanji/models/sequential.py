"""Models whose layers follow one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from juanji import ops
from juanji._masks import carry_masks
from juanji.layers._arguments import Shape
from juanji.layers._registry import deserialize, registry, serialize
from juanji.layers.input_layer import InputLayer
from juanji.layers.layer import Layer
from juanji.models.binding import one_array
from juanji.models.graph import Graph
from juanji.models.model import Model
from juanji.symbolic.tensor import KerasTensor, node_of


@registry.register()
class Sequential(Model):
    """Layers that follow one another: each receives the output of the one before.

    Without an Input, and without ``input_shape`` in its first layer, the model is built for the first data it sees.

    Args:
        layers: the layers; more can be added with :meth:`add`.
        trainable: whether training changes the weights.
        name: 'sequential', 'sequential_1', ... by default.

    Raises:
        ValueError: for something that is no layer, a name used twice, or layers that do not fit each other.

    Example:
        >>> import numpy as np
        >>> from juanji import Sequential, layers
        >>> model = Sequential([layers.Input((28, 28, 1)), layers.Conv2D(8, 3), layers.Flatten(), layers.Dense(10)])
        >>> model.output_shape
        (None, 10)
        >>> model(np.zeros((2, 28, 28, 1), "float32")).shape
        (2, 10)
    """

    def __init__(self, layers: Iterable[Any] | None = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(trainable=trainable, name=name)
        self._layers: list[Layer] = []
        self._input: InputLayer | None = None
        self._results: list[KerasTensor] = []  # the symbolic output of each layer, as far as built
        if isinstance(layers, (Layer, KerasTensor, str)):
            raise ValueError(
                f"Sequential {self.name!r}: not a list of layers; expected a list, got {layers!r} of type "
                f"{type(layers).__name__}. Write Sequential([...])."
            )
        for layer in layers or ():
            self.add(layer)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_results": []}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if self.built and self._input is not None:
            self.build()

    @property
    def layers(self) -> list[Layer]:
        """The layers in order, without the Input."""
        return list(self._layers)

    def sublayers(self) -> list[Layer]:
        return self._layers

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Adds a layer at the end; ``rebuild`` is accepted for Keras scripts."""
        if isinstance(layer, KerasTensor):
            layer = node_of(layer).operation
        if not isinstance(layer, Layer):
            raise ValueError(
                f"Sequential {self.name!r}: only layers can be added; expected a juanji.layers.Layer, "
                f"got {layer!r} of type {type(layer).__name__}. Create it first, for example layers.Dense(10)."
            )
        if isinstance(layer, InputLayer):
            self._set_input(layer)
            return
        if any(layer.name == other.name for other in self._layers):
            raise ValueError(
                f"Sequential {self.name!r}: a name is used twice; expected a name not among the model's layers, "
                f"got name={layer.name!r}. Pass another name= to the layer."
            )
        shape = layer._input_batch_shape or (layer.input_shape if isinstance(layer, Model) else None)
        if not self._layers and self._input is None and isinstance(shape, tuple):
            self._set_input(InputLayer(batch_shape=shape, dtype=layer.dtype))
        if not self._layers and self._input is None:
            self.dtype = layer.dtype
        self._layers.append(layer)
        try:
            self._rebuild()
        except Exception:
            self._layers.pop()
            del self._results[len(self._layers) :]
            self._rebuild()
            raise

    def pop(self, rebuild: bool = True) -> Layer:
        """Removes the last layer and returns it; ``rebuild`` is accepted for Keras scripts."""
        if not self._layers:
            raise ValueError(f"Sequential {self.name!r}: nothing to pop; expected at least one layer, got none.")
        layer = self._layers.pop()
        del self._results[len(self._layers) :]
        self._rebuild()
        return layer

    def build(self, input_shape: Sequence[int | None] | None = None) -> None:
        """Creates the weights of all layers for inputs of this shape, batch axis included."""
        if not self._layers:
            raise ValueError(
                f"Sequential {self.name!r}: nothing to build; expected at least one layer, got none. "
                "Add layers with model.add."
            )
        if input_shape is not None and self._input is None:
            self._input = InputLayer(batch_shape=(None, *input_shape[1:]), dtype=self.dtype)
        if self._input is None:
            raise ValueError(
                f"Sequential {self.name!r}: the input shape is not known; expected a shape such as "
                "(None, 32, 32, 3), got input_shape=None. Pass it, or add layers.Input first."
            )
        if input_shape is not None:
            self.check_input(tuple(input_shape))
        for layer in self._layers[len(self._results) :]:
            self._results.append(layer(self._results[-1] if self._results else self._input.output))

    def check_input(self, shape: Shape) -> None:
        if self._input is None:
            return
        expected = self._input.batch_shape
        fits = len(shape) == len(expected) and all(
            want is None or have is None or want == have for want, have in zip(expected[1:], shape[1:])
        )
        if not fits:
            raise ValueError(
                f"Sequential {self.name!r}: wrong shape of the input; expected {expected}, got shape={tuple(shape)}. "
                "Reshape the data, or build a model for this shape."
            )

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        x = inputs
        if mask is not None:
            carry_masks(mask, x)
        for layer in self._layers:
            x = layer(x, training=training)
        return x

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        for layer in self._layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    @property
    def input(self) -> Any:
        """The symbolic input: of the first call within another model, else its own (``inputs`` is always that)."""
        return self._first_node("input").args[0] if self._inbound_nodes else super().input

    @property
    def output(self) -> Any:
        """The symbolic output: of the first call within another model, else its own (``outputs`` is always that)."""
        return self._first_node("output").outputs if self._inbound_nodes else super().output

    @property
    def _graph(self) -> Graph | None:
        if self._input is None or not self._results:
            return None
        return Graph(f"Sequential {self.name!r}", self._input.output, self._results[-1])

    @property
    def input_shape(self) -> Shape | None:
        """Shape of the input, batch axis included; None while it is unknown."""
        return None if self._input is None else self._input.batch_shape

    @property
    def output_shape(self) -> Shape | None:
        """Shape of the output, batch axis included; None while it is unknown."""
        if self._input is None:
            return None
        return self._results[-1].shape if self._results else self._input.batch_shape

    def layer_output_shape(self, layer: Layer) -> Shape | None:
        at = self._layers.index(layer)
        return self._results[at].shape if at < len(self._results) else None

    def get_config(self) -> dict[str, Any]:
        members = [*([self._input] if self._input else []), *self._layers]
        return {"name": self.name, "trainable": self.trainable, "layers": [serialize(layer) for layer in members]}

    def get_build_config(self) -> dict[str, Any] | None:
        return None if self._input is None else {"input_shape": self._input.batch_shape}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        return cls(
            [deserialize(layer, custom_objects) for layer in config.get("layers", ())],
            trainable=config.get("trainable", True),
            name=config.get("name"),
        )

    def _arranged(self, x: Any) -> tuple[Any, tuple[str, ...]]:
        x = one_array(x, None if self._input is None else len(self._input.batch_shape))
        return x, (self._input.dtype,) if self._input is not None and self._begins_with_integers else ()

    @property
    def _begins_with_integers(self) -> bool:
        """Whether the Input asks for integers, which layers such as Rescaling or Lambda then receive."""
        return self._input is not None and np.dtype(self._input.dtype).kind != "f"

    def _convert_one(self, x: Any) -> Any:
        if self._input is not None and self._begins_with_integers:
            return ops.cast(x, self._input.dtype)
        return super()._convert_one(x)

    def _objective_names(self) -> list[str]:
        return [""]

    def _set_input(self, layer: InputLayer) -> None:
        if self._input is not None:
            raise ValueError(
                f"Sequential {self.name!r}: a second input; expected one, which already has the shape "
                f"{self._input.batch_shape}, got {layer.batch_shape}. Leave one of them out."
            )
        if self._layers:
            raise ValueError(
                f"Sequential {self.name!r}: the input comes late; expected it before the layers, got it after "
                f"{self._layers[-1].name!r}. Add it first."
            )
        self._input = layer
        if not self._begins_with_integers:
            self.dtype = layer.dtype

    def _rebuild(self) -> None:
        """Builds what can be built: the weights of layers already built stay as they are."""
        self.built = False
        if self._input is not None and self._layers:
            self.build()

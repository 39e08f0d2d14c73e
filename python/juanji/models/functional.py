"""The part of a model that consists of the calls between symbolic tensors."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from juanji._masks import carry_masks
from juanji.layers.layer import Layer
from juanji.models.binding import bind_values, check_shapes, converted_inputs, one_array, symbolic_inputs
from juanji.models.graph import Graph
from juanji.models.masked_graph import order_with_masks
from juanji.models.storable import Storable
from juanji.symbolic.structure import flatten, map_shapes, map_structure, pack
from juanji.symbolic.tensor import KerasTensor, node_of
from juanji.utils.naming import auto_name


class Functional(Storable):
    """A model that may be made of symbolic inputs and outputs; see :class:`juanji.Model`."""

    def __init__(self, inputs: Any = None, outputs: Any = None, name: str | None = None, **kwargs: Any) -> None:
        functional = inputs is not None or outputs is not None
        if functional and self._is_plain():
            name = name or auto_name("functional")
        super().__init__(name=name, **kwargs)
        self._own_graph: Graph | None = None
        if functional:
            self._own_graph = Graph(f"{type(self).__name__} {self.name!r}", inputs, outputs)
            order_with_masks(self._own_graph)
            self.built = True
            if not self._trainable:
                self.trainable = False

    @classmethod
    def _is_plain(cls) -> bool:
        """Whether this class adds nothing to a functional model: its graph then is its configuration."""
        from juanji.models.model import Model

        return cls is Model or (issubclass(cls, Model) and cls.__init__ is Model.__init__)

    @property
    def _graph(self) -> Graph | None:
        """The calls between inputs and outputs, of a functional model."""
        return self._own_graph

    @property
    def layers(self) -> list[Layer]:
        """The layers directly inside, in order."""
        return self.sublayers() if self._own_graph is None else list(self._own_graph.layers)

    def sublayers(self) -> list[Layer]:
        found = super().sublayers()
        if self._own_graph is None:
            return found
        known = {id(layer) for layer in self._own_graph.layers}
        return [*self._own_graph.layers, *(layer for layer in found if id(layer) not in known)]

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The output for an input; to be overridden by subclasses that are not functional."""
        if mask is not None:
            carry_masks(mask, inputs)
        return inputs if self._own_graph is None else self._own_graph.run(flatten(inputs))

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights of all layers; those of a functional model exist already.

        Other models are called once with zeros of this shape. Where that fails, layers inside are built by the first
        call with data.
        """
        super().build(input_shape)
        if self._own_graph is None and input_shape is not None:
            self.built = True
            with suppress(Exception):
                self.compute_output_spec(map_shapes(lambda shape: KerasTensor(shape, self.dtype), input_shape))

    def _build_before_call(self, input_shape: Any) -> None:
        if type(self).build is Functional.build:
            self.built, self._build_shape = True, input_shape  # the call that follows builds the layers inside
        else:
            self.build(input_shape)

    def check_input(self, shape: Any) -> None:
        if self._own_graph is not None:
            check_shapes(self._own_graph, shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        graph = self._own_graph
        if graph is None:
            return super().compute_output_shape(input_shape)
        check_shapes(graph, input_shape)
        spec = graph.output_spec(symbolic_inputs(graph, input_shape))
        return map_structure(lambda y: y.shape, spec)

    def _knows_output_shape(self) -> bool:
        own = type(self).compute_output_shape is not Functional.compute_output_shape
        return own or self._graph is not None

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        graph = self._own_graph
        if graph is None:
            return super().compute_output_spec(inputs, **kwargs)
        return graph.output_spec(bind_values(graph, inputs))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> None:
        """None: outputs carry the masks that the layers inside gave them."""

    def _convert(self, inputs: Any) -> Any:
        graph = self._own_graph
        return super()._convert(inputs) if graph is None else converted_inputs(graph, inputs)

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs, in a list."""
        return list(self._require_graph("inputs").inputs)

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs, in a list."""
        return list(self._require_graph("outputs").outputs)

    @property
    def input(self) -> Any:
        """The symbolic input, nested as the model was given it."""
        return super().input if self._graph is None else self._graph.input_structure

    @property
    def output(self) -> Any:
        """The symbolic output, nested as the model was given it."""
        return super().output if self._graph is None else self._graph.output_structure

    @property
    def input_shape(self) -> Any:
        """Shape of the input, batch axis included; a list of shapes for several, None while it is unknown."""
        return None if self._graph is None else _one_or_all([x.shape for x in self._graph.inputs])

    @property
    def output_shape(self) -> Any:
        """Shape of the output, batch axis included; a list of shapes for several, None while it is unknown."""
        return None if self._graph is None else _one_or_all([y.shape for y in self._graph.outputs])

    def layer_output_shape(self, layer: Any) -> Any:
        """Shape of a layer's output in this model, None while it is unknown."""
        return None if self._own_graph is None else self._own_graph.shape_of(layer)

    @property
    def output_names(self) -> list[str]:
        """Names of the layers that give the outputs, as losses and metrics are named by."""
        return [node_of(y).operation.name for y in self._require_graph("outputs").outputs]

    def _arranged(self, x: Any) -> tuple[Any, tuple[str, ...]]:
        graph = self._own_graph
        if graph is None:
            return super()._arranged(x)
        if len(graph.inputs) == 1:
            x = one_array(x, len(graph.inputs[0].shape))
        floats = (np.dtype(t.dtype).kind == "f" for t in graph.inputs)
        dtypes = tuple(self.dtype if is_float else t.dtype for t, is_float in zip(graph.inputs, floats))
        return pack(graph.input_structure, bind_values(graph, x)), dtypes

    def _objective_names(self) -> list[str] | None:
        graph = self._own_graph
        if graph is None:
            return None
        if len(graph.outputs) == 1:
            return [""]
        outputs = graph.output_structure
        if isinstance(outputs, dict) and len(outputs) == len(graph.outputs):
            return sorted(outputs)
        names = self.output_names
        counts = [names[:i].count(name) for i, name in enumerate(names)]  # of a shared layer's earlier outputs
        return [f"{name}_{count}" if count else name for name, count in zip(names, counts)]

    def _require_graph(self, wanted: str) -> Graph:
        if self._graph is None:
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: there are no symbolic {wanted}; expected a functional model or "
                "a Sequential whose input shape is known, got another. Make it with Model(inputs, outputs)."
            )
        return self._graph


def _one_or_all(shapes: list[Any]) -> Any:
    return shapes[0] if len(shapes) == 1 else shapes

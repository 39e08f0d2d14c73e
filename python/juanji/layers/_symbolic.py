"""Calls of layers with symbolic tensors."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

import numpy as np

from juanji.layers._arguments import Shape
from juanji.symbolic.inference import infer_outputs
from juanji.symbolic.structure import flatten, map_shapes, map_structure
from juanji.symbolic.tensor import KerasTensor, Node, any_symbolic, named_outputs


class SymbolicCalls:
    """What a layer does with symbolic tensors: it finds the shape of its output, and writes the call down."""

    name: str
    dtype: str
    built: bool
    _inbound_nodes: list[Node]
    _keeps_integers: ClassVar[bool]

    def __getstate__(self) -> dict[str, Any]:
        """What is copied and pickled: a layer, without the calls that models made of it."""
        return {**vars(self), "_inbound_nodes": []}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output, batch axis included, None where it varies; nested as the output is.

        Unless overridden, found by calling the layer with zeros.
        """
        inputs = map_shapes(lambda shape: KerasTensor(shape, self.dtype, "inferred"), input_shape)
        return map_structure(lambda y: y.shape, self.compute_output_spec(inputs))

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        """The symbolic output for symbolic inputs; nothing is written down.

        Args:
            inputs: symbolic tensors, nested as :meth:`call` takes them.
            kwargs: other arguments of :meth:`call`.
        """
        layer: Any = self
        complete = layer.built and all(inner.built for inner in layer.sublayers())
        if not self._knows_output_shape() or not complete or any_symbolic(kwargs):
            kwargs.setdefault("training", False)
            outputs = infer_outputs(layer, (inputs,), kwargs, traced=complete)
            for inner in layer.walk():  # penalties of outputs that were only tried out
                inner._call_losses = []
            return outputs
        shapes = layer.compute_output_shape(_shapes(inputs))
        if not isinstance(shapes, (tuple, list, dict)):
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: compute_output_shape gives no shape; expected a tuple such as "
                f"(None, 10), got {shapes!r}. Correct it."
            )
        dtype = _integer_type(inputs) if self._keeps_integers else None
        return map_shapes(lambda shape: KerasTensor(shape, dtype or self.dtype, "inferred"), shapes)

    def _knows_output_shape(self) -> bool:
        """Whether :meth:`compute_output_shape` is a rule, rather than the trial of this class."""
        return type(self).compute_output_shape is not SymbolicCalls.compute_output_shape

    def _call_symbolically(self, inputs: Any, kwargs: dict[str, Any]) -> Any:
        layer: Any = self
        shapes = _shapes(inputs)
        if layer._takes_one_array and isinstance(inputs, (list, tuple, dict)):
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: too many inputs; expected one tensor, got a "
                f"{type(inputs).__name__} of {len(inputs)}. Merge them first, with Concatenate or Add."
            )
        self._check_arguments(inputs, kwargs)
        layer.check_input(shapes)
        if not layer.built:
            layer.build(shapes, **layer._other_shapes(kwargs))
        outputs = named_outputs(self.compute_output_spec(inputs, **kwargs))
        Node(self, (inputs,), kwargs, outputs)
        return outputs

    def _check_arguments(self, inputs: Any, kwargs: dict[str, Any]) -> None:
        """Raises TypeError when `call` does not take these arguments: it may not be called before there is data."""
        layer: Any = self
        taken = kwargs if layer._takes_training else {k: value for k, value in kwargs.items() if k != "training"}
        try:
            inspect.signature(layer.call).bind(inputs, **taken)
        except TypeError as error:
            raise TypeError(
                f"{type(self).__name__} {self.name!r}: the arguments do not fit; expected those of call, got another "
                f"({error}). Check the spelling."
            ) from None

    @property
    def input(self) -> Any:
        """The symbolic input of the layer's first call."""
        node = self._first_node("input")
        return node.args[0] if node.args else node.outputs

    @property
    def output(self) -> Any:
        """The symbolic output of the layer's first call."""
        return self._first_node("output").outputs

    def _first_node(self, wanted: str) -> Node:
        if not self._inbound_nodes:
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: there is no {wanted}; expected a layer that was called with a "
                "symbolic tensor, got one that was not. Begin the model with Input, or build it."
            )
        return self._inbound_nodes[0]


def _shapes(inputs: Any) -> Shape | Any:
    def shape(x: Any) -> Shape:
        return x.shape if isinstance(x, KerasTensor) else np.shape(x)

    return map_structure(shape, inputs)


def _integer_type(inputs: Any) -> str | None:
    """The common type of inputs without floats; None when there are floats."""
    dtypes = [np.dtype(x.dtype) for x in flatten(inputs) if hasattr(x, "dtype")]
    floats = any(dtype.kind == "f" for dtype in dtypes)
    return None if floats or not dtypes else str(np.result_type(*dtypes))

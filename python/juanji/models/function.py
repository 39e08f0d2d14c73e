"""The calls between symbolic tensors as a function, without what a model has besides."""

from __future__ import annotations

from typing import Any

from juanji.models.binding import bind_values, converted_inputs
from juanji.models.graph import Graph
from juanji.symbolic.structure import flatten, pack
from juanji.symbolic.tensor import any_symbolic
from juanji.utils.naming import auto_name


class Function:
    """Everything between symbolic inputs and outputs, to be called with other values or symbolic tensors.

    Args:
        inputs, outputs: symbolic tensors, alone or nested in lists, tuples and dictionaries.
        name: made by itself when left out.

    Raises:
        ValueError: for outputs that need other inputs, or anything not symbolic.

    Example:
        >>> import juanji
        >>> x = juanji.Input((2,))
        >>> double = juanji.Function(x, x * 2.0)
        >>> double([[1.0, 2.0]])
        array([[2., 4.]], dtype=float32)
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self._graph = Graph(f"Function {self.name!r}", inputs, outputs)

    @property
    def inputs(self) -> list[Any]:
        """The symbolic inputs, in a list."""
        return list(self._graph.inputs)

    @property
    def outputs(self) -> list[Any]:
        """The symbolic outputs, in a list."""
        return list(self._graph.outputs)

    @property
    def operations(self) -> list[Any]:
        """Layers and functions in between."""
        return list(self._graph.operations)

    def __call__(self, inputs: Any) -> Any:
        """The outputs for these inputs, nested as they were given."""
        if not any_symbolic(inputs):
            return self._graph.run(flatten(converted_inputs(self._graph, inputs)))
        graph = self._graph
        values: dict[int, Any] = dict(zip(map(id, graph.inputs), bind_values(graph, inputs)))
        for node in graph.nodes:
            args, kwargs = node.filled(values)
            values.update(zip(map(id, node.output_tensors), flatten(node.operation(*args, **kwargs))))
        return pack(graph.output_structure, [values[id(y)] for y in graph.outputs])

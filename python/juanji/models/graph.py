"""The calls between the symbolic inputs and outputs of a functional model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from juanji.layers.input_layer import InputLayer
from juanji.layers.layer import Layer
from juanji.symbolic.function import Function
from juanji.symbolic.structure import flatten, map_structure, pack
from juanji.symbolic.tensor import KerasHistory, KerasTensor, Node, node_of, tensor_index


class Graph:
    """Everything a functional model computes, in the order in which it can be computed.

    Args:
        owner: class and name of the model, for messages.
        inputs, outputs: symbolic tensors, alone or nested in lists, tuples and dictionaries. Inputs that other layers
            made are replaced by new ones, so that the model begins there.

    Raises:
        ValueError: for anything but symbolic tensors, outputs that need other inputs, or names used twice.
    """

    def __init__(self, owner: str, inputs: Any, outputs: Any) -> None:
        self.owner = owner
        _require_symbolic(owner, "inputs", inputs)
        _require_symbolic(owner, "outputs", outputs)
        if not all(node_of(x).is_input for x in flatten(inputs)):
            inputs, outputs = _begun_at(owner, inputs, outputs)
        if isinstance(outputs, (list, tuple)) and len(outputs) == 1:
            outputs = outputs[0]
        self.input_structure = inputs
        self.output_structure = outputs
        self.inputs: list[KerasTensor] = flatten(inputs)
        self.outputs: list[KerasTensor] = flatten(outputs)
        if len({id(x) for x in self.inputs}) != len(self.inputs):
            raise ValueError(
                f"{owner}: an input appears twice; expected different symbolic tensors, got "
                f"{', '.join(x.name for x in self.inputs)}. Leave one of them out."
            )
        nodes, met = _traverse(owner, self.inputs, self.outputs)
        self.nodes = [node for node in nodes if not node.is_input]
        self.operations: list[Any] = _by_depth(nodes, met, self.inputs)
        self.layers: list[Layer] = [op for op in self.operations if isinstance(op, Layer)]
        self._steps = [_Step(*pair) for pair in zip(self.nodes, _last_uses(self.nodes, self.outputs))]
        _require_different_names(owner, self.operations)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles and copies hold the calls as a flat list: one tensor leading to the next would be too deep."""
        place = {id(x): _Place(i) for i, x in enumerate(self.inputs)}
        calls = []
        for node in self.nodes:
            args, kwargs = node.filled(place)
            results = map_structure(lambda y: KerasTensor(y.shape, y.dtype, y.name), node.outputs)
            calls.append((node.operation, args, kwargs, results))
            place.update((id(y), _Place(len(place) + i)) for i, y in enumerate(node.output_tensors))
        ends = [map_structure(lambda x: place[id(x)], end) for end in (self.input_structure, self.output_structure)]
        return _graph_again, (self.owner, [node_of(x).operation for x in self.inputs], calls, *ends)

    def run(self, inputs: list[Any]) -> Any:
        """The outputs, nested as the model was given them.

        Args:
            inputs: one value for each of :attr:`inputs`.
        """
        values: dict[int, Any] = {id(x): value for x, value in zip(self.inputs, inputs)}
        for step in self._steps:
            if step.source is not None:
                results = step.call(values[step.source])
            else:
                args, kwargs = step.node.filled(values)
                results = step.call(*args, **kwargs)
            if step.result is not None:
                values[step.result] = results
            else:
                values.update(zip(map(id, step.node.output_tensors), flatten(results)))
            for x in step.unused:
                del values[x]  # frees what nobody will read
        return pack(self.output_structure, [values[id(y)] for y in self.outputs])

    def output_spec(self, inputs: list[KerasTensor]) -> Any:
        """Symbolic outputs for other symbolic inputs; nothing is written down."""
        if [x.shape for x in inputs] == [x.shape for x in self.inputs]:
            return map_structure(lambda y: KerasTensor(y.shape, y.dtype, "inferred"), self.output_structure)
        values: dict[int, Any] = {id(x): value for x, value in zip(self.inputs, inputs)}
        for node in self.nodes:
            args, kwargs = node.filled(values)
            results = flatten(node.operation.compute_output_spec(*args, **kwargs))
            values.update(zip(map(id, node.output_tensors), results))
        return pack(self.output_structure, [values[id(y)] for y in self.outputs])

    def calls_of(self, operation: Any) -> list[Node]:
        """The calls of an operation that belong to this model, in the order in which they were made."""
        own = {id(node) for node in self.nodes}
        return [node for node in operation._inbound_nodes if id(node) in own]

    def shape_of(self, operation: Any) -> Any:
        """Shape of what an operation gives here, nested as it is; of its last call when there are several."""
        return map_structure(lambda y: y.shape, self._entries(operation)[-1].outputs)

    def sources_of(self, operation: Any) -> list[KerasHistory]:
        """Where the inputs of an operation come from, with calls counted within this graph."""
        found = []
        for node in self._entries(operation):
            for x in node.input_tensors:
                source = node_of(x)
                calls = [id(call) for call in self._entries(source.operation)]
                found.append(KerasHistory(source.operation, calls.index(id(source)), tensor_index(x)))
        return found

    def _entries(self, operation: Any) -> list[Node]:
        """The calls of an operation, or the entry of an input."""
        return self.calls_of(operation) or operation._inbound_nodes

    @property
    def is_chain(self) -> bool:
        """Whether every operation is called once, with nothing but the result of the one before."""
        before = self.inputs
        for node in self.nodes:
            if len(before) != 1 or [id(x) for x in node.input_tensors] != [id(before[0])]:
                return False
            before = node.output_tensors
        return len({id(node.operation) for node in self.nodes}) == len(self.nodes) and len(self.outputs) == 1


@dataclass(frozen=True)
class _Place:
    """Stands for a symbolic tensor: how many there were before it."""

    index: int


def _graph_again(owner: str, input_layers: list[Any], calls: list[Any], inputs: Any, outputs: Any) -> Graph:
    tensors = [layer.output for layer in input_layers]

    def tensor(x: Any) -> Any:
        return tensors[x.index] if isinstance(x, _Place) else x

    for operation, args, kwargs, results in calls:
        args, kwargs = map_structure(tensor, (args, kwargs))
        tensors += Node(operation, args, kwargs, results).output_tensors
    return Graph(owner, *map_structure(tensor, (inputs, outputs)))


class _Step:
    """One call, prepared: this is gone through at every batch.

    Args:
        node: the call.
        unused: ids of the tensors that nothing reads after it.

    Attributes:
        call: what is called.
        source: id of the symbolic tensor that is the only argument; None for any other call.
        result: id of the symbolic tensor that is the result; None for nested results.
    """

    def __init__(self, node: Node, unused: list[int]) -> None:
        self.node = node
        self.unused = unused
        self.call = node.operation.function if isinstance(node.operation, Function) else node.operation
        lone = len(node.args) == 1 and isinstance(node.args[0], KerasTensor) and not node.kwargs
        self.source = id(node.args[0]) if lone else None
        self.result = id(node.outputs) if isinstance(node.outputs, KerasTensor) else None


def _require_symbolic(owner: str, name: str, structure: Any) -> None:
    members = flatten(structure)
    for x in members:
        if not isinstance(x, KerasTensor):
            raise ValueError(
                f"{owner}: {name} are not symbolic; expected juanji.Input and what layers make of it, got {x!r} of "
                f"type {type(x).__name__}. Begin with x = juanji.Input(shape)."
            )
    if not members:
        raise ValueError(f"{owner}: no {name}; expected at least one symbolic tensor, got {structure!r}.")


def _require_different_names(owner: str, operations: list[Any]) -> None:
    names = [op.name for op in operations]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"{owner}: a name is used twice; expected different names of all layers, got {', '.join(map(repr, twice))} "
            "more than once. Pass another name= to the layer."
        )


def _traverse(owner: str, inputs: list[KerasTensor], outputs: list[KerasTensor]) -> tuple[list[Node], dict[int, int]]:
    """The calls between inputs and outputs, depth first.

    Returns:
        The calls, each after those it needs, and for the id of each operation the place at which it was first met.
    """
    given = {id(x) for x in inputs}
    finished: dict[int, Node] = {}
    met: dict[int, int] = {}

    def is_open(x: KerasTensor) -> bool:
        node = node_of(x)
        if node.is_input and id(x) not in given:
            raise ValueError(
                f"{owner}: the graph is disconnected; expected outputs that follow from the inputs alone, got one that "
                f"needs {x.name!r} of shape {x.shape} too. Add it to inputs."
            )
        return id(node) not in finished and (node.is_input or id(x) not in given)

    def begin(x: KerasTensor) -> tuple[Node, Iterator[KerasTensor]]:
        node = node_of(x)
        met.setdefault(id(node.operation), len(met))
        return node, iter(node.input_tensors)

    for output in outputs:
        path = [begin(output)] if is_open(output) else []
        while path:
            node, remaining = path[-1]
            x = next((x for x in remaining if is_open(x)), None)
            if x is not None:
                path.append(begin(x))
            else:
                finished[id(node)] = node
                path.pop()
    return list(finished.values()), met


def _by_depth(nodes: list[Node], met: dict[int, int], inputs: list[KerasTensor]) -> list[Any]:
    """The operations, the one farthest from the outputs first: Keras' order, which weights follow too."""
    node_depth: dict[int, int] = {}
    depth_of: dict[int, int] = {}
    found: dict[int, Any] = {}
    for node in reversed(nodes):
        key = id(node.operation)
        found[key] = node.operation
        depth = max(node_depth.get(id(node), 0), depth_of.get(key, 0))
        depth_of[key] = node_depth[id(node)] = depth
        for parent in node.parents:
            node_depth[id(parent)] = max(depth + 1, node_depth.get(id(parent), 0))
    for x in inputs:
        operation = node_of(x).operation
        if id(operation) not in found:  # an input that no output needs
            found[id(operation)], depth_of[id(operation)] = operation, 0
    return [found[key] for key in sorted(found, key=lambda key: (-depth_of[key], met.get(key, -1)))]


def _last_uses(nodes: list[Node], outputs: list[KerasTensor]) -> list[list[int]]:
    """For each call, the ids of the tensors that nothing reads after it."""
    last: dict[int, int] = {}
    for i, node in enumerate(nodes):
        for x in (*node.input_tensors, *node.output_tensors):
            last[id(x)] = i
    for y in outputs:
        last.pop(id(y), None)
    unused: list[list[int]] = [[] for _ in nodes]
    for key, i in last.items():
        unused[i].append(key)
    return unused


def _begun_at(owner: str, inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """Inputs and outputs of the same calls with inputs of their own: the layers are called once more."""
    copies: dict[int, KerasTensor] = {}

    def copy(x: Any) -> Any:
        return copies.get(id(x), x) if isinstance(x, KerasTensor) else x

    members = flatten(inputs)
    for x in members:
        if not node_of(x).is_input:
            copies[id(x)] = InputLayer(batch_shape=x.shape, dtype=x.dtype, name=x.name).output
    for node in _traverse(owner, members, flatten(outputs))[0]:
        if node.is_input:
            continue
        results = map_structure(lambda y: KerasTensor(y.shape, y.dtype), node.outputs)
        args, kwargs = map_structure(copy, (node.args, node.kwargs))
        Node(node.operation, args, kwargs, results)
        for old, new in zip(node.output_tensors, flatten(results)):
            copies.setdefault(id(old), new)
    return map_structure(copy, inputs), map_structure(copy, outputs)

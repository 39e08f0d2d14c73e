"""The operations of a trace, and who gives and uses each tensor, while they are being rewritten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from juanji.ops._operation import InPlaceOperation, Operation
from juanji.trace import Node, Trace, TracedTensor


class Graph:
    """A list of operations in the order in which they run.

    Args:
        nodes: the operations.
        wanted: tensors that are needed besides those that operations use.
    """

    def __init__(self, nodes: Sequence[Node], wanted: Sequence[TracedTensor]) -> None:
        self._wanted = {id(tensor) for tensor in wanted}
        self.nodes = self._needed(nodes)
        self._producers: dict[int, Node] = {}
        self._users: dict[int, list[Node]] = {}
        for node in self.nodes:
            self._enter(node)

    @property
    def updates(self) -> bool:
        """Whether a run changes a variable."""
        return any(node.updated for node in self.nodes)

    def producer(self, tensor: Any) -> Node | None:
        """The operation that gives a tensor; None for inputs, variables and constants."""
        return self._producers.get(id(tensor))

    def users(self, tensor: Any) -> list[Node]:
        """The operations that take a tensor, one that takes it twice being named twice."""
        return self._users.get(id(tensor), [])

    def used_only_by(self, tensor: Any, *nodes: Node) -> bool:
        """Whether nobody else needs a tensor."""
        return id(tensor) not in self._wanted and all(user in nodes for user in self.users(tensor))

    def is_constant(self, tensor: Any) -> bool:
        """Whether a tensor follows from variables and constants alone."""
        producer = self.producer(tensor)
        if producer is None:
            return not isinstance(tensor, TracedTensor)
        return all(map(self.is_constant, producer.inputs))

    def precedes(self, tensor: Any, node: Node) -> bool:
        """Whether a tensor is known before an operation runs."""
        producer = self.producer(tensor)
        return producer is None or self.nodes.index(producer) < self.nodes.index(node)

    def change(self, node: Node, inputs: Iterable[Any], outputs: Iterable[TracedTensor], **attributes: Any) -> None:
        """Gives an operation other inputs, outputs and attributes."""
        self.replace(node, node.operation, inputs, outputs, {**node.attributes, **attributes})

    def replace(
        self,
        node: Node,
        operation: Operation | InPlaceOperation,
        inputs: Iterable[Any],
        outputs: Iterable[TracedTensor],
        attributes: dict[str, Any],
    ) -> None:
        """Puts another operation in the place of one."""
        self._leave(node)
        node.operation, node.attributes = operation, attributes
        node.inputs, node.outputs = tuple(inputs), tuple(outputs)
        node.native = node.operation.native_for(node.attributes, node.specs)
        self._enter(node)

    def remove(self, node: Node) -> None:
        """Takes an operation out."""
        self._leave(node)
        self.nodes.remove(node)

    def move(self, node: Node, place: Node) -> None:
        """Puts an operation right before another."""
        self.nodes.remove(node)
        self.nodes.insert(self.nodes.index(place), node)

    def insert(self, build: Callable[[], Any], place: Node) -> Any:
        """Puts the operations that ``build`` calls right before another; gives what it gives."""
        with Trace() as trace:
            result = build()
        at = self.nodes.index(place)
        self.nodes[at:at] = trace.nodes
        for node in trace.nodes:
            self._enter(node)
        return result

    def _needed(self, nodes: Sequence[Node]) -> list[Node]:
        """Without operations that neither update something nor lead to a wanted tensor."""
        needed = set(self._wanted)
        kept: list[Node] = []
        for node in reversed(nodes):
            if any(id(y) in needed for y in node.outputs) or node.updated:
                needed.update(id(x) for x in node.inputs)
                kept.append(node)
        return kept[::-1]

    def _enter(self, node: Node) -> None:
        for y in node.outputs:
            self._producers[id(y)] = node
        for x in node.inputs:
            self._users.setdefault(id(x), []).append(node)

    def _leave(self, node: Node) -> None:
        for y in node.outputs:
            if self._producers.get(id(y)) is node:
                del self._producers[id(y)]
        for x in node.inputs:
            self._users[id(x)].remove(node)

"""What is done to the operations of a trace before they become a program."""

from __future__ import annotations

from collections.abc import Sequence

from juanji.trace import Node, TracedTensor


def improve(nodes: Sequence[Node], wanted: Sequence[TracedTensor]) -> list[Node]:
    """The operations that are needed for the wanted tensors and for updates, in their order."""
    return without_unused(nodes, wanted)


def without_unused(nodes: Sequence[Node], wanted: Sequence[TracedTensor]) -> list[Node]:
    """Drops operations that neither update something nor lead to a wanted tensor."""
    needed = {id(tensor) for tensor in wanted}
    kept: list[Node] = []
    for node in reversed(nodes):
        if any(id(y) in needed for y in node.outputs) or node.updated:
            needed.update(id(x) for x in node.inputs)
            kept.append(node)
    return kept[::-1]

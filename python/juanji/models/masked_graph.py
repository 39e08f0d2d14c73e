"""The operations that make masks, written down in a graph as Keras has them in its own.

Here masks are computed while a model runs. Keras computes them when a model is made, also when it reads one, and gives
such operations names by themselves: one that joins masks may get the name of the layer that joins the values, which it
then refuses. Where a file says which masks a layer is called with, Keras takes those.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from juanji._masks import get_mask, masks_of
from juanji.layers.layer import Layer
from juanji.models.graph import Graph
from juanji.symbolic.structure import flatten, map_structure
from juanji.symbolic.tensor import KerasTensor, Node
from juanji.utils.naming import names_kept


class _State(threading.local):
    """Whether masks are to be written down on this thread."""

    wanted = False


_state = _State()


@contextmanager
def masks_written() -> Iterator[None]:
    """While it lasts, configurations of functional models tell their masks where Keras needs them."""
    before, _state.wanted = _state.wanted, True
    try:
        yield
    finally:
        _state.wanted = before


@contextmanager
def graph_to_store(graph: Graph) -> Iterator[Graph]:
    """The graph, or one with masks in their places where :func:`masks_written` is open."""
    if not _state.wanted:
        yield graph
        return
    with _with_masks(graph) as masked:
        yield masked


def order_with_masks(graph: Graph) -> None:
    """Brings the layers into the order that they have in Keras, where operations that make masks count as well.

    Files know weights by this order.
    """
    with _with_masks(graph) as masked:
        if masked is not graph:
            place = {id(operation): i for i, operation in enumerate(masked.operations)}
            graph.operations.sort(key=lambda operation: place[id(operation)])
            graph.layers.sort(key=lambda layer: place[id(layer)])


@contextmanager
def _with_masks(graph: Graph) -> Iterator[Graph]:
    """The same calls once more while it lasts, with the masks that they would be given; or the graph, without any."""
    if not any(layer._makes_masks for layer in graph.layers):
        yield graph
        return
    counts = [(operation, len(operation._inbound_nodes)) for operation in graph.operations]
    try:
        with names_kept():
            masked = _called_with_masks(graph)
        yield masked
    finally:
        for operation, count in counts:
            del operation._inbound_nodes[count:]


def _called_with_masks(graph: Graph) -> Graph:
    copies: dict[int, KerasTensor] = {}
    named = {id(operation) for operation in graph.operations}
    taken = {operation.name for operation in graph.operations}
    masked = False

    def copy(x: Any) -> Any:
        return copies.get(id(x), x) if isinstance(x, KerasTensor) else x

    for node in graph.nodes:
        layer = node.operation
        args, kwargs = map_structure(copy, (node.args, node.kwargs))
        results = map_structure(lambda y: KerasTensor(y.shape, y.dtype, y.name), node.outputs)
        masks = masks_of(args[0]) if isinstance(layer, Layer) else None
        if masks is not None:
            masked = True
            masks = layer._fill_masks(args[0], masks, kwargs)
        Node(layer, args, kwargs, results)
        copies.update(zip(map(id, node.output_tensors), flatten(results)))
        if isinstance(layer, Layer) and layer.supports_masking and (masks is not None or layer._makes_masks):
            with suppress(Exception):  # code that needs values: Keras cannot run it here either
                layer._masked(args[0], results, masks)
            _name_apart([get_mask(y) for y in flatten(results)], named, taken)
    ends = map_structure(copy, (graph.input_structure, graph.output_structure))
    return Graph(graph.owner, *ends) if masked else graph


def _name_apart(masks: list[Any], named: set[int], taken: set[str]) -> None:
    """Gives the functions that make masks names which nothing else in the model has.

    Args:
        masks: symbolic tensors, or None.
        named: ids of operations whose names stay; those of the functions are added.
        taken: names that are used; likewise.
    """
    waiting = [mask for mask in masks if mask is not None]
    while waiting:
        operation, call, _ = waiting.pop()._keras_history
        if id(operation) in named:
            continue
        named.add(id(operation))
        waiting += operation._inbound_nodes[call].input_tensors
        base, number = operation.name, 0
        while operation.name in taken:
            number += 1
            operation.name = f"{base}_{number}"
        taken.add(operation.name)

"""Views of variables that are read after the variable has changed: they keep the value of their time as copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import ops
from juanji.autograd import Variable
from juanji.program.graph import Graph
from juanji.trace import Node, TracedTensor


def keep_old_values(graph: Graph, wanted: Sequence[TracedTensor]) -> None:
    """Puts a copy before each view of a variable that is used behind an update of it.

    A step run operation by operation gives such views memory of their own, so that ``before = ops.stop_gradient(w)``
    stays what it is when the optimizer changes ``w``. In a program, which uses variables where they lie, only those
    need it that outlive an update.

    Args:
        graph: the operations.
        wanted: tensors that are needed behind the step.
    """
    places = {id(node): i for i, node in enumerate(graph.nodes)}
    kept = {id(tensor) for tensor in wanted}

    def last_use(view: Node) -> int:
        y = view.outputs[0]
        if id(y) in kept:
            return len(places)
        uses = [last_use(user) if user.native is None else places[id(user)] for user in graph.users(y)]
        return max(uses, default=0)

    for view in list(graph.nodes):
        x: Any = view.inputs[0] if view.native is None else None
        if not isinstance(x, Variable):
            continue
        between = graph.nodes[graph.nodes.index(view) + 1 :]
        last = last_use(view)
        if any(x is changed for node in between if places.get(id(node), -1) <= last for changed in node.updated):
            _copy_before(graph, view, x)


def _copy_before(graph: Graph, view: Node, x: Variable) -> None:
    value = graph.insert(lambda: ops.copy(x), view)
    graph.replace(view, view.operation, (value,), view.outputs, view.attributes)

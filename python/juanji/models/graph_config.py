"""Functional models as plain data, in Keras' form, and back.

Each layer is stored with the calls that belong to the model (``inbound_nodes``); a symbolic tensor among the arguments
is stored as where it comes from: name of the layer, number of the call, number of the result.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from juanji.autograd import Tensor
from juanji.layers._registry import deserialize, serialize
from juanji.layers.input_layer import InputLayer
from juanji.layers.layer import Layer
from juanji.models.graph import Graph
from juanji.models.keras_operations import KerasOperation, is_keras_operation
from juanji.symbolic.function import Function
from juanji.symbolic.structure import map_structure
from juanji.symbolic.tensor import KerasTensor, Node, any_symbolic, node_of, tensor_index
from juanji.utils.serialization import deserialize_keras_object


def graph_config(graph: Graph) -> dict[str, Any]:
    """The layers with their calls, and where inputs and outputs come from."""

    def end(x: KerasTensor) -> list[Any]:
        name, call, result = _history(graph, x)
        return [name, call + _counts_from_one(node_of(x).operation), result]

    return {
        "layers": [_operation_config(graph, operation) for operation in graph.operations],
        "input_layers": map_structure(end, graph.input_structure),
        "output_layers": map_structure(end, graph.output_structure),
    }


def graph_ends(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> tuple[Any, Any]:
    """Makes the layers that :func:`graph_config` described, and calls them.

    Args:
        config: with 'layers', 'input_layers' and 'output_layers'.
        custom_objects: classes by name, for layers that are not juanji's own.

    Returns:
        The symbolic inputs and outputs.

    Raises:
        ValueError: for unknown layers, or calls that depend on each other in a circle.
    """
    made: dict[str, _Made] = {}
    waiting: list[tuple[_Made, Mapping[str, Any]]] = []
    for data in config["layers"]:
        operation = _made(data, custom_objects)
        one = made[data["name"]] = _Made(operation, [])
        if isinstance(operation, InputLayer):
            one.calls.extend(operation._inbound_nodes)
        waiting += [(one, call) for call in data["inbound_nodes"]]
    while waiting:
        left = []
        blocked: set[int] = set()  # the calls of one layer are made in their order
        for one, call in waiting:
            arguments = None if id(one) in blocked else _arguments(call, made)
            if arguments is None:
                blocked.add(id(one))
                left.append((one, call))
            else:
                _call(one.operation, *arguments)
                one.calls.append(one.operation._inbound_nodes[-1])
        if len(left) == len(waiting):
            raise ValueError(
                "Model.from_config: the graph does not close; expected calls whose inputs come from other layers, got "
                f"{', '.join(sorted({one.operation.name for one, _ in left}))} waiting. Check inbound_nodes."
            )
        waiting = left
    return _ends(config["input_layers"], made), _ends(config["output_layers"], made)


def _call(operation: Any, args: list[Any], kwargs: dict[str, Any]) -> None:
    if not any_symbolic((args, kwargs)):
        raise ValueError(
            f"Model.from_config: a call without a symbolic tensor; expected one among the arguments of "
            f"{operation.name!r}, got none. Check inbound_nodes."
        )
    if isinstance(operation, Layer):  # Keras writes arguments that are not used, such as mask=None
        known = inspect.signature(operation.call).parameters
        kwargs = {name: value for name, value in kwargs.items() if name in known or value is not None}
    operation(*args, **kwargs)


def _counts_from_one(operation: Any) -> bool:
    """Keras counts the calls of functional models from 1 where it says what the ends of a model are."""
    return getattr(operation, "_own_graph", None) is not None


def _operation_config(graph: Graph, operation: Any) -> dict[str, Any]:
    if isinstance(operation, Function):
        data = {"module": "juanji.ops", "class_name": "Function", "config": operation.get_config()}
    else:
        data = serialize(operation)
    calls = [_call_config(graph, node) for node in graph.calls_of(operation)]
    return {**data, "name": operation.name, "inbound_nodes": calls}


def _call_config(graph: Graph, node: Node) -> dict[str, Any]:
    def plain(x: Any) -> Any:
        if isinstance(x, KerasTensor):
            history = {"shape": list(x.shape), "dtype": x.dtype, "keras_history": _history(graph, x)}
            return {"class_name": "__keras_tensor__", "config": history}
        if isinstance(x, (Tensor, np.ndarray)):
            array = np.asarray(x)
            return {"class_name": "__numpy__", "config": {"value": array.tolist(), "dtype": str(array.dtype)}}
        if isinstance(x, slice):
            return {"class_name": "__slice__", "config": {"start": x.start, "stop": x.stop, "step": x.step}}
        if x is Ellipsis:
            return {"class_name": "__ellipsis__", "config": {}}
        if isinstance(x, np.generic):
            return x.item()
        return np.dtype(x).name if isinstance(x, (type, np.dtype)) else x

    def nested(x: Any) -> Any:
        if isinstance(x, dict):
            return {key: nested(value) for key, value in x.items()}
        if isinstance(x, tuple):
            return {"class_name": "__tuple__", "items": [nested(value) for value in x]}
        return [nested(value) for value in x] if isinstance(x, list) else plain(x)

    return {"args": [nested(x) for x in node.args], "kwargs": nested(node.kwargs)}


def _history(graph: Graph, x: KerasTensor) -> list[Any]:
    node = node_of(x)
    calls = graph.calls_of(node.operation) or [node]
    return [node.operation.name, [id(call) for call in calls].index(id(node)), tensor_index(x)]


def _made(data: Mapping[str, Any], custom_objects: Mapping[str, Any] | None) -> Any:
    if data["class_name"] == "Function":
        function = Function.from_config(data["config"])
        _require_data_alone(function)
        return function
    if is_keras_operation(data):
        operation = KerasOperation(data)
        _require_data_alone(operation.function)
        return operation
    return deserialize(data, custom_objects)


def _require_data_alone(function: Function) -> None:
    """Raises ValueError for loops and the like: a file could make them run for ever."""
    if function.public_name.rpartition(".")[2] in _TAKING_FUNCTIONS:
        raise ValueError(
            f"Model.from_config: a function of functions; expected one that takes arrays alone, got "
            f"{function.public_name!r}. Put the call into a Layer."
        )


_TAKING_FUNCTIONS = frozenset((
    "associative_scan", "cond", "custom_gradient", "fori_loop", "jvp", "map", "scan", "switch", "vectorized_map",
    "while_loop",
))  # fmt: skip


class _Made(NamedTuple):
    """A layer or function, and its calls in this graph; models inside may have called it too."""

    operation: Any
    calls: list[Node]


class _MissingError(Exception):
    """A result that is asked for before the call that gives it."""


def _arguments(call: Mapping[str, Any], made: dict[str, _Made]) -> tuple[Any, Any] | None:
    """Positional and keyword arguments of a call; None when one of them does not exist yet."""
    try:
        return [_argument(x, made) for x in call["args"]], {k: _argument(x, made) for k, x in call["kwargs"].items()}
    except _MissingError:
        return None


def _argument(x: Any, made: dict[str, _Made]) -> Any:
    if isinstance(x, list):
        return [_argument(member, made) for member in x]
    if not isinstance(x, dict):
        return x
    kind, config = x.get("class_name"), x.get("config", {})
    if kind == "__keras_tensor__":
        return _tensor(config["keras_history"], made)
    if kind == "__numpy__":
        return np.array(config["value"], config["dtype"])
    if kind == "__slice__":
        return slice(config["start"], config["stop"], config["step"])
    if kind == "__ellipsis__":
        return Ellipsis
    if kind in ("__tensor__", "__bytes__", "__lambda__", "function"):
        return deserialize_keras_object(x)
    if kind == "__tuple__":
        return tuple(_argument(member, made) for member in x["items"])
    return {key: _argument(member, made) for key, member in x.items()}


def _tensor(history: Any, made: dict[str, _Made]) -> KerasTensor:
    name, call, result = history
    if name not in made:
        raise ValueError(
            f"Model.from_config: a layer is missing; expected one of {', '.join(made)}, got {name!r} among the inputs "
            "of a layer. Check the configuration."
        )
    nodes = made[name].calls
    if call >= len(nodes):
        raise _MissingError
    if call < 0 or not 0 <= result < len(nodes[call].output_tensors):
        raise ValueError(
            f"Model.from_config: no such result; expected numbers from 0, got call {call}, result {result} of "
            f"{name!r}. Check the configuration."
        )
    tensor: KerasTensor = nodes[call].output_tensors[result]
    return tensor


def _ends(ends: Any, made: dict[str, _Made]) -> Any:
    if isinstance(ends, dict):
        return {key: _ends(end, made) for key, end in ends.items()}
    if len(ends) == 3 and isinstance(ends[0], str):
        name, call, result = ends
        try:
            return _tensor([name, call - (name in made and _counts_from_one(made[name].operation)), result], made)
        except _MissingError:
            raise ValueError(
                f"Model.from_config: the graph does not close; expected ends among the calls of {name!r}, got call "
                f"{call}. Check input_layers and output_layers."
            ) from None
    return [_ends(end, made) for end in ends]

"""Copies of models with weights of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from juanji.layers.input_layer import InputLayer
from juanji.layers.layer import Layer
from juanji.models.graph import Graph
from juanji.models.model import Model
from juanji.models.sequential import Sequential
from juanji.symbolic.function import Function
from juanji.symbolic.structure import flatten, map_structure
from juanji.symbolic.tensor import KerasTensor


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Any:
    """A model with the same layers, made anew, and so with other weights.

    Args:
        model: functional or Sequential.
        input_tensors: symbolic tensors to begin with; new inputs by default.
        clone_function: makes the new layer from the old one, ``from_config(get_config())`` by default. Whatever layer
            it returns is used, so that a model may be changed while it is copied.
        call_function: ``(layer, *args, **kwargs)``, called instead of the new layer (functional models only).
        recursive: whether models among the layers are copied layer by layer in the same way, too.

    Returns:
        A model of the same class. Copy the weights with ``clone.set_weights(model.get_weights())``.

    Raises:
        ValueError: for a model that is neither, since its ``call`` cannot be copied.

    Example:
        >>> from juanji import Input, Sequential, layers, models
        >>> model = Sequential([Input((4,)), layers.Dense(2, name="out")])
        >>> models.clone_model(model).get_layer("out") is model.get_layer("out")
        False
    """
    make = clone_function or _same_again
    if recursive:
        make = _maker_of_models(make, clone_function, call_function)
    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError(
                "clone_model: call_function is for functional models; expected None for a Sequential, got "
                f"call_function={call_function!r}. Use clone_function."
            )
        begin = flatten(input_tensors) if input_tensors is not None else _input_of(model)
        return type(model)([*begin, *(make(layer) for layer in model.layers)], model.trainable, model.name)
    graph = model._own_graph if isinstance(model, Model) else None
    if graph is None or not model._is_plain():
        raise ValueError(
            f"clone_model: the model cannot be copied; expected Sequential or Model(inputs, outputs), got {model!r} of "
            f"type {type(model).__name__}. Give the class get_config, and use from_config."
        )
    inputs, outputs = _called_again(graph, input_tensors, make, call_function)
    return type(model)(inputs, outputs, name=model.name, trainable=model.trainable)


def _maker_of_models(
    make: Callable[[Any], Any], clone_function: Callable[[Any], Any] | None, call_function: Callable[..., Any] | None
) -> Callable[[Any], Any]:
    def make_any(layer: Any) -> Any:
        if isinstance(layer, Sequential):
            return clone_model(layer, clone_function=clone_function, recursive=True)
        if isinstance(layer, Model) and layer._own_graph is not None and layer._is_plain():
            return clone_model(layer, clone_function=clone_function, call_function=call_function, recursive=True)
        return make(layer)

    return make_any


def _called_again(
    graph: Graph, input_tensors: Any, make: Callable[[Any], Any], call: Callable[..., Any] | None
) -> tuple[Any, Any]:
    given = [] if input_tensors is None else flatten(input_tensors)
    if input_tensors is not None and len(given) != len(graph.inputs):
        raise ValueError(
            f"clone_model: wrong number of input_tensors; expected {len(graph.inputs)}, got {len(given)}. Pass one "
            "for each input of the model."
        )
    begin = given or [_input_like(x) for x in graph.inputs]
    values: dict[int, Any] = dict(zip(map(id, graph.inputs), begin))
    copies: dict[int, Any] = {}
    for node in graph.nodes:
        operation = node.operation
        if id(operation) not in copies:
            copies[id(operation)] = _same_again(operation) if isinstance(operation, Function) else make(operation)
        copy = copies[id(operation)]
        args, kwargs = node.filled(values)
        results = copy(*args, **kwargs) if call is None else call(copy, *args, **kwargs)
        values.update(zip(map(id, node.output_tensors), flatten(results)))
    return (
        map_structure(lambda x: values[id(x)], graph.input_structure),
        map_structure(lambda y: values[id(y)], graph.output_structure),
    )


def _same_again(operation: Any) -> Any:
    return clone_model(operation) if _is_functional(operation) else type(operation).from_config(operation.get_config())


def _is_functional(operation: Any) -> bool:
    return isinstance(operation, Model) and operation._own_graph is not None and operation._is_plain()


def _input_of(model: Sequential) -> list[Layer]:
    return [] if model._input is None else [_same_again(model._input)]


def _input_like(x: KerasTensor) -> Any:
    return InputLayer(batch_shape=x.shape, dtype=x.dtype, name=x.name).output

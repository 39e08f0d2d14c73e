"""What a functional model is called with, brought into the order of its inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from juanji import ops
from juanji.autograd import Tensor
from juanji.layers.layer import is_nested
from juanji.models.graph import Graph
from juanji.ops._convert import array_from
from juanji.symbolic.structure import flatten, is_shape, pack
from juanji.symbolic.tensor import KerasTensor


def bind_values(graph: Graph, inputs: Any) -> list[Any]:
    """The arrays or symbolic tensors that a model is called with, in the order of ``graph.inputs``."""
    return _bind(graph, inputs, lambda x: not is_nested(x))


def one_array(x: Any, rank: int | None) -> Any:
    """The samples of a model with one input: of a list or dictionary of one array, that array.

    Args:
        x: an array, a list of the rows of one, or a list or dictionary of one array.
        rank: axes the array should have; None when that is not known, and a list is then one of rows.
    """
    if isinstance(x, (list, tuple)) and len(x) == 1 and np.ndim(x[0]) == rank:
        return x[0]
    if isinstance(x, (list, tuple)) and is_nested(x) and not any(isinstance(part, dict) for part in x):
        return array_from(x)
    return x


def check_shapes(graph: Graph, shapes: Any) -> list[Any]:
    """The shapes in the order of ``graph.inputs``. Raises ValueError when one does not fit."""
    bound = _bind(graph, shapes, is_shape)
    for x, shape in zip(graph.inputs, bound):
        possible = [shape, (*shape, 1), shape[:-1]] if shape and shape[-1] == 1 else [shape, (*shape, 1)]
        if not any(_fits(one, x.shape) for one in possible):
            raise ValueError(
                f"{graph.owner}: wrong shape of the input {x.name!r}; expected {x.shape}, got "
                f"shape={tuple(shape)}. Reshape the data, or build a model for this shape."
            )
    return bound


def symbolic_inputs(graph: Graph, shapes: Any) -> list[KerasTensor]:
    """Symbolic tensors of these shapes and the types of the graph's inputs."""
    bound = _bind(graph, shapes, is_shape)
    return [KerasTensor(shape, x.dtype, "inferred") for x, shape in zip(graph.inputs, bound)]


def converted_inputs(graph: Graph, inputs: Any) -> Any:
    """Arrays or tensors of the types of the inputs, in their nesting.

    As in Keras, a last axis of size 1 may be missing or too many.

    Raises:
        ValueError: when values are missing, or are too many.
        TypeError: for something that holds no numbers.
    """
    values = [_converted(graph, x, value) for x, value in zip(graph.inputs, bind_values(graph, inputs))]
    return pack(graph.input_structure, values)


def _converted(graph: Graph, x: KerasTensor, value: Any) -> Any:
    value = value if isinstance(value, Tensor) else array_from(value)
    if value.dtype.kind not in "fiub":
        raise TypeError(
            f"{graph.owner}: the input {x.name!r} holds no numbers; expected dtype {x.dtype}, got "
            f"dtype={value.dtype}. Convert the data first, for example with astype('float32')."
        )
    shape = value.shape
    if len(shape) + 1 == len(x.shape) and x.shape[-1] == 1:
        value = ops.reshape(value, (*shape, 1))
    elif len(shape) == len(x.shape) + 1 and shape[-1] == 1:
        value = ops.reshape(value, shape[:-1])
    return ops.cast(value, x.dtype)


def _fits(shape: Any, expected: Any) -> bool:
    """Whether the sizes of one sample are those expected; a fixed batch size may be missed by the last batch."""
    return len(shape) == len(expected) and all(
        want is None or have is None or want == have for want, have in zip(expected[1:], shape[1:])
    )


def _bind(graph: Graph, given: Any, is_leaf: Callable[[Any], bool]) -> list[Any]:
    """One value for each input of the graph, in the order of ``graph.inputs``.

    Args:
        graph: of the model.
        given: values in the nesting of the model's inputs, or a dictionary by the names of the inputs.
        is_leaf: whether a list, tuple or dictionary is one value rather than several.

    Raises:
        ValueError: when values are missing, or are too many.
    """
    expected = graph.input_structure
    if isinstance(given, dict) and not isinstance(expected, dict):
        names = [x.name for x in graph.inputs]
        if any(name not in given for name in names):
            _refuse(graph, given)
        return [given[name] for name in names]
    values: list[Any] = []
    if isinstance(expected, (list, tuple)) and isinstance(given, (list, tuple)) and len(given) != len(expected):
        given = _flat(given, is_leaf)  # nested in another way, as in Keras: ((a, b),) for (a, b)
    _match(graph, given, expected, given, is_leaf, values)
    return values


def _flat(given: Any, is_leaf: Callable[[Any], bool]) -> list[Any]:
    """The values in nested lists and tuples, one behind the other."""
    if is_leaf(given) or not isinstance(given, (list, tuple)):
        return [given]
    return [value for part in given for value in _flat(part, is_leaf)]


def _match(
    graph: Graph, whole: Any, expected: Any, given: Any, is_leaf: Callable[[Any], bool], values: list[Any]
) -> None:
    if isinstance(expected, KerasTensor):
        if isinstance(given, (list, tuple)) and len(given) == 1 and not is_leaf(given):
            given = given[0]
        if not is_leaf(given):
            _refuse(graph, whole)
        values.append(given)
        return
    if isinstance(expected, dict):
        if not isinstance(given, dict) or any(key not in given for key in expected):
            _refuse(graph, whole)
        members = flatten({key: _Pair(expected[key], given[key]) for key in expected})
    else:
        if len(expected) == 1 and is_leaf(given):
            given = [given]
        if isinstance(given, dict) or is_leaf(given) or len(given) != len(expected):
            _refuse(graph, whole)
        members = list(map(_Pair, expected, given))
    for pair in members:
        _match(graph, whole, pair.expected, pair.given, is_leaf, values)


class _Pair:
    """An input and what is given for it."""

    def __init__(self, expected: Any, given: Any) -> None:
        self.expected = expected
        self.given = given


def _refuse(graph: Graph, given: Any) -> NoReturn:
    names = ", ".join(repr(x.name) for x in graph.inputs)
    if isinstance(given, dict):
        got = f"a dictionary with {', '.join(map(repr, given)) or 'nothing'}"
    elif isinstance(given, (list, tuple)):
        got = f"a {type(given).__name__} of {len(given)}"
    else:
        got = "one array"
    form = "a dictionary with these keys" if isinstance(graph.input_structure, dict) else "a list of arrays"
    if isinstance(graph.input_structure, dict):
        names = ", ".join(map(repr, graph.input_structure))
    raise ValueError(
        f"{graph.owner}: the inputs do not fit; expected {len(graph.inputs)} ({names}), got {got}. Pass {form}."
    )

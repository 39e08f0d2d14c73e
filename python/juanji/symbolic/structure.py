"""Nested lists, tuples and dictionaries of tensors.

Dictionaries are gone through in the order of their sorted keys, as in Keras, so that two with the same entries agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same nesting with ``function`` applied to everything that is no list, tuple or dictionary.

    Example:
        >>> map_structure(lambda x: x + 1, {"a": [1, 2], "b": (3,)})
        {'a': [2, 3], 'b': (4,)}
    """
    if isinstance(structure, dict):
        mapped = {key: map_structure(function, structure[key]) for key in _keys(structure)}
        return {key: mapped[key] for key in structure}
    if isinstance(structure, (list, tuple)):
        members = [map_structure(function, member) for member in structure]
        return type(structure)(*members) if hasattr(structure, "_fields") else type(structure)(members)
    return function(structure)


def flatten(structure: Any) -> list[Any]:
    """Everything that is no list, tuple or dictionary, in order.

    Example:
        >>> flatten({"b": 1, "a": [2, (3,)]})
        [2, 3, 1]
    """
    return list(_leaves(structure))


def pack(structure: Any, values: list[Any]) -> Any:
    """The same nesting with the members of ``values``, in the order of :func:`flatten`.

    Example:
        >>> pack({"b": "x", "a": ["y"]}, [1, 2])
        {'b': 2, 'a': [1]}
    """
    following = iter(values)
    return map_structure(lambda _: next(following), structure)


def map_shapes(function: Callable[[Any], Any], shapes: Any) -> Any:
    """Like :func:`map_structure`, for nested shapes: a tuple of sizes is one member.

    Example:
        >>> map_shapes(len, [(None, 3), (2, 2, 2)])
        [2, 3]
    """
    if is_shape(shapes):
        return function(shapes)
    if isinstance(shapes, dict):
        mapped = {key: map_shapes(function, shapes[key]) for key in _keys(shapes)}
        return {key: mapped[key] for key in shapes}
    return type(shapes)(map_shapes(function, shape) for shape in shapes)


def shape_leaves(shapes: Any) -> list[Any]:
    """The shapes in nested ones, in order.

    Example:
        >>> shape_leaves({"b": (1, 2), "a": [(3,)]})
        [(3,), (1, 2)]
    """
    found: list[Any] = []
    map_shapes(found.append, shapes)
    return found


def is_shape(value: Any) -> bool:
    """Whether this is one shape: a tuple or list of sizes, of which some may be None."""
    return isinstance(value, (tuple, list)) and all(isinstance(size, (int, np.integer, type(None))) for size in value)


def _leaves(structure: Any) -> Iterator[Any]:
    if isinstance(structure, dict):
        for key in _keys(structure):
            yield from _leaves(structure[key])
    elif isinstance(structure, (list, tuple)):
        for member in structure:
            yield from _leaves(member)
    else:
        yield structure


def _keys(structure: dict[Any, Any]) -> list[Any]:
    try:
        return sorted(structure)
    except TypeError:  # keys of several types have no order
        return list(structure)

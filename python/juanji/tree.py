"""Nested lists, tuples and dictionaries, under keras.tree names.

Dictionaries are gone through in the order of their sorted keys, ordered ones in their own; None is a leaf.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any

__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "traverse",
]


class MAP_TO_NONE:  # noqa: N801 - Keras' name
    """What the function of :func:`traverse` returns to put None in the place of something."""


def is_nested(structure: Any) -> bool:
    """Whether this is a list, tuple, dictionary or deque.

    Example:
        >>> is_nested([1]), is_nested((1,)), is_nested({"a": 1}), is_nested(1), is_nested("text")
        (True, True, True, False, False)
    """
    return isinstance(structure, (list, tuple, dict, deque))


def flatten(structure: Any) -> list[Any]:
    """The leaves, in order.

    Example:
        >>> flatten({"b": [1, (2, None)], "a": 3})
        [3, 1, 2, None]
    """
    return [leaf for _, leaf in _paths(structure, ())]


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """The leaves with their places: the keys and numbers that lead to them.

    Example:
        >>> flatten_with_path({"foo": [42]})
        [(('foo', 0), 42)]
    """
    return list(_paths(structure, ()))


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """The same nesting with ``func`` applied to the leaves.

    Args:
        func: takes one leaf of each structure.
        structures: one or several of the same form.
        none_is_leaf: whether ``func`` is called with None too; otherwise None stays.

    Raises:
        TypeError: when ``func`` cannot be called.
        ValueError: for no structure, or structures of different forms.

    Example:
        >>> map_structure(lambda a, b: a + b, {"a": [1, 2]}, {"a": [10, 20]})
        {'a': [11, 22]}
    """
    if not callable(func):
        raise TypeError(f"map_structure: func is not callable; expected a function, got func={func!r}.")
    if not structures:
        raise ValueError("map_structure: no structure; expected at least one, got none.")
    for other in structures[1:]:
        assert_same_structure(structures[0], other)

    def visit(*parts: Any) -> Any:
        first = parts[0]
        if first is None and not none_is_leaf:
            return None
        if not is_nested(first):
            return func(*parts)
        return _rebuilt(first, [visit(*children) for children in zip(*map(_children, parts))])

    return visit(*structures)


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """The nesting of ``shallow_structure`` with ``func`` applied to what the structures have in its places.

    Raises:
        ValueError: for no structure, or one that ends before ``shallow_structure``.

    Example:
        >>> map_structure_up_to((None, None), lambda x: x, ([1, 2], 3))
        ([1, 2], 3)
    """
    if not structures:
        raise ValueError("map_structure_up_to: no structure; expected at least one, got none.")

    def visit(shallow: Any, *parts: Any) -> Any:
        if not is_nested(shallow):
            return func(*parts)
        for part in parts:
            _require_same_node("map_structure_up_to", shallow, part)
        return _rebuilt(shallow, [visit(*children) for children in zip(_children(shallow), *map(_children, parts))])

    return visit(shallow_structure, *structures)


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Raises ValueError unless both are nested alike.

    Args:
        a, b: what is compared.
        check_types: accepted for older scripts; without effect.

    Example:
        >>> assert_same_structure([(0, 1)], [(2, 3)])
        >>> assert_same_structure([0], [0, 1])
        Traceback (most recent call last):
        ...
        ValueError: assert_same_structure: the structures differ; expected a list of 1, got a list of 2.
    """
    _require_same_node("assert_same_structure", a, b)
    for x, y in zip(_children(a), _children(b)):
        assert_same_structure(x, y)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raises ValueError unless both have leaves in the same places; lists and tuples are alike.

    Example:
        >>> assert_same_paths([1, (2,)], ([3], 4))
        Traceback (most recent call last):
        ...
        ValueError: assert_same_paths: the places of leaves differ; expected [(0,), (1, 0)], got [(0, 0), (1,)].
    """
    first, second = ([path for path, _ in flatten_with_path(x)] for x in (a, b))
    if set(first) != set(second):
        raise ValueError(f"assert_same_paths: the places of leaves differ; expected {first}, got {second}.")


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """The nesting of ``structure`` with other leaves.

    Args:
        structure: nested as the result shall be.
        flat_sequence: its leaves, in the order of :func:`flatten`.

    Raises:
        TypeError: when ``flat_sequence`` is no list or other sequence.
        ValueError: when there are more or fewer of them.

    Example:
        >>> pack_sequence_as({"b": 0, "a": [0, 0]}, [1, 2, 3])
        {'b': 3, 'a': [1, 2]}
    """
    if not is_nested(flat_sequence):
        raise TypeError(f"pack_sequence_as: not a list; expected a list of leaves, got {flat_sequence!r}.")
    leaves = list(flat_sequence)
    count = len(flatten(structure))
    if len(leaves) != count:
        raise ValueError(f"pack_sequence_as: wrong number of leaves; expected {count}, got {len(leaves)}.")
    following = iter(leaves)
    return map_structure(lambda _: next(following), structure)


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Calls ``func`` with everything in a structure, itself included.

    Where it returns something, that takes the place of what it was called with; where it returns None, the parts are
    gone through. :class:`MAP_TO_NONE` stands for None.

    Args:
        func: called with each part.
        structure: what is gone through.
        top_down: whether a part comes before what is in it.

    Example:
        >>> traverse(lambda x: x * 10 if isinstance(x, int) else None, [1, (2, "a")])
        [10, (20, 'a')]
    """

    def inner(part: Any) -> Any:
        if not is_nested(part):
            return part
        return _rebuilt(part, [traverse(func, child, top_down) for child in _children(part)])

    whole = structure if top_down else inner(structure)
    result = func(whole)
    if result is None:
        return inner(structure) if top_down else whole
    return None if result is MAP_TO_NONE else result


def lists_to_tuples(structure: Any) -> Any:
    """The same with tuples in the place of lists.

    Example:
        >>> lists_to_tuples([1, {"a": [2]}])
        (1, {'a': (2,)})
    """
    return traverse(lambda x: tuple(x) if isinstance(x, list) else None, structure, top_down=False)


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Like :func:`map_structure` for nested shapes: a tuple or list of sizes is one leaf.

    Example:
        >>> map_shape_structure(len, {"a": (None, 3), "b": [(1, 2, 3)]})
        {'a': 2, 'b': [3]}
    """
    if isinstance(structure, (list, tuple)) and all(isinstance(size, (int, type(None))) for size in structure):
        return func(structure)
    if not is_nested(structure):
        return func(structure)
    return _rebuilt(structure, [map_shape_structure(func, child) for child in _children(structure)])


def _paths(structure: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if not is_nested(structure):
        yield path, structure
        return
    for key, child in zip(_keys(structure), _children(structure)):
        yield from _paths(child, (*path, key))


def _keys(structure: Any) -> list[Any]:
    if not isinstance(structure, dict):
        return list(range(len(structure)))
    if isinstance(structure, OrderedDict):
        return list(structure)
    try:
        return sorted(structure)
    except TypeError:  # keys of several types have no order
        return list(structure)


def _children(structure: Any) -> list[Any]:
    if isinstance(structure, dict):
        return [structure[key] for key in _keys(structure)]
    return list(structure) if is_nested(structure) else []


def _rebuilt(structure: Any, children: list[Any]) -> Any:
    kind = type(structure)
    if isinstance(structure, dict):
        found = dict(zip(_keys(structure), children))
        ordered = {key: found[key] for key in structure}
        return defaultdict(structure.default_factory, ordered) if isinstance(structure, defaultdict) else kind(ordered)
    if isinstance(structure, deque):
        return kind(children, structure.maxlen)
    return kind(*children) if hasattr(structure, "_fields") else kind(children)


def _require_same_node(owner: str, a: Any, b: Any) -> None:
    if is_nested(a) != is_nested(b) or (is_nested(a) and not _is_alike(a, b)):
        raise ValueError(f"{owner}: the structures differ; expected {_described(a)}, got {_described(b)}.")


def _is_alike(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return set(a) == set(b)
    return type(a) is type(b) and len(a) == len(b)


def _described(structure: Any) -> str:
    if isinstance(structure, dict):
        return f"a dictionary of {', '.join(map(repr, structure))}"
    return f"a {type(structure).__name__} of {len(structure)}" if is_nested(structure) else "a leaf"


def __dir__() -> list[str]:
    return __all__

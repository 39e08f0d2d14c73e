"""What code outside juanji reads besides its arguments, and whether it is still the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from juanji.autograd import Tensor

MISSING: Any = object()  # the value of a name that is not there
PLAIN = (type(None), bool, int, float, complex, str, bytes, np.generic, np.dtype, slice, range, type(Ellipsis))
_MOST_BYTES = 1 << 16  # of an array that is compared at every step
_MOST_ITEMS = 1_000  # in one container, those inside included


class NotWatchableError(Exception):
    """Something whose changes cannot be noticed."""


class Cell(Mapping[str, Any]):
    """The variable of an outer function, as a mapping with one name."""

    def __init__(self, name: str, cell: Any) -> None:
        self._name, self._cell = name, cell

    def __getitem__(self, name: str) -> Any:
        try:
            return self._cell.cell_contents
        except ValueError:  # it has no value yet, or was deleted
            raise KeyError(name) from None

    def __iter__(self) -> Any:
        return iter([self._name])

    def __len__(self) -> int:
        return 1


class Watch:
    """Names in namespaces and what they stood for.

    Args:
        require: called with what is no data; raises :class:`NotWatchableError` for what cannot be known.
    """

    def __init__(self, require: Callable[[Any], None]) -> None:
        self._require = require
        self._entries: dict[tuple[int, str], tuple[Mapping[str, Any], str, Any, Any]] = {}

    def add(self, namespace: Mapping[str, Any], name: str) -> None:
        """Watches a name, which may be missing, from here on.

        Raises:
            NotWatchableError: when changes of the value could not be noticed.
        """
        value = namespace.get(name, MISSING)
        if (id(namespace), name) not in self._entries:
            frozen = None if value is MISSING else self._frozen(value)
            self._entries[id(namespace), name] = (namespace, name, value, frozen)

    def add_module(self, namespace: Mapping[str, Any], name: str) -> None:
        """Watches a name that stands for a module."""
        self._entries[id(namespace), name] = (namespace, name, namespace[name], None)

    def require_constant(self, value: Any) -> None:
        """Raises :class:`NotWatchableError` for what is not known or may change in place."""
        if isinstance(self._frozen(value), _Contents):
            raise NotWatchableError(f"a {type(value).__name__} as default")

    def is_same(self) -> bool:
        """Whether all names stand for what they stood for."""
        for namespace, name, value, frozen in self._entries.values():
            found = namespace.get(name, MISSING)
            if found is value and not isinstance(frozen, _Contents):
                continue
            try:
                if found is MISSING or frozen is None or self._frozen(found) != frozen:
                    return False
            except NotWatchableError:
                return False
        return True

    def _frozen(self, value: Any) -> Any:
        """What can be compared with a later value; holds all that it needs alive."""
        return (
            _Contents(self._copy(value, [_MOST_ITEMS])) if _is_changeable(value) else self._copy(value, [_MOST_ITEMS])
        )

    def _copy(self, value: Any, room: list[int]) -> Any:
        room[0] -= 1
        if room[0] < 0:
            raise NotWatchableError(f"a container of more than {_MOST_ITEMS} items")
        kind = type(value)
        if isinstance(value, PLAIN):
            return kind, value.tobytes() if isinstance(value, np.generic) else repr(value)  # tells 0.0 from -0.0
        if kind in (list, tuple):
            return kind, tuple(self._copy(part, room) for part in value)
        if kind is dict:
            return kind, tuple((self._copy(key, room), self._copy(part, room)) for key, part in value.items())
        if kind is np.ndarray or kind is Tensor:
            array = np.asarray(value)
            if array.nbytes > _MOST_BYTES or array.dtype.hasobject:
                raise NotWatchableError("a large array")
            return kind, array.dtype, array.shape, array.tobytes()
        self._require(value)
        return _Same(value)


class _Contents:
    """The copy of something that may change in place."""

    def __init__(self, copy: Any) -> None:
        self._copy = copy

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Contents) and bool(self._copy == other._copy)

    __hash__ = None  # type: ignore[assignment]


class _Same:
    """Equal to what holds the same object."""

    def __init__(self, thing: Any) -> None:
        self._thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._thing is other._thing

    __hash__ = None  # type: ignore[assignment]


def _is_changeable(value: Any) -> bool:
    return type(value) in (list, dict, np.ndarray, Tensor) or (type(value) is tuple and any(map(_is_changeable, value)))

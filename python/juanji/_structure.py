"""A counter of the changes after which recorded steps no longer say what the Python code would do."""

from __future__ import annotations

from typing import Any

_changes = 0


def is_same(old: Any, new: Any) -> bool:
    """Whether setting an attribute to a value leaves it as it was."""
    return old is new or (type(old) is type(new) and isinstance(old, (bool, int, float, str)) and old == new)


def changed() -> None:
    """To be called when a layer, a model or what belongs to it has got another form."""
    global _changes
    _changes += 1


def changes() -> int:
    """How many changes there were so far."""
    return _changes

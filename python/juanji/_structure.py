"""Changes after which recorded steps no longer say what the Python code would do."""

from __future__ import annotations

from typing import Any

_changes = 0
_settings = 0


class Form:
    """What a layer is between two changes of its attributes; compared by identity. A copied layer gets another one."""

    __slots__ = ()

    def __reduce__(self) -> Any:
        return Form, ()


def is_same(old: Any, new: Any) -> bool:
    """Whether setting an attribute to a value leaves it as it was."""
    return old is new or (type(old) is type(new) and isinstance(old, (bool, int, float, str)) and old == new)


def changed() -> Form:
    """To be called when a layer or a variable has got another form; gives that of the layer."""
    global _changes
    _changes += 1
    return Form()


def setting_changed() -> None:
    """To be called when an optimizer, a regularizer or the like computes something else from here on."""
    global _settings
    _settings += 1
    changed()


def changes() -> int:
    """How many changes of all kinds there were so far."""
    return _changes


def settings() -> int:
    """How many changes of settings there were so far."""
    return _settings

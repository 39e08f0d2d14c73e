"""A counter of the changes after which recorded steps no longer say what the Python code would do."""

from __future__ import annotations

_changes = 0


def changed() -> None:
    """To be called when a layer, a model or what belongs to it has got another form."""
    global _changes
    _changes += 1


def changes() -> int:
    """How many changes there were so far."""
    return _changes

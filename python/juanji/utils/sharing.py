"""Objects that appear several times in one configuration, and shall be one object again when it is read.

Such an object is described at each place, with the same ``shared_object_id``.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class _Seen(threading.local):
    """What the open :func:`sharing` has met on this thread; None when there is none."""

    def __init__(self) -> None:
        self.made: dict[Any, Any] | None = None
        self.written: dict[int, tuple[int, Any]] | None = None


_seen = _Seen()


@contextmanager
def sharing() -> Iterator[None]:
    """While it lasts, one object is described as one, and one number in configurations gives one object."""
    before = _seen.made, _seen.written
    _seen.made, _seen.written = {}, {}
    try:
        yield
    finally:
        _seen.made, _seen.written = before


def note_written(part: Any, config: dict[str, Any]) -> None:
    """Gives a description the number of its part; :func:`only_shared` takes it away where there is no other one."""
    if _seen.written is not None:
        number, _ = _seen.written.setdefault(id(part), (len(_seen.written) + 1, part))  # kept, so that its id stays
        config["shared_object_id"] = number


def only_shared(data: Any) -> Any:
    """The description without the numbers of parts that appear in it once."""
    counts: Counter[Any] = Counter()

    def look(member: Any) -> None:
        if isinstance(member, dict):
            counts[member.get("shared_object_id")] += 1
            for value in member.values():
                look(value)
        elif isinstance(member, (list, tuple)):
            for value in member:
                look(value)

    def cleaned(member: Any) -> Any:
        if isinstance(member, dict):
            once = "shared_object_id" in member and counts[member["shared_object_id"]] == 1
            return {k: cleaned(value) for k, value in member.items() if not (once and k == "shared_object_id")}
        return type(member)(map(cleaned, member)) if isinstance(member, (list, tuple)) else member

    look(data)
    return cleaned(data)


def made_already(config: Mapping[str, Any]) -> Any:
    """The object that a description with the same number gave; None when there is none yet."""
    number = config.get("shared_object_id")
    return None if _seen.made is None or not isinstance(number, int) else _seen.made.get(number)


def note_made(part: Any, config: Mapping[str, Any]) -> None:
    """Keeps an object for the next description with its number."""
    number = config.get("shared_object_id")
    if _seen.made is not None and isinstance(number, int):
        _seen.made[number] = part

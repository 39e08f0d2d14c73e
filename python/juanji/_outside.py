"""Code that is not juanji's: whether it runs under observation, and which parts of it are left out of that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import Any


class _State(threading.local):
    """Attributes:
    exempt: how many calls deep in code that does not count.
    """

    exempt: int = 0


_state = _State()


def is_exempt() -> bool:
    """Whether what runs on this thread does not count: it happens once, or is called behind a recorded step."""
    return _state.exempt > 0


@contextmanager
def exempted() -> Iterator[None]:
    """What runs inside does not count."""
    _state.exempt += 1
    try:
        yield
    finally:
        _state.exempt -= 1


def exempt(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: what the function runs does not count."""

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with exempted():
            return function(*args, **kwargs)

    return wrapper


def package(frame: FrameType | None) -> str:
    """Name of the package that a frame's code belongs to."""
    return "" if frame is None else str(frame.f_globals.get("__name__", "")).partition(".")[0]

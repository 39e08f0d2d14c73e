"""Contexts of Keras' name that a library for one kind of device has no use for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Called = TypeVar("Called", bound=Callable[..., Any])


@contextmanager
def device(device_name: str) -> Iterator[None]:
    """A context in which operations run on a device, of which there is one: 'cpu' or 'cpu:0'.

    Raises:
        ValueError: for any other.

    Example:
        >>> import juanji
        >>> with juanji.device("cpu:0"):
        ...     y = juanji.ops.relu([-1.0, 1.0])
    """
    if str(device_name).lower().strip("/").removeprefix("device:") not in ("cpu", "cpu:0"):
        raise ValueError(
            f"device: no such device; expected 'cpu', got device_name={device_name!r}. Leave the context out."
        )
    yield


@contextmanager
def name_scope(name: str, **kwargs: Any) -> Iterator[None]:
    """A context for names in graphs of other frameworks; without effect.

    Raises:
        ValueError: when the name is no string, or has a '/'.

    Example:
        >>> import juanji
        >>> with juanji.name_scope("block"):
        ...     y = juanji.ops.relu([-1.0, 1.0])
    """
    if not isinstance(name, str) or "/" in name:
        raise ValueError(f"name_scope: not a name; expected a string without '/', got name={name!r}.")
    yield


def remat(f: Called) -> Called:
    """The function itself: results are kept for the gradient and not computed again.

    Args:
        f: any function.

    Example:
        >>> import juanji
        >>> juanji.remat(juanji.ops.relu) is juanji.ops.relu
        True
    """
    return f

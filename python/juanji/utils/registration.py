"""Classes and functions of one's own that configurations may name, under keras.saving names.

A name is looked up in the open :class:`CustomObjectScope`, among what :func:`register_keras_serializable` has entered,
and in the ``custom_objects`` of the call, in this order.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Named = TypeVar("Named", bound=Callable[..., Any])

_objects: dict[str, Any] = {}
_names: dict[Any, str] = {}


class _Scopes(threading.local):
    """What the scopes open on this thread name."""

    def __init__(self) -> None:
        self.objects: Mapping[str, Any] = {}


_scopes = _Scopes()


class CustomObjectScope:
    """A context in which configurations may name these classes and functions.

    Args:
        custom_objects: classes and functions by name. Inside another scope, they come first.

    Example:
        >>> from juanji import layers
        >>> from juanji.utils import CustomObjectScope
        >>> class Twice(layers.Layer):
        ...     def call(self, inputs):
        ...         return inputs * 2
        >>> config = layers.serialize(Twice(name="twice"))
        >>> with CustomObjectScope({"Twice": Twice}):
        ...     layers.deserialize(config)
        <Twice name=twice, built=False>
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})
        self._before: list[Mapping[str, Any]] = []

    def __enter__(self) -> CustomObjectScope:
        self._before.append(_scopes.objects)
        _scopes.objects = {**_scopes.objects, **self.custom_objects}
        return self

    def __exit__(self, *args: Any) -> None:
        _scopes.objects = self._before.pop()


custom_object_scope = CustomObjectScope


def get_custom_objects() -> dict[str, Any]:
    """What is registered, by name; changing the dictionary changes what is known.

    Example:
        >>> from juanji.utils import get_custom_objects, register_keras_serializable
        >>> @register_keras_serializable("docs")
        ... def halved(x):
        ...     return x / 2
        >>> get_custom_objects()["docs>halved"] is halved
        True
    """
    return _objects


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Named], Named]:
    """Decorator that lets configurations and files name a class or function, as ``package>name``.

    Args:
        package: first part of the name.
        name: second part; that of the class or function by default.

    Raises:
        ValueError: for a class without ``get_config``.

    Example:
        >>> from juanji import layers
        >>> from juanji.utils import get_registered_name, register_keras_serializable
        >>> @register_keras_serializable("docs")
        ... class Third(layers.Layer):
        ...     def call(self, inputs):
        ...         return inputs / 3
        >>> get_registered_name(Third)
        'docs>Third'
        >>> layers.deserialize(layers.serialize(Third(name="third")))
        <Third name=third, built=False>
    """

    def enter(thing: Named) -> Named:
        if inspect.isclass(thing) and not hasattr(thing, "get_config"):
            raise ValueError(
                f"register_keras_serializable: the class cannot be stored; expected one with get_config(), got "
                f"{thing.__name__}. Give it that method."
            )
        full = f"{package}>{name or thing.__name__}"
        _objects[full] = thing
        _names[thing] = full
        return thing

    return enter


def get_registered_name(obj: Any) -> str:
    """The name that a class or function is registered under, or else its own.

    Example:
        >>> from juanji.utils import get_registered_name
        >>> get_registered_name(len)
        'len'
    """
    try:
        known = _names.get(obj)
    except TypeError:  # not hashable
        known = None
    return known or str(obj.__name__)


def get_registered_object(
    name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Mapping[str, Any] | None = None
) -> Any:
    """The class or function of that name; None when there is none.

    Args:
        name: as :func:`get_registered_name` gives it.
        custom_objects: looked at after scopes and registered objects.
        module_objects: looked at last.

    Example:
        >>> from juanji.utils import get_registered_object
        >>> get_registered_object("length", {"length": len})
        <built-in function len>
    """
    for known in (_scopes.objects, _objects, custom_objects or {}, module_objects or {}):
        if name in known:
            return known[name]
    return None


def is_registered(obj: Any) -> bool:
    """Whether a class or function was entered by :func:`register_keras_serializable`."""
    try:
        return obj in _names
    except TypeError:
        return False

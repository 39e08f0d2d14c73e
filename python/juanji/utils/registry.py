"""How the parts of each family (losses, metrics, ...) are found by name, and turned into data and back.

A family is one :class:`Registry`; its module offers ``get``, ``serialize`` and ``deserialize``, bound methods
of it. An object of a family is :class:`Configurable`: its configuration is the arguments that make it again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import numpy as np

from juanji import _structure
from juanji.trace import is_own
from juanji.utils.naming import to_snake_case

Part = TypeVar("Part")
Named = TypeVar("Named", bound=Callable[..., Any])
Self = TypeVar("Self", bound="Configurable")


_SET_BY_FIRST_STEP = ("built", "name")  # of optimizers and metrics; that step runs eagerly


class Configurable:
    """An object that can be made again from :meth:`get_config`.

    Changing an attribute of one of juanji's own takes effect in the next step: recorded steps are recorded anew.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        attributes = vars(self)
        counts = name[0] != "_" and name not in _SET_BY_FIRST_STEP and name in attributes
        changes = counts and not _structure.is_same(attributes[name], value)
        object.__setattr__(self, name, value)
        if changes and is_own(type(self)):
            _structure.setting_changed()

    def get_config(self) -> dict[str, Any]:
        """The keyword arguments that make an equal object; plain numbers, strings, lists and dictionaries."""
        return {}

    @classmethod
    def from_config(cls: type[Self], config: Mapping[str, Any]) -> Self:
        """Makes an object from what :meth:`get_config` gave."""
        return cls(**config)


class Registry(Generic[Part]):
    """The named functions and classes of one family.

    Args:
        module: public module of the family, for example 'juanji.losses'; appears in messages.
        default: what ``get(None)`` gives.
        fold_case: whether names are looked up regardless of case, as Keras does for optimizers.

    Example:
        >>> shapes: Registry[object] = Registry("example.shapes")
        >>> @shapes.register("round")
        ... class Circle(Configurable):
        ...     def __init__(self, radius=1.0):
        ...         self.radius = radius
        ...     def get_config(self):
        ...         return {"radius": self.radius}
        >>> shapes.get("round").radius
        1.0
        >>> shapes.serialize(Circle(2.0))
        {'module': 'example.shapes', 'class_name': 'Circle', 'config': {'radius': 2.0}}
        >>> shapes.deserialize(shapes.serialize(Circle(2.0))).radius
        2.0
    """

    def __init__(self, module: str, default: Part | None = None, fold_case: bool = False) -> None:
        self.module = module
        self.default = default
        self._fold_case = fold_case
        self._parts: dict[str, Any] = {}

    def register(self, *aliases: str, snake_case: bool = False) -> Callable[[Named], Named]:
        """Decorator that adds a function or class under its own name and the aliases.

        Args:
            aliases: further names.
            snake_case: also add the name in snake case; for families whose functions do not have that name.
        """

        def add(part: Named) -> Named:
            own = [part.__name__, to_snake_case(part.__name__)] if snake_case else [part.__name__]
            for name in (*own, *aliases):
                self._parts[self._key(name)] = part
            return part

        return add

    def names(self) -> list[str]:
        """Every known name, sorted."""
        return sorted(self._parts)

    def find(self, name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The function or class of that name. Raises ValueError that lists the known names."""
        if custom_objects and name in custom_objects:
            return custom_objects[name]
        part = self._parts.get(self._key(name))
        if part is None:
            raise ValueError(
                f"{self.module}.get: unknown name; expected one of {', '.join(map(repr, self.names()))}, "
                f"got identifier={name!r}.{self._suggestion(name)}"
            )
        return part

    def get(self, identifier: Any) -> Any:
        """A member of the family from its name, its configuration, its class, or itself.

        Args:
            identifier: None, a name, a dictionary from :meth:`serialize`, a class (made without arguments),
                or a function or object, which is returned as it is.

        Raises:
            ValueError: for an unknown name, or something that cannot be a member.
        """
        if identifier is None:
            return self.default
        if isinstance(identifier, str):
            identifier = self.find(identifier)
        elif isinstance(identifier, Mapping):
            return self.deserialize(identifier)
        if inspect.isclass(identifier):
            return identifier()
        if callable(identifier) or isinstance(identifier, Configurable):
            return identifier
        raise ValueError(
            f"{self.module}.get: wrong type; expected a name, a configuration, a class, a function or an "
            f"object, got identifier={identifier!r}."
        )

    def serialize(self, part: Any) -> Any:
        """A function's name, or an object's class and configuration as a dictionary."""
        if inspect.isfunction(part) or inspect.isbuiltin(part):
            return part.__name__
        if not hasattr(part, "get_config"):
            raise ValueError(
                f"{self.module}.serialize: no configuration; expected a function, or an object with "
                f"get_config(), got {type(part).__name__}."
            )
        return {"module": self.module, "class_name": type(part).__name__, "config": part.get_config()}

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The function or object that :meth:`serialize` described.

        Args:
            config: a name or a dictionary with 'class_name' and 'config'.
            custom_objects: names that are not in the family, or that shall mean something else.
        """
        if isinstance(config, str):
            return self.find(config, custom_objects)
        if not isinstance(config, Mapping) or "class_name" not in config:
            raise ValueError(
                f"{self.module}.deserialize: not a configuration; expected a name or a dictionary with "
                f"'class_name' and 'config', got config={config!r}."
            )
        found = self.find(config["class_name"], custom_objects)
        arguments = dict(config.get("config") or {})
        return found.from_config(arguments) if hasattr(found, "from_config") else found(**arguments)

    def _key(self, name: str) -> str:
        return name.lower() if self._fold_case else name

    def _suggestion(self, name: str) -> str:
        from difflib import get_close_matches

        lower = {known.lower(): known for known in self._parts}
        close = get_close_matches(name.lower(), lower, n=1)
        return f" Did you mean {lower[close[0]]!r}?" if close else ""


def plain(value: Any) -> Any:
    """Arrays and NumPy numbers as lists and Python numbers, which is what a configuration may hold."""
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value

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
from juanji.utils.registration import (
    CustomObjectScope,
    get_registered_name,
    get_registered_object,
    is_registered,
)
from juanji.utils.sharing import made_already, note_made, note_written

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


families: dict[str, Registry[Any]] = {}  # by their modules


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
        families[module] = self

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

    def knows(self, name: str) -> bool:
        """Whether the family has a member of that name."""
        return self._key(name) in self._parts

    def holds(self, part: Any) -> bool:
        """Whether this very function or class is a member under its own name."""
        return self._parts.get(self._key(getattr(part, "__name__", ""))) is part

    def find(self, name: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The function or class of that name, one's own first. Raises ValueError that lists the known names."""
        own = get_registered_object(name, custom_objects)
        part = self._parts.get(self._key(name)) if own is None else own
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
            return get_registered_name(part)
        if not hasattr(part, "get_config"):
            raise ValueError(
                f"{self.module}.serialize: no configuration; expected a function, or an object with "
                f"get_config(), got {type(part).__name__}."
            )
        return described(part)

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The function or object that :meth:`serialize`, juanji's or Keras', described.

        Args:
            config: a name or a dictionary with 'class_name' and 'config'.
            custom_objects: names that are not in the family, or that shall mean something else.
        """
        if isinstance(config, str):
            return self.find(config, custom_objects)
        if not isinstance(config, Mapping) or not isinstance(config.get("class_name"), str):
            raise ValueError(
                f"{self.module}.deserialize: not a configuration; expected a name or a dictionary with "
                f"'class_name' and 'config', got config={config!r}."
            )
        name, registered = config["class_name"], config.get("registered_name")
        if name == "function":
            return self.find(registered if registered != name and registered else config["config"], custom_objects)
        part = made_already(config)
        if part is None:
            own = get_registered_object(registered, custom_objects) if isinstance(registered, str) else None
            found = self.find(name, custom_objects) if own is None else own
            with CustomObjectScope(custom_objects):
                part = made_from(found, config)
            note_made(part, config)
        return part

    def _key(self, name: str) -> str:
        return name.lower() if self._fold_case else name

    def _suggestion(self, name: str) -> str:
        from difflib import get_close_matches

        lower = {known.lower(): known for known in self._parts}
        close = get_close_matches(name.lower(), lower, n=1)
        return f" Did you mean {lower[close[0]]!r}?" if close else ""


def described(part: Any) -> dict[str, Any]:
    """Class and configuration of an object; for a layer also how it was built, for a model how it was compiled."""
    from juanji.utils.serialization import serialize_keras_object

    kind = type(part)
    family = None if is_registered(kind) else next((one for one in families.values() if one.holds(kind)), None)
    config: dict[str, Any] = {
        "module": kind.__module__ if family is None else family.module,
        "class_name": kind.__name__,
        "config": serialize_keras_object(part.get_config()),
    }
    if family is None:
        config["registered_name"] = get_registered_name(kind)
    for name in ("build_config", "compile_config"):
        more = getattr(part, f"get_{name}", None)
        data = None if more is None else more()
        if data:
            config[name] = serialize_keras_object(data)
    note_written(part, config)
    return config


def made_from(found: Any, config: Mapping[str, Any]) -> Any:
    """An object of a class from its description; a function is itself."""
    arguments = config.get("config") or {}
    if not isinstance(arguments, Mapping):
        raise ValueError(
            f"deserialize: {config['class_name']!r} has no arguments; expected a dictionary as its configuration, got "
            f"config={arguments!r}."
        )
    if inspect.isfunction(found):
        return found
    arguments = without_foreign(found, arguments)
    try:
        part = found.from_config(arguments) if hasattr(found, "from_config") else found(**arguments)
    except TypeError as error:
        raise ValueError(
            f"deserialize: the configuration does not fit {config['class_name']}; expected the arguments of the class, "
            f"got others ({error}). Give the class get_config() and from_config(), or correct the configuration."
        ) from error
    build, compiled = config.get("build_config"), config.get("compile_config")
    if build and hasattr(part, "build_from_config") and not getattr(part, "built", True):
        part.build_from_config(build)
    if compiled and hasattr(part, "compile_from_config"):
        part.compile_from_config(compiled)
    return part


def without_foreign(kind: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments without those that the class lacks and that say no more than that something is not used.

    Keras writes every argument it has, most of them None or False.
    """
    if not inspect.isclass(kind) or not is_own(kind):
        return dict(arguments)
    known: set[str] = set()
    for one in kind.__mro__:
        if "__init__" in vars(one) and one is not object:
            known.update(inspect.signature(vars(one)["__init__"]).parameters)
    left_out = {
        name for name, value in arguments.items()
        if name not in known and (value is None or value is False or name in _SETTINGS_OF_OTHERS)
    }  # fmt: skip
    return {name: value for name, value in arguments.items() if name not in left_out}


_SETTINGS_OF_OTHERS = frozenset(("renorm_momentum", "ema_momentum"))  # only matter with an option that was left out


def plain(value: Any) -> Any:
    """Arrays and NumPy numbers as lists and Python numbers, which is what a configuration may hold."""
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value

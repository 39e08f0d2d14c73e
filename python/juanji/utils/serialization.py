"""Objects as plain data that JSON can hold, in the form Keras writes, and back.

An object is ``{"module", "class_name", "config", "registered_name"}``, a function the same with the class name
'function' and its own name as configuration. What is no number, string, list or dictionary has a class name in double
underscores. Classes and functions are looked up in juanji's own registries and among those that were registered or
passed; nothing is imported and no code is run that a configuration brings along.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import EllipsisType, FunctionType
from typing import Any

import numpy as np

from juanji.trace import is_own
from juanji.utils.registration import (
    CustomObjectScope,
    get_registered_name,
    get_registered_object,
    is_registered,
)
from juanji.utils.registry import Registry, described, families

_FAMILIES = (
    "optimizers.schedules", "optimizers", "layers", "losses", "metrics", "initializers", "regularizers", "constraints",
    "activations",
)  # fmt: skip
_OF_LAYERS = frozenset(("models", "Model", "Sequential", "Functional"))


def serialize_keras_object(obj: Any) -> Any:
    """An object, function or nested structure as plain data.

    Args:
        obj: numbers, strings, None, arrays, slices, symbolic tensors, named functions, objects with ``get_config``, and
            lists, tuples and dictionaries of them.

    Raises:
        ValueError: for a lambda, which has no name to be found by.
        TypeError: for anything else.

    Example:
        >>> from juanji import regularizers
        >>> from juanji.utils import serialize_keras_object
        >>> serialize_keras_object({"rate": regularizers.L2(0.5)})["rate"]["config"]
        {'l2': 0.5}
    """
    if obj is None or isinstance(obj, (str, int, float, bool)):
        return obj
    if isinstance(obj, dict):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, (list, tuple)):
        members = [serialize_keras_object(member) for member in obj]
        return members if isinstance(obj, list) else tuple(members)
    special = _special(obj)
    if special is not None:
        return special
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, (type, np.dtype)):
        return _type_name(obj)
    if isinstance(obj, FunctionType) or not hasattr(obj, "get_config"):
        return _function(obj)
    return described(obj)


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True, **kwargs: Any
) -> Any:
    """What :func:`serialize_keras_object`, juanji's or Keras', described.

    Args:
        config: plain data.
        custom_objects: classes and functions by name that are not juanji's own.
        safe_mode: accepted for Keras scripts: code in a configuration is never run.
        kwargs: ``module_objects``, looked at after ``custom_objects``.

    Raises:
        ValueError: for names that are not known, or something that is not a configuration.

    Example:
        >>> from juanji.utils import deserialize_keras_object
        >>> data = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 3, "name": "out"}}
        >>> deserialize_keras_object(data)
        <Dense name=out, built=False>
    """
    known = {**kwargs.get("module_objects", {}), **(custom_objects or {})}
    with CustomObjectScope(known):
        return _deserialized(config)


def family_of(module: Any, class_name: Any = None) -> Registry[Any] | None:
    """The registry of a module of juanji or Keras, public or not; None for other modules.

    Example:
        >>> family_of("keras.src.layers.core.dense").module
        'juanji.layers'
    """
    parts = str(module).split(".")
    if parts[0] not in ("juanji", "keras", "tensorflow", "tf_keras"):
        return None
    if "models" in parts or class_name in _OF_LAYERS:
        import_module("juanji.models")
        return families["juanji.layers"]
    path = ".".join(parts)
    for family in _FAMILIES:
        if f".{family}." in f".{path}.":
            import_module(f"juanji.{family}")
            return families.get(f"juanji.{family}")
    return None


def _special(obj: Any) -> dict[str, Any] | None:
    from juanji.autograd import Tensor
    from juanji.symbolic.tensor import KerasTensor

    kind: str | None = None
    data: dict[str, Any] = {}
    if isinstance(obj, bytes):
        kind, data = "__bytes__", {"value": obj.decode("utf-8")}
    elif isinstance(obj, slice):
        kind = "__slice__"
        data = {name: serialize_keras_object(getattr(obj, name)) for name in ("start", "stop", "step")}
    elif isinstance(obj, EllipsisType):
        kind = "__ellipsis__"
    elif isinstance(obj, KerasTensor):
        history = obj._keras_history
        place = None if history is None else [history.operation.name, history.node_index, history.tensor_index]
        kind, data = "__keras_tensor__", {"shape": list(obj.shape), "dtype": obj.dtype, "keras_history": place}
    elif isinstance(obj, (Tensor, np.ndarray)):
        array = np.asarray(obj)
        kind, data = "__numpy__", {"value": array.tolist(), "dtype": str(array.dtype)}
    return None if kind is None else {"class_name": kind, "config": data}


def _type_name(obj: Any) -> str:
    try:
        return str(np.dtype(obj))
    except TypeError:
        raise TypeError(
            f"serialize_keras_object: a class is no data; expected an object of it, got {obj!r}. Store its name, and "
            "look it up in from_config."
        ) from None


def _function(obj: Any) -> dict[str, Any]:
    name = getattr(obj, "__name__", None)
    if name is None or not callable(obj):
        raise TypeError(
            f"serialize_keras_object: this cannot be stored; expected plain data, a named function or an object with "
            f"get_config(), got {obj!r} of type {type(obj).__name__}. Give its class get_config()."
        )
    if name == "<lambda>":
        raise ValueError(
            "serialize_keras_object: a lambda cannot be stored; expected a named function, got a lambda. Write it with "
            "def, and pass it in custom_objects when loading."
        )
    own = is_own(obj) and not is_registered(obj)
    return {
        "module": "builtins" if own else obj.__module__,
        "class_name": "function",
        "config": get_registered_name(obj),
        "registered_name": "function" if own else get_registered_name(obj),
    }


def _deserialized(config: Any) -> Any:
    if isinstance(config, str):
        custom = get_registered_object(config)
        return config if custom is None else custom
    if config is None or isinstance(config, (int, float, bool)):
        return config
    if isinstance(config, (list, tuple)):
        return [_deserialized(member) for member in config]
    if not isinstance(config, Mapping):
        return config
    if config.get("class_name") == "__tuple__" and "items" in config:
        return tuple(_deserialized(member) for member in config["items"])
    if "class_name" not in config or "config" not in config:
        return {key: _deserialized(value) for key, value in config.items()}
    kind = config["class_name"]
    if isinstance(kind, str) and kind.startswith("__"):
        return _of_special(kind, config["config"])
    if kind == "function":
        return _named_function(config)
    if kind in ("DTypePolicy", "FloatDTypePolicy"):
        return config["config"]["name"]
    return _object(config)


def _of_special(kind: str, data: Mapping[str, Any]) -> Any:
    if kind == "__numpy__":
        return np.array(data["value"], data["dtype"])
    if kind == "__tensor__":
        from juanji.autograd import Tensor

        return Tensor(np.array(data["value"], data["dtype"]))
    if kind == "__bytes__":
        return data["value"].encode("utf-8")
    if kind == "__slice__":
        return slice(data["start"], data["stop"], data["step"])
    if kind == "__ellipsis__":
        return Ellipsis
    if kind == "__keras_tensor__":
        from juanji.symbolic.tensor import KerasTensor

        return KerasTensor(data["shape"], data["dtype"])
    if kind == "__lambda__":
        raise ValueError(
            "deserialize_keras_object: there is code in the configuration; expected the names of functions, got a "
            "lambda. Code in files is never run: write the function with def, save the model again, and pass the "
            "function in custom_objects."
        )
    raise ValueError(
        f"deserialize_keras_object: not known; expected a class, a function, '__numpy__', '__slice__', '__ellipsis__', "
        f"'__bytes__' or '__keras_tensor__', got class_name={kind!r}. Save the object with another version."
    )


def _named_function(config: Mapping[str, Any]) -> Any:
    name = config["config"]
    for key in (name, config.get("registered_name")):
        custom = get_registered_object(key) if isinstance(key, str) else None
        if custom is not None:
            return custom
    module = config.get("module")
    one = family_of(module)
    candidates = [] if one is None and module not in ("builtins", None) else [one] if one else _function_families()
    for family in candidates:
        if isinstance(name, str) and family.knows(name):
            return family.find(name)
    raise ValueError(
        f"deserialize_keras_object: unknown function; expected one of juanji's own, a registered one or one in "
        f"custom_objects, got {name!r} of module {module!r}. Pass custom_objects={{{name!r}: ...}}."
    )


def _function_families() -> Iterator[Registry[Any]]:
    for family in ("activations", "losses", "metrics", "initializers", "regularizers", "constraints"):
        import_module(f"juanji.{family}")
        if f"juanji.{family}" in families:
            yield families[f"juanji.{family}"]


def _object(config: Mapping[str, Any]) -> Any:
    name, module = config["class_name"], config.get("module")
    registered = config.get("registered_name")
    family = family_of(module, name)
    if family is None and all(get_registered_object(key) is None for key in (registered, name) if isinstance(key, str)):
        family = next((one for one in _all_families() if one.knows(str(name))), None) if module is None else None
        if family is None:
            raise ValueError(
                f"deserialize_keras_object: unknown name; expected a class of juanji, a registered one or one in "
                f"custom_objects, got class_name={name!r} of module {module!r}. Pass custom_objects={{{name!r}: ...}}, "
                "or decorate the class with register_keras_serializable."
            )
    return (family or families["juanji.layers"]).deserialize(config)


def _all_families() -> Iterator[Registry[Any]]:
    for module in ("models", *_FAMILIES):
        import_module(f"juanji.{module}")
        yield families["juanji.layers" if module == "models" else f"juanji.{module}"]

"""Functions that can be called with symbolic tensors.

:func:`recordable` makes such a function of an ordinary one. It does not look at the arguments first: called with
arrays, it costs nothing but the call. A symbolic tensor has no value, so the function fails when it asks for one, and
only then is it found out that the call is to be recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any, TypeVar, cast

from juanji.symbolic.inference import infer_outputs
from juanji.symbolic.tensor import Node, any_symbolic, automatic_name, named_outputs

Recordable = TypeVar("Recordable", bound=Callable[..., Any])

_functions: dict[str, Callable[..., Any]] = {}


class Function:
    """A function in a functional model: what a layer is there, without weights.

    Args:
        function: public name, such as 'juanji.ops.add'.
        name: unique in a model; made from the function's name by default.
    """

    def __init__(self, function: str, name: str | None = None) -> None:
        self.function = find_function(function)
        self.public_name = function
        self.name = name or automatic_name(function.rpartition(".")[2])
        self._inbound_nodes: list[Node] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not any_symbolic((args, kwargs)):
            return self.function(*args, **kwargs)
        outputs = named_outputs(infer_outputs(self.function, args, kwargs))
        Node(self, args, kwargs, outputs)
        return outputs

    def __reduce__(self) -> tuple[Any, ...]:
        return Function, (self.public_name, self.name)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        return {"name": self.name, "function": self.public_name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Function:
        """The function that :meth:`get_config` described."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<Function {self.public_name} name={self.name}>"


def recordable(function: Recordable, module: str) -> Recordable:
    """The function, able to take symbolic tensors too and then giving symbolic tensors.

    Args:
        function: what to do with arrays.
        module: public module that the function is found in under its own name.
    """
    public_name = f"{module}.{function.__name__}"

    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception:
            if not any_symbolic((args, kwargs)):
                raise
        return Function(public_name)(*args, **kwargs)

    wrapper.__module__ = module  # where pickle finds it
    _functions[public_name] = function
    return cast(Recordable, wrapper)


def make_recordable(namespace: dict[str, Any], leave: frozenset[str] = frozenset()) -> None:
    """Replaces the public functions (``__all__``) of a module by recordable ones.

    Args:
        namespace: ``globals()`` of the module.
        leave: names of functions that answer about a symbolic tensor instead.
    """
    done: dict[Any, Any] = {}
    for name in namespace["__all__"]:
        function = namespace[name]
        if isinstance(function, FunctionType) and name not in leave:
            done.setdefault(function, recordable(function, namespace["__name__"]))
            namespace[name] = done[function]


def find_function(public_name: str) -> Callable[..., Any]:
    """The function behind a public name. Raises ValueError when there is none."""
    if public_name not in _functions:
        raise ValueError(
            f"juanji: no such function; expected one of juanji.ops, for example 'juanji.ops.add', got "
            f"function={public_name!r}. Check the configuration."
        )
    return _functions[public_name]

"""All values of a model's variables as nested dictionaries, by their paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from juanji import ops
from juanji._variable import Variable

if TYPE_CHECKING:
    from juanji.models.trainer import Trainer

VALUES: dict[str, Callable[[Variable], Any]] = {
    "backend_tensor": lambda variable: ops.convert_to_tensor(variable.numpy()),
    "numpy_array": lambda variable: variable.numpy(),
}


def variables_by_kind(model: Trainer) -> dict[str, Sequence[Variable]]:
    """The model's variables under the names that Keras gives to their kinds."""
    return {
        "trainable_variables": model.trainable_variables,
        "non_trainable_variables": model.non_trainable_variables,
        "optimizer_variables": [] if model.optimizer is None else model.optimizer.variables,
        "metrics_variables": model.metrics_variables,
    }


def get_state_tree(model: Trainer, value_format: str) -> dict[str, Any]:
    """See :meth:`juanji.Model.get_state_tree`."""
    if value_format not in VALUES:
        raise ValueError(
            f"get_state_tree: unknown format; expected one of {sorted(VALUES)}, got value_format={value_format!r}."
        )
    return {kind: nested(variables, VALUES[value_format]) for kind, variables in variables_by_kind(model).items()}


def nested(variables: Sequence[Variable], value_of: Callable[[Variable], Any]) -> dict[str, Any]:
    """Values of variables in dictionaries for the parts of their paths."""
    tree: dict[str, Any] = {}
    paths = by_path(variables)
    for path, variable in paths.items():
        *parts, name = path.split("/")
        inner = tree
        for part in parts:
            inner = inner.setdefault(part, {})
        inner[name] = value_of(variable)
    return tree


def by_path(variables: Sequence[Variable]) -> dict[str, Variable]:
    """The variables by their paths; ValueError where two have the same."""
    paths: dict[str, Variable] = {}
    for variable in variables:
        if variable.path in paths:
            raise ValueError(
                f"state tree: two variables have the same path; expected different ones, got {variable.path!r} twice. "
                "Give the layers different names."
            )
        paths[variable.path] = variable
    return paths


def set_state_tree(model: Trainer, state_tree: Mapping[str, Any]) -> None:
    """See :meth:`juanji.Model.set_state_tree`: everything is looked up first, so that an error changes nothing."""
    kinds = variables_by_kind(model)
    found: list[tuple[Variable, Any]] = []
    for kind, tree in state_tree.items():
        if kind not in kinds:
            raise ValueError(f"set_state_tree: unknown kind of variables; expected one of {list(kinds)}, got {kind!r}.")
        paths = by_path(kinds[kind])
        for path, value in leaves(tree):
            if path not in paths:
                raise ValueError(
                    f"set_state_tree: the model has no such variable; expected a path of its {kind}, got {path!r}. "
                    "Take the tree of a model with the same layers, built and compiled alike."
                )
            variable = paths[path]
            if np.shape(value) != tuple(variable.shape):
                raise ValueError(
                    f"set_state_tree: wrong shape; expected {tuple(variable.shape)} for {path!r}, got "
                    f"{np.shape(value)}. Take the tree of a model with the same layers."
                )
            found.append((variable, value))
    for variable, value in found:
        variable.assign(value)


def leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Paths and values of nested dictionaries."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", value

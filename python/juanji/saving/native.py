"""juanji's own file of a whole model: one .safetensors file.

Weights have the names of weight files, so that ``load_weights`` reads such a file too. The names of other arrays begin
with '~': the optimizer's state (``~optimizer/0``, ...), the random sequences of layers (``~random/dropout/generator``),
and what layers with a ``save_own_variables`` of their own store (``~own/scaled/0``). Architecture and compile
arguments are JSON in the metadata, as ``model``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import juanji
from juanji.layers._budget import weights_from_file
from juanji.layers._stored import Stored
from juanji.models.storable import stored_form
from juanji.saving import arrays
from juanji.saving.names import named_generators, named_owners, named_weights
from juanji.saving.weights import MORE, assign_weights
from juanji.utils.serialization import deserialize_keras_object
from juanji.utils.sharing import sharing

Array = np.ndarray[Any, Any]
_OPTIMIZER, _RANDOM, _OWN = f"{MORE}optimizer/", f"{MORE}random/", f"{MORE}own/"


def to_bytes(model: Any, include_optimizer: bool) -> bytes:
    """The contents of a file with the model."""
    form = stored_form(model)
    found = {name: variable.value for name, variable in named_weights(model)}
    found.update((_RANDOM + name, generator.state) for name, generator in named_generators(model))
    for path, layer in _storing_themselves(model):
        store: dict[str, Any] = {}
        layer.save_own_variables(store)
        found.update((f"{_OWN}{path}{key}", np.asarray(value)) for key, value in store.items())
    if include_optimizer:
        state = {} if model.optimizer is None else optimizer_state(model.optimizer)
        found.update((_OPTIMIZER + name, array) for name, array in state.items())
    else:
        form.pop("compile_config", None)
    metadata = {"format": "juanji", "version": juanji.__version__, "model": json.dumps(form)}
    return arrays.to_bytes(found, metadata)


def from_file(path: Path, compile: bool) -> Any:
    """The model in a file."""
    stored, metadata = arrays.read("load_model", path)
    if "model" not in metadata:
        raise ValueError(
            f"load_model: {str(path)!r} holds no model; expected a file that model.save wrote, got one with "
            f"{len(stored)} arrays alone. Make the model, and use model.load_weights."
        )
    model = model_from_form(json.loads(metadata["model"]), compile, sum(array.nbytes for array in stored.values()))
    weights = {name: array for name, array in stored.items() if name[0] != MORE}
    assign_weights("load_model", model, path, weights)
    for prefix, layer in _storing_themselves(model):
        begin = _OWN + prefix
        own = {name[len(begin) :]: array for name, array in stored.items() if name.startswith(begin)}
        layer.load_own_variables({key: array for key, array in own.items() if "/" not in key})
    for name, generator in named_generators(model):
        if _RANDOM + name in stored:
            generator.state = stored[_RANDOM + name]
    state = {name[len(_OPTIMIZER) :]: array for name, array in stored.items() if name.startswith(_OPTIMIZER)}
    if state and model.optimizer is not None:
        restore_optimizer(model.optimizer, state)
    return model


def model_from_form(form: Any, compile: bool, size: int) -> Any:
    """The model of an architecture, with zeros as weights.

    Args:
        form: architecture and compile arguments.
        compile: whether to compile it as it was.
        size: bytes of the weights there are: no more are made.
    """
    from juanji.models.model import Model

    if isinstance(form, Mapping) and not compile:
        form = {key: value for key, value in form.items() if key != "compile_config"}
    with sharing(), weights_from_file(size):
        model = deserialize_keras_object(form)
    if not isinstance(model, Model):
        raise ValueError(f"expected the configuration of a model, got one of {type(model).__name__}")
    return model


def _storing_themselves(model: Any) -> Iterator[tuple[str, Any]]:
    """Path and object of the layers that have a way of their own to store what they hold."""
    for path, layer in named_owners(model):
        if type(layer).save_own_variables is not Stored.save_own_variables:  # type: ignore[attr-defined]
            yield path, layer


def optimizer_state(optimizer: Any) -> dict[str, Array]:
    """The optimizer's variables by number; none before the first step."""
    store: dict[str, Array] = {}
    if optimizer.built:
        optimizer.save_own_variables(store)
    return store


def restore_optimizer(optimizer: Any, state: Mapping[str, Array]) -> None:
    """Gives the optimizer the variables that :func:`optimizer_state`, or Keras, took.

    Keras stores step and learning rate alone of one that was never used.
    """
    if len(state) <= 2 < len(optimizer.variables):
        return
    optimizer.load_own_variables(state)

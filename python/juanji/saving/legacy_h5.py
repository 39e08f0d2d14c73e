"""The .h5 files of whole models that Keras wrote before .keras files, and still reads and writes.

Configurations are JSON in attributes of the file (``model_config``, ``training_config``). The weights of each layer
lie in a group of its name under ``model_weights``, the trainable ones first, in the order of the attribute
``weight_names``; files of weights alone have the same groups at the top. What belongs to which layer is told by the
order of layers.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import numpy as np

from juanji.models.masked_graph import masks_written
from juanji.models.sequential import Sequential
from juanji.models.storable import stored_form
from juanji.saving import hdf5
from juanji.saving.keras_file import KERAS_VERSION, keras_form
from juanji.saving.legacy_form import from_legacy, to_legacy
from juanji.saving.names import named_weights, numbered
from juanji.saving.native import model_from_form, restore_optimizer

Array = np.ndarray[Any, Any]
Weights = list[tuple[str, list[Array]]]  # layer and its arrays
_HEADER = 64512  # bytes that an attribute may take, as Keras counts
_TOP = "top_level_model_weights"


def to_bytes(model: Any, include_optimizer: bool) -> bytes:
    """The contents of a file with the model."""
    if not isinstance(model, Sequential) and getattr(model, "_own_graph", None) is None:
        raise ValueError(
            f"save_model: .h5 files hold Sequential and functional models; expected one of those, got "
            f"{type(model).__name__} {model.name!r}. Save it as .keras or .safetensors."
        )
    with masks_written():
        form = stored_form(model)
    config, training = to_legacy(keras_form(form))
    buffer = io.BytesIO()
    with hdf5.h5py("save_model").File(buffer, "w") as file:
        file.attrs.update({"keras_version": KERAS_VERSION, "backend": "juanji", "model_config": json.dumps(config)})
        group = file.create_group("model_weights")
        group.attrs.update({"keras_version": KERAS_VERSION, "backend": "juanji"})
        _set_names(group, "layer_names", [layer.name for layer in model.layers])
        for layer in sorted(model.layers, key=lambda one: str(one.name)):
            names = {id(variable): f"{layer.name}/{name}" for name, variable in named_weights(layer)}
            _write(group.create_group(layer.name), [(names[id(v)], v) for v in _weights(layer)])
        _write(group.create_group(_TOP), [(f"{model.name}/{v.name}", v) for v in _own_weights(model)])
        if include_optimizer and training is not None:
            file.attrs["training_config"] = json.dumps(training)
            variables = model.optimizer.variables if model.optimizer.built else []
            if variables:
                used: Counter[str] = Counter()
                named = [(f"{model.optimizer.name}/{numbered(v.name, used)}", v) for v in variables]
                _write(file.create_group("optimizer_weights"), named)
    return buffer.getvalue()


def from_file(path: Path, compile: bool) -> Any:
    """The model in a file."""
    module = hdf5.h5py("load_model")
    with hdf5.one_error("load_model", path), module.File(io.BytesIO(path.read_bytes()), "r") as file:
        config, training = (_json(file, name) for name in ("model_config", "training_config"))
        if config is None:
            raise ValueError("there is no architecture in it: make the model, and use model.load_weights")
        stored = list(_layers(_member(file, "model_weights")))
        state = _read(_member(file, "optimizer_weights")) if "optimizer_weights" in file else []
    size = sum(array.nbytes for _, arrays in stored for array in arrays)
    model = model_from_form(from_legacy(config, training if compile else None), compile, size)
    assign("load_model", model, path, stored)
    if state and compile and model.optimizer is not None:
        restore_optimizer(model.optimizer, {str(i): array for i, array in enumerate(state)})
    return model


def load_weights_file(model: Any, path: Path, skip_mismatch: bool, by_name: bool) -> None:
    """Reads all weights of a .h5 file into a model; all of them or, with an error, none."""
    module = hdf5.h5py("load_weights")
    hdf5.require_weights(model)
    with hdf5.one_error("load_weights", path), module.File(io.BytesIO(path.read_bytes()), "r") as file:
        stored = list(_layers(_member(file, "model_weights") if "model_weights" in file else file))
    assign("load_weights", model, path, stored, skip_mismatch, by_name)


def assign(
    method: str, model: Any, path: Path, stored: Weights, skip_mismatch: bool = False, by_name: bool = False
) -> None:
    """Gives the layers of a model their weights, in the order of layers or by their names.

    Args:
        method: for messages.
        model: the model.
        path: of the file, for messages.
        stored: layers and their weights; the last may be those of the model itself.
        skip_mismatch: leave out what does not fit, with a warning.
        by_name: give weights to the layers of the same name alone, instead of all in order.
    """
    layers = {name: arrays for name, arrays in stored if arrays and name != _TOP}
    wanted = [(layer.name, _weights(layer)) for layer in model.layers if layer.weights]
    if by_name:
        pairs = [(name, variables, layers[name]) for name, variables in wanted if name in layers]
    elif len(wanted) != len(layers):
        raise hdf5.other_model(method, path, f"{len(wanted)} layers with weights, got {len(layers)}")
    else:
        pairs = [(name, variables, arrays) for (name, variables), arrays in zip(wanted, layers.values())]
    top = dict(stored).get(_TOP)
    if top is not None and not (by_name and not top):
        pairs.append((model.name, _own_weights(model), top))
    wrong = {name: _misfit(variables, arrays) for name, variables, arrays in pairs if _misfit(variables, arrays)}
    if wrong and not skip_mismatch:
        name = next(iter(wrong))
        raise hdf5.other_model(method, path, f"weights of {name!r} of shapes {wrong[name]}")
    if wrong:
        hdf5.warn_of_mismatch(method, path, wrong)
    for name, variables, arrays in pairs:
        if name not in wrong:
            for variable, array in zip(variables, arrays):
                variable.assign(array)


def _misfit(variables: Sequence[Any], arrays: Sequence[Array]) -> str:
    expected, given = [v.shape for v in variables], [array.shape for array in arrays]
    return "" if expected == given else f"{expected}, got {given}"


def _weights(layer: Any) -> list[Any]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _own_weights(model: Any) -> list[Any]:
    own = [weight.variable for weight in model._own_weights]
    return [v for v in own if v.trainable] + [v for v in own if not v.trainable]


def _write(group: Any, named: Iterable[tuple[str, Any]]) -> None:
    named = list(named)
    _set_names(group, "weight_names", [name for name, _ in named])
    for name, variable in named:
        group[name] = variable.numpy()


def _set_names(group: Any, attribute: str, names: Sequence[str]) -> None:
    """Writes a list of names, in as many attributes as it takes."""
    encoded = [name.encode() for name in names]
    parts = 1
    while any(np.asarray(part).nbytes > _HEADER for part in np.array_split(encoded, parts)):
        parts += 1
    for i, part in enumerate(np.array_split(encoded, parts)):
        group.attrs[f"{attribute}{i}" if parts > 1 else attribute] = part


def _names(group: Any, attribute: str) -> list[str]:
    parts = [group.attrs[attribute]] if attribute in group.attrs else []
    if not parts:
        keys = takewhile(lambda key: key in group.attrs, (f"{attribute}{i}" for i in count()))
        parts = [group.attrs[key] for key in keys]
    if not parts:
        raise ValueError(f"expected the attribute {attribute!r}, got none in {group.name!r}")
    return [name.decode() if isinstance(name, bytes) else str(name) for part in parts for name in part]


def _layers(group: Any) -> Iterator[tuple[str, list[Array]]]:
    for name in _names(group, "layer_names"):
        yield name, _read(_member(group, name))
    if _TOP in group:
        yield _TOP, _read(_member(group, _TOP))


def _read(group: Any) -> list[Array]:
    return [hdf5.array_of(_member(group, name)) for name in _names(group, "weight_names")]


def _member(group: Any, path: str) -> Any:
    """A group or array inside a group. Raises ValueError for links, which could lead anywhere."""
    module = hdf5.h5py("load_model")
    for name in path.split("/"):
        if not isinstance(group.get(name, getlink=True), module.HardLink):
            raise ValueError(f"expected {path!r} in the file itself, got none in {group.name!r}")
        group = group[name]
    return group


def _json(file: Any, attribute: str) -> Any:
    text = file.attrs.get(attribute)
    return None if text is None else json.loads(text)

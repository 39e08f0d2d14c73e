"""The .keras files of Keras 3: an archive of config.json, metadata.json and model.weights.h5."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from juanji.models.keras_operations import to_keras_operation
from juanji.models.masked_graph import masks_written
from juanji.models.storable import stored_form
from juanji.saving import hdf5
from juanji.saving.native import model_from_form, restore_optimizer

KERAS_VERSION = "3.15.0"  # whose form is written


def to_bytes(model: Any, include_optimizer: bool) -> bytes:
    """The contents of a file with the model."""
    with masks_written():
        form = stored_form(model)
    more = {}
    if not include_optimizer:
        form.pop("compile_config", None)
    elif model.optimizer is not None and model.optimizer.built:
        more["optimizer"] = model.optimizer
    date = datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    weights = hdf5.weights_to_bytes("save_model", model, more)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": KERAS_VERSION, "date_saved": date}))
        archive.writestr("config.json", json.dumps(keras_form(form)))
        archive.writestr("model.weights.h5", weights)
    return buffer.getvalue()


def from_file(path: Path, compile: bool) -> Any:
    """The model in a file."""
    hdf5.h5py("load_model")
    with hdf5.one_error("load_model", path), zipfile.ZipFile(path) as archive:
        form = json.loads(hdf5.member(archive, "config.json"))
        stored = hdf5.read("load_model", hdf5.member(archive, "model.weights.h5"))
    size = sum(array.nbytes for group in stored.values() for array in group.values())
    model = model_from_form(form, compile, size)
    state = stored.pop("optimizer", {})
    hdf5.assign("load_model", model, path, stored)
    if state and compile and model.optimizer is not None:
        restore_optimizer(model.optimizer, state)
    return model


def keras_form(form: Any) -> Any:
    """A configuration with the modules and classes of Keras in the place of juanji's.

    Functions that Keras does not have, and one's own classes, stay what they are.
    """
    if isinstance(form, (list, tuple)):
        return [keras_form(member) for member in form]
    if not isinstance(form, Mapping):
        return form
    if form.get("class_name") == "__tuple__":
        return [keras_form(member) for member in form["items"]]
    if form.get("class_name") == "Function" and form.get("module") == "juanji.ops":
        form = to_keras_operation(form)
    converted = {key: keras_form(value) for key, value in form.items()}
    module, name = form.get("module"), form.get("class_name")
    if not isinstance(module, str) or not isinstance(name, str) or module.split(".")[0] != "juanji":
        return converted
    named: dict[str, Any]
    if name == "Model":
        named = {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"}
    elif name == "Sequential":
        named = {"module": "keras", "class_name": name, "registered_name": None}
    else:
        named = {"module": "keras" + module[len("juanji") :], "class_name": name, "registered_name": None}
    config = converted.get("config")
    if isinstance(config, Mapping):
        config = {key: value for key, value in config.items() if key not in _OF_JUANJI.get(name, ())}
    return {**converted, "config": config, **named}


_OF_JUANJI: dict[str, tuple[str, ...]] = {  # arguments that Keras' classes lack
    "Cropping1D": ("data_format",),
    "Discretization": ("trainable",),
    "Identity": ("gain",),
    "Pipeline": ("trainable", "dtype"),
    "SpatialDropout1D": ("trainable",),
    "SpatialDropout2D": ("trainable",),
    "SpatialDropout3D": ("trainable",),
    "ZeroPadding1D": ("data_format",),
}

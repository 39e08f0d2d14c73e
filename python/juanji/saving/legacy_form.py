"""Configurations as .h5 files of models hold them, in the form of .keras files.

The older form names no modules: a layer is a class name and a configuration, and a custom one has the name it is
registered under as its class name. How a model was compiled lies beside it. Files of Keras 2 write calls and shapes of
inputs in yet another way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from juanji.models.keras_operations import operation_module

_FAMILIES = {"loss": "keras.losses", "metrics": "keras.metrics", "weighted_metrics": "keras.metrics"}
_ARGUMENTS = ("loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "steps_per_execution")


def from_legacy(model: Mapping[str, Any], training: Mapping[str, Any] | None) -> dict[str, Any]:
    """A model in the form of .keras files.

    Args:
        model: class name and configuration.
        training: how it was compiled; None for a model that was not.
    """
    form = _layer(model)
    optimizer = (training or {}).get("optimizer_config")
    if training is not None and optimizer is not None:
        compiled = {key: training[key] for key in _ARGUMENTS if key in training}
        for key, module in _FAMILIES.items():
            compiled[key] = _in_module(compiled.get(key), module)
        form["compile_config"] = {**compiled, "optimizer": _in_module(optimizer, "keras.optimizers")}
    return form


def to_legacy(form: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Model and training arguments of a form as .keras files have it.

    What lies inside keeps its modules, which Keras 3 reads: without them, a layer ``Multiply`` and a product of
    tensors would look alike.
    """
    model = {"class_name": form["class_name"], "config": form["config"]}
    compiled = form.get("compile_config")
    if not compiled:
        return model, None
    training = {key: compiled.get(key) for key in _ARGUMENTS}
    return model, {**training, "optimizer_config": compiled["optimizer"]}


def _layer(data: Mapping[str, Any]) -> dict[str, Any]:
    if data.get("module") is not None:
        return dict(data)
    kind, config = data["class_name"], data["config"]
    config = {"layers": config} if isinstance(config, list) else dict(config)  # a list is a Sequential of Keras 2
    form: dict[str, Any] = {**data, "registered_name": kind, "config": config}
    if "inbound_nodes" in data:
        form["inbound_nodes"] = [_call(node) for node in data["inbound_nodes"]]
        if not config.keys() & {"trainable", "layers"}:
            form["module"] = operation_module(kind)  # what nearly every layer has, operations lack
    shape = config.get("build_input_shape")
    if kind == "Sequential" and shape is None and config["layers"]:
        shape = config["layers"][0]["config"].get("batch_input_shape")
    if shape is not None:
        form["build_config"] = {"input_shape": shape}
    if "layers" in config:
        config["layers"] = [_layer(layer) for layer in config["layers"]]
    _modernize(kind, config)
    return form


def _modernize(kind: str, config: dict[str, Any]) -> None:
    """Changes what Keras 2 wrote in another way than Keras 3."""
    shape = config.pop("batch_input_shape", None)
    if shape is not None and kind == "InputLayer":
        config["batch_shape"] = shape
    if isinstance(config.get("axis"), list) and len(config["axis"]) == 1:
        config["axis"] = config["axis"][0]
    if "recurrent_initializer" in config:
        config.pop("implementation", None)
        config.pop("time_major", None)


def _call(node: Any) -> Any:
    """One call: of Keras 2 it is a list of [layer, call, result, other arguments]."""
    if isinstance(node, Mapping):
        return node
    tensors = [_tensor(x) for x in node]
    more = node[0][3] if len(node[0]) > 3 else {}
    kwargs = {key: _tensor(x) if _is_history(x) else x for key, x in more.items()}
    return {"args": [tensors[0] if len(tensors) == 1 else tensors], "kwargs": kwargs}


def _is_history(x: Any) -> bool:
    return isinstance(x, list) and len(x) in (3, 4) and isinstance(x[0], str) and type(x[1]) is type(x[2]) is int


def _tensor(history: Any) -> dict[str, Any]:
    return {"class_name": "__keras_tensor__", "config": {"keras_history": list(history[:3])}}


def _in_module(data: Any, module: str) -> Any:
    """Objects with the module they belong to, where they name none."""
    if isinstance(data, list):
        return [_in_module(member, module) for member in data]
    if not isinstance(data, Mapping):
        return data
    if "class_name" in data:
        return (
            data
            if data.get("module") is not None
            else {"registered_name": data["class_name"], **data, "module": module}
        )
    return {key: _in_module(member, module) for key, member in data.items()}

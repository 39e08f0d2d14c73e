"""Weights in .safetensors files.

Names are those of Keras' weight files: the class name of each layer in snake case, counted within its model, then the
name of the weight: 'conv2d/kernel', 'conv2d_1/kernel', 'dense/bias'. They do not depend on what the layers are called.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from juanji.autograd import Variable
from juanji.layers._weights import WeightOwner
from juanji.utils.naming import to_snake_case

Array = np.ndarray[Any, Any]


def named_weights(owner: WeightOwner, prefix: str = "") -> Iterator[tuple[str, Variable]]:
    """Name and variable of every weight, in the order of ``get_weights``."""
    used: Counter[str] = Counter()
    for weight in owner._own_weights:
        yield prefix + _numbered(weight.variable.name, used), weight.variable
    for layer in owner.sublayers():
        yield from named_weights(layer, prefix + _numbered(to_snake_case(type(layer).__name__), used) + "/")


def save_weights(model: Any, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Writes all weights; see ``Model.save_weights``."""
    from safetensors.numpy import save

    path = _checked_path("save_weights", filepath)
    tensors = {name: np.ascontiguousarray(v.numpy()) for name, v in named_weights(model)}
    if not tensors:
        raise ValueError(
            f"save_weights: {model.name!r} has no weights; expected a built model, got none. Call "
            "model.build(input_shape), or use it once, before saving."
        )
    if path.exists() and not overwrite:
        raise FileExistsError(
            f"save_weights: the file exists; expected a new name, got filepath={str(path)!r}. "
            "Choose another, or pass overwrite=True."
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"save_weights: no such folder; expected an existing one, got filepath={str(path)!r}. Create "
            f"{str(path.parent)!r} first."
        )
    _write_at_once(path, save(tensors, metadata={"format": "juanji"}))


def load_weights(model: Any, filepath: str | os.PathLike[str]) -> None:
    """Reads all weights; see ``Model.load_weights``."""
    path = _checked_path("load_weights", filepath)
    if not path.is_file():
        raise FileNotFoundError(f"load_weights: no such file; expected weights in {str(path)!r}. Check the path.")
    stored = _read(path)
    variables = dict(named_weights(model))
    missing = sorted(variables.keys() - stored.keys())
    unknown = sorted(stored.keys() - variables.keys())
    if missing or unknown:
        raise ValueError(
            f"load_weights: {str(path)!r} belongs to another model; expected the weights "
            f"{_some(list(variables))}; missing: {_some(missing)}; not in the model: {_some(unknown)}. "
            "Build the model (model.build(input_shape)) with the layers it had when the file was written."
        )
    for name, variable in variables.items():
        if stored[name].shape != variable.shape:
            raise ValueError(
                f"load_weights: wrong shape of {name!r} in {str(path)!r}; expected {variable.shape}, "
                f"got shape={stored[name].shape}. Use the model that the file was written from."
            )
    for name, variable in variables.items():
        variable.assign(stored[name])


def _read(path: Path) -> dict[str, Array]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return dict(load(path.read_bytes()))
    except (SafetensorError, KeyError, ValueError) as error:
        raise ValueError(
            f"load_weights: {str(path)!r} cannot be read; expected a complete .safetensors file of number arrays, "
            f"got one with an error ({error}). Save the weights again."
        ) from None


def _checked_path(method: str, filepath: str | os.PathLike[str]) -> Path:
    try:
        path = Path(filepath)
    except TypeError:
        raise TypeError(
            f"{method}: filepath is not a path; expected a string or os.PathLike, got filepath={filepath!r}."
        ) from None
    if path.suffix != ".safetensors":
        raise ValueError(
            f"{method}: unknown file type; expected a name ending in .safetensors, got filepath={str(path)!r}. "
            f"Use {str(path.with_suffix('.safetensors'))!r}."
        )
    return path


def _write_at_once(path: Path, data: bytes) -> None:
    """Writes a neighbouring file first, so that ``path`` is never half written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _numbered(name: str, used: Counter[str]) -> str:
    count = used[name]
    used[name] += 1
    return f"{name}_{count}" if count else name


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:4]) or "none"
    return f"{shown}, ... ({len(names)})" if len(names) > 4 else shown

"""Weights in HDF5 files, where Keras has them.

Keras goes through the attributes of a model: ``layers/conv2d/vars/0`` is the first weight of the first Conv2D among
the layers, ``layers/bidirectional/forward_layer/cell/vars/0`` one of a layer inside. Members of lists have the class
name in snake case, counted.
"""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from juanji.layers._weights import WeightOwner
from juanji.layers.layer import Layer
from juanji.models.model import Model
from juanji.models.sequential import Sequential
from juanji.saving.names import numbered, some
from juanji.utils.naming import to_snake_case

Array = np.ndarray[Any, Any]
Stored = dict[str, dict[str, Array]]  # path → weights by number
_EXPANSION = 1000  # how many times more than it takes in a file an array may be: beyond, a file lies about sizes


def h5py(method: str) -> Any:
    """The module. Raises ImportError that says how to get it."""
    try:
        return import_module("h5py")
    except ImportError:
        raise ImportError(
            f"{method}: files of Keras need h5py. Install it with: pip install 'juanji[keras]' (or pip install h5py)."
        ) from None


def saveables(owner: Any) -> Iterator[tuple[str, Any]]:
    """Path and object of a layer and all layers inside, each once, in Keras' order."""
    yield from _saveables(owner, "", set())


def weights_to_bytes(method: str, model: Any, more: Mapping[str, Any] | None = None) -> bytes:
    """The contents of an HDF5 file with all weights.

    Args:
        method: for messages.
        model: the model.
        more: other objects with ``save_own_variables``, by path.
    """
    buffer = io.BytesIO()
    with h5py(method).File(buffer, "w") as file:
        for path, part in [*saveables(model), *(more or {}).items()]:
            store: dict[str, Any] = {}
            part.save_own_variables(store)
            group = file.create_group(f"{path}/vars" if path else "vars")
            group.attrs["name"] = str(part.name)
            for key, value in store.items():
                group[key] = np.asarray(value)
    return buffer.getvalue()


def load_weights_file(model: Any, path: Path, skip_mismatch: bool) -> None:
    """Reads all weights of a .weights.h5 or .keras file into a model; all of them or, with an error, none.

    The state of an optimizer comes with them where the model has the same one, in use.
    """
    method = "load_weights"
    require_weights(model)
    with one_error(method, path):
        data = path.read_bytes()
        if path.suffix == ".keras":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                data = member(archive, "model.weights.h5")
        stored = read(method, data)
    state = stored.get("optimizer", {})
    stored = {place: group for place, group in stored.items() if place.split("/")[0] != "optimizer"}
    assign(method, model, path, stored, skip_mismatch)
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and optimizer.built:
        shapes = {str(i): variable.shape for i, variable in enumerate(optimizer.variables)}
        if shapes == {key: array.shape for key, array in state.items()} and int(state["0"]) >= 0:
            optimizer.load_own_variables(state)


def read(method: str, data: bytes) -> Stored:
    """All weights in the contents of an HDF5 file, by path and number."""
    module = h5py(method)
    found: Stored = {}
    met: set[int] = set()

    def collect(group: Any, path: str) -> None:
        for name in group:
            one = group[name] if isinstance(group.get(name, getlink=True), module.HardLink) else None
            place = -1 if one is None else int(module.h5o.get_info(one.id).addr)
            if place < 0 or place in met:
                raise ValueError(f"expected every array once in the file itself, got a link {path}{name!r}")
            met.add(place)
            if isinstance(one, module.Group):
                collect(one, f"{path}{name}/")
            elif path.endswith("vars/"):
                found.setdefault(path[: -len("vars/")].rstrip("/"), {})[name] = array_of(one)

    with module.File(io.BytesIO(data), "r") as file:
        collect(file, "")
    return found


def assign(method: str, model: Any, path: Path, stored: Stored, skip_mismatch: bool = False) -> None:
    """Gives the layers of a model their weights; all of them or, with an error, none."""
    before = [(variable, variable.numpy()) for variable in model.weights]
    parts = dict(saveables(model))
    wrong = {place: "not in the model" for place in stored.keys() - parts.keys() if stored[place]}
    for place, part in parts.items():
        try:
            part.load_own_variables(stored.get(place, {}))
        except Exception as error:
            wrong[place] = str(error) if not isinstance(error, KeyError) else f"{part.name!r}: no weight {error}"
    if not wrong:
        return
    reason = next(iter(wrong.values()))
    if skip_mismatch:
        warn_of_mismatch(method, path, wrong)
        return
    for variable, value in before:
        variable.assign(value)
    raise other_model(
        method, path, f"its weights in the places of this one, got other ones in {some(sorted(wrong))} ({reason})"
    )


def require_weights(model: Any) -> None:
    """Raises ValueError for a model that could not take any weights."""
    if not model.built:
        raise ValueError(
            f"load_weights: {model.name!r} has no weights; expected a built model, got none. Call "
            "model.build(input_shape), or use it once, before loading."
        )


def other_model(method: str, path: Path, expected: str) -> ValueError:
    """The error for a file that does not fit the model."""
    return ValueError(
        f"{method}: {str(path)!r} belongs to another model; expected {expected}. Use the model that the file was "
        "written from."
    )


def warn_of_mismatch(method: str, path: Path, wrong: Iterable[str]) -> None:
    """Warns of weights that a file has in other shapes or not at all."""
    warnings.warn(f"{method}: left as they are, since they differ in {str(path)!r}: {some(wrong)}.", stacklevel=5)


@contextmanager
def one_error(method: str, path: Path) -> Iterator[None]:
    """Whatever a library finds wrong with a file is one ValueError."""
    try:
        yield
    except (ImportError, MemoryError):
        raise
    except Exception as error:
        text = str(error) or type(error).__name__
        if text.startswith(method):
            raise
        raise ValueError(
            f"{method}: {str(path)!r} cannot be read; expected a complete file that juanji or Keras wrote, got one "
            f"with an error ({text.rstrip('.')}). Save it again."
        ) from error


def member(archive: zipfile.ZipFile, name: str) -> bytes:
    """One file of an archive. Raises ValueError for one that says it is far larger than what is there."""
    info = archive.getinfo(name)
    if info.file_size > _EXPANSION * max(info.compress_size, 1024):
        raise ValueError(f"expected a member {name!r} of a plausible size, got {info.file_size} bytes")
    return archive.read(name)


def array_of(dataset: Any) -> Array:
    """The numbers of a data set. Raises ValueError for one that is none, or lies elsewhere."""
    size = math.prod(dataset.shape) * dataset.dtype.itemsize
    if dataset.is_virtual or dataset.external or size > _EXPANSION * max(dataset.id.get_storage_size(), 1024):
        raise ValueError(f"expected an array in the file itself, got {dataset.name!r} of {size} bytes")
    if dataset.dtype.kind not in "fiub":
        raise ValueError(f"expected numbers, got {dataset.name!r} of type {dataset.dtype}")
    return np.asarray(dataset[()])


def _saveables(owner: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(owner) in seen:
        return
    seen.add(id(owner))
    yield path, owner
    begin = f"{path}/" if path else ""
    for name, value in _attributes(owner):
        if isinstance(value, WeightOwner):
            yield from _saveables(value, begin + name, seen)
        elif isinstance(value, (list, tuple, dict)):
            yield from _members(value, begin + name, seen)


def _members(container: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    used: Counter[str] = Counter()
    for value in container.values() if isinstance(container, dict) else container:
        if isinstance(value, WeightOwner):
            yield from _saveables(value, f"{path}/{numbered(_kind(value), used)}", seen)
        elif isinstance(value, (list, tuple, dict)):
            yield from _members(value, f"{path}/{numbered('container', used)}", seen)


def _attributes(owner: Any) -> Iterator[tuple[str, Any]]:
    """Attributes that may hold layers, properties included: public ones first, in alphabetical order."""
    if isinstance(owner, Sequential) or getattr(owner, "_own_graph", None) is not None:
        yield "layers", owner.layers
    plain = type(owner) in (Sequential, Model) and getattr(owner, "_own_graph", 0) != 0
    names = [] if plain else sorted(set(dir(owner)) - _of_every_layer(), key=lambda name: (name[0] == "_", name))
    for name in names:
        try:
            value = getattr(owner, name)
        except Exception:  # a property that has no value yet
            continue
        yield name, value


_skipped: set[str] = set()


def _of_every_layer() -> set[str]:
    if not _skipped:
        _skipped.update(dir(Layer()), ("_layers", "operations", "_operations", "_graph", "_own_graph", "_results"))
    return _skipped


def _kind(layer: Any) -> str:
    if type(layer) is Model and layer._own_graph is not None:
        return "functional"
    name = type(layer).__name__
    return to_snake_case(_CLASSES.get(name, name))


_CLASSES = {"GroupQueryAttention": "GroupedQueryAttention"}  # Keras' class is not called what Keras calls it

"""Files with the weights of a model."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from juanji.saving import arrays
from juanji.saving.files import checked_path, require_file, require_writable, write_at_once
from juanji.saving.names import named_weights, some

MORE = "~"  # begins the names of arrays that are no weights
_ENDINGS = (".safetensors", ".weights.h5", ".keras", ".h5", ".hdf5")


def save_weights(model: Any, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Writes all weights; see ``Model.save_weights``."""
    path = checked_path("save_weights", filepath, _ENDINGS[:2])
    weights = {name: variable.value for name, variable in named_weights(model)}
    if not weights:
        raise ValueError(
            f"save_weights: {model.name!r} has no weights; expected a built model, got none. Call "
            "model.build(input_shape), or use it once, before saving."
        )
    require_writable("save_weights", path, overwrite)
    if path.suffix == ".h5":
        from juanji.saving.hdf5 import weights_to_bytes

        optimizer = getattr(model, "optimizer", None)
        more = {} if optimizer is None or not optimizer.built else {"optimizer": optimizer}
        write_at_once(path, weights_to_bytes("save_weights", model, more))
    else:
        write_at_once(path, arrays.to_bytes(weights, {"format": "juanji"}))


def load_weights(
    model: Any, filepath: str | os.PathLike[str], skip_mismatch: bool = False, by_name: bool = False
) -> None:
    """Reads all weights; see ``Model.load_weights``."""
    path = checked_path("load_weights", filepath, _ENDINGS)
    require_file("load_weights", path, "weights")
    old = path.suffix in (".h5", ".hdf5") and not path.name.endswith(".weights.h5")
    if by_name and not old:
        raise ValueError(
            f"load_weights: only older .h5 files are read by the names of layers; expected by_name=False, got "
            f"by_name=True with filepath={str(path)!r}. Leave it out, or pass skip_mismatch=True."
        )
    if old:
        from juanji.saving import legacy_h5

        legacy_h5.load_weights_file(model, path, skip_mismatch, by_name)
        return
    if path.suffix != ".safetensors":
        from juanji.saving.hdf5 import load_weights_file

        load_weights_file(model, path, skip_mismatch)
        return
    stored = {name: array for name, array in arrays.read("load_weights", path)[0].items() if name[0] != MORE}
    assign_weights("load_weights", model, path, stored, skip_mismatch)


def assign_weights(method: str, model: Any, path: Path, stored: dict[str, Any], skip_mismatch: bool = False) -> None:
    """Gives the model weights by their names; all of them or, if something does not fit, none.

    Args:
        method: for messages.
        model: the model.
        path: of the file, for messages.
        stored: arrays by name.
        skip_mismatch: leave out what does not fit, with a warning.
    """
    variables = dict(named_weights(model))
    missing = sorted(variables.keys() - stored.keys())
    unknown = sorted(stored.keys() - variables.keys())
    other = sorted(
        name for name, variable in variables.items() if name in stored and stored[name].shape != variable.shape
    )
    if skip_mismatch:
        if missing or unknown or other:
            warnings.warn(
                f"{method}: left as they are, since they differ in {str(path)!r}: {some([*missing, *other])}; not in "
                f"the model: {some(unknown)}.",
                stacklevel=4,
            )
    elif missing or unknown:
        raise ValueError(
            f"{method}: {str(path)!r} belongs to another model; expected the weights "
            f"{some(variables)}; missing: {some(missing)}; not in the model: {some(unknown)}. "
            "Build the model (model.build(input_shape)) with the layers it had when the file was written."
        )
    elif other:
        name = other[0]
        raise ValueError(
            f"{method}: wrong shape of {name!r} in {str(path)!r}; expected {variables[name].shape}, "
            f"got shape={stored[name].shape}. Use the model that the file was written from."
        )
    fitting = {name: stored[name] for name in variables if name in stored and name not in other}
    for name, array in fitting.items():
        if np.dtype(array.dtype).kind not in "fiub":
            raise ValueError(
                f"{method}: {name!r} in {str(path)!r} are no numbers; expected floats, got dtype={array.dtype}. Save "
                "the weights again."
            )
    for name, array in fitting.items():
        variables[name].assign(array)

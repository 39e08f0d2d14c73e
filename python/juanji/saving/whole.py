"""Models as files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from juanji.saving import native
from juanji.saving.files import checked_path, require_file, require_writable, write_at_once
from juanji.utils.registration import CustomObjectScope

_ENDINGS = (".safetensors", ".keras", ".h5", ".hdf5")


def save_model(
    model: Any,
    filepath: str | os.PathLike[str],
    overwrite: bool = True,
    zipped: bool | None = None,
    include_optimizer: bool = True,
    save_format: str | None = None,
) -> None:
    """Writes architecture, weights, compile arguments and the optimizer's state into one file.

    The ending says which kind: ``.safetensors`` is juanji's own, which also keeps the random sequences of layers such
    as Dropout, so that training goes on with the same bits; ``.keras`` is Keras' (it needs h5py), which Keras 3 reads,
    and ``.h5`` its older one, for Sequential and functional models.
    The file appears complete or not at all: if saving fails, a file that was there stays as it is.

    Args:
        model: any model whose layers have ``get_config``.
        filepath: ends in .safetensors, .keras, .h5 or .hdf5.
        overwrite: whether a file that exists may be replaced.
        zipped: accepted for Keras scripts where it is not False.
        include_optimizer: whether to store compile arguments and the optimizer's state.
        save_format: accepted for Keras scripts; the ending says it.

    Raises:
        ValueError: for another ending, or a model with parts that cannot be stored, such as lambdas.
        FileExistsError: when the file exists and ``overwrite`` is False.
        ImportError: for .keras and .h5 without h5py.

    Example:
        >>> import numpy as np, os, tempfile
        >>> from juanji import Sequential, layers, saving
        >>> model = Sequential([layers.Input((4,)), layers.Dense(2)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "model.safetensors")
        ...     saving.save_model(model, path)
        ...     again = saving.load_model(path)
        >>> x = np.ones((1, 4), "float32")
        >>> bool((model.predict(x, verbose=0) == again.predict(x, verbose=0)).all())
        True
    """
    path = checked_path("save_model", filepath, _ENDINGS)
    if path.name.endswith(".weights.h5"):
        raise ValueError(
            f"save_model: a name for weights alone; expected another ending than .weights.h5, got "
            f"filepath={str(path)!r}. Use model.save_weights(path), or a name without '.weights'."
        )
    if zipped is False:
        raise ValueError(
            "save_model: models are single files; expected zipped=True, got zipped=False. Leave the argument out."
        )
    require_writable("save_model", path, overwrite)
    if path.suffix == ".keras":
        from juanji.saving import keras_file

        data = keras_file.to_bytes(model, include_optimizer)
    elif path.suffix in (".h5", ".hdf5"):
        from juanji.saving import legacy_h5

        data = legacy_h5.to_bytes(model, include_optimizer)
    else:
        data = native.to_bytes(model, include_optimizer)
    write_at_once(path, data)


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model in a file that juanji or Keras wrote.

    No code in the file is run: classes and functions are looked up among juanji's own, the registered ones and
    ``custom_objects``. A layer that was written as a lambda is refused.

    Args:
        filepath: ends in .safetensors, .keras, .h5 or .hdf5.
        custom_objects: classes and functions by name that are not juanji's own.
        compile: whether to compile the model as it was, and restore the optimizer's state.
        safe_mode: accepted for Keras scripts: juanji never runs code of files.

    Raises:
        ValueError: when the file is damaged, or names something that is not known.
        FileNotFoundError: when there is no such file.
        ImportError: for .keras and .h5 without h5py.
        MemoryError: when the model does not fit into memory.

    Example:
        >>> from juanji.saving import load_model
        >>> load_model("nowhere.safetensors")
        Traceback (most recent call last):
        FileNotFoundError: load_model: no such file; expected a model in 'nowhere.safetensors'. Check the path.
    """
    path = checked_path("load_model", filepath, _ENDINGS)
    require_file("load_model", path, "a model")
    with CustomObjectScope(custom_objects):
        try:
            if path.suffix == ".keras":
                from juanji.saving import keras_file

                return keras_file.from_file(path, compile)
            if path.suffix in (".h5", ".hdf5"):
                from juanji.saving import legacy_h5

                return legacy_h5.from_file(path, compile)
            return native.from_file(path, compile)
        except (ImportError, OSError, MemoryError):
            raise
        except Exception as error:
            raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ValueError:
    text = str(error) or type(error).__name__
    if text.startswith("load_model"):
        return ValueError(text)
    return ValueError(
        f"load_model: {str(path)!r} gives no model; expected a complete file of parts that are known, got an error: "
        f"{text.rstrip('.')}. Save the model again, or pass what is missing in custom_objects."
    )

"""Arrays with names in .safetensors files."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def to_bytes(arrays: Mapping[str, Any], metadata: Mapping[str, str]) -> bytes:
    """The contents of a file with these arrays."""
    from safetensors.numpy import save

    # ascontiguousarray would turn a scalar into shape (1,)
    whole = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    _require_memory(2 * sum(array.nbytes for array in whole.values()))
    return bytes(save(whole, metadata=dict(metadata)))


def read(method: str, path: Path) -> tuple[dict[str, Array], dict[str, str]]:
    """Arrays and metadata of a file.

    Raises:
        ValueError: for a file that is damaged, incomplete or of another kind.
        MemoryError: when it does not fit into memory.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    data = path.read_bytes()
    _require_memory(len(data))
    try:
        arrays = dict(load(data))
        (size,) = struct.unpack("<Q", data[:8])
        metadata = json.loads(data[8 : 8 + size]).get("__metadata__", {})
    except (SafetensorError, KeyError, ValueError, RecursionError, OverflowError) as error:
        raise ValueError(
            f"{method}: {str(path)!r} cannot be read; expected a complete .safetensors file of number arrays, "
            f"got one with an error ({error}). Save it again."
        ) from None
    return arrays, metadata


def _require_memory(size: int) -> None:
    """Raises MemoryError where the library, written in Rust, would end the process for want of so many bytes."""
    np.empty(size + 2**20, np.uint8)

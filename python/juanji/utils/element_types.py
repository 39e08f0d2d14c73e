"""Names of element types."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji.config import floatx

__all__ = ["standardize_dtype"]

_PYTHON_TYPES = {bool: "bool", int: "int32", str: "str"}


def standardize_dtype(dtype: Any) -> str:
    """The name of an element type; ``config.floatx()`` for None and for Python's ``float``.

    Args:
        dtype: name, NumPy type, one of Python's types, or the type of another library's tensor.

    Raises:
        ValueError: for anything else.

    Example:
        >>> import numpy as np
        >>> standardize_dtype(np.float64), standardize_dtype(int), standardize_dtype(None)
        ('float64', 'int32', 'float32')
    """
    if dtype is None or dtype is float:
        return floatx()
    if isinstance(dtype, type) and dtype in _PYTHON_TYPES:
        return _PYTHON_TYPES[dtype]
    name = str(dtype).removeprefix("torch.") if type(dtype).__module__.startswith("torch") else dtype
    try:
        kind = np.dtype(getattr(name, "name", name))
    except TypeError:
        kind = np.dtype(object)
    if kind.kind not in "fiub":
        raise ValueError(
            f"standardize_dtype: no type of numbers; expected a name such as 'float32', got dtype={dtype!r}."
        )
    return str(kind)

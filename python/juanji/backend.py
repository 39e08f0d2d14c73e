"""Settings and types, under keras.backend names."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from juanji.symbolic.tensor import is_keras_tensor
from juanji.utils.element_types import standardize_dtype
from juanji.utils.naming import clear_session, get_uid

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]


def is_float_dtype(dtype: Any) -> bool:
    """Whether this is a type of floating-point numbers.

    Example:
        >>> is_float_dtype("float64"), is_float_dtype("int32")
        (True, False)
    """
    return np.dtype(standardize_dtype(dtype)).kind == "f"


def is_int_dtype(dtype: Any) -> bool:
    """Whether this is a type of whole numbers.

    Example:
        >>> is_int_dtype("uint8"), is_int_dtype("bool")
        (True, False)
    """
    return np.dtype(standardize_dtype(dtype)).kind in "iu"


def result_type(*dtypes: Any) -> str:
    """The type of a sum of values of these types; whole numbers beside floats do not widen them.

    Args:
        dtypes: names or types; ``float`` and ``int`` stand for Python's numbers, which take the type of the others.

    Example:
        >>> result_type("float32", "int64"), result_type("uint8", "int8"), result_type("int32", float)
        ('float32', 'int16', 'float32')
    """
    names = [standardize_dtype(dtype) for dtype in dtypes if dtype not in (float, int, bool)]
    floats = [name for name in names if is_float_dtype(name)]
    if floats:
        return str(np.result_type(*floats))
    if float in dtypes or not (names or int in dtypes):
        return floatx()
    return str(np.result_type(*names)) if names else "int32"


def __dir__() -> list[str]:
    return __all__

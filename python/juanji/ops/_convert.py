"""What counts as an array, and of which type.

Arrays keep their type. Python numbers take the type of the arrays they meet, as in NumPy 2 (NEP 50). Lists of Python
numbers become the default float type when they hold floats, as in Keras.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji.autograd import Tensor
from juanji.config import floatx


def as_array(x: Any) -> Any:
    """A Tensor as it is, anything else as a NumPy array; floats from Python take the default float type."""
    if isinstance(x, (Tensor, np.ndarray)):
        return x
    array = np.asarray(x)
    if array.dtype == np.float64 and not isinstance(x, np.generic):
        return array.astype(floatx())
    return array


def as_float(x: Any) -> Any:
    """Like :func:`as_array`; integers, booleans and half precision become the default float type."""
    x = as_array(x)
    if x.dtype == np.float32 or x.dtype == np.float64:
        return x
    if x.dtype.kind in "iub" or x.dtype == np.float16:
        return np.asarray(x).astype(floatx())
    raise TypeError(
        f"unsupported dtype; expected numbers (float32, float64, integers or booleans), got dtype={x.dtype}. "
        "Convert the data first, for example with astype('float32')."
    )

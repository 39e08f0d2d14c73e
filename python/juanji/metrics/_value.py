"""Values of metrics: plain floats and arrays that, as Keras' tensors, have ``numpy()``."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from juanji._tensor import Array


class Value(float):
    """A number."""

    __slots__ = ()

    def numpy(self) -> Any:
        """The number as Keras gives it."""
        return np.float32(float(self))


class Values(np.ndarray[Any, Any]):
    """An array, for example of one number per class."""

    def __repr__(self) -> str:
        return repr(np.asarray(self))

    def numpy(self) -> Array:
        """A copy as an ordinary array."""
        return np.array(self)


def with_numpy(result: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of ``Metric.result``: what is a float or an array also has ``numpy()``."""

    @wraps(result)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        value = result(*args, **kwargs)
        if isinstance(value, np.ndarray):
            return value.view(Values)
        return Value(value) if type(value) is float or isinstance(value, np.floating) else value

    return wrapper

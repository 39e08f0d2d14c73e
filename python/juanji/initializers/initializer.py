"""What all initializers share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji.config import floatx
from juanji.utils.registry import Configurable, Registry

Array = np.ndarray[Any, Any]

registry: Registry[Any] = Registry("juanji.initializers")


class Initializer(Configurable, ABC):
    """Base of all initializers: called with a shape and a type, it gives the first value of a variable.

    Example:
        >>> class Twos(Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return np.full(shape, 2.0, dtype)
        >>> Twos()((2,), "float32")
        array([2., 2.], dtype=float32)
    """

    @abstractmethod
    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """The array.

        Args:
            shape: its shape.
            dtype: its element type; the default float type if None.
        """

    def clone(self) -> Any:
        """An equal initializer."""
        return self.from_config(self.get_config())


def element_type(dtype: Any) -> np.dtype[Any]:
    """The NumPy type of that name, the default float type for None."""
    return np.dtype(dtype or floatx())

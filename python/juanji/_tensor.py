"""Arrays whose history a tape may know."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from juanji._operators import Operators

Array = np.ndarray[tuple[int, ...], np.dtype[Any]]


def native_order(array: Array) -> Array:
    """The array with the bytes of its elements in the order of this machine, which is all that operations know."""
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


class Tensor(Operators):
    """An array whose history a tape may know.

    Operations on tensors give tensors; ``np.asarray(t)`` and :meth:`numpy` give the array. Arithmetic operators and
    indexing are those of NumPy and differentiable.

    Args:
        value: anything ``np.asarray`` takes.

    Example:
        >>> from juanji import Tensor
        >>> (Tensor([1.0, 2.0]) * 3.0).numpy()
        array([3., 6.])
    """

    # _logits: ("softmax" or "sigmoid", its input) on the result of one, for losses; see ops/_logits.py
    # _keras_mask: which steps count, set by layers on their results; see _masks.py
    __slots__ = ("__weakref__", "_keras_mask", "_logits", "_value")
    __array_priority__ = 100.0

    def __init__(self, value: ArrayLike) -> None:
        self._value: Array = native_order(np.asarray(value))
        self._logits: tuple[str, Tensor] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._value.dtype

    @property
    def ndim(self) -> int:
        return self._value.ndim

    @property
    def size(self) -> int:
        return self._value.size

    def numpy(self) -> Array:
        """The value as a NumPy array (not a copy)."""
        return self._value

    def item(self) -> Any:
        """The value of a one-element tensor as a Python number."""
        return self.numpy().item()

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        value = self.numpy()
        if dtype is not None:
            value = value.astype(dtype, copy=False)
        return value.copy() if copy else value

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """NumPy's functions: those that ``juanji.ops`` has stay differentiable, the others give arrays."""
        from juanji import ops

        name = "mod" if ufunc is np.remainder else ufunc.__name__
        own = getattr(ops, name, None)
        if method == "__call__" and own is not None and not kwargs:
            return own(*inputs)
        return getattr(ufunc, method)(*(np.asarray(x) if isinstance(x, Tensor) else x for x in inputs), **kwargs)

    def __len__(self) -> int:
        return len(self._value)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        return float(self.numpy().item())

    def __int__(self) -> int:
        return int(self.numpy().item())

    def __format__(self, spec: str) -> str:
        return format(self.item() if self.ndim == 0 else self.numpy(), spec) if spec else str(self)

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __getitem__(self, index: Any) -> Any:
        from juanji.ops._indexing import get_item

        return get_item(self, index)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} shape={self.shape} dtype={self.dtype} value={self._value!r}>"

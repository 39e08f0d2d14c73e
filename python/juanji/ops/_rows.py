"""Gathering the rows of a batch out of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from juanji import _core
from juanji.ops._operation import Operation

_take_rows = Operation("take_rows", lambda dtype: _core.TakeRows(dtype))
_NATIVE = frozenset(("float32", "float64", "int32", "int64", "uint8", "bool"))


def take_rows(data: np.ndarray[Any, Any], indices: Any, dtype: DTypeLike | None = None) -> np.ndarray[Any, Any]:
    """``data[indices].astype(dtype)`` in one parallel pass.

    Dense data (memory-mapped files included) is read in place. Other data goes through NumPy's indexing, so
    that only the wanted rows are ever copied.

    Args:
        data: array of shape (rows, ...).
        indices: row numbers from 0 to rows - 1, shape (N,).
        dtype: element type of the result; that of ``data`` by default.

    Returns:
        Array of shape (N, ...).

    Raises:
        ValueError: for an index out of range, which the message names.
        TypeError: for indices that are not integers.

    Example:
        >>> pixels = np.array([[0, 51], [102, 255]], dtype="uint8")
        >>> take_rows(pixels, [1, 1], "float32")
        array([[102., 255.],
               [102., 255.]], dtype=float32)
    """
    rows = _row_numbers(indices)
    target = np.dtype(data.dtype if dtype is None else dtype)
    if _reads_in_place(data, target):
        result: np.ndarray[Any, Any] = _take_rows(data, rows, dtype=target.name)
        return result
    _check_range(rows, len(data))
    return np.asarray(data[rows]).astype(target, copy=False)


@dataclass(frozen=True)
class Rows:
    """Rows of a data set that are yet to be gathered: by a recorded step itself, or by :meth:`array`.

    Args:
        data: array of shape (rows, ...).
        numbers: of the rows, int64.
        dtype: element type of what is gathered.
    """

    data: np.ndarray[Any, Any]
    numbers: np.ndarray[Any, Any]
    dtype: str

    def __len__(self) -> int:
        return len(self.numbers)

    def array(self) -> np.ndarray[Any, Any]:
        """The gathered rows."""
        return take_rows(self.data, self.numbers, self.dtype)

    def of(self, data: Any, numbers: Any) -> Any:
        """The rows of another data set, or of a tensor that stands for one, converted in the same way."""
        return _take_rows(data, numbers, dtype=self.dtype)


def rows_of(data: np.ndarray[Any, Any], numbers: np.ndarray[Any, Any], dtype: str) -> Any:
    """Rows that a recorded step can gather by itself, or, of data that it could not read in place, gathered ones."""
    wanted = Rows(data, _row_numbers(numbers), np.dtype(dtype).name)
    return wanted if _reads_in_place(data, np.dtype(dtype)) and len(data) else wanted.array()


def _row_numbers(indices: Any) -> np.ndarray[Any, Any]:
    rows = np.asarray(indices)
    if rows.size == 0:
        rows = rows.astype(np.int64)
    if rows.dtype.kind not in "iu":
        raise TypeError(
            f"take_rows: indices are not integers; expected integers, got indices.dtype={rows.dtype}. "
            "For a mask pass np.flatnonzero(mask)."
        )
    return rows.astype(np.int64, copy=False)


def _reads_in_place(data: np.ndarray[Any, Any], target: np.dtype[Any]) -> bool:
    source = data.dtype
    dense = data.flags.c_contiguous and data.flags.aligned and source.isnative and source.name in _NATIVE
    to_float = target.name in ("float32", "float64")
    to_integer = target.name in ("int32", "int64") and source.kind in "iub"
    return dense and (source == target or to_float or to_integer)


def _check_range(rows: np.ndarray[Any, Any], count: int) -> None:
    wrong = np.flatnonzero((rows < 0) | (rows >= count))
    if wrong.size:
        at = int(wrong[0])
        allowed = f"0 to {count - 1}" if count else "no index, as x has no rows"
        raise ValueError(f"take_rows: index out of range; expected {allowed}, got indices[{at}]={int(rows.flat[at])}.")

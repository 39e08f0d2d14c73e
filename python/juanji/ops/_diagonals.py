"""Triangles and diagonals of matrices, and matrices with a given diagonal."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from juanji import ops
from juanji.autograd import Array
from juanji.config import floatx
from juanji.ops._convert import as_array
from juanji.ops._indexing import _place_part
from juanji.ops._shape import normalize_axis
from juanji.ops._whole import whole_number


def eye(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike | None = None) -> Array:
    """A matrix with ones on a diagonal.

    Args:
        N: number of rows.
        M: number of columns; ``N`` by default.
        k: which diagonal, from 0 for the main one upwards.
        dtype: the default float type unless another is given.

    Example:
        >>> from juanji import ops
        >>> ops.eye(2)
        array([[1., 0.],
               [0., 1.]], dtype=float32)
    """
    return np.eye(N, M, k, dtype=dtype or floatx())


def identity(n: int, dtype: DTypeLike | None = None) -> Array:
    """The identity matrix of ``n`` rows.

    Example:
        >>> from juanji import ops
        >>> ops.identity(1)
        array([[1.]], dtype=float32)
    """
    return eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike | None = None) -> Array:
    """A matrix with ones on and below a diagonal.

    Args:
        N: number of rows.
        M: number of columns; ``N`` by default.
        k: which diagonal, from 0 for the main one upwards.
        dtype: the default float type unless another is given.

    Example:
        >>> from juanji import ops
        >>> ops.tri(2)
        array([[1., 0.],
               [1., 1.]], dtype=float32)
    """
    return np.tri(N, M, k, dtype=np.dtype(dtype or floatx()))


def tril(x: Any, k: int = 0) -> Any:
    """The matrices of the last two axes with zeros above a diagonal.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.tril(np.ones((2, 2)))
        array([[1., 0.],
               [1., 1.]])
    """
    x = _matrices("tril", x)
    return ops.where(_below(x, k), x, np.zeros((), x.dtype))


def triu(x: Any, k: int = 0) -> Any:
    """The matrices of the last two axes with zeros below a diagonal.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.triu(np.ones((2, 2)))
        array([[1., 1.],
               [0., 1.]])
    """
    x = _matrices("triu", x)
    return ops.where(_below(x, k - 1), np.zeros((), x.dtype), x)


def _below(x: Any, k: int) -> Array:
    """Which elements of the matrices lie on or below a diagonal."""
    return np.tri(x.shape[-2], x.shape[-1], k, dtype=np.dtype(bool))


def _matrices(op: str, x: Any) -> Any:
    x = as_array(x)
    if len(x.shape) < 2:
        raise ValueError(f"{op}: no matrix; expected rank 2 or more, got x.shape={tuple(x.shape)}.")
    return x


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Diagonals of the matrices of two axes, as the last axis of the result.

    Args:
        x: array or tensor of rank 2 or more.
        offset: which diagonal, from 0 for the main one upwards.
        axis1, axis2: rows and columns of the matrices.

    Raises:
        ValueError: for a lower rank, or twice the same axis.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.diagonal(np.array([[1, 2], [3, 4]]))
        array([1, 4])
    """
    x = _matrices("diagonal", x)
    rank = len(x.shape)
    first, second = normalize_axis("diagonal", axis1, rank), normalize_axis("diagonal", axis2, rank)
    if first == second:
        raise ValueError(f"diagonal: the axes are the same; expected two, got axis1={axis1}, axis2={axis2}.")
    x = ops.transpose(x, [*(i for i in range(rank) if i not in (first, second)), first, second])
    begin, length, step = _places(whole_number("diagonal", "offset", offset), *x.shape[-2:])
    x = ops.reshape(x, (*x.shape[:-2], x.shape[-2] * x.shape[-1]))
    return x[..., begin : begin + step * (length - 1) + 1 : step] if length else x[..., :0]


def _places(offset: int, rows: int, columns: int) -> tuple[int, int, int]:
    """First element, number and distance of the elements of a diagonal in row-major order."""
    begin = offset if offset >= 0 else -offset * columns
    length = min(rows + min(offset, 0), columns - max(offset, 0))
    return begin, max(length, 0), columns + 1


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Sums of the diagonals that :func:`diagonal` gives.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.trace(np.eye(3)))
        3.0
    """
    return ops.sum(diagonal(x, offset, axis1, axis2), axis=-1)


def diag(x: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, or a matrix with a vector as its diagonal.

    Args:
        x: matrix or vector.
        k: which diagonal, from 0 for the main one upwards.

    Raises:
        ValueError: for other ranks.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.diag(np.array([1, 2]))
        array([[1, 0],
               [0, 2]])
    """
    x = as_array(x)
    if len(x.shape) == 2:
        return diagonal(x, k)
    if len(x.shape) != 1:
        raise ValueError(f"diag: no vector or matrix; expected rank 1 or 2, got x.shape={tuple(x.shape)}.")
    offset = whole_number("diag", "k", k)
    size = x.size + abs(offset)
    if x.size == 0:
        return ops.zeros((size, size), dtype=x.dtype)
    begin, length, step = _places(offset, size, size)
    key = ((begin, begin + step * (length - 1) + 1, step),)
    return ops.reshape(_place_part(x, key=key, shape=(size * size,)), (size, size))


def diagflat(x: Any, k: int = 0) -> Any:
    """A matrix whose diagonal has all elements of ``x``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.diagflat(np.array([[1], [2]]))
        array([[1, 0],
               [0, 2]])
    """
    return diag(ops.ravel(x), k)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Powers of each element as rows (Vandermonde's matrix).

    Args:
        x: vector.
        N: number of powers; the size of ``x`` by default.
        increasing: begin with power 0 rather than end with it.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.vander(np.array([1.0, 2.0, 3.0]), 2)
        array([[1., 1.],
               [2., 1.],
               [3., 1.]])
    """
    x = as_array(x)
    if len(x.shape) != 1:
        raise ValueError(f"vander: no vector; expected rank 1, got x.shape={tuple(x.shape)}.")
    count = x.size if N is None else whole_number("vander", "N", N)
    powers = np.arange(count, dtype=x.dtype)
    return ops.power(ops.expand_dims(x, -1), powers if increasing else powers[::-1])

"""Linear algebra through LAPACK, as NumPy has it, for matrices in the last two axes.

Gradient rules: M. Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation, 2008.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Array
from juanji.ops._convert import as_float, operands
from juanji.ops._numpy_side import by_numpy, without_gradient
from juanji.ops._operation import Call, Spec


def transposed(x: Any) -> Any:
    """Rows and columns of the matrices exchanged."""
    return ops.swapaxes(x, -1, -2)


def _explained(function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's error of a matrix that has no result, as the ValueError that everything here raises."""

    @wraps(function)
    def wrapper(*arrays: Any, **attributes: Any) -> Any:
        try:
            return function(*arrays, **attributes)
        except np.linalg.LinAlgError as error:
            raise ValueError(
                f"{function.__name__}: no result; expected matrices that have one, got: {error}. Check the values."
            ) from None

    return wrapper


def _as_input(specs: list[Spec]) -> list[Spec]:
    return [specs[-1]]


def matrices(op: str, x: Any, square: bool = True) -> Any:
    """``x`` as floats; ValueError naming ``op`` unless its last two axes are (square) matrices."""
    x = as_float(x)
    if len(x.shape) < 2 or (square and x.shape[-1] != x.shape[-2]):
        wanted = "square matrices (..., M, M)" if square else "matrices (..., M, N)"
        raise ValueError(f"{op}: the shape is wrong; expected {wanted}, got x.shape={tuple(x.shape)}.")
    return x


def _inv_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    back = transposed(call.output)
    return (ops.negative(ops.matmul(ops.matmul(back, dy), back)),)


def _det_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    scale = ops.expand_dims(ops.multiply(dy, call.output), (-2, -1))
    return (ops.multiply(scale, transposed(inv(call.inputs[0]))),)


def _slogdet_gradient(call: Call, dsign: Any, dlog: Any) -> tuple[Any, ...]:
    if dlog is None:
        return (None,)
    return (ops.multiply(ops.expand_dims(dlog, (-2, -1)), transposed(inv(call.inputs[0]))),)


def _cholesky_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    low = call.output
    size = low.shape[-1]
    # the lower triangle with half of the diagonal
    half = (np.tri(size, dtype=np.dtype(bool)) * (1 - 0.5 * np.eye(size))).astype(low.dtype)
    middle = ops.multiply(ops.matmul(transposed(low), dy), half)
    back = inv(low)
    dx = ops.matmul(ops.matmul(transposed(back), middle), back)
    return (ops.multiply(ops.add(dx, transposed(dx)), 0.5),)


def _solve_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    a, _ = call.inputs
    db = _solve(transposed(a), dy)
    return ops.negative(ops.matmul(db, transposed(call.output))), db


_inv = by_numpy("inv", _explained(np.linalg.inv), _inv_gradient, specs=_as_input)
_det = by_numpy("det", lambda x: np.linalg.det(x).astype(x.dtype), _det_gradient)
_slogdet = by_numpy("slogdet", lambda x: tuple(np.linalg.slogdet(x)), _slogdet_gradient, visible_outputs=2)
_cholesky = by_numpy("cholesky", _explained(np.linalg.cholesky), _cholesky_gradient, specs=_as_input)
_solve = by_numpy("solve", _explained(np.linalg.solve), _solve_gradient, specs=_as_input)
_rank = by_numpy("matrix_rank", lambda x, tol: np.asarray(np.linalg.matrix_rank(x, tol=tol)).astype("int32"))


def _lu(a: Array) -> tuple[Array, Array]:
    """Crout's elimination with the largest pivot of each column, for all matrices at once."""
    lu = np.array(a)
    rows, columns = lu.shape[-2:]
    steps = min(rows, columns)
    flat = lu.reshape(-1, rows, columns)
    pivots = np.zeros((len(flat), steps), "int32")
    for matrix, pivot in zip(flat, pivots):
        for k in range(steps):
            pivot[k] = k + np.argmax(np.abs(matrix[k:, k]))
            matrix[[k, pivot[k]]] = matrix[[pivot[k], k]]
            if matrix[k, k] != 0:
                matrix[k + 1 :, k] /= matrix[k, k]
            matrix[k + 1 :, k + 1 :] -= np.outer(matrix[k + 1 :, k], matrix[k, k + 1 :])
    return flat.reshape(lu.shape), pivots.reshape((*lu.shape[:-2], steps))


_lu_factor = without_gradient("lu_factor", _lu, visible_outputs=2)


def inv(x: Any) -> Any:
    """Inverse matrices.

    Args:
        x: (..., M, M).

    Raises:
        ValueError: for a singular matrix, or one that is not square.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.inv(np.array([[2.0, 0.0], [0.0, 4.0]]))
        array([[0.5 , 0.  ],
               [0.  , 0.25]])
    """
    return _inv(matrices("inv", x))


def det(x: Any) -> Any:
    """Determinants.

    Args:
        x: (..., M, M).

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> f"{float(ops.det(np.array([[2.0, 1.0], [0.0, 4.0]]))):.1f}"
        '8.0'
    """
    return _det(matrices("det", x))


def slogdet(x: Any) -> tuple[Any, Any]:
    """Sign and logarithm of the size of determinants, which neither overflow nor vanish.

    Args:
        x: (..., M, M).

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> sign, size = ops.slogdet(-np.eye(3))
        >>> float(sign), float(size)
        (-1.0, 0.0)
    """
    sign, size = _slogdet(matrices("slogdet", x))
    return sign, size


def logdet(x: Any) -> Any:
    """Logarithm of the size of determinants.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.logdet(np.eye(3)))
        0.0
    """
    return slogdet(x)[1]


def cholesky(x: Any, upper: bool = False) -> Any:
    """Cholesky's factor of positive definite matrices, ``x = L Lᵀ``.

    Args:
        x: (..., M, M); the lower triangles are read.
        upper: give ``Lᵀ``.

    Raises:
        ValueError: for a matrix that is not positive definite.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.cholesky(np.array([[4.0, 2.0], [2.0, 5.0]]))
        array([[2., 0.],
               [1., 2.]])
    """
    low = _cholesky(matrices("cholesky", x))
    return transposed(low) if upper else low


def cholesky_inverse(x: Any, upper: bool = False) -> Any:
    """The inverse of a positive definite matrix from its Cholesky factor.

    Args:
        x: (..., M, M), the factor.
        upper: whether it is an upper triangle.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.cholesky_inverse(np.array([[2.0, 0.0], [0.0, 1.0]]))
        array([[0.25, 0.  ],
               [0.  , 1.  ]])
    """
    x = matrices("cholesky_inverse", x)
    low = ops.tril(transposed(x) if upper else x)
    back = inv(low)
    return ops.matmul(transposed(back), back)


def solve(a: Any, b: Any) -> Any:
    """Solutions x of ``a x = b``.

    Args:
        a: (..., M, M).
        b: (..., M) or (..., M, N).

    Returns:
        The shape of ``b``.

    Raises:
        ValueError: for a singular matrix, or shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 2.0]))
        array([1. , 0.5])
    """
    a, b = operands(a, b)
    a, b = matrices("solve", a), as_float(b)
    vector = len(b.shape) == len(a.shape) - 1
    columns = ops.expand_dims(b, -1) if vector else b
    if len(columns.shape) < 2 or columns.shape[-2] != a.shape[-1]:
        raise ValueError(
            f"solve: the sizes do not fit; expected {a.shape[-1]} rows, got a.shape={tuple(a.shape)}, "
            f"b.shape={tuple(b.shape)}."
        )
    leading = np.broadcast_shapes(tuple(a.shape[:-2]), tuple(columns.shape[:-2]))
    a = ops.broadcast_to(a, (*leading, *a.shape[-2:]))
    columns = ops.broadcast_to(columns, (*leading, *columns.shape[-2:]))
    y = _solve(a, columns)
    return ops.squeeze(y, -1) if vector else y


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    """Solutions x of ``a x = b`` with triangular matrices; the other triangle is not read.

    Args:
        a: (..., M, M).
        b: (..., M) or (..., M, N).
        lower: whether the lower triangle counts rather than the upper.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.solve_triangular(np.array([[2.0, 9.0], [0.0, 4.0]]), np.array([2.0, 0.0]))
        array([1., 0.])
    """
    a = matrices("solve_triangular", a)
    return solve(ops.tril(a) if lower else ops.triu(a), b)


def lu_factor(x: Any) -> tuple[Any, Any]:
    """Lower and upper triangles whose product is ``x`` with rows exchanged, in one matrix.

    Args:
        x: (..., M, N).

    Returns:
        The triangles (the ones in the lower one's diagonal are left out), and for each row, in order, with which it
        was exchanged (int32). There is no gradient.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.lu_factor(np.array([[0.0, 1.0], [2.0, 3.0]]))
        (array([[2., 3.],
               [0., 1.]]), array([1, 1], dtype=int32))
    """
    lu, pivots = _lu_factor(matrices("lu_factor", x, square=False))
    return lu, pivots


def matrix_rank(x: Any, tol: float | None = None) -> Any:
    """How many singular values are not 0, as int32.

    Args:
        x: (..., M, N).
        tol: below it a value counts as 0; by default some eps times the largest.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> int(ops.matrix_rank(np.ones((3, 3))))
        1
    """
    return _rank(matrices("matrix_rank", x, square=False), tol=tol)

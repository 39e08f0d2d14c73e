"""Eigenvalues, singular values, orthogonal factors, and what is made of them.

Gradient rules: M. Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation, 2008; J. Townsend, Differentiating the singular value decomposition, 2016. They need eigenvalues and
singular values that differ.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Array
from juanji.ops._convert import as_float, operands
from juanji.ops._linalg import _explained, inv, matrices, transposed
from juanji.ops._numpy_side import by_numpy, without_gradient
from juanji.ops._operation import Call, Operation
from juanji.ops._reductions import _axes


def _or_zeros(call: Call, arriving: tuple[Any, ...]) -> list[Any]:
    return [np.zeros(y.shape, y.dtype) if dy is None else dy for y, dy in zip(call.outputs, arriving)]


def _inverse_gaps(values: Any) -> Any:
    """1 / (v_j - v_i), and 0 on the diagonal."""
    gaps = ops.subtract(ops.expand_dims(values, -2), ops.expand_dims(values, -1))
    own = np.eye(values.shape[-1], dtype=bool)
    return ops.where(own, 0.0, ops.divide(1.0, ops.where(own, 1.0, gaps)))


def _eigh_gradient(call: Call, *arriving: Any) -> tuple[Any, ...]:
    _, v = call.outputs
    dw, dv = _or_zeros(call, arriving)
    middle = ops.multiply(ops.matmul(transposed(v), dv), _inverse_gaps(call.outputs[0]))
    middle = ops.add(middle, ops.multiply(ops.expand_dims(dw, -1), np.eye(v.shape[-1], dtype=v.dtype)))
    dx = ops.matmul(ops.matmul(v, middle), transposed(v))
    return (ops.multiply(ops.add(dx, transposed(dx)), 0.5),)


def _svd_gradient(call: Call, *arriving: Any) -> tuple[Any, ...]:
    u, s, vh = call.outputs
    du, ds, dvh = _or_zeros(call, arriving)
    if u.shape[-1] != s.shape[-1] or vh.shape[-2] != s.shape[-1]:
        raise ValueError("svd: vectors of 0 have no gradient; expected full_matrices=False, got True.")
    v, dv = transposed(vh), transposed(dvh)
    gaps = _inverse_gaps(ops.square(s))
    row, column = ops.expand_dims(s, -2), ops.expand_dims(s, -1)

    def antisymmetric(a: Any, da: Any) -> Any:
        product = ops.matmul(transposed(a), da)
        return ops.multiply(gaps, ops.subtract(product, transposed(product)))

    middle = ops.multiply(antisymmetric(u, du), row)
    middle = ops.add(middle, ops.multiply(column, antisymmetric(v, dv)))
    middle = ops.add(middle, ops.multiply(ops.expand_dims(ds, -1), np.eye(s.shape[-1], dtype=s.dtype)))
    dx = ops.matmul(ops.matmul(u, middle), vh)
    inverse = ops.divide(1.0, row)
    if u.shape[-2] > s.shape[-1]:  # what leaves the space of u
        outside = ops.subtract(du, ops.matmul(u, ops.matmul(transposed(u), du)))
        dx = ops.add(dx, ops.matmul(ops.multiply(outside, inverse), vh))
    if v.shape[-2] > s.shape[-1]:
        outside = ops.subtract(dv, ops.matmul(v, ops.matmul(vh, dv)))
        dx = ops.add(dx, ops.matmul(u, transposed(ops.multiply(outside, inverse))))
    return (dx,)


def _qr_gradient(call: Call, *arriving: Any) -> tuple[Any, ...]:
    q, r = call.outputs
    dq, dr = _or_zeros(call, arriving)
    if r.shape[-1] != r.shape[-2]:
        raise ValueError(
            "qr: the gradient needs columns that are independent; expected no more columns than rows and "
            f"mode='reduced', got factors of {tuple(q.shape)} and {tuple(r.shape)}."
        )
    middle = ops.subtract(ops.matmul(r, transposed(dr)), ops.matmul(transposed(dq), q))
    low = ops.tril(middle, -1)
    symmetric = ops.add(ops.tril(middle), transposed(low))
    return (ops.matmul(ops.add(dq, ops.matmul(q, symmetric)), transposed(inv(r))),)


def _svd_of(x: Array, full_matrices: bool) -> tuple[Array, ...]:
    return tuple(np.linalg.svd(x, full_matrices=full_matrices))


def _eig_of(x: Array) -> tuple[Array, ...]:
    kind = np.result_type(x.dtype, np.complex64)
    return tuple(part.astype(kind) for part in np.linalg.eig(x))


_svd: Operation = by_numpy("svd", _explained(_svd_of), _svd_gradient, visible_outputs=3)
_eigh: Operation = by_numpy("eigh", lambda x: tuple(np.linalg.eigh(x)), _eigh_gradient, visible_outputs=2)
_eig: Operation = without_gradient("eig", _explained(_eig_of), visible_outputs=2)
_qr: Operation = by_numpy("qr", lambda x, mode: tuple(np.linalg.qr(x, mode)), _qr_gradient, visible_outputs=2)


def eig(x: Any) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors (columns), as complex numbers; without a gradient.

    Args:
        x: (..., M, M).

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.eig(np.diag([1.0, 2.0]))[0]
        array([1.+0.j, 2.+0.j])
    """
    w, v = _eig(matrices("eig", x))
    return w, v


def eigh(x: Any) -> tuple[Any, Any]:
    """Eigenvalues, ascending, and eigenvectors (columns) of symmetric matrices.

    Args:
        x: (..., M, M); the lower triangles are read.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.eigh(np.diag([2.0, 1.0]))[0]
        array([1., 2.])
    """
    w, v = _eigh(matrices("eigh", x))
    return w, v


def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Singular value decomposition, ``x = U diag(s) Vᵀ``.

    Args:
        x: (..., M, N).
        full_matrices: square U and V; else as many vectors as singular values.
        compute_uv: give all three, rather than the singular values alone.

    Returns:
        U, s (descending), Vᵀ; or s.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.svd(np.diag([2.0, 3.0]), compute_uv=False)
        array([3., 2.])
    """
    x = matrices("svd", x, square=False)
    if not compute_uv:
        return _svd(x, full_matrices=False)[1]
    return tuple(_svd(x, full_matrices=bool(full_matrices)))


def qr(x: Any, mode: str = "reduced") -> tuple[Any, Any]:
    """Orthogonal columns times an upper triangle, ``x = Q R``.

    Args:
        x: (..., M, N).
        mode: 'reduced', or 'complete' for a square Q.

    Raises:
        ValueError: for another mode.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> q, r = ops.qr(np.ones((3, 2)))
        >>> q.shape, r.shape
        ((3, 2), (2, 2))
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr: unknown mode; expected 'reduced' or 'complete', got mode={mode!r}.")
    q, r = _qr(matrices("qr", x, square=False), mode=mode)
    return q, r


def pinv(x: Any, rcond: float | None = None) -> Any:
    """Pseudo-inverse matrices (Moore and Penrose).

    Args:
        x: (..., M, N).
        rcond: singular values below this share of the largest count as 0; ``10 max(M, N) eps`` by default.

    Returns:
        (..., N, M).

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.pinv(np.array([[2.0], [0.0]]))
        array([[0.5, 0. ]])
    """
    x = matrices("pinv", x, square=False)
    share = 10 * max(x.shape[-2:]) * np.finfo(x.dtype).eps if rcond is None else rcond
    u, s, vh = svd(x, full_matrices=False)
    used = ops.greater(s, ops.multiply(ops.max(s, axis=-1, keepdims=True), float(share)))
    inverse = ops.where(used, ops.divide(1.0, ops.where(used, s, 1.0)), 0.0)
    return ops.matmul(ops.multiply(transposed(vh), ops.expand_dims(inverse, -2)), transposed(u))


def lstsq(a: Any, b: Any, rcond: float | None = None) -> Any:
    """The x for which ``|a x - b|`` is smallest, of those the shortest.

    Args:
        a: (M, N).
        b: (M,) or (M, K).
        rcond: singular values below this share of the largest count as 0; ``max(M, N) eps`` by default.

    Raises:
        ValueError: when the rows differ in number.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.lstsq(np.array([[1.0], [1.0]]), np.array([1.0, 3.0])).round(6)
        array([2.])
    """
    a, b = operands(a, b)
    a, b = matrices("lstsq", a, square=False), as_float(b)
    if len(a.shape) != 2 or len(b.shape) not in (1, 2) or a.shape[0] != b.shape[0]:
        raise ValueError(
            f"lstsq: the sizes do not fit; expected (M, N) and (M,) or (M, K), got a.shape={tuple(a.shape)}, "
            f"b.shape={tuple(b.shape)}."
        )
    share = max(a.shape) * np.finfo(a.dtype).eps if rcond is None else rcond
    return ops.matmul(pinv(a, float(share)), b)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Sizes of vectors or matrices.

    Args:
        x: array or tensor.
        ord: of vectors: None or 2 (Euclidean), 1, another power, 0 (how many are not 0), ±inf; of matrices: None or
            'fro', 'nuc', ±1, ±2, ±inf.
        axis: one axis for vectors, two for matrices; all by default.
        keepdims: keep reduced axes as size 1.

    Raises:
        ValueError: for an ``ord`` that does not go with the number of axes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.norm(np.array([3.0, 4.0])))
        5.0
    """
    x = as_float(x)
    rank = len(x.shape)
    if axis is None:
        places: tuple[int, ...] = tuple(range(rank))
    elif isinstance(axis, (tuple, list)):
        places = tuple(_axes("norm", a, rank)[0] for a in axis)
    else:
        places = _axes("norm", axis, rank)
    if ord is None or (ord == "fro" and len(places) == 2) or (ord == 2 and len(places) == 1):
        return _root(ops.sum(ops.square(x), axis=places, keepdims=keepdims))
    if len(places) == 1 and not isinstance(ord, str):
        return _vector_norm(x, ord, places[0], keepdims)
    if len(places) == 2 and ord in (1, -1, 2, -2, math.inf, -math.inf, "nuc"):
        return _matrix_norm(x, ord, places, keepdims)
    raise ValueError(
        f"norm: no such size; expected a number for one axis, 'fro', 'nuc', ±1, ±2 or ±inf for two, got ord={ord!r} "
        f"with {len(places)} axes."
    )


def _root(squares: Any) -> Any:
    """The square root, whose gradient at 0 is 0."""
    nothing = ops.equal(squares, 0)
    return ops.where(nothing, 0.0, ops.sqrt(ops.where(nothing, 1.0, squares)))


def _vector_norm(x: Any, ord: float, axis: int, keepdims: bool) -> Any:
    if ord == 0:
        return ops.sum(ops.cast(ops.not_equal(x, 0), x.dtype), axis, keepdims)
    size = ops.abs(x)
    if math.isinf(ord):
        return (ops.max if ord > 0 else ops.min)(size, axis, keepdims)
    if ord == 1:
        return ops.sum(size, axis, keepdims)
    return ops.power(ops.sum(ops.power(size, float(ord)), axis, keepdims), 1.0 / ord)


def _matrix_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord in (2, -2, "nuc"):
        order = [i for i in range(len(x.shape)) if i not in axes]
        values = svd(ops.transpose(x, [*order, *axes]), compute_uv=False)
        reduce = {2: ops.max, -2: ops.min, "nuc": ops.sum}[ord]
        y = reduce(values, axis=-1)
        return ops.expand_dims(y, sorted(axes)) if keepdims else y
    summed, other = axes if abs(ord) == 1 else axes[::-1]
    sums = ops.sum(ops.abs(x), axis=summed, keepdims=True)
    y = (ops.max if ord > 0 else ops.min)(sums, axis=other, keepdims=True)
    return y if keepdims else ops.squeeze(y, axes)

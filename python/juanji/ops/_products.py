"""Products of vectors, matrices and tensors, and what statistics makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji import ops
from juanji.ops._convert import as_float, operands
from juanji.ops._shape import normalize_axis
from juanji.ops._whole import whole_numbers


def dot(x1: Any, x2: Any) -> Any:
    """Sum of products over the last axis of ``x1`` and the last but one (or only one) of ``x2``.

    Args:
        x1: (..., K), or a number.
        x2: (..., K, N) or (K,), or a number.

    Returns:
        The other axes of ``x1``, then those of ``x2``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
        11.0
    """
    a, b = operands(x1, x2)
    if len(a.shape) == 0 or len(b.shape) == 0:
        return ops.multiply(a, b)
    return tensordot(a, b, ((len(a.shape) - 1,), (max(len(b.shape) - 2, 0),)))


def inner(x1: Any, x2: Any) -> Any:
    """Sum of products over the last axes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.inner(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
        11.0
    """
    a, b = operands(x1, x2)
    if len(a.shape) == 0 or len(b.shape) == 0:
        return ops.multiply(a, b)
    return tensordot(a, b, ((len(a.shape) - 1,), (len(b.shape) - 1,)))


def outer(x1: Any, x2: Any) -> Any:
    """Each element of ``x1`` times each of ``x2``, as a matrix.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.outer(np.array([1, 2]), np.array([3, 4]))
        array([[3, 4],
               [6, 8]])
    """
    a, b = (ops.ravel(x) for x in operands(x1, x2))
    return ops.multiply(ops.expand_dims(a, 1), ops.expand_dims(b, 0))


def vdot(x1: Any, x2: Any) -> Any:
    """Sum of products of all elements.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.vdot(np.ones((2, 2)), np.ones((2, 2))))
        4.0
    """
    a, b = (ops.ravel(x) for x in operands(x1, x2))
    return tensordot(a, b, 1)


def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Sum of products over pairs of axes.

    Args:
        x1, x2: arrays or tensors.
        axes: how many of the last axes of ``x1`` meet the first ones of ``x2``; or two lists, of axes of the one and
            of the other.

    Returns:
        The other axes of ``x1``, then those of ``x2``.

    Raises:
        ValueError: when the axes do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.tensordot(np.ones((2, 3, 4)), np.ones((3, 4, 5))).shape
        (2, 5)
    """
    a, b = operands(x1, x2)
    ranks = len(a.shape), len(b.shape)
    if isinstance(axes, (int, np.integer)):
        pairs = tuple(range(ranks[0] - int(axes), ranks[0])), tuple(range(int(axes)))
    else:
        pairs = tuple(whole_numbers("tensordot", "axes", x) for x in axes)  # type: ignore[assignment]
    first = tuple(normalize_axis("tensordot", i, ranks[0]) for i in pairs[0])
    second = tuple(normalize_axis("tensordot", i, ranks[1]) for i in pairs[1])
    if [a.shape[i] for i in first] != [b.shape[i] for i in second]:
        raise ValueError(
            f"tensordot: the sizes do not fit; expected equal sizes of paired axes, got x1.shape={tuple(a.shape)}, "
            f"x2.shape={tuple(b.shape)} with axes={axes}."
        )
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    left = list(letters[: ranks[0]])
    right = list(letters[ranks[0] : ranks[0] + ranks[1]])
    for i, j in zip(first, second):
        right[j] = left[i]
    result = [c for i, c in enumerate(left) if i not in first] + [c for j, c in enumerate(right) if j not in second]
    return ops.einsum(f"{''.join(left)},{''.join(right)}->{''.join(result)}", a, b)


def kron(x1: Any, x2: Any) -> Any:
    """Kronecker's product: each element of ``x1`` times the whole of ``x2``, in its place.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.kron(np.array([1, 10]), np.array([1, 2]))
        array([ 1,  2, 10, 20])
    """
    a, b = operands(x1, x2)
    rank = max(len(a.shape), len(b.shape))
    a_shape = (1,) * (rank - len(a.shape)) + tuple(a.shape)
    b_shape = (1,) * (rank - len(b.shape)) + tuple(b.shape)
    left = ops.reshape(a, [size for n in a_shape for size in (n, 1)])
    right = ops.reshape(b, [size for n in b_shape for size in (1, n)])
    return ops.reshape(ops.multiply(left, right), [m * n for m, n in zip(a_shape, b_shape)])


def cross(x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """Cross product of vectors in space, or the third component of those in a plane.

    Args:
        x1, x2: vectors along an axis of size 2 or 3; the other axes broadcast.
        axisa, axisb: the axes of the vectors.
        axisc: axis of the vectors in the result.
        axis: all three at once.

    Raises:
        ValueError: for other sizes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.cross(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
        array([0., 0., 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = operands(x1, x2)
    a, b = ops.moveaxis(a, axisa, -1), ops.moveaxis(b, axisb, -1)
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise ValueError(f"cross: no vectors in space; expected sizes of 2 or 3, got {a.shape[-1]} and {b.shape[-1]}.")
    flat = a.shape[-1] == b.shape[-1] == 2
    u, v = ([x[..., i] if i < x.shape[-1] else None for i in range(3)] for x in (a, b))
    third = ops.subtract(ops.multiply(u[0], v[1]), ops.multiply(u[1], v[0]))
    if flat:
        return third
    zero = ops.zeros_like(third)
    u[2], v[2] = (zero if x is None else x for x in (u[2], v[2]))
    first = ops.subtract(ops.multiply(u[1], v[2]), ops.multiply(u[2], v[1]))
    second = ops.subtract(ops.multiply(u[2], v[0]), ops.multiply(u[0], v[2]))
    return ops.stack([first, second, third], axis=axisc)


def correlate(x1: Any, x2: Any, mode: str = "valid") -> Any:
    """Sums of products of ``x1`` with ``x2`` moved along it, ``y[k] = sum of x1[k + i] * x2[i]``.

    Args:
        x1, x2: vectors.
        mode: 'valid' for places where the shorter one lies inside, 'same' for as many as the longer one has, 'full'
            for all where they touch.

    Raises:
        ValueError: for another mode, or other ranks.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.correlate(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0]))
        array([2., 3.])
    """
    if mode not in ("valid", "same", "full"):
        raise ValueError(f"correlate: unknown mode; expected 'valid', 'same' or 'full', got mode={mode!r}.")
    a, b = (as_float(x) for x in operands(x1, x2))
    if len(a.shape) != 1 or len(b.shape) != 1 or not a.size or not b.size:
        raise ValueError(
            f"correlate: expected two vectors that are not empty, got x1.shape={tuple(a.shape)}, "
            f"x2.shape={tuple(b.shape)}."
        )
    n, m = a.size, b.size
    padded = ops.pad(a, (m - 1, m - 1))
    windows = np.arange(n + m - 1)[:, None] + np.arange(m)
    full = ops.matmul(ops.take(padded, windows), b)
    shorter, longer = min(n, m), max(n, m)
    if mode == "full":
        return full
    begin, length = (shorter - 1, longer - shorter + 1) if mode == "valid" else ((n + m - 1 - longer) // 2, longer)
    # NumPy centres on the other side when the second vector is the longer one
    if mode == "same" and m > n:
        begin = (n + m - longer) // 2
    return full[begin : begin + length]


def corrcoef(x: Any) -> Any:
    """Correlation coefficients of the rows of ``x``, -1 to 1.

    Args:
        x: (variables, samples), or the samples of one variable.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.corrcoef(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
        array([[ 1., -1.],
               [-1.,  1.]])
    """
    x = as_float(x)
    if len(x.shape) == 0:
        return np.full((), np.nan, x.dtype)
    single = len(x.shape) == 1
    rows = ops.expand_dims(x, 0) if single else x
    centred = ops.subtract(rows, ops.mean(rows, axis=-1, keepdims=True))
    size = ops.sqrt(ops.sum(ops.square(centred), axis=-1, keepdims=True))
    unit = ops.divide(centred, size)
    y = ops.clip(ops.matmul(unit, ops.swapaxes(unit, -1, -2)), -1.0, 1.0)
    return ops.reshape(y, ()) if single else y


def cdist(x: Any, y: Any) -> Any:
    """Euclidean distances of all pairs of rows; the gradient between equal rows is 0.

    Args:
        x: (..., M, D).
        y: (..., N, D).

    Returns:
        (..., M, N).

    Raises:
        ValueError: for lower ranks, or rows of different sizes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.cdist(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]))
        array([[5.]])
    """
    a, b = (as_float(v) for v in operands(x, y))
    if len(a.shape) < 2 or len(b.shape) < 2 or a.shape[-1] != b.shape[-1]:
        raise ValueError(
            f"cdist: no rows of one size; expected (..., M, D) and (..., N, D), got x.shape={tuple(a.shape)}, "
            f"y.shape={tuple(b.shape)}."
        )
    squares = ops.sum(ops.square(ops.subtract(ops.expand_dims(a, -2), ops.expand_dims(b, -3))), axis=-1)
    apart = ops.greater(squares, 0)
    return ops.where(apart, ops.sqrt(ops.where(apart, squares, 1.0)), 0.0)


def average(x: Any, axis: int | Sequence[int] | None = None, weights: Any = None) -> Any:
    """Weighted mean over axes, ``sum(x * weights) / sum(weights)``.

    Args:
        x: array or tensor.
        axis: one or several axes; all by default.
        weights: in the shape of ``x``, or a vector for one axis; equal ones by default.

    Raises:
        ValueError: when the weights do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.average(np.array([1.0, 2.0]), weights=np.array([3.0, 1.0])))
        1.25
    """
    if weights is None:
        return ops.mean(x, axis=axis)
    x, w = (as_float(v) for v in operands(x, weights))
    if tuple(w.shape) != tuple(x.shape):
        if not isinstance(axis, (int, np.integer)) or len(w.shape) != 1 or w.size != x.shape[axis]:
            raise ValueError(
                f"average: the weights do not fit; expected {tuple(x.shape)}, or a vector for one axis, got "
                f"weights.shape={tuple(w.shape)} with axis={axis}."
            )
        place = normalize_axis("average", int(axis), len(x.shape))
        w = ops.broadcast_to(ops.reshape(w, [-1 if i == place else 1 for i in range(len(x.shape))]), x.shape)
    return ops.divide(ops.sum(ops.multiply(x, w), axis=axis), ops.sum(w, axis=axis))

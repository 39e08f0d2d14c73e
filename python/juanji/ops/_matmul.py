"""Matrix products and the dense layer's operation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juanji import _core
from juanji.ops._bias import bias_activation_gradient
from juanji.ops._convert import as_array, as_float
from juanji.ops._operation import Call, Operation

_matmul = Operation("matmul", _core.Matmul)
_dense = Operation("dense", _core.Dense)


def _product(a: Any, b: Any, transpose_a: bool, transpose_b: bool) -> Any:
    return _matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b)


@_matmul.gradient
def _(call: Call, dc: Any) -> tuple[Any, ...]:
    a, b = call.inputs
    ta = call.attributes["transpose_a"]
    tb = call.attributes["transpose_b"]
    da = db = None
    if call.needed[0]:
        da = _product(b, dc, tb, True) if ta else _product(dc, b, False, not tb)
        da = _sum_leading(da, a.ndim)
    if call.needed[1]:
        if b.ndim == 2 and a.ndim > 2 and not ta:  # one matrix for the whole batch: its rows are just more rows
            rows = _rows(a), _rows(dc)
            db = _product(rows[1], rows[0], True, False) if tb else _product(rows[0], rows[1], True, False)
        else:
            db = _product(dc, a, True, ta) if tb else _product(a, dc, not ta, False)
            db = _sum_leading(db, b.ndim)
    return da, db


@_dense.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    x, w, *bias = call.inputs
    dz, db = bias_activation_gradient(call.output, dy, call.attributes["activation"], any(call.needed[2:]))
    dx = _product(dz, w, False, True) if call.needed[0] else None
    dw = _product(_rows(x), _rows(dz), True, False) if call.needed[1] else None
    return (dx, dw, db)[: 2 + len(bias)]


def _rows(x: Any) -> Any:
    from juanji.ops import reshape

    # The number of rows by itself, since -1 has no meaning beside a size of 0.
    return x if x.ndim == 2 else reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def _sum_leading(x: Any, ndim: int) -> Any:
    from juanji.ops import sum as sum_

    return x if x.ndim == ndim else sum_(x, axis=tuple(range(x.ndim - ndim)))


def dense(x: Any, w: Any, b: Any = None, *, activation: str | None = None) -> Any:
    """Dense layer in one pass, ``act(x @ w + b)``.

    Args:
        x: (..., in), float32 or float64.
        w: (in, out), the same type.
        b: (out,) or None.
        activation: None, 'relu', 'relu6', 'sigmoid' or 'tanh', applied before the result leaves the registers.

    Returns:
        (..., out).

    Raises:
        ValueError: when shapes do not fit.
        TypeError: when types differ or are not floats.

    Example:
        >>> import numpy as np
        >>> from juanji.ops import dense
        >>> dense(np.ones((2, 3)), np.ones((3, 1)), np.array([-1.0]), activation="relu")
        array([[2.],
               [2.]])
    """
    inputs = (x, w) if b is None else (x, w, b)
    return _dense(*inputs, activation=activation or "none")


def matmul(x1: Any, x2: Any) -> Any:
    """Matrix product with NumPy's rules: vectors, matrices, and stacks of matrices that broadcast.

    Args:
        x1: (..., M, K) or (K,).
        x2: (..., K, N) or (K,).

    Returns:
        (..., M, N), without M or N where a vector came in. Integer arrays are multiplied by NumPy exactly.

    Raises:
        ValueError: for scalars and when K or the leading dimensions do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.matmul(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
        array([[11.]])
    """
    from juanji.ops import broadcast_to, cast, reshape, squeeze

    a, b = as_array(x1), as_array(x2)
    if a.ndim == 0 or b.ndim == 0:
        raise ValueError(
            "matmul: a scalar is not a matrix; expected rank 1 or more, "
            f"got x1.shape={a.shape} and x2.shape={b.shape}. Use multiply."
        )
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.dtype.kind in "iub" and b.dtype.kind in "iub":
        return np.matmul(a, b)
    a, b = as_float(a), as_float(b)
    if a.dtype != b.dtype:
        common = np.result_type(a.dtype, b.dtype).name
        a, b = cast(a, common), cast(b, common)
    vector_a, vector_b = a.ndim == 1, b.ndim == 1
    if vector_a:
        a = reshape(a, (1, a.shape[0]))
    if vector_b:
        b = reshape(b, (b.shape[0], 1))
    if a.ndim > 2 and b.ndim > 2 and a.shape[:-2] != b.shape[:-2]:
        try:
            leading = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        except ValueError:
            raise ValueError(
                "matmul: the leading dimensions do not broadcast; "
                f"expected equal sizes or 1, got x1.shape={a.shape} and x2.shape={b.shape}."
            ) from None
        a = broadcast_to(a, leading + a.shape[-2:])
        b = broadcast_to(b, leading + b.shape[-2:])
    c = _product(a, b, False, False)
    if vector_b:
        c = squeeze(c, -1)
    if vector_a:
        c = squeeze(c, -1 if vector_b else -2)
    return c

"""Integers bit by bit, common divisors, and neighbours of floats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from juanji import ops
from juanji.ops._convert import as_array, as_float, operands
from juanji.ops._numpy_side import by_numpy
from juanji.ops._operation import Call, Operation


def _ldexp_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    from juanji.ops._binary import sum_to_shape

    return sum_to_shape(ldexp(dy, call.inputs[1]), call.inputs[0].shape), None


def _of_integers(name: str, function: Callable[..., Any]) -> Operation:
    return by_numpy(name, function)


_and = _of_integers("bitwise_and", np.bitwise_and)
_or = _of_integers("bitwise_or", np.bitwise_or)
_xor = _of_integers("bitwise_xor", np.bitwise_xor)
_invert = _of_integers("bitwise_invert", np.invert)
_left = _of_integers("bitwise_left_shift", np.left_shift)
_right = _of_integers("bitwise_right_shift", np.right_shift)
_gcd = _of_integers("gcd", np.gcd)
_lcm = _of_integers("lcm", np.lcm)
_nextafter = by_numpy("nextafter", np.nextafter)
_ldexp = by_numpy("ldexp", lambda x, n: np.ldexp(x, n).astype(x.dtype), _ldexp_gradient)
_view = by_numpy("view", lambda x, dtype: np.ascontiguousarray(x).view(dtype))


def _whole(op: str, *values: Any) -> tuple[Any, ...]:
    arrays = operands(*values)
    if arrays[0].dtype.kind not in "iub":
        raise TypeError(f"{op}: no integers; expected integers or booleans, got dtype={arrays[0].dtype}. Cast first.")
    return arrays


def bitwise_and(x: Any, y: Any) -> Any:
    """Bits that both integers have.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> int(ops.bitwise_and(np.array(6), 3))
        2
    """
    return _and(*_whole("bitwise_and", x, y))


def bitwise_or(x: Any, y: Any) -> Any:
    """Bits that at least one of two integers has.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> int(ops.bitwise_or(np.array(6), 3))
        7
    """
    return _or(*_whole("bitwise_or", x, y))


def bitwise_xor(x: Any, y: Any) -> Any:
    """Bits that exactly one of two integers has.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> int(ops.bitwise_xor(np.array(6), 3))
        5
    """
    return _xor(*_whole("bitwise_xor", x, y))


def bitwise_invert(x: Any) -> Any:
    """Every bit the other way.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> int(ops.bitwise_invert(np.array(6)))
        -7
    """
    return _invert(*_whole("bitwise_invert", x))


bitwise_not = bitwise_invert


def bitwise_left_shift(x: Any, y: Any) -> Any:
    """Bits moved by ``y`` places towards the higher ones.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> int(ops.bitwise_left_shift(np.array(3), 2))
        12
    """
    return _left(*_whole("bitwise_left_shift", x, y))


left_shift = bitwise_left_shift


def bitwise_right_shift(x: Any, y: Any) -> Any:
    """Bits moved by ``y`` places towards the lower ones.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> int(ops.bitwise_right_shift(np.array(12), 2))
        3
    """
    return _right(*_whole("bitwise_right_shift", x, y))


right_shift = bitwise_right_shift


def gcd(x1: Any, x2: Any) -> Any:
    """Greatest common divisor.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> int(ops.gcd(np.array(12), 18))
        6
    """
    return _gcd(*_whole("gcd", x1, x2))


def lcm(x1: Any, x2: Any) -> Any:
    """Least common multiple.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> int(ops.lcm(np.array(4), 6))
        12
    """
    return _lcm(*_whole("lcm", x1, x2))


def nextafter(x1: Any, x2: Any) -> Any:
    """The next float from ``x1`` towards ``x2``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.nextafter(np.array(1.0), 2.0) - 1)
        2.220446049250313e-16
    """
    return _nextafter(*(as_float(x) for x in operands(x1, x2)))


def ldexp(x1: Any, x2: Any) -> Any:
    """``x1 * 2**x2`` with integers ``x2``.

    Raises:
        TypeError: for an exponent that is no integer.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.ldexp(0.5, 3))
        4.0
    """
    x, n = as_float(x1), as_array(x2)
    if n.dtype.kind not in "iu":
        raise TypeError(f"ldexp: the exponent is no integer; expected integers, got x2.dtype={n.dtype}.")
    return _ldexp(x, ops.cast(n, "int32"))


def view(x: Any, dtype: DTypeLike | None = None) -> Any:
    """The same bytes as elements of another type; the last axis grows or shrinks with their size.

    Args:
        x: array or tensor.
        dtype: type of the result; that of ``x`` by default.

    Raises:
        ValueError: when the last axis has not the bytes for whole elements.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.view(np.array([1.0], "float32"), "int32")
        array([1065353216], dtype=int32)
    """
    x = as_array(x)
    wanted = np.dtype(x.dtype if dtype is None else dtype)
    last = x.shape[-1] if len(x.shape) else 1
    if last * x.dtype.itemsize % wanted.itemsize or (not len(x.shape) and wanted.itemsize != x.dtype.itemsize):
        raise ValueError(
            f"view: the bytes make no whole elements; expected a last axis that is a multiple of "
            f"{max(wanted.itemsize // x.dtype.itemsize, 1)}, got x.shape={tuple(x.shape)} of {x.dtype} as {wanted}."
        )
    return _view(x, dtype=wanted.name)

"""Complex numbers, their parts, and Fourier transforms as pairs of real arrays.

The gradient that arrives at a complex number z is that by its real part plus i times that by its imaginary part.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Array, Tensor
from juanji.ops._convert import as_array, as_float, operands
from juanji.ops._numpy_side import by_numpy
from juanji.ops._operation import Call, Operation
from juanji.ops._whole import whole_number


def _joined(re: Array, im: Array) -> Array:
    y = np.empty(np.broadcast_shapes(re.shape, im.shape), np.result_type(re, np.complex64))
    y.real, y.imag = re, im
    return y


def _fourier(re: Array, im: Array, rank: int, inverse: bool) -> tuple[Array, Array]:
    transform = np.fft.ifftn if inverse else np.fft.fftn
    y = transform(_joined(re, im), axes=tuple(range(-rank, 0)), norm="forward" if inverse else "backward")
    return np.ascontiguousarray(y.real, re.dtype), np.ascontiguousarray(y.imag, re.dtype)


def _fourier_gradient(call: Call, dre: Any, dim: Any) -> tuple[Any, ...]:
    # The transpose of the transform is the other one, neither of them scaled.
    zeros = np.zeros(call.inputs[0].shape, call.inputs[0].dtype)
    given = [zeros if part is None else part for part in (dre, dim)]
    return tuple(_transform(*given, rank=call.attributes["rank"], inverse=not call.attributes["inverse"]))


def _parts_gradient(call: Call, dre: Any, dim: Any) -> tuple[Any, ...]:
    given = [np.zeros(y.shape, y.dtype) if dy is None else dy for y, dy in zip(call.outputs, (dre, dim))]
    return (_complex(*given),)


def _complex_gradient(call: Call, dy: Any) -> tuple[Any, ...]:
    return tuple(_parts(dy))


_complex: Operation = by_numpy("complex", _joined, _complex_gradient)
_parts: Operation = by_numpy("parts", lambda x: (x.real.copy(), x.imag.copy()), _parts_gradient, visible_outputs=2)
_transform: Operation = by_numpy("fft", _fourier, _fourier_gradient, visible_outputs=2)


def _numbers(x: Any) -> Any:
    """Like ``as_array``; complex numbers are taken as well."""
    array = x if isinstance(x, (Tensor, np.ndarray)) else np.asarray(x)
    if array.dtype.kind != "c":
        return as_array(x)
    return array if isinstance(x, (Tensor, np.ndarray)) else np.asarray(x, "complex64")


def _is_complex(x: Any) -> bool:
    return bool(x.dtype.kind == "c")


def real(x: Any) -> Any:
    """Real part.

    Example:
        >>> from juanji import ops
        >>> float(ops.real(3 + 4j))
        3.0
    """
    x = _numbers(x)
    return _parts(x)[0] if _is_complex(x) else x


def imag(x: Any) -> Any:
    """Imaginary part; zeros for real numbers.

    Example:
        >>> from juanji import ops
        >>> float(ops.imag(3 + 4j))
        4.0
    """
    x = _numbers(x)
    return _parts(x)[1] if _is_complex(x) else ops.zeros_like(x)


def isreal(x: Any) -> Any:
    """Whether the imaginary part is 0.

    Example:
        >>> from juanji import ops
        >>> ops.isreal([1j, 2])
        array([False,  True])
    """
    return ops.equal(imag(x), 0)


def conj(x: Any) -> Any:
    """The number with the other sign of its imaginary part.

    Example:
        >>> from juanji import ops
        >>> complex(ops.conj(3 + 4j))
        (3-4j)
    """
    x = _numbers(x)
    if not _is_complex(x):
        return x
    re, im = _parts(x)
    return _complex(re, ops.negative(im))


conjugate = conj


def angle(x: Any) -> Any:
    """Angle of a complex number from the real axis; 0 or π for real ones.

    Example:
        >>> from juanji import ops
        >>> f"{float(ops.angle(1j)):.4f}"
        '1.5708'
    """
    x = _numbers(x)
    if _is_complex(x):
        re, im = _parts(x)
        return ops.arctan2(im, re)
    x = as_float(x)
    return ops.arctan2(ops.zeros_like(x), x)


def polar(abs_: Any, angle: Any) -> Any:
    """Complex numbers from their size and angle.

    Example:
        >>> from juanji import ops
        >>> complex(ops.polar(2.0, 0.0))
        (2+0j)
    """
    size, turn = (as_float(x) for x in operands(abs_, angle))
    return _complex(ops.multiply(size, ops.cos(turn)), ops.multiply(size, ops.sin(turn)))


def view_as_complex(x: Any) -> Any:
    """Complex numbers from pairs of floats along the last axis.

    Raises:
        ValueError: when the last axis has another size than 2.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> complex(ops.view_as_complex(np.array([3.0, 4.0])))
        (3+4j)
    """
    x = as_float(x)
    if not len(x.shape) or x.shape[-1] != 2:
        raise ValueError(f"view_as_complex: no pairs; expected a last axis of size 2, got x.shape={tuple(x.shape)}.")
    return _complex(x[..., 0], x[..., 1])


def view_as_real(x: Any) -> Any:
    """Complex numbers as pairs of floats along a new last axis.

    Example:
        >>> from juanji import ops
        >>> ops.view_as_real(3 + 4j)
        array([3., 4.], dtype=float32)
    """
    x = _numbers(x)
    return ops.stack(_parts(x) if _is_complex(x) else [x, ops.zeros_like(x)], axis=-1)


def _pair(op: str, x: Any, rank: int) -> tuple[Any, ...]:
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(f"{op}: expected a tuple of two arrays, real and imaginary parts, got {type(x).__name__}.")
    parts = tuple(as_float(part) for part in operands(*x))
    if tuple(parts[0].shape) != tuple(parts[1].shape) or len(parts[0].shape) < rank:
        raise ValueError(
            f"{op}: expected real and imaginary parts of one shape and of rank {rank} or more, got "
            f"{tuple(parts[0].shape)} and {tuple(parts[1].shape)}."
        )
    return parts


def fft(x: Any) -> tuple[Any, Any]:
    """Discrete Fourier transform along the last axis.

    Args:
        x: real and imaginary parts, a tuple of two arrays.

    Returns:
        Real and imaginary parts.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.fft((np.array([1.0, 1.0]), np.zeros(2)))
        (array([2., 0.]), array([0., 0.]))
    """
    return tuple(_transform(*_pair("fft", x, 1), rank=1, inverse=False))


def fft2(x: Any) -> tuple[Any, Any]:
    """Discrete Fourier transform along the last two axes; see :func:`fft`.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> float(ops.fft2((np.ones((2, 2)), np.zeros((2, 2))))[0][0, 0])
        4.0
    """
    return tuple(_transform(*_pair("fft2", x, 2), rank=2, inverse=False))


def ifft2(x: Any) -> tuple[Any, Any]:
    """Undoes :func:`fft2`.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.ifft2(ops.fft2((np.ones((1, 2)), np.zeros((1, 2)))))[0]
        array([[1., 1.]])
    """
    parts = _pair("ifft2", x, 2)
    scale = 1 / max(parts[0].shape[-1] * parts[0].shape[-2], 1)
    re, im = _transform(*parts, rank=2, inverse=True)
    return ops.multiply(re, scale), ops.multiply(im, scale)


def _sized(x: Any, size: int) -> Any:
    """Cut or filled up with zeros along the last axis."""
    x = x[..., :size]
    return ops.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(0, size - x.shape[-1])])


def rfft(x: Any, fft_length: int | None = None) -> tuple[Any, Any]:
    """The half of the Fourier transform of real numbers that says all, along the last axis.

    Args:
        x: array or tensor.
        fft_length: size to which the axis is cut or filled up with zeros.

    Returns:
        Real and imaginary parts, with ``fft_length // 2 + 1`` elements.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.rfft(np.array([1.0, 2.0, 3.0, 4.0]))[0]
        array([10., -2., -2.])
    """
    x = as_float(x)
    size = x.shape[-1] if fft_length is None else whole_number("rfft", "fft_length", fft_length)
    x = _sized(x, size)
    re, im = _transform(x, ops.zeros_like(x), rank=1, inverse=False)
    return re[..., : size // 2 + 1], im[..., : size // 2 + 1]


def irfft(x: Any, fft_length: int | None = None) -> Any:
    """Undoes :func:`rfft`.

    Args:
        x: real and imaginary parts, a tuple of two arrays.
        fft_length: size of the result; an even one, ``2 * (n - 1)``, by default.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.irfft(ops.rfft(np.array([1.0, 2.0, 3.0, 4.0])))
        array([1., 2., 3., 4.])
    """
    parts = _pair("irfft", x, 1)
    size = 2 * (parts[0].shape[-1] - 1) if fft_length is None else whole_number("irfft", "fft_length", fft_length)
    re, im = (_sized(part, size // 2 + 1) for part in parts)
    mirror = slice((size - 1) // 2, 0, -1)
    re = ops.concatenate([re, re[..., mirror]], axis=-1)
    im = ops.concatenate([im, ops.negative(im[..., mirror])], axis=-1)
    return ops.multiply(_transform(re, im, rank=1, inverse=True)[0], 1 / max(size, 1))


def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """Overlapping parts of the last axis.

    Args:
        x: (..., length).
        sequence_length: size of a part.
        sequence_stride: step from part to part.

    Returns:
        (..., parts, sequence_length).

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.extract_sequences(np.arange(5), 3, 2)
        array([[0, 1, 2],
               [2, 3, 4]])
    """
    x = as_array(x)
    length = whole_number("extract_sequences", "sequence_length", sequence_length)
    step = whole_number("extract_sequences", "sequence_stride", sequence_stride)
    if length < 1 or step < 1 or not len(x.shape):
        raise ValueError(
            f"extract_sequences: expected a positive length and stride, got sequence_length={length}, "
            f"sequence_stride={step}."
        )
    count = max((x.shape[-1] - length) // step + 1, 0)
    return ops.take(x, np.arange(count)[:, None] * step + np.arange(length), axis=-1)

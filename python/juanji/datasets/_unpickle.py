"""An unpickler that admits data and nothing else.

A pickle is a program: it may name any function and call it. This one finds a handful of names only, and what
it finds are stand-ins defined here, not NumPy's own objects: a crafted `dtype` state handed to the real
`numpy.dtype` can make NumPy follow raw bytes as pointers. The stand-ins record what the pickle says, and the
array is built afterwards from a checked type code, a checked shape and bytes of the right length.
"""

import io
import pickle
import re
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

import numpy as np

_NUMBER_TYPE = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248])")
_MAX_RANK = 32


class UnsafePickleError(ValueError):
    """The pickle is damaged or asks for something that is not plain data."""


class _Function:
    """A callable that a pickle can call and cannot change: no `__dict__`, and BUILD is refused."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __call__(self, *args: Any) -> Any:
        return self._call(*args)

    def __setstate__(self, state: object) -> NoReturn:
        raise UnsafePickleError("a function with state")


class _Dtype:
    """Stands for `numpy.dtype`: keeps the type code and the byte order."""

    __slots__ = ("code", "order")

    def __init__(self, code: object, align: object = False, copy: object = False) -> None:
        self.code = code.decode("latin-1") if isinstance(code, bytes) else code
        self.order: object = "|"

    def __setstate__(self, state: object) -> None:
        # (version, byte order, subarray, names, fields, item size, alignment, flags[, metadata])
        if not (isinstance(state, tuple) and len(state) >= 5 and state[2:5] == (None, None, None)):
            raise UnsafePickleError("an array type with fields")
        order = state[1]
        self.order = order.decode("latin-1") if isinstance(order, bytes) else order

    def real(self) -> np.dtype[Any]:
        """The NumPy type, made from the checked code alone; the state's sizes and flags are not used."""
        order = "=" if self.order == "|" else self.order
        code = self.code if isinstance(self.code, str) else ""
        if not _NUMBER_TYPE.fullmatch(code) or order not in ("<", ">", "="):
            raise UnsafePickleError(f"the array type {code[:40]!r}, which is not a plain number type")
        kind: np.dtype[Any] = np.dtype((">" if order == ">" else "<") + code.lstrip("<>|="))
        return kind


class _Array:
    """Stands for `numpy.ndarray`: keeps shape, type and bytes until the whole pickle is read."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state: tuple[object, ...] = ()

    def __setstate__(self, state: object) -> None:
        # (version, shape, dtype, is Fortran order, bytes)
        if not (isinstance(state, tuple) and len(state) == 5):
            raise UnsafePickleError("an array without shape, type and bytes")
        self._state = state

    def real(self) -> np.ndarray[Any, Any]:
        """The NumPy array."""
        if not self._state:
            raise UnsafePickleError("an array without shape, type and bytes")
        _, shape, dtype, fortran, body = self._state
        return _build(body, dtype, shape, "F" if fortran else "C")


def _build(body: object, dtype: object, shape: object, order: object) -> np.ndarray[Any, Any]:
    if not isinstance(dtype, _Dtype):
        raise UnsafePickleError("an array without a type")
    kind = dtype.real()
    good_shape = isinstance(shape, tuple) and len(shape) <= _MAX_RANK
    if not good_shape or not all(type(n) is int and n >= 0 for n in shape):  # type: ignore[attr-defined]
        raise UnsafePickleError("an array whose shape is not a tuple of sizes")
    count = 1
    for n in shape:  # type: ignore[attr-defined]
        count *= n
    if not isinstance(body, (bytes, bytearray)) or len(body) != count * kind.itemsize:
        raise UnsafePickleError(f"an array of shape {shape} whose bytes do not fit it")
    if order not in ("C", "F"):
        raise UnsafePickleError("an array with an unknown order")
    array = np.frombuffer(body, kind).reshape(shape, order=order)  # type: ignore[call-overload]
    return array  # type: ignore[no-any-return]


def _reconstruct(kind: object, shape: object, code: object) -> _Array:
    if kind is not _Array:
        raise UnsafePickleError("an array of a special class")
    return _Array()


def _from_buffer(body: object, dtype: object, shape: object, order: object) -> _Array:
    array = _Array()
    array.__setstate__((1, shape, dtype, order == "F", body))
    return array


def _scalar(dtype: object, body: object) -> object:
    return _build(body, dtype, (), "C").item()


def _encode(text: object, encoding: object) -> bytes:
    # Python 3 writes bytes this way in protocols 0 to 2.
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise UnsafePickleError("an encoding other than latin1")
    return text.encode("latin-1")


def _empty_bytes() -> bytes:
    # Python 3 writes b"" as a call of bytes() in protocols 0 to 2; with an argument it would make any size.
    return b""


_CORES = ("numpy.core", "numpy._core")
_ADMITTED: dict[tuple[str, str], object] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _Function(_encode),
    ("__builtin__", "bytes"): _Function(_empty_bytes),
    **{(f"{core}.multiarray", "_reconstruct"): _Function(_reconstruct) for core in _CORES},
    **{(f"{core}.multiarray", "scalar"): _Function(_scalar) for core in _CORES},
    **{(f"{core}.numeric", "_frombuffer"): _Function(_from_buffer) for core in _CORES},
}


class _Unpickler(pickle._Unpickler):
    """The unpickler written in Python, whose memory use is bounded by the size of the pickle.

    The one written in C keeps its memo in an array as long as the largest index in the pickle, so that one flipped
    bit of an index can ask for tens of gigabytes. (Seen in CPython 3.11.)
    """

    read: Callable[[int], bytes]  # both are set by load()
    append: Callable[[object], None]

    def load_bytearray8(self) -> None:
        """Reads what is there instead of making room for the declared length first."""
        size = int.from_bytes(self.read(8), "little")
        self.append(bytearray(self.read(size)))

    dispatch: ClassVar[dict[int, Callable[..., None]]] = {
        **pickle._Unpickler.dispatch,
        pickle.BYTEARRAY8[0]: load_bytearray8,
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            given = f"{module}.{name}"[:80]
            raise UnsafePickleError(f"the name {given!r}, which is not plain data") from None


def _plain(value: object) -> object:
    """Replaces a stand-in by what it stands for."""
    if isinstance(value, _Array):
        return value.real()
    if isinstance(value, (_Function, _Dtype, type)):
        raise UnsafePickleError("a name that is not used as data")
    return value


def load_plain(body: bytes) -> object:
    """Reads a pickle of arrays, bytes, strings, numbers, lists and dicts.

    Text that Python 2 wrote comes as bytes. An array may be the whole value or a value of a dict at the top;
    deeper down, where no data batch has one, it stays a useless stand-in.

    Args:
        body: the whole pickle.

    Returns:
        The value, with NumPy arrays of bool, integer or float types (read-only).

    Raises:
        UnsafePickleError: the pickle is damaged, or holds or calls anything else.

    Example:
        >>> import pickle
        >>> load_plain(pickle.dumps({"labels": [3, 1]}))
        {'labels': [3, 1]}
        >>> load_plain(pickle.dumps(print))
        Traceback (most recent call last):
        ...
        juanji.datasets._unpickle.UnsafePickleError: the name 'builtins.print', which is not plain data
    """
    try:
        value = _Unpickler(io.BytesIO(body), encoding="bytes").load()
        if type(value) is dict:
            return {key: _plain(item) for key, item in value.items()}
        return _plain(value)
    except UnsafePickleError:
        raise
    except Exception as error:  # a damaged pickle can fail in any way, and each means the same
        raise UnsafePickleError(f"{type(error).__name__}: {error}") from None

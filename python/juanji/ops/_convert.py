"""What counts as an array, and of which type.

Arrays keep their type and mixed types promote as in NumPy, but integers beside floats take the type of the floats, as
in Keras. Data from Python (numbers and lists) is weak: it takes the type of the arrays it meets, as numbers do in
NumPy 2 (NEP 50). Alone, floats become the default float type and integers int32, as in Keras; what does not fit into
int32 stays int64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from juanji import _core
from juanji._tensor import native_order
from juanji.autograd import Array, Tensor, open_trace
from juanji.config import floatx
from juanji.ops._operation import NATIVE_DTYPES, Call, NativeForSome, NativeSide, NumpyFunction, Operation, View


def _cast_side(dtype: str) -> NativeSide:
    convert = lambda x: x.astype(dtype, copy=False)  # noqa: E731
    if np.dtype(dtype) not in NATIVE_DTYPES:
        return NumpyFunction(convert)
    return NativeForSome(_core.Cast(dtype), convert, lambda dtypes: dtypes[0] in NATIVE_DTYPES)


_cast = Operation("cast", _cast_side)


_identity = Operation("identity", lambda: View(lambda x: x))


@_cast.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    dtype = call.inputs[0].dtype
    return (cast(dy, dtype) if dtype.kind == "f" else None,)


def cast(x: Any, dtype: DTypeLike) -> Any:
    """``x`` with another element type; the gradient is cast back.

    Args:
        x: array or tensor.
        dtype: any NumPy dtype or its name.

    Example:
        >>> from juanji import ops
        >>> ops.cast([1, 0, 2], "bool")
        array([ True, False,  True])
    """
    x = as_array(x)
    wanted = np.dtype(dtype)
    return x if x.dtype == wanted else _cast(x, dtype=wanted.name)


def as_array(x: Any) -> Any:
    """A Tensor as it is, anything else as a NumPy array; numbers from Python take the default types.

    Lists of tensors become one tensor with the history of all of them.
    """
    if isinstance(x, (Tensor, np.ndarray)):
        if x.dtype.kind not in "fiub":
            raise _no_numbers(x.dtype)
        return x if isinstance(x, Tensor) else native_order(x)
    if holds_tensor(x):
        return _stacked(x)
    array = array_from(x)
    if array.dtype.kind not in "fiub":
        raise _no_numbers(array.dtype)
    return array if isinstance(x, np.generic) else with_default_type(array)


def with_default_type(array: Array) -> Array:
    """An array made of Python's numbers in the default float type, or as int32 where they fit."""
    return array.astype(_default_type(array), copy=False)


def _default_type(array: Array) -> np.dtype[Any]:
    if array.dtype == np.float64:
        return np.dtype(floatx())
    if array.dtype == np.int64 and (array.size == 0 or _fits(array, np.dtype(np.int32))):
        return np.dtype(np.int32)
    return array.dtype


def holds_tensor(x: Any) -> bool:
    """Whether there is a Tensor in this list or tuple, or in one inside it."""
    if not isinstance(x, (list, tuple)):
        return False
    kinds = set(map(type, x))
    if any(issubclass(kind, Tensor) for kind in kinds):
        return True
    return any(issubclass(kind, (list, tuple)) for kind in kinds) and any(map(holds_tensor, x))


def _stacked(x: Any) -> Any:
    from juanji.ops import stack

    return stack([_stacked(part) if holds_tensor(part) else part for part in x])


def array_from(x: Any) -> Array:
    """``np.asarray(x)``. Raises ValueError for nested lists that are no array."""
    try:
        return native_order(np.asarray(x))
    except ValueError as error:
        raise ValueError(
            f"the data is not an array; expected rows of equal length, got {type(x).__name__} ({error}). "
            "Make all rows the same length."
        ) from None


def _no_numbers(dtype: np.dtype[Any]) -> TypeError:
    return TypeError(
        f"unsupported dtype; expected numbers (float32, float64, integers or booleans), got dtype={dtype}. "
        "Convert the data first, for example with astype('float32')."
    )


def as_float(x: Any) -> Any:
    """Like :func:`as_array`; integers, booleans and half precision become the default float type."""
    x = as_array(x)
    dtype = x.dtype
    if dtype == np.float32 or dtype == np.float64:
        return x
    if dtype.kind in "iub" or dtype == np.float16:
        return cast(x, floatx())
    raise _no_numbers(dtype)


def operands(*values: Any) -> tuple[Any, ...]:
    """The arguments of an element-wise operation as arrays or tensors of one type."""
    dtype: np.dtype[Any] | None = None
    uniform = True
    values = tuple(_stacked(x) if holds_tensor(x) else x for x in values)
    for value in values:
        own = value.dtype if isinstance(value, (Tensor, np.ndarray, np.generic)) else None
        uniform = uniform and own is not None and (dtype is None or own == dtype)
        if own is not None:
            if own.kind not in "fiub":
                raise _no_numbers(own)
            dtype = own if dtype is None else _promoted(dtype, own)
    if uniform:
        return tuple(as_array(value) for value in values)
    arrays = [x if isinstance(x, (Tensor, np.ndarray, np.generic)) else array_from(x) for x in values]
    weak = [_default_type(np.asarray(x)) for x, value in zip(arrays, values) if x is not value]
    common = _common_type(dtype, weak)
    return tuple(_with_type(x, common) for x in arrays)


def _promoted(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """The type of two together; beside a float, integers take its type."""
    if (a.kind == "f") != (b.kind == "f"):
        return a if a.kind == "f" else b
    return np.promote_types(a, b)


def _common_type(strong: np.dtype[Any] | None, weak: list[np.dtype[Any]]) -> np.dtype[Any]:
    kinds = {dtype.kind for dtype in weak}
    if not kinds <= set("biuf"):
        raise _no_numbers(next(dtype for dtype in weak if dtype.kind not in "biuf"))
    if strong is not None and strong.kind == "f":
        return strong
    if "f" in kinds:
        return np.dtype(floatx())
    if strong is None:
        return np.result_type(*weak)
    return strong if strong.kind != "b" else np.result_type(strong, *weak)


def _with_type(x: Any, dtype: np.dtype[Any]) -> Any:
    if x.dtype == dtype:
        return x if isinstance(x, (Tensor, np.ndarray)) else np.asarray(x)
    if isinstance(x, Tensor):
        return cast(x, dtype)
    if dtype.kind in "iu" and x.dtype.kind in "iu" and x.size and not _fits(x, dtype):
        raise OverflowError(
            f"integer out of range; expected values that fit {dtype}, got {x.min()} to {x.max()}. "
            "Convert the array to a wider type first."
        )
    return np.asarray(x).astype(dtype)


def _fits(x: Array, dtype: np.dtype[Any]) -> bool:
    limits = np.iinfo(dtype)
    return bool(x.min() >= limits.min and x.max() <= limits.max)


def convert_to_tensor(
    x: Any, dtype: DTypeLike | None = None, sparse: bool | None = None, ragged: bool | None = None
) -> Any:
    """``x`` as a Tensor of the given type, which a tape can watch; operations on it give tensors.

    Args:
        x: anything ``np.asarray`` takes, or a Tensor.
        dtype: element type; by default that of ``x``, the default float type for Python floats.
        sparse, ragged: None or False; every tensor is dense.

    Raises:
        ValueError: when a tensor that is not dense is asked for.

    Example:
        >>> from juanji import ops
        >>> ops.convert_to_tensor([1.0, 2.0])
        <Tensor shape=(2,) dtype=float32 value=array([1., 2.], dtype=float32)>
    """
    if sparse or ragged:
        raise ValueError(
            f"convert_to_tensor: every tensor is dense; expected sparse and ragged to be None or False, got "
            f"sparse={sparse}, ragged={ragged}."
        )
    y = as_typed(x, dtype)
    return Tensor(y) if isinstance(y, np.ndarray) else y


def as_typed(x: Any, dtype: DTypeLike | None) -> Any:
    """``x`` as an array, or the Tensor that it is, of the given type or its own."""
    return as_array(x) if dtype is None else cast(x, dtype)


def convert_to_numpy(x: Any) -> Array:
    """The values of an array or tensor as a NumPy array.

    Example:
        >>> import juanji
        >>> juanji.ops.convert_to_numpy(juanji.Tensor([1, 2]))
        array([1, 2])
    """
    return np.asarray(x)


def is_tensor(x: Any) -> bool:
    """Whether ``x`` is an array or a Tensor, rather than something that would have to be converted."""
    return isinstance(x, (Tensor, np.ndarray))


def stop_gradient(variable: Any) -> Any:
    """``variable`` as a constant: nothing is differentiated through it.

    Example:
        >>> import juanji
        >>> x = juanji.Variable(3.0)
        >>> with juanji.GradientTape() as tape:
        ...     y = x * juanji.ops.stop_gradient(x)
        >>> float(tape.gradient(y, x))
        3.0
    """
    x = as_array(variable)
    if not isinstance(x, Tensor):
        return x
    trace = open_trace()
    if trace is not None and trace.takes((x,)):
        return trace.add(_identity, View(lambda array: array), (x,), {})[0]
    return Tensor(x.numpy())


def shape(x: Any) -> tuple[int, ...]:
    """The shape as a tuple of integers; of a symbolic tensor with None for sizes that vary.

    Example:
        >>> from juanji import ops
        >>> ops.shape([[1, 2, 3]])
        (1, 3)
    """
    return tuple(x.shape if hasattr(x, "shape") else as_array(x).shape)


def ndim(x: Any) -> int:
    """The number of axes.

    Example:
        >>> from juanji import ops
        >>> ops.ndim([[1, 2, 3]])
        2
    """
    return len(shape(x))


def size(x: Any) -> int | None:
    """The number of elements; of a symbolic tensor None when a size varies.

    Example:
        >>> from juanji import ops
        >>> ops.size([[1, 2, 3]])
        3
    """
    sizes = shape(x)
    return None if None in sizes else int(np.prod(sizes, dtype=np.int64))


def dtype(x: Any) -> str:
    """The name of the element type.

    Example:
        >>> from juanji import ops
        >>> ops.dtype([1.0])
        'float32'
    """
    return str(np.dtype(x.dtype if hasattr(x, "dtype") else as_array(x).dtype).name)


def saturate_cast(x: Any, dtype: DTypeLike) -> Any:
    """``x`` with another element type; what that does not hold becomes its nearest number.

    Args:
        x: array or tensor.
        dtype: any NumPy dtype or its name.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.saturate_cast(np.array([-1.0, 256.0]), "uint8")
        array([  0, 255], dtype=uint8)
    """
    from juanji import ops

    x, wanted = as_array(x), np.dtype(dtype)
    if wanted.kind == "b" or x.dtype.kind == "b":
        return cast(x, wanted)
    own = np.finfo(x.dtype) if x.dtype.kind == "f" else np.iinfo(x.dtype)
    limits = np.finfo(wanted) if wanted.kind == "f" else np.iinfo(wanted)
    low, high = max(own.min, limits.min), min(own.max, limits.max)
    if x.dtype.kind == "f" and wanted.kind in "iu":
        # the largest integer may round up to a float that the type does not hold
        high = x.dtype.type(high)
        if int(high) > int(limits.max):
            high = np.nextafter(high, x.dtype.type(0))
    return cast(ops.clip(x, x.dtype.type(low), x.dtype.type(high)), wanted)

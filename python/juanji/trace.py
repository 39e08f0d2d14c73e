"""Tracing: the ordinary Python code of a step, run once without values, becomes a list of operations.

While a :class:`Trace` is open on a thread, operations on a :class:`TracedTensor`, which has a shape and a type but no
value, or on a variable do not run: they are written down and give traced tensors. Everything else runs as usual and
becomes a constant of the step. Asking a traced tensor or a variable for its value raises :class:`NoValueError`; the
step is then one that cannot be recorded, and runs eagerly instead.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from juanji._outside import exempted, package
from juanji.autograd import Array, NoValueError, Tensor, Variable, open_trace, set_open_trace

if TYPE_CHECKING:
    from types import TracebackType

    from juanji import _core
    from juanji.ops._operation import InPlaceOperation, Operation

Spec = tuple[str, tuple[int, ...]]


class TracedTensor(Tensor):
    """A tensor without a value: what operations give while a trace is open.

    Args:
        dtype: element type.
        shape: sizes.
    """

    __slots__ = ("_dtype", "_shape")

    def __init__(self, dtype: Any, shape: tuple[int, ...]) -> None:
        self._dtype: np.dtype[Any] = np.dtype(dtype)
        self._shape = tuple(shape)
        self._logits = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._dtype

    @property
    def ndim(self) -> int:
        return len(self._shape)

    @property
    def size(self) -> int:
        return int(np.prod(self._shape, dtype=np.int64))

    def numpy(self) -> Array:
        raise NoValueError("a traced tensor")

    def __len__(self) -> int:
        if not self._shape:
            raise TypeError("len() of a tensor without axes")
        return self._shape[0]

    def __repr__(self) -> str:
        trace = open_trace()
        if trace is not None:  # text of values
            trace.asked = True
        return f"<TracedTensor shape={self.shape} dtype={self.dtype}>"


class TracedArray(TracedTensor):
    """A traced tensor that stands for a NumPy array: what operations on arrays alone give.

    Where code outside juanji applies operators to such an array, an eager step computes with NumPy. Those that give
    the bits of juanji's operations are written down, the others ask for the value.
    """

    __slots__ = ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if _is_strict():
            if not (ufunc in _SAME_BITS and method == "__call__" and _alike(inputs)):
                raise NoValueError("an array")
            if kwargs:  # labels += noise; what nobody else holds may become another array
                mine = (
                    set(kwargs) == {"out"}
                    and kwargs["out"][0] is inputs[0]
                    and not isinstance(inputs[0].base, np.ndarray)
                )
                result = super().__array_ufunc__(ufunc, method, *inputs)
                if not mine or sys.getrefcount(inputs[0]) != _REFERENCES or result.shape != inputs[0].shape:
                    raise NoValueError("an array")
                return result
        return super().__array_ufunc__(ufunc, method, *inputs, **kwargs)


class _Probe:
    """Tells how many references there are to an array in one variable while it is added to in place."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> int:
        return sys.getrefcount(inputs[0])


def _references() -> Any:
    array: Any = np.zeros(1)
    array += _Probe()
    return array


_REFERENCES = _references()


def _as_in_numpy(name: str) -> Callable[..., Any]:
    inherited = getattr(TracedTensor, name, None)
    exact = name.strip("_").removeprefix("r") in ("add", "sub", "mul", "truediv", "neg", "lt", "le", "gt", "ge")

    def operator(self: TracedArray, *others: Any) -> Any:
        tensors = any(isinstance(x, Tensor) and not isinstance(x, TracedArray) for x in others)
        if _is_strict() and not (inherited and (tensors or (exact and _alike((self, *others))))):
            raise NoValueError("an array")
        return NotImplemented if inherited is None else inherited(self, *others)

    return operator


def _is_strict() -> bool:
    """Whether code outside juanji, two calls up, is traced to the bit."""
    trace = open_trace()
    return trace is not None and trace.strict and package(sys._getframe(2)) != "juanji"


def _alike(operands: Sequence[Any]) -> bool:
    """Whether NumPy computes in the type that juanji computes in: one type of floats, and numbers of Python."""
    types = {x.dtype for x in operands if not isinstance(x, (int, float))}
    return len(types) == 1 and types <= _FLOATS


_FLOATS = {np.dtype("float32"), np.dtype("float64")}
_SAME_BITS = (np.add, np.subtract, np.multiply, np.divide, np.negative)
_ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")
_OTHERS = ("neg", "abs", "invert", "lt", "le", "gt", "ge", "eq", "ne")
for _name in (*_OTHERS, *(prefix + name for name in _ARITHMETIC for prefix in ("", "r", "i"))):
    setattr(TracedArray, f"__{_name}__", _as_in_numpy(f"__{_name}__"))


@dataclass(eq=False)
class Node:
    """One operation that was written down.

    Attributes:
        operation: what was called.
        native: the native operation; None for a view, whose one output has the elements of its one input.
        inputs: traced tensors, variables and arrays (constants).
        outputs: what it gives.
        attributes: the keyword arguments of the operation.
    """

    operation: Operation | InPlaceOperation
    native: _core.Operation | None
    inputs: tuple[Any, ...]
    outputs: tuple[TracedTensor, ...]
    attributes: dict[str, Any]

    @property
    def name(self) -> str:
        """Name of the operation."""
        return self.operation.name

    @property
    def specs(self) -> list[Spec]:
        """Types and shapes of the inputs."""
        return [(x.dtype.name, tuple(x.shape)) for x in self.inputs]

    @property
    def updated(self) -> list[Any]:
        """The inputs that it overwrites."""
        return [] if self.native is None else [self.inputs[i] for i in self.native.updated_inputs(len(self.inputs))]


class Trace:
    """A recording of one step; a context manager.

    Args:
        only_shapes: ask operations for types and shapes alone, so that those without a native side can be traced.
        strict: code outside juanji may not apply operators to arrays whose bits NumPy would compute otherwise.

    Attributes:
        nodes: the operations, in the order of their calls.
        inputs: what is handed to each run.
        tables: the ids of those inputs whose first axis may be as long as it comes.
        feeds: traced inputs whose arrays a function makes for each run, in the order of the calls.
        beginnings: what is called before the feeds of each run.
        actions: what is called behind each run.
        phases: functions whose results, when they differ, ask for another recording.
        asked: whether something asked for a value, even if it went on without.
    """

    def __init__(self, only_shapes: bool = False, strict: bool = False) -> None:
        self.only_shapes = only_shapes
        self.strict = strict
        self.nodes: list[Node] = []
        self.inputs: list[TracedTensor] = []
        self.tables: set[int] = set()
        self.feeds: list[tuple[TracedTensor, Callable[[], Array]]] = []
        self.beginnings: list[Callable[[], None]] = []
        self.actions: list[Deferred] = []
        self.phases: list[Callable[[], Any]] = []
        self.trying: Any = None  # whose method would be deferred if it asked for values
        self.asked = False

    def __enter__(self) -> Trace:
        if open_trace() is not None:
            raise RuntimeError("Trace: another trace is open on this thread; expected none. Close it first.")
        set_open_trace(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        set_open_trace(None)

    def add_input(self, array: Array, any_rows: bool = False) -> TracedTensor:
        """A traced tensor that stands for an array like this one, or also for one with another number of rows."""
        tensor = TracedArray(array.dtype, array.shape)
        self.inputs.append(tensor)
        if any_rows:
            self.tables.add(id(tensor))
        return tensor

    def feed(self, make: Callable[[], Array], dtype: str, shape: tuple[int, ...]) -> TracedTensor:
        """A traced tensor whose value is made by a function before each run (seeds, learning rates)."""
        tensor = TracedArray(dtype, shape)
        self.feeds.append((tensor, make))
        return tensor

    def defer(self, function: Callable[..., Any], *arguments: Any) -> Deferred:
        """Calls the function behind each run, with arrays in the place of traced tensors among the arguments."""
        deferred = Deferred(function, arguments)
        self.actions.append(deferred)
        return deferred

    def takes(self, inputs: Sequence[Any]) -> bool:
        """Whether an operation with these inputs is written down rather than run."""
        return any(isinstance(x, (TracedTensor, Variable)) for x in inputs)

    def add(
        self, operation: Operation | InPlaceOperation, native: Any, inputs: Sequence[Any], attributes: dict[str, Any]
    ) -> tuple[TracedTensor, ...]:
        """Writes down a call of an operation; gives what stands for its outputs."""
        operands = tuple(x if isinstance(x, (TracedTensor, Variable)) else _constant(x) for x in inputs)
        node = Node(operation, None, operands, (), attributes)
        if not self.only_shapes:
            node.native = operation.native_for(attributes, node.specs)
        arrays = all(type(x) is TracedArray or not isinstance(x, Tensor) for x in inputs)
        kind = TracedArray if arrays else TracedTensor
        node.outputs = tuple(kind(dtype, shape) for dtype, shape in native.infer(node.specs))
        self.nodes.append(node)
        return node.outputs

    def add_phase(self, read: Callable[[], Any]) -> None:
        """Notes that this recording only serves steps before which the function gives what it gives here."""
        self.phases.append(read)

    def mark(self) -> tuple[int, int, int]:
        """A place to go back to with :meth:`rewind`."""
        return len(self.nodes), len(self.feeds), len(self.actions)

    def rewind(self, mark: tuple[int, int, int]) -> None:
        """Forgets what was written down since the mark."""
        del self.nodes[mark[0] :], self.feeds[mark[1] :], self.actions[mark[2] :]


class Deferred:
    """The result of a call that takes place behind each run of a recorded step.

    Args:
        function: what is called.
        arguments: its arguments, traced tensors among them.
    """

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.function = function
        self.arguments = arguments

    def _refuse(self, *others: Any) -> Any:
        raise NoValueError("the result of a metric")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __float__ = __int__ = __len__ = _refuse
    __repr__ = __format__ = __array__ = __iter__ = __contains__ = __getitem__ = _refuse
    __hash__ = object.__hash__


def _constant(x: Any) -> Array:
    value = x.numpy() if isinstance(x, Tensor) else np.asarray(x)
    # A copy where the caller could write into it later: a constant of a recorded step must not change.
    return np.array(value, order="C", copy=True)


def deferred(method: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: while a trace is open, the method is called behind each run instead."""

    @wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        trace = open_trace()
        if trace is None:
            with exempted():
                return method(*args, **kwargs)
        return trace.defer(lambda args, kwargs: method(*args, **kwargs), args, kwargs)

    return wrapper


def traced_or_deferred(method: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: while a trace is open, the method is written down or, when it asks for values, called behind each run.

    Only methods of juanji's own classes, with functions of its own, are tried: what others do besides their
    operations would not be repeated.
    """
    later = deferred(method)

    @wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        trace = open_trace()
        if trace is not None and trace.trying is self:
            return method(self, *args, **kwargs)
        if not is_own(type(self)) or not is_own(getattr(self, "fn", method)):
            return later(self, *args, **kwargs)
        if trace is None:
            return method(self, *args, **kwargs)
        mark, outer, asked = trace.mark(), trace.trying, trace.asked
        trace.trying = self
        try:
            return method(self, *args, **kwargs)
        except NoValueError:
            trace.rewind(mark)
            trace.asked = asked
            return later(self, *args, **kwargs)
        finally:
            trace.trying = outer

    return wrapper


def is_own(thing: Any) -> bool:
    """Whether a class or function is part of juanji: then tracing it once tells all that it does."""
    return str(getattr(thing, "__module__", "")).partition(".")[0] == "juanji"

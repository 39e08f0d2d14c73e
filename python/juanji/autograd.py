"""Tensors, variables and reverse-mode differentiation.

Operations (``juanji.ops``) run at once. While a :class:`GradientTape` is open, every operation that involves a watched
tensor or a variable is written onto it; :meth:`GradientTape.gradient` then walks the record backwards and applies
each operation's gradient rule (Griewank and Walther, *Evaluating Derivatives*, 2008, chapter 3).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from juanji import _structure, config
from juanji._operators import Operators

if TYPE_CHECKING:
    from types import TracebackType

    from juanji.ops._operation import Call
    from juanji.trace import Trace

Array = np.ndarray[tuple[int, ...], np.dtype[Any]]


class Tensor(Operators):
    """An array whose history a tape may know.

    Operations on tensors give tensors; ``np.asarray(t)`` and :meth:`numpy` give the array. Arithmetic operators and
    indexing are those of NumPy and differentiable.

    Args:
        value: anything ``np.asarray`` takes.

    Example:
        >>> from juanji.autograd import Tensor
        >>> (Tensor([1.0, 2.0]) * 3.0).numpy()
        array([3., 6.])
    """

    # _logits: ("softmax" or "sigmoid", its input) on the result of one, for losses; see ops/_logits.py
    # _keras_mask: which steps count, set by layers on their results; see _masks.py
    __slots__ = ("__weakref__", "_keras_mask", "_logits", "_value")
    __array_priority__ = 100.0

    def __init__(self, value: ArrayLike) -> None:
        self._value: Array = np.asarray(value)
        self._logits: tuple[str, Tensor] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._value.dtype

    @property
    def ndim(self) -> int:
        return self._value.ndim

    @property
    def size(self) -> int:
        return self._value.size

    def numpy(self) -> Array:
        """The value as a NumPy array (not a copy)."""
        return self._value

    def item(self) -> Any:
        """The value of a one-element tensor as a Python number."""
        return self.numpy().item()

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        value = self.numpy()
        if dtype is not None:
            value = value.astype(dtype, copy=False)
        return value.copy() if copy else value

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """NumPy's functions: those that ``juanji.ops`` has stay differentiable, the others give arrays."""
        from juanji import ops

        name = "mod" if ufunc is np.remainder else ufunc.__name__
        own = getattr(ops, name, None)
        if method == "__call__" and own is not None and not kwargs:
            return own(*inputs)
        return getattr(ufunc, method)(*(np.asarray(x) if isinstance(x, Tensor) else x for x in inputs), **kwargs)

    def __len__(self) -> int:
        return len(self._value)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        return float(self.numpy().item())

    def __int__(self) -> int:
        return int(self.numpy().item())

    def __format__(self, spec: str) -> str:
        return format(self.item() if self.ndim == 0 else self.numpy(), spec) if spec else str(self)

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __getitem__(self, index: Any) -> Any:
        from juanji.ops._indexing import get_item

        return get_item(self, index)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} shape={self.shape} dtype={self.dtype} value={self._value!r}>"


class _OpenTrace(threading.local):
    """The trace open on this thread; see :mod:`juanji.trace`."""

    trace: Trace | None = None


_open_trace = _OpenTrace()


def open_trace() -> Trace | None:
    """The trace open on this thread."""
    return _open_trace.trace


def set_open_trace(trace: Trace | None) -> None:
    """Makes operations on this thread write themselves down, or run again."""
    _open_trace.trace = trace


class NoValueError(TypeError):
    """Something asked for the value of a tensor while a step was being recorded.

    Args:
        what: what has no value.
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} has no value while a step is being recorded; expected operations of juanji.ops alone. "
            "Compile the model with run_eagerly=True to compute with values in Python."
        )


class Variable(Tensor):
    """A tensor that training changes; tapes watch it by itself while it is trainable.

    Its array can be read, as :meth:`numpy` or :attr:`value`, but not written: :meth:`assign` tells tapes and
    recorded steps that the value is another one.

    Args:
        initializer: initial value, copied; or the name of an initializer or any function ``(shape, dtype)``, which
            ``shape`` belongs to.
        shape: of the value, where an initializer makes it.
        dtype: element type; that of the value by default, ``config.floatx()`` for Python's numbers.
        trainable: whether tapes watch it and optimizers update it.
        autocast, aggregation, synchronization: accepted for Keras scripts; without effect.
        name: shown in summaries and messages.

    Example:
        >>> from juanji.autograd import Variable
        >>> v = Variable([1.0, 2.0], name="kernel")
        >>> v.assign([3.0, 4.0]).numpy()
        array([3., 4.], dtype=float32)
        >>> Variable("ones", shape=(2,)).numpy()
        array([1., 1.], dtype=float32)
    """

    # _version counts the changes, so that a tape can tell that a recorded value is gone
    __slots__ = ("_constraint", "_trainable", "_version", "name", "path")

    def __init__(
        self,
        initializer: Any,
        shape: Sequence[int] | None = None,
        dtype: DTypeLike | None = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str = "auto",
        name: str = "variable",
    ) -> None:
        # ascontiguousarray would turn a scalar into shape (1,)
        super().__init__(np.array(_first_value(initializer, shape, dtype), dtype=dtype, order="C", copy=True))
        self._trainable = bool(trainable)
        self._constraint: Any = None
        self.name = name or "variable"
        self.path = self.name
        self._version = 0

    @property
    def trainable(self) -> bool:
        """Whether tapes watch it and optimizers update it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if bool(value) != self._trainable:
            self._trainable = bool(value)
            _structure.changed()

    @property
    def constraint(self) -> Any:
        """What optimizers apply to the value after each update, a function of the variable; None for nothing."""
        return self._constraint

    @constraint.setter
    def constraint(self, value: Any) -> None:
        if value is not self._constraint:
            self._constraint = value
            _structure.changed()

    @property
    def value(self) -> Array:
        """The value as an array that cannot be written to."""
        return self.numpy()

    def numpy(self) -> Array:
        """The value as an array that cannot be written to (not a copy)."""
        if _open_trace.trace is not None:
            raise NoValueError(f"variable {self.name!r}")
        view: Array = self._value.view()
        view.flags.writeable = False
        return view

    def assign(self, value: ArrayLike) -> Variable:
        """Overwrites the value in place. Raises ValueError when the shape differs."""
        new = value if isinstance(value, Tensor) else np.asarray(value)
        if tuple(new.shape) != self.shape:
            raise ValueError(
                f"Variable.assign: wrong shape for variable {self.name!r}; expected {self.shape}, "
                f"got value.shape={tuple(new.shape)}. Reshape the value first."
            )
        if _open_trace.trace is not None:
            from juanji.ops._assign import assign

            assign(self, new)
        else:
            self._value[...] = new._value if isinstance(new, Tensor) else new
            self.mark_changed()
        return self

    def mark_changed(self) -> None:
        """Tells tapes and recorded steps that the value is another one."""
        self._version += 1

    def assign_add(self, value: ArrayLike) -> Variable:
        """Adds in place."""
        return self.assign(self + value if _open_trace.trace is not None else self._value + np.asarray(value))

    def assign_sub(self, value: ArrayLike) -> Variable:
        """Subtracts in place."""
        return self.assign(self - value if _open_trace.trace is not None else self._value - np.asarray(value))

    def __repr__(self) -> str:
        return f"<Variable {self.name!r} shape={self.shape} dtype={self.dtype} trainable={self.trainable}>"


def _first_value(initializer: Any, shape: Sequence[int] | None, dtype: DTypeLike | None) -> Any:
    """The value of a variable: as it is given, or made by an initializer."""
    if isinstance(initializer, str) or (callable(initializer) and not isinstance(initializer, Tensor)):
        from juanji import initializers

        if shape is None:
            raise ValueError(
                f"Variable: the shape is missing; expected shape=(...) beside an initializer, got "
                f"initializer={initializer!r} alone. Pass the shape, () for a single number."
            )
        return initializers.get(initializer)(tuple(shape), dtype=np.dtype(dtype or config.floatx()).name)
    value = initializer if hasattr(initializer, "dtype") else np.asarray(initializer)
    if value is not initializer and dtype is None and value.dtype.kind == "f":
        value = value.astype(config.floatx())
    return value


class _OpenTapes(threading.local):
    """The tapes open on this thread, outermost first."""

    def __init__(self) -> None:
        self.stack: list[GradientTape] = []


_open_tapes = _OpenTapes()


def recording_tapes(inputs: Sequence[Any]) -> list[GradientTape]:
    """The open tapes on which an operation with these inputs has to be recorded."""
    stack = _open_tapes.stack
    return [tape for tape in stack if tape.involves(inputs)] if stack else []


class GradientTape:
    """Records operations for differentiation, with TensorFlow's names.

    Trainable variables are watched by themselves, other tensors by :meth:`watch`. Tapes nest: a gradient taken
    inside an open outer tape is itself recorded there.

    Args:
        persistent: keep the record after :meth:`gradient`, so that it can be called again.

    Example:
        >>> import juanji
        >>> x = juanji.Variable(3.0)
        >>> with juanji.GradientTape() as tape:
        ...     y = x * x
        >>> float(tape.gradient(y, x))
        6.0
    """

    def __init__(self, persistent: bool = False) -> None:
        self._persistent = persistent
        self._calls: list[Call] = []
        self._known: dict[int, Tensor] = {}  # watched tensors and results, kept alive so that ids stay unique
        self._versions: dict[int, list[int]] = {}  # by the id of a call, those of its variables when it was made
        self._used = False

    def __enter__(self) -> GradientTape:
        if self._used:
            raise RuntimeError("GradientTape: a tape records once; expected a tape not yet used. Create another.")
        self._used = True
        _open_tapes.stack.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _open_tapes.stack.remove(self)

    def watch(self, tensors: Tensor | Iterable[Tensor]) -> None:
        """Follows tensors that are not trainable variables."""
        for tensor in [tensors] if isinstance(tensors, Tensor) else tensors:
            if not isinstance(tensor, Tensor):
                raise TypeError(
                    "GradientTape.watch: only a Tensor has a history; expected juanji.Tensor, "
                    f"got {type(tensor).__name__}. Wrap it: x = juanji.Tensor(x)."
                )
            self._known[id(tensor)] = tensor

    def involves(self, inputs: Sequence[Any]) -> bool:
        """Whether any input is watched, a trainable variable, or computed from one."""
        return any(self._follows(x) for x in inputs)

    def _follows(self, x: Any) -> bool:
        return isinstance(x, Tensor) and (id(x) in self._known or (isinstance(x, Variable) and x._trainable))

    def record(self, call: Call) -> None:
        """Writes down one call of an operation (done by the operation itself)."""
        self._calls.append(call)
        versions = [x._version for x in call.inputs if isinstance(x, Variable)]
        if versions:
            self._versions[id(call)] = versions
        for output in call.outputs:
            self._known[id(output)] = output

    def gradient(
        self,
        target: Tensor | Sequence[Tensor],
        sources: Any,
        output_gradients: Any = None,
    ) -> Any:
        """Derivatives of the sum of ``target`` with respect to each source.

        Args:
            target: a tensor, or a list of them, computed while the tape was open.
            sources: a tensor or variable, or a (nested) list, tuple or dict of them.
            output_gradients: the gradient that arrives at each target; ones by default.

        Returns:
            Tensors in the structure of ``sources``; None where the target does not depend on a source.

        Raises:
            RuntimeError: when called a second time on a tape that is not persistent.
        """
        if self._calls is None:
            raise RuntimeError(
                "GradientTape.gradient: the record is used up; expected one call per tape. "
                "Use GradientTape(persistent=True) to call it again."
            )
        targets: list[Any] = list(target) if isinstance(target, (list, tuple)) else [target]
        seeds = _seeds(targets, output_gradients)
        wanted: list[Tensor] = []
        _collect(sources, wanted)
        calls = self._calls
        if not self._persistent:
            self._calls = None  # type: ignore[assignment]
        # The walk must not write onto this very tape when it is still open; outer tapes do record it.
        paused = self in _open_tapes.stack
        if paused:
            _open_tapes.stack.remove(self)
        try:
            gradients = _walk_back(calls, seeds, {id(w) for w in wanted}, self, consume=not self._persistent)
        finally:
            if paused:
                _open_tapes.stack.append(self)
        return _like(sources, gradients)


def _seeds(targets: list[Tensor], output_gradients: Any) -> dict[int, Any]:
    if output_gradients is None:
        given: list[Any] = [None] * len(targets)
    else:
        given = [output_gradients] if len(targets) == 1 and not isinstance(output_gradients, list) else output_gradients
    seeds: dict[int, Any] = {}
    for target, dy in zip(targets, given, strict=True):
        if not isinstance(target, Tensor):
            raise TypeError(
                "GradientTape.gradient: the target has no history; expected a juanji.Tensor, "
                f"got {type(target).__name__}. Compute it from variables while the tape is open."
            )
        value = np.ones(target.shape, target.dtype) if dy is None else dy
        seeds[id(target)] = value if id(target) not in seeds else _add(seeds[id(target)], value)
    return seeds


def _walk_back(
    calls: list[Call], gradients: dict[int, Any], wanted: set[int], tape: GradientTape, consume: bool
) -> dict[int, Any]:
    for i in range(len(calls) - 1, -1, -1):
        call = calls[i]
        if consume:
            calls.pop()  # frees activations as soon as they are used
        arriving = [gradients.get(id(y)) for y in call.outputs]
        if all(dy is None for dy in arriving):
            continue
        for y in call.outputs:
            if id(y) not in wanted:
                gradients.pop(id(y), None)
                if consume:
                    tape._known.pop(id(y), None)
        variables = [x for x in call.inputs if isinstance(x, Variable)]
        for x, version in zip(variables, tape._versions.get(id(call), ())):
            if x._version != version:
                raise RuntimeError(
                    f"GradientTape.gradient: variable {x.name!r} was changed after it was recorded; expected the value "
                    "it had then, got another. Take the gradient first, then assign or apply the optimizer."
                )
        needed = tuple(tape._follows(x) for x in call.inputs)
        for x, dx in zip(call.inputs, call.input_gradients(arriving, needed)):
            if dx is None or not tape._follows(x):
                continue
            before = gradients.get(id(x))
            gradients[id(x)] = dx if before is None else _add(before, dx)
    return gradients


def _add(a: Any, b: Any) -> Any:
    from juanji.ops import add

    return add(a, b)


def _collect(sources: Any, wanted: list[Tensor]) -> None:
    if isinstance(sources, Tensor):
        wanted.append(sources)
    elif isinstance(sources, dict):
        for value in sources.values():
            _collect(value, wanted)
    elif isinstance(sources, (list, tuple)):
        for value in sources:
            _collect(value, wanted)
    else:
        raise TypeError(
            "GradientTape.gradient: not something to differentiate by; expected a Tensor or Variable, or a list, "
            f"tuple or dict of them, got {type(sources).__name__}."
        )


def _like(sources: Any, gradients: dict[int, Any]) -> Any:
    if isinstance(sources, Tensor):
        found = gradients.get(id(sources))
        return found if found is None or isinstance(found, Tensor) else Tensor(found)
    if isinstance(sources, dict):
        return {key: _like(value, gradients) for key, value in sources.items()}
    return type(sources)(_like(value, gradients) for value in sources)

"""Variables: tensors that training changes, by assignment alone."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from juanji import _core, _structure, config, stateless
from juanji._tensor import Array, Tensor

if TYPE_CHECKING:
    from juanji.trace import Trace


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


def _own_copy(value: Array) -> Array:
    """A copy in row-major order, aligned for vectors and in large pages where NumPy's memory would not be."""
    if value.dtype not in (np.float32, np.float64):
        return np.array(value, order="C")
    copy: Array = _core.empty(value.dtype.name, value.shape)
    copy[...] = value
    return copy


class NoValueError(TypeError):
    """Something asked for the value of a tensor while a step was being recorded.

    Args:
        what: what has no value.
    """

    def __init__(self, what: str) -> None:
        if _open_trace.trace is not None:
            _open_trace.trace.asked = True
        super().__init__(
            f"{what} has no value while a step is being recorded; expected operations of juanji.ops alone. "
            "Compile the model with run_eagerly=True to compute with values in Python."
        )


class Variable(Tensor):
    """A tensor that training changes; tapes watch it by itself while it is trainable.

    :meth:`numpy` gives a copy, which later training leaves alone, as in Keras. The array itself is :attr:`value`, to
    be read but not written: :meth:`assign` tells tapes and recorded steps that the value is another one.

    Args:
        initializer: initial value, copied; or the name of an initializer or any function ``(shape, dtype)``, which
            ``shape`` belongs to.
        shape: of the value, where an initializer makes it.
        dtype: element type; that of the value by default, ``config.floatx()`` for Python's numbers.
        trainable: whether tapes watch it and optimizers update it.
        autocast, aggregation, synchronization: accepted for Keras scripts; without effect.
        name: shown in summaries and messages.

    Example:
        >>> from juanji import Variable
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
        super().__init__(_own_copy(np.asarray(_first_value(initializer, shape, dtype), dtype=dtype)))
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
    def value(self) -> Any:
        """The array itself (not a copy), which cannot be written to and changes as the variable does.

        While a tape is open, what is trained gives itself, so that gradients reach it.
        """
        if self._trainable:
            from juanji.autograd import any_open_tape

            if any_open_tape():
                return self
        return self._array()

    def numpy(self) -> Array:
        """A copy of the value."""
        return np.array(self._array())

    def _array(self) -> Array:
        if _open_trace.trace is not None:
            raise NoValueError(f"variable {self.name!r}")
        view: Array = self._held().view()
        view.flags.writeable = False
        return view

    def _held(self) -> Array:
        """The array itself or, inside a :class:`juanji.StatelessScope`, the one that stands for it there."""
        if stateless.open_scopes:
            current = stateless.current_value(self)
            if current is not self:
                array: Array = current.numpy()
                return array
        return self._value

    def assign(self, value: ArrayLike) -> Variable:
        """Overwrites the value in place. Raises ValueError when the shape differs."""
        new = value if isinstance(value, Tensor) else np.asarray(value)
        if tuple(new.shape) != self.shape:
            raise ValueError(
                f"Variable.assign: wrong shape for variable {self.name!r}; expected {self.shape}, "
                f"got value.shape={tuple(new.shape)}. Reshape the value first."
            )
        scope = stateless.current_scope() if stateless.open_scopes else None
        if scope is not None:
            scope.add_update((self, new))
        elif _open_trace.trace is not None:
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
        return self.assign(self + value if _open_trace.trace is not None else self._held() + np.asarray(value))

    def assign_sub(self, value: ArrayLike) -> Variable:
        """Subtracts in place."""
        return self.assign(self - value if _open_trace.trace is not None else self._held() - np.asarray(value))

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

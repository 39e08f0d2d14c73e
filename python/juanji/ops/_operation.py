"""The one form in which every operation is defined.

An :class:`Operation` names its native side and its gradient rule. The native side is a ``_core`` operation, a NumPy
function (:class:`NumpyFunction`) or the two behind one face (:class:`NativeForFloats`). What a call receives decides
what happens: NumPy arrays run and give NumPy arrays; a Tensor among them makes the results Tensors, recorded where a
tape follows an input. The gradient rule is written in terms of other operations, so gradients can be differentiated
again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from juanji import _core, stateless
from juanji.autograd import NoValueError, Tensor, Variable, open_trace, recording_tapes

Gradients = Sequence[Any]
GradientRule = Callable[..., Gradients]
Spec = tuple[str, tuple[int, ...]]  # dtype name and shape


class NativeSide(Protocol):
    """What does the work of an operation: called with arrays; ``infer`` tells dtypes and shapes without running."""

    def __call__(self, *arrays: Any) -> Any: ...

    def infer(self, specs: list[Spec]) -> Sequence[Spec]: ...


class NumpyFunction:
    """A NumPy function in the place of a native operation: for views, indexing and types without a kernel.

    Args:
        function: takes arrays, gives one array or a tuple of them.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arrays: Any) -> Any:
        results = self._function(*arrays)
        return results if isinstance(results, (np.ndarray, tuple)) else np.asarray(results)

    def native_side(self, specs: list[Spec]) -> NativeSide | None:
        """What runs for inputs of these types."""
        return self

    def infer(self, specs: list[Spec]) -> list[Spec]:
        """Runs the function on stand-ins whose elements share one zero, so that inputs of any shape cost nothing."""
        results = self(*(np.broadcast_to(np.zeros((), dtype), shape) for dtype, shape in specs))
        results = results if isinstance(results, tuple) else (results,)
        return [(str(y.dtype), y.shape) for y in results]


class View(NumpyFunction):
    """A NumPy function that gives the elements of its one input in the same order, in another shape."""

    def native_side(self, specs: list[Spec]) -> None:
        """What a recorded step runs: nothing."""
        return None


class NativeForSome:
    """A native operation for inputs of some types, and a NumPy function for others.

    Args:
        native: the native operation.
        function: the NumPy function.
        takes: whether the native operation takes inputs of these types.
    """

    def __init__(
        self,
        native: _core.Operation,
        function: Callable[..., Any],
        takes: Callable[[Sequence[np.dtype[Any]]], bool],
    ) -> None:
        self._native = native
        self._other = NumpyFunction(function)
        self._takes = takes

    def __call__(self, *arrays: Any) -> Any:
        return (self._native if self._takes([x.dtype for x in arrays]) else self._other)(*arrays)

    def native_side(self, specs: list[Spec]) -> NativeSide:
        """What runs for inputs of these types."""
        return self._native if self._takes([np.dtype(dtype) for dtype, _ in specs]) else self._other

    def infer(self, specs: list[Spec]) -> Sequence[Spec]:
        return self.native_side(specs).infer(specs)


class NativeForFloats(NativeForSome):
    """A native operation for inputs that are all float32 or all float64, and a NumPy function for other types.

    Args:
        native: the native operation.
        function: the NumPy function.
        data: index of the first input whose type counts; those before are conditions or indices.
    """

    def __init__(self, native: _core.Operation, function: Callable[..., Any], data: int = 0) -> None:
        super().__init__(native, function, lambda dtypes: _is_one_float(dtypes[data:]))


def _is_one_float(dtypes: Sequence[np.dtype[Any]]) -> bool:
    first = dtypes[0]
    return first in _FLOATS and all(dtype == first for dtype in dtypes)


_FLOATS = (np.dtype("float32"), np.dtype("float64"))
NATIVE_DTYPES = frozenset(np.dtype(name) for name in ("float32", "float64", "int32", "int64", "uint8", "bool"))


class Call:
    """One recorded call: what a gradient rule may look at.

    Attributes:
        inputs: what the operation was called with (tensors, variables or arrays).
        outputs: the resulting tensors, hidden ones included.
        attributes: the keyword arguments.
        needed: per input, whether its gradient is wanted; a rule may return None for the others.
    """

    __slots__ = ("attributes", "inputs", "needed", "operation", "outputs")

    def __init__(
        self, operation: Operation, inputs: tuple[Any, ...], outputs: tuple[Tensor, ...], attributes: dict[str, Any]
    ) -> None:
        self.operation = operation
        self.inputs = inputs
        self.outputs = outputs
        self.attributes = attributes
        self.needed: tuple[bool, ...] = ()

    @property
    def output(self) -> Tensor:
        return self.outputs[0]

    def input_gradients(self, arriving: Sequence[Any], needed: tuple[bool, ...]) -> Gradients:
        """Applies the gradient rule to the gradients that arrive at the visible outputs."""
        rule = self.operation.gradient_rule
        if rule is None:
            raise ValueError(
                f"{self.operation.name}: this operation has no gradient; expected a differentiable path from the "
                "target to the source. Use juanji.ops.stop_gradient on its inputs to say so."
            )
        self.needed = needed
        return rule(self, *arriving[: self.operation.visible_outputs])


class Operation:
    """A differentiable operation.

    Args:
        name: as it appears in messages and profiles.
        native: gives the native side for the keyword attributes (hashable values); results are cached.
        visible_outputs: how many of the native outputs callers see; the others only serve the gradient rule.
        when_recorded: attributes that change when a tape records the call (e.g. to keep an argmax).
        cached: keep native sides by their attributes; False for attributes that are not hashable.

    The gradient rule is attached with :meth:`gradient`; it receives the :class:`Call` and the gradient of each
    visible output (None where nothing arrived) and returns one gradient, or None, per input.
    """

    def __init__(
        self,
        name: str,
        native: Callable[..., NativeSide],
        visible_outputs: int = 1,
        when_recorded: dict[str, Any] | None = None,
        cached: bool = True,
    ) -> None:
        self.name = name
        self.visible_outputs = visible_outputs
        self.gradient_rule: GradientRule | None = None
        self._native = lru_cache(maxsize=512)(native) if cached else native
        self._when_recorded = when_recorded or {}

    def gradient(self, rule: GradientRule) -> GradientRule:
        """Decorator that attaches the gradient rule."""
        self.gradient_rule = rule
        return rule

    def native_for(self, attributes: dict[str, Any], specs: list[Spec]) -> _core.Operation | None:
        """What a recorded step runs for inputs like these: a native operation, or None for a view.

        Raises:
            NoValueError: when there is neither.
        """
        side: Any = self._native(**attributes)
        if not isinstance(side, _core.Operation):
            side = side.native_side(specs)
        if side is not None and not isinstance(side, _core.Operation):
            raise NoValueError(f"{self.name} on {', '.join(dtype for dtype, _ in specs)}, which runs in NumPy,")
        return side

    def __call__(self, *inputs: Any, **attributes: Any) -> Any:
        if stateless.open_scopes:
            inputs = tuple(map(stateless.current_value, inputs))
        tapes = recording_tapes(inputs)
        if tapes:
            attributes = {**attributes, **self._when_recorded}
        tensors = False
        native = self._native(**attributes)
        trace = open_trace()
        if trace is not None and trace.takes(inputs):
            outputs: tuple[Tensor, ...] = trace.add(self, native, inputs, attributes)
        else:
            arrays = []
            for x in inputs:
                if isinstance(x, Tensor):
                    tensors = True
                    x = x._value
                arrays.append(x if isinstance(x, np.ndarray) else np.asarray(x))
            results = native(*arrays)
            if not isinstance(results, tuple):
                results = (results,)
            if tensors and not isinstance(native, _core.Operation):
                results = _apart(results, inputs)
            if not tensors:
                return results[0] if self.visible_outputs == 1 else results[: self.visible_outputs]
            outputs = tuple(Tensor(y) for y in results)
        if tapes:
            call = Call(self, inputs, outputs, attributes)
            for tape in tapes:
                tape.record(call)
        return outputs[0] if self.visible_outputs == 1 else outputs[: self.visible_outputs]

    def __repr__(self) -> str:
        return f"<Operation {self.name}>"


def _apart(results: tuple[Any, ...], inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Results with memory of their own where they are views of variables, which change later."""
    values = [x._value for x in inputs if isinstance(x, Variable)]
    if not values:
        return results
    return tuple(y.copy() if any(np.may_share_memory(y, value) for value in values) else y for y in results)


class InPlaceOperation:
    """A native operation that overwrites some of its inputs and gives nothing: updates and assignments.

    Args:
        name: as it appears in messages and profiles.
        native: gives the native side for its attributes; results are cached.
    """

    def __init__(self, name: str, native: Callable[..., _core.Operation]) -> None:
        self.name = name
        self._native = lru_cache(maxsize=64)(native)

    def native_for(self, attributes: dict[str, Any], specs: list[Spec]) -> _core.Operation:
        """What a recorded step runs."""
        return self._native(**attributes)

    def __call__(self, inputs: Sequence[Any], **attributes: Any) -> None:
        native = self._native(**attributes)
        scope = stateless.current_scope() if stateless.open_scopes else None
        if scope is not None:
            scope.update_in_place(native, inputs)
            return
        trace = open_trace()
        if trace is not None and trace.takes(inputs):
            trace.add(self, native, inputs, attributes)
            return
        native(*(x._value if isinstance(x, Tensor) else np.asarray(x) for x in inputs))
        for i in native.updated_inputs(len(inputs)):
            changed = inputs[i]
            if isinstance(changed, Variable):
                changed.mark_changed()

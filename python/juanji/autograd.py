"""Reverse-mode differentiation.

Operations (``juanji.ops``) run at once. While a :class:`GradientTape` is open, every operation that involves a watched
tensor or a variable is written onto it; :meth:`GradientTape.gradient` then walks the record backwards and applies
each operation's gradient rule (Griewank and Walther, *Evaluating Derivatives*, 2008, chapter 3).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from juanji._tensor import Array, Tensor
from juanji._variable import NoValueError, Variable, open_trace, set_open_trace

if TYPE_CHECKING:
    from types import TracebackType

    from juanji.ops._operation import Call

__all__ = [
    "Array",
    "GradientTape",
    "NoValueError",
    "Tensor",
    "Variable",
    "any_open_tape",
    "open_trace",
    "recording_tapes",
    "set_open_trace",
]


class _OpenTapes(threading.local):
    """The tapes open on this thread, outermost first."""

    def __init__(self) -> None:
        self.stack: list[GradientTape] = []


_open_tapes = _OpenTapes()


def any_open_tape() -> bool:
    """Whether a tape is open on this thread."""
    return bool(_open_tapes.stack)


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
                    f"got {type(tensor).__name__}. Wrap it: x = juanji.ops.convert_to_tensor(x)."
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

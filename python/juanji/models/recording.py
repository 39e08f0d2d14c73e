"""Which steps of a model run as recorded programs, and when they are recorded anew.

A step is recorded for one structure and one set of shapes of its data. It runs eagerly the first time, which creates
what is missing (optimizer state, metrics) and refuses bad data with the message of the Python code; from then on it
is recorded when a new set of shapes comes. What cannot be recorded keeps running eagerly; both give the same bits.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from juanji import _core, _structure
from juanji.layers._weights import WeightOwner
from juanji.program import Recorded
from juanji.trace import is_own

_MOST_PROGRAMS = 16  # of one model; shapes that come back rarely are recorded again


class Recorder:
    """The recorded steps of one model.

    Args:
        trusted: the user asked for compilation: code outside juanji is recorded too, although what it does besides
            operations on tensors is not repeated.
    """

    def __init__(self, trusted: bool = False) -> None:
        self._trusted = trusted
        self._arena = _core.Arena()
        self._programs: OrderedDict[Any, Recorded | None] = OrderedDict()
        self._predictions: dict[Any, Recorded] = {}  # those with one input, by its type and shape
        self._ran: set[str] = set()
        self._changes = -1
        self._allowed = False
        self._lock = threading.Lock()  # of all that is known about programs, not held while one runs

    def __reduce__(self) -> Any:
        """A copy, or one that was stored, starts without programs: those borrow the memory of this model."""
        return Recorder, (self._trusted,)

    def run(self, model: Any, name: str, data: Any) -> Any:
        """Runs ``getattr(model, name)(data)``, recorded where that is possible."""
        step = getattr(model, name)
        arrays: list[Any] = []
        key = (name, _flatten(data, arrays))
        with self._lock:
            if self._changes != _structure.changes():
                self._forget(model)
            changes, known = self._changes, key in self._programs
            program = self._programs.get(key)
            if program is not None:
                self._programs.move_to_end(key)
                if name == "predict_step" and len(arrays) == 1:
                    self._predictions[arrays[0].dtype, arrays[0].shape] = program
        if program is not None:
            return program(*arrays)
        if not self._allowed or known:
            return step(data)
        if name not in self._ran:
            result = step(data)
            if changes == _structure.changes():
                self._ran.add(name)
            return result
        return self._record(key, step, data, arrays)

    def prediction(self, x: Any) -> Recorded | None:
        """The recorded prediction from one array of this type and shape, found without looking at the model."""
        if self._changes != _structure.changes() or type(x) is not np.ndarray:
            return None
        return self._predictions.get((x.dtype, x.shape))

    def find(self, model: Any, name: str, data: Any) -> Recorded | None:
        """The recorded step for data of this form; None where it runs eagerly."""
        self.run(model, name, data)
        self.run(model, name, data)
        return self._programs.get((name, _flatten(data, [])))

    def _record(self, key: Any, step: Callable[[Any], Any], data: Any, arrays: list[Any]) -> Any:
        changes = _structure.changes()
        program: Recorded | None = None
        try:
            program = Recorded(lambda *tensors: step(_rebuild(data, list(tensors))), arrays, self._arena)
        except Exception:  # bad data, or code that asks for values: the eager step tells which
            result = step(data)
        else:
            # A step that changes the model's form is another one each time.
            result = program(*arrays) if changes == _structure.changes() else step(data)
        with self._lock:
            if changes == _structure.changes() == self._changes:
                self._keep(key, program)
        return result

    def _keep(self, key: Any, program: Recorded | None) -> None:
        self._programs[key] = program
        while len(self._programs) > _MOST_PROGRAMS:
            self._programs.popitem(last=False)
            self._predictions.clear()

    def _forget(self, model: Any) -> None:
        self._programs.clear()
        self._predictions.clear()
        self._ran.clear()
        self._allowed = self._trusted or _known_through(model)
        self._changes = _structure.changes()


def _known_through(model: Any) -> bool:
    """Whether all code that the model's steps run is juanji's own."""
    return all(is_own(type(layer)) and all(map(_is_known, _parts(layer))) for layer in model.walk())


def _parts(layer: WeightOwner) -> list[Any]:
    weights = layer._own_weights
    # How weights get their first values is no part of a step.
    own = [value for name, value in vars(layer).items() if not name.endswith("_initializer")]
    parts = [*own, *(w.regularizer for w in weights), *(w.constraint for w in weights)]
    compiled = getattr(layer, "_compiled", None)
    return parts if compiled is None else [*parts, *compiled.parts()]


def _is_known(part: Any) -> bool:
    if isinstance(part, WeightOwner) or not callable(part):
        return True
    if not is_own(part if hasattr(part, "__qualname__") else type(part)):
        return False
    return all(map(_is_known, (getattr(part, "fn", None), getattr(part, "_learning_rate", None))))


def _flatten(data: Any, arrays: list[Any]) -> Any:
    """Adds the arrays in nested tuples, lists and dicts to a list; gives the structure with their types and shapes."""
    if data is None:
        return None
    if isinstance(data, dict):
        return tuple((key, _flatten(value, arrays)) for key, value in data.items())
    if isinstance(data, (list, tuple)):
        return tuple([_flatten(part, arrays) for part in data])
    array = data if isinstance(data, np.ndarray) else np.asarray(data)
    arrays.append(array)
    return array.dtype, array.shape


def _rebuild(data: Any, tensors: list[Any]) -> Any:
    """The structure of ``data`` with tensors, taken from the front of the list, in the place of arrays."""
    if data is None:
        return None
    if isinstance(data, dict):
        return {key: _rebuild(value, tensors) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)([_rebuild(part, tensors) for part in data])
    return tensors.pop(0)

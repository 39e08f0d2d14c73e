"""Which steps of a model run as recorded programs, and when they are recorded anew.

A step is recorded for one form of the model and one set of shapes of its data, when both come for the second time. It
runs eagerly the first time, which creates what is missing (optimizer state, metrics) and refuses bad data with the
message of the Python code; and to record shapes that never come again takes longer than to run them. What cannot be
recorded keeps running eagerly; both give the same bits. Programs of a few forms are kept, for layers that are frozen
and set free in turn. Where code outside juanji takes part, that first step is observed (:mod:`juanji.models.outside`).
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

from juanji import _core, _structure, stateless
from juanji._locks import Lock
from juanji.layers._weights import WeightOwner
from juanji.models.data import gathered
from juanji.models.outside import NotRecordable, Observer, parts_of
from juanji.ops._rows import Rows
from juanji.program import Recorded
from juanji.trace import is_own
from juanji.utils.registry import Configurable

_MOST_FORMS = 4  # of one model
_MOST_PROGRAMS = 16  # of one model
_RARE = 64  # steps without a program after which another may take its place
_MOST_SEEN = 1024  # shapes that are remembered
_MOST_OBSERVERS = 20  # of one step, when what it reads keeps changing


class _Form:
    """What the model is between two changes; compared by identity.

    Args:
        recorded: whether its steps are recorded without being observed.
    """

    def __init__(self, recorded: bool) -> None:
        self.recorded = recorded
        self.observers: dict[str, Observer] = {}  # by the name of the step

    def token(self, name: str) -> Any:
        """What stands in keys for this form and for what a step reads besides; None before it was observed."""
        return self if self.recorded else self.observers.get(name)


class Recorder:
    """The recorded steps of one model.

    Args:
        trusted: the user asked for compilation: code outside juanji is recorded too, although what it does besides
            operations on tensors is not repeated.
        observing: otherwise, code outside juanji is recorded where it can be told that it does nothing else.
    """

    def __init__(self, trusted: bool = False, observing: bool = True) -> None:
        self._trusted = trusted
        self._observing = observing
        self._arena = _core.Arena()
        self._programs: OrderedDict[Any, Recorded | None] = OrderedDict()
        self._predictions: dict[Any, Recorded] = {}  # those with one input, by its type and shape
        self._forms: dict[Any, _Form] = {}
        self._form = _Form(False)  # the latest
        self._observers = Counter[str]()  # how many there were, by the name of the step
        self.refused: dict[str, str] = {}  # why a step with code outside juanji is not recorded, the latest reason
        self._changes = -1
        self._seen: set[Any] = set()  # keys that came once
        self._steps = 0
        self._phases: dict[Any, list[Callable[[], Any]]] = {}  # what tells apart the phases of steps that have some
        self._latest: dict[Any, int] = {}  # the number of the step that last ran a program
        self._lock = Lock()  # of all that is known about programs, not held while one runs

    def __reduce__(self) -> Any:
        """A copy, or one that was stored, starts without programs: those borrow the memory of this model."""
        return Recorder, (self._trusted, self._observing)

    def run(self, model: Any, name: str, data: Any) -> Any:
        """Runs ``getattr(model, name)(data)``, recorded where that is possible."""
        step = getattr(model, name)
        if stateless.current_scope() is not None:  # programs read and write the variables themselves
            return step(gathered(data))
        arrays: list[Any] = []
        shapes = _flatten(data, arrays)
        with self._lock:
            form = self._form_of(model)
            token = self._token(form, name)
            key = self._in_phase((name, shapes, token))
            known = key in self._programs
            program = self._programs.get(key)
            self._steps += 1
            if program is not None:
                self._programs.move_to_end(key)
                self._latest[key] = self._steps
                if name == "predict_step" and len(arrays) == 1 and form.recorded:
                    self._predictions[arrays[0].dtype, arrays[0].shape] = program
        if program is not None:
            return program(*arrays)
        if known or not (form.recorded or self._observes(name)):
            return step(gathered(data))
        if token is not None and key in self._seen and self._has_room():
            return self._record(model, key, step, data, arrays)
        if form.recorded:
            result = step(gathered(data))
        else:
            result, observer = self._observe(model, form, name, gathered(data))
            key = (name, shapes, observer)
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen.add(key)
        return result

    def prediction(self, x: Any) -> Recorded | None:
        """The recorded prediction from one array of this type and shape, found without looking at the model."""
        if self._changes != _structure.changes() or type(x) is not np.ndarray:
            return None
        if stateless.open_scopes and stateless.current_scope() is not None:
            return None
        return self._predictions.get((x.dtype, x.shape))

    def find(self, model: Any, name: str, data: Any) -> Recorded | None:
        """The recorded step for data of this form; None where it runs eagerly."""
        self.run(model, name, data)
        self.run(model, name, data)
        return self._programs.get(self._in_phase((name, _flatten(data, []), self._form.token(name))))

    def _token(self, form: _Form, name: str) -> Any:
        """The form's token, if what stands behind it is still the same."""
        observer = form.observers.get(name)
        if observer is not None and not observer.is_same():
            del form.observers[name]
            for key in [key for key in self._programs if key[2] is observer]:
                del self._programs[key]
        return form.token(name)

    def _observes(self, name: str) -> bool:
        return self._observing and self._observers[name] < _MOST_OBSERVERS

    def _observe(self, model: Any, form: _Form, name: str, data: Any) -> tuple[Any, Observer]:
        """Runs a step eagerly and looks at what it does besides operations."""
        observer = form.observers.get(name)
        if observer is None:
            observer = Observer(model)
            self._observers[name] += 1
        before: list[Any] = []
        shapes = _flatten(data, before)
        with observer.watching(stop=False):
            result = getattr(model, name)(data)
        after: list[Any] = []
        if _flatten(data, after) != shapes or any(x is not y for x, y in zip(before, after)):
            observer.refused = observer.refused or "it changes its data"
        with self._lock:
            if observer.refused:
                self._refuse(name, observer.refused)
            elif observer.is_same():
                form.observers[name] = observer
            else:
                self.refused[name] = "it changes what it reads"
        return result, observer

    def _refuse(self, name: str, reason: str) -> None:
        self.refused[name] = reason
        self._observers[name] = _MOST_OBSERVERS

    def _in_phase(self, key: tuple[Any, ...]) -> tuple[Any, ...]:
        """The key of the program for the phase that an optimizer is in."""
        readers = self._phases.get(key)
        return key if readers is None else (*key, *(read() for read in readers))

    def _record(self, model: Any, key: Any, step: Callable[[Any], Any], data: Any, arrays: list[Any]) -> Any:
        program: Recorded | None = None
        name, token = key[0], key[2]
        observer = token if isinstance(token, Observer) else None
        try:
            with nullcontext() if observer is None else observer.watching(stop=True):
                traced = lambda *tensors: step(_rebuild(data, list(tensors)))  # noqa: E731
                program = Recorded(traced, arrays, self._arena, _tables(data), strict=observer is not None)
            if observer is not None:
                program.require_plain_result()
        except (Exception, NotRecordable) as error:  # bad data, or code that asks for values: the eager step tells
            program = None
            if observer is not None:
                self._refuse(name, observer.refused or str(error))
            result = step(gathered(data))
        else:
            with self._lock:
                same = self._token(self._form_of(model), name) is token
                if program.phases and len(key) == 3:
                    self._phases[key] = program.phases
                    key = self._in_phase(key)
            if not same:  # a step that changes the model's form is another one each time
                return step(gathered(data))
            result = program(*arrays)
            self.refused.pop(name, None)
        with self._lock:
            self._keep(key, program)
        return result

    def _has_room(self) -> bool:
        """Whether there is a place for another program: shapes that come in turn must not drive each other out."""
        oldest = next(iter(self._programs), None)
        return len(self._programs) < _MOST_PROGRAMS or self._steps - self._latest.get(oldest, 0) > _RARE

    def _keep(self, key: Any, program: Recorded | None) -> None:
        self._programs[key] = program
        self._latest[key] = self._steps
        while len(self._programs) > _MOST_PROGRAMS:
            oldest, _ = self._programs.popitem(last=False)
            self._latest.pop(oldest, None)
            self._predictions.clear()

    def _form_of(self, model: Any) -> _Form:
        """What stands for the model's form in keys; looked up again when anything has changed anywhere."""
        changes = _structure.changes()
        if changes != self._changes:
            self._predictions.clear()
            form = (_structure.settings(), *model.form())
            if form not in self._forms:
                if len(self._forms) == _MOST_FORMS:
                    for known in (self._programs, self._latest, self._seen, self._phases, self._forms):
                        known.clear()
                self._forms[form] = _Form(self._trusted or _known_through(model))
            self._form = self._forms[form]
            self._changes = changes
        return self._form


def _known_through(model: Any) -> bool:
    """Whether all code that the model's steps run is juanji's own."""
    return all(is_own(type(layer)) and all(map(_is_known, parts_of(layer))) for layer in model.walk())


def _is_known(part: Any) -> bool:
    if isinstance(part, WeightOwner) or not (callable(part) or isinstance(part, Configurable)):
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
    if isinstance(data, Rows):  # of any data set: the number of its rows is no part of the form
        arrays += [data.data, data.numbers]
        return data.dtype, data.data.dtype, len(data), data.data.shape[1:]
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
    return data.of(tensors.pop(0), tensors.pop(0)) if isinstance(data, Rows) else tensors.pop(0)


def _tables(data: Any) -> list[bool]:
    """For each array of :func:`_flatten` whether it is a data set whose rows a step picks."""
    if data is None:
        return []
    if isinstance(data, Rows):
        return [True, False]
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, (list, tuple)) else None
    return [False] if parts is None else [table for part in parts for table in _tables(part)]

"""Whether code outside juanji does in a step what its operations tell, and nothing else.

Such code may be recorded. It is observed while it runs in Python, function by function, and three things are asked of
each. It stores nothing in attributes, globals or variables of outer functions. What it names is known: functions of
juanji and of mathematics, harmless functions of Python, functions outside (which are observed in turn), objects of
juanji, and plain data. And what it names is the same before every later step (:class:`juanji.models.watch.Watch`), its
contents included, so that neither lists that the code fills nor settings that a callback changes are missed.
"""

from __future__ import annotations

import builtins
import dis
import gc
import math
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from juanji import _outside, config
from juanji.autograd import GradientTape, Variable
from juanji.layers import Lambda
from juanji.layers._weights import WeightOwner
from juanji.losses import Loss
from juanji.metrics.metric import Metric
from juanji.models.outside_names import BUILTINS, MODULES, NUMPY, REFUSED_NAMES, STORES
from juanji.models.watch import MISSING, PLAIN, Cell, NotWatchableError, Watch
from juanji.random import SeedGenerator
from juanji.symbolic.tensor import KerasTensor
from juanji.trace import is_own
from juanji.utils.registry import Configurable

_OUTER_STORES = frozenset(("STORE_DEREF", "DELETE_DEREF"))
_ATTRIBUTES = frozenset(("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "LOAD_SUPER_METHOD"))
_BETWEEN = frozenset(("PUSH_NULL", "EXTENDED_ARG", "NOP", "CACHE"))
_KNOWN = {id(f): f for f in (*vars(math).values(), *(getattr(np, name) for name in NUMPY), GradientTape)}
_REFUSED_FUNCTIONS = frozenset(("convert_to_numpy", "empty", "empty_like", "is_tensor"))
_LIBRARY = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib"))
_SITE = tuple(sysconfig.get_paths()[name] for name in ("purelib", "platlib"))


class NotRecordable(BaseException):
    """Code is about to run that must not be recorded."""


class Observer:
    """Sees the functions outside juanji that a step calls.

    Args:
        model: whose steps are observed.

    Attributes:
        refused: why these steps cannot be recorded; empty while nothing speaks against it.
    """

    def __init__(self, model: Any) -> None:
        self.refused = ""
        self._watch = Watch(self._require)
        self._passed: set[CodeType] = set()
        self._names: dict[str, None] = {}  # of attributes that were read
        self._layers = {id(layer): layer for layer in model.walk()}
        self._objects: dict[int, Any] = dict(self._layers)  # whose attributes are watched
        self._looked_at = 0  # how many of them are so far
        try:
            for layer in self._layers.values():
                if isinstance(layer, Lambda):
                    self._watch.add(vars(layer), "arguments")
                for part in parts_of(layer):
                    if (callable(part) or isinstance(part, Configurable)) and not isinstance(part, WeightOwner):
                        self._require(part)
        except NotWatchableError as found:
            self.refused = f"{type(model).__name__}: {found}"

    @contextmanager
    def watching(self, stop: bool) -> Iterator[None]:
        """Observes this thread.

        Args:
            stop: raise :class:`NotRecordable` before a function begins that must not be recorded.
        """
        before = sys.getprofile()

        def hook(frame: FrameType, event: str, argument: Any) -> None:
            if event == "call" and frame.f_code not in self._passed:
                self._see(frame)
                if self.refused:
                    _put_back(before)
                    if stop:
                        raise NotRecordable(self.refused)

        collects = gc.isenabled()
        gc.disable()  # what is called at a collection is no part of the step it happens in
        sys.setprofile(hook)
        try:
            yield
        finally:
            _put_back(before)
            if collects:
                gc.enable()

    def is_same(self) -> bool:
        """Whether what the code reads is what it was when it was observed."""
        return self._watch.is_same()

    def _see(self, frame: FrameType) -> None:
        if _outside.is_exempt():
            return
        if _outside.package(frame) in ("juanji", "numpy"):
            self._passed.add(frame.f_code)
        elif not (_is_library(frame) and self._serves_juanji(frame.f_back)) and not _is_import(frame):
            try:
                self._check(frame)
                self._passed.add(frame.f_code)
            except NotWatchableError as found:
                self.refused = f"{frame.f_code.co_name}: {found}"

    def _serves_juanji(self, caller: FrameType | None) -> bool:
        """Whether a function of the standard library is called by juanji, and not by code outside."""
        if _outside.package(caller) in ("juanji", "numpy"):
            return True
        return caller is not None and caller.f_code not in self._passed and _is_library(caller)

    def _check(self, frame: FrameType) -> None:
        code = frame.f_code
        instructions = [one for one in dis.get_instructions(code) if one.opname not in _BETWEEN]
        names: dict[str, None] = {}
        for i, one in enumerate(instructions):
            if one.opname in STORES or (one.opname in _OUTER_STORES and one.argval in code.co_freevars):
                raise NotWatchableError(f"{one.opname} {one.argval}")
            if one.opname in _ATTRIBUTES:
                names[one.argval] = None
            chain: list[str] = []
            for later in instructions[i + 1 :]:
                if later.opname not in ("LOAD_ATTR", "LOAD_METHOD"):
                    break
                chain.append(later.argval)
            if one.opname == "LOAD_GLOBAL":
                self._global(frame, one.argval, chain)
            elif one.opname == "LOAD_DEREF" and one.argval in code.co_freevars and one.argval != "__class__":
                self._outer(frame, one.argval, chain)
        self._defaults(frame)
        self._attributes(names)

    def _defaults(self, frame: FrameType) -> None:
        """Requires that what stands for arguments left out cannot change."""
        if not (frame.f_code.co_argcount or frame.f_code.co_kwonlyargcount) or self._maker(frame) is not None:
            return
        for function in _named(frame) or _functions(frame.f_code):
            for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
                self._watch.require_constant(value)

    def _maker(self, frame: FrameType) -> FrameType | None:
        """The call going on that has made the function which a frame runs."""
        maker = frame.f_back
        while maker is not None:
            if maker.f_code in self._passed and frame.f_code in maker.f_code.co_consts:
                return maker
            maker = maker.f_back
        return None

    def _global(self, frame: FrameType, name: str, chain: list[str]) -> None:
        value = frame.f_globals.get(name, MISSING)
        if value is MISSING:
            value = getattr(builtins, name, MISSING)
            exception = isinstance(value, type) and issubclass(value, Exception)
            if not (name in BUILTINS or exception):
                raise NotWatchableError(f"the name {name}")
            self._watch.add(frame.f_globals, name)
        else:
            self._follow(frame.f_globals, name, chain)

    def _outer(self, frame: FrameType, name: str, chain: list[str]) -> None:
        """A variable of an outer function: one that runs has just made it, any other may change it."""
        maker = self._maker(frame)
        while maker is not None:
            if name in maker.f_code.co_cellvars:
                return
            frame, maker = maker, self._maker(maker)
        code = frame.f_code
        functions = _functions(code)
        if not functions:
            raise NotWatchableError(f"the variable {name} of an outer function")
        for function in functions:
            cell = (function.__closure__ or ())[code.co_freevars.index(name)]
            self._follow(Cell(name, cell), name, chain)

    def _follow(self, namespace: Mapping[str, Any], name: str, chain: list[str]) -> None:
        """Watches a name and, where it is a module or class, what is taken from it."""
        value = namespace.get(name, MISSING)
        while isinstance(value, ModuleType):
            if not chain:
                raise NotWatchableError(f"the module {name}")
            self._watch.add_module(namespace, name)
            name, chain = chain[0], chain[1:]
            known = value.__name__.partition(".")[0] in ("juanji", "numpy", "math")
            namespace, value = vars(value), getattr(value, name, MISSING)
            if known and not isinstance(value, ModuleType):
                self._require(value)
                return
        self._watch.add(namespace, name)
        if isinstance(value, type) and chain:
            self._class_attribute(value, chain[0])

    def _require(self, value: Any) -> None:
        """Raises for what is neither harmless nor an object whose settings are watched."""
        name = getattr(value, "__name__", type(value).__name__)
        if isinstance(value, (property, staticmethod, classmethod)) or id(value) in _KNOWN or isinstance(value, PLAIN):
            return
        if isinstance(value, MethodType):
            self._require(value.__self__)
        elif isinstance(value, WeightOwner):
            if id(value) not in self._layers:
                raise NotWatchableError(f"{value.name}, which is no part of the model")
        elif isinstance(value, (Configurable, Variable, SeedGenerator, Metric)):
            self._objects[id(value)] = value
        elif isinstance(value, type):
            if not (issubclass(value, Loss) if is_own(value) else issubclass(value, (WeightOwner, Configurable))):
                raise NotWatchableError(f"the class {name}")
        elif isinstance(value, KerasTensor):
            return
        elif value in (config.epsilon, config.floatx):
            self._watch.add(vars(config), f"_{name}")
        elif is_own(value):
            place = str(value.__module__).split(".")[1:2]
            if not place or place[0] not in MODULES or name in _REFUSED_FUNCTIONS:
                raise NotWatchableError(f"the function {name}")
        elif isinstance(value, BuiltinFunctionType):
            if getattr(builtins, name, None) is not value or name not in BUILTINS:
                raise NotWatchableError(f"the function {name}")
        elif not isinstance(value, FunctionType):
            raise NotWatchableError(f"a {type(value).__name__}")

    def _attributes(self, names: dict[str, None]) -> None:
        refused = REFUSED_NAMES & names.keys()
        if refused:
            raise NotWatchableError(f"the attribute {min(refused)}")
        fresh = [name for name in names if name not in self._names]
        for owner in list(self._objects.values())[: self._looked_at]:
            for name in fresh:
                self._attribute(owner, name)
        self._names.update(names)
        while self._looked_at < len(self._objects):  # attributes may lead to further objects
            owner = list(self._objects.values())[self._looked_at]
            self._looked_at += 1
            for name in self._names:
                self._attribute(owner, name)

    def _attribute(self, owner: Any, name: str) -> None:
        space = getattr(owner, "__dict__", {})
        if is_own(type(owner)):  # all but what others have set
            if name in space and not is_own(type(space[name])):
                self._watch.add(space, name)
            return
        self._watch.add(space, name)
        if name not in space:
            self._class_attribute(type(owner), name)

    def _class_attribute(self, kind: type, name: str) -> None:
        """Watches an attribute of a class outside juanji."""
        for base in kind.__mro__:
            if name in vars(base):
                if not is_own(base) and base is not object:
                    self._watch.add(vars(base), name)
                return


def _named(frame: FrameType) -> list[FunctionType]:
    """The function that a frame runs, where it is found under its name: in a class or among the globals."""
    code = frame.f_code
    first = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
    spaces = (*(vars(kind) for kind in type(first).__mro__), frame.f_globals)
    found = (space.get(code.co_name) for space in spaces)
    return [f for f in found if isinstance(f, FunctionType) and f.__code__ is code][:1]


def _functions(code: CodeType) -> list[FunctionType]:
    """The functions that run this code."""
    return [f for f in gc.get_referrers(code) if isinstance(f, FunctionType) and f.__code__ is code]


def parts_of(layer: WeightOwner) -> list[Any]:
    """What a layer has that may run in a step: attributes, and the parts of its weights and of `compile`."""
    weights = layer._own_weights
    # How weights get their first values is no part of a step.
    own = [value for name, value in vars(layer).items() if not name.endswith("_initializer")]
    parts = [*own, *(w.regularizer for w in weights), *(w.variable.constraint for w in weights)]
    compiled = getattr(layer, "_compiled", None)
    return parts if compiled is None else [*parts, *compiled.parts()]


def _put_back(profiler: Any) -> None:
    """Installs what ``sys.getprofile`` gave: a function, nothing, or one in C, as cProfile's."""
    if profiler is None or callable(profiler):
        sys.setprofile(profiler)
    else:
        sys.setprofile(None)
        profiler.enable()


def _is_library(frame: FrameType | None) -> bool:
    """Whether the code is Python's standard library."""
    if frame is None:
        return False
    file = frame.f_code.co_filename
    if str(frame.f_globals.get("__name__")).startswith("namedtuple_"):
        return True
    return file.startswith("<frozen") or (file.startswith(_LIBRARY) and not file.startswith(_SITE))


def _is_import(frame: FrameType | None) -> bool:
    """Whether this is part of an import, which only juanji makes in a step, once."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False

"""A traced step, lowered to a native program and run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from juanji import _core
from juanji.autograd import Array, NoValueError, Tensor, Variable
from juanji.program.chains import join_samples
from juanji.program.fusion import fuse
from juanji.program.graph import Graph
from juanji.program.packing import pack_weights
from juanji.program.snapshots import keep_old_values
from juanji.trace import Deferred, Node, Trace, TracedTensor


class Recorded:
    """A Python function of arrays, traced once and replayed as one native call.

    Args:
        function: the step; what it gives may hold tensors, numbers and deferred results in tuples, lists and dicts.
        arrays: examples of its arguments; each run takes arrays of the same types and shapes.
        arena: scratch memory, shared with other programs.
        tables: for each argument whether it is a data set whose rows the step picks: other runs may have more or fewer.
        strict: see :class:`juanji.trace.Trace`.

    Attributes:
        phases: functions that have to give what they gave while the step was traced.

    Raises:
        NoValueError: when the function asks for values on the way.

    Example:
        >>> import numpy as np
        >>> from juanji import _core, ops
        >>> step = Recorded(lambda x: ops.relu(x) * 2.0, [np.ones(3, "float32")], _core.Arena())
        >>> step(np.array([-1, 0, 4], "float32"))
        array([0., 0., 8.], dtype=float32)
    """

    def __init__(
        self,
        function: Callable[..., Any],
        arrays: Sequence[Array],
        arena: _core.Arena,
        tables: Sequence[bool] = (),
        strict: bool = False,
    ) -> None:
        with Trace(strict=strict) as trace:
            self._result = function(*map(trace.add_input, arrays, tables or [False] * len(arrays)))
        if trace.asked:  # and went on with something else
            raise NoValueError("a tensor that was asked for it")
        self._feeds = [make for _, make in trace.feeds]
        self.phases = trace.phases
        self._beginnings = trace.beginnings
        self._actions = trace.actions
        wanted = _tensors_in([self._result, *(a.arguments for a in self._actions)])
        graph = Graph(trace.nodes, wanted)
        keep_old_values(graph, wanted)
        fuse(graph)
        pack_weights(graph)
        join_samples(graph)
        trace.nodes = graph.nodes
        lowered = _Lowering(trace, wanted, arena)
        self._program = lowered.program
        self._place = lowered.output_place
        self._updated = lowered.updated
        self._steps = lowered.steps
        self._read = lowered.setup_variables
        self._versions: list[int] | None = None

    def __call__(self, *arrays: Array) -> Any:
        """Runs the step; arrays take the place of the tensors in what the function gave."""
        return self._finish(self._run(self._program.run, arrays))

    def profile(self, *arrays: Array) -> list[tuple[Node, float]]:
        """Runs the step; gives each operation and its seconds."""
        results, seconds = self._run(self._program.profile, arrays)
        self._finish(results)
        return list(zip(self._steps, seconds))

    def require_plain_result(self) -> None:
        """Raises TypeError when there may be tensors in the result that would not be found and replaced."""
        if not _is_plain(self._result):
            raise TypeError("Recorded: the result is more than tensors in tuples, lists and dicts; expected those.")

    @property
    def bytes(self) -> int:
        """Scratch memory the program needs."""
        return self._program.arena_bytes + self._program.setup_bytes

    def _run(self, run: Callable[..., Any], arrays: Sequence[Array]) -> Any:
        operands = self._before(arrays)
        try:
            return run(*operands)
        finally:  # also behind an error in the middle: the operations before it have run
            for variable in self._updated:
                variable.mark_changed()

    def _before(self, arrays: Sequence[Array]) -> list[Array]:
        if self._read:
            versions = [v._version for v in self._read]
            if versions != self._versions:
                self._program.prepare()
                self._versions = versions
        for begin in self._beginnings:
            begin()
        return [*(np.asarray(x, order="C") for x in arrays), *(make() for make in self._feeds)]

    def _finish(self, results: list[Array]) -> Any:
        outcomes: dict[int, Any] = {}
        failed: BaseException | None = None
        for action in self._actions:
            arguments = [_filled(x, results, self._place, outcomes) for x in action.arguments]
            try:
                outcomes[id(action)] = action.function(*arguments)
            except BaseException as error:  # the weights have changed: the optimizer must count the step all the same
                outcomes[id(action)] = None
                failed = failed or error
        if failed is not None:
            raise failed
        return _filled(self._result, results, self._place, outcomes)


class _Lowering:
    """Builds the native program of a trace."""

    def __init__(self, trace: Trace, wanted: list[TracedTensor], arena: _core.Arena) -> None:
        self.program = _core.Program(arena)
        self._values: dict[int, int] = {}  # by the id of tensor, variable or constant
        self._constants: list[Any] = []  # kept alive while ids are used
        self.updated = _unique(x for node in trace.nodes for x in node.updated if isinstance(x, Variable))
        self.setup_variables: list[Variable] = []
        self.steps: list[Node] = []  # what each run goes through
        for tensor in [*trace.inputs, *(fed for fed, _ in trace.feeds)]:
            self._values[id(tensor)] = self.program.add_input(
                tensor.dtype.name, tensor.shape, id(tensor) in trace.tables
            )
        # Where no step changes a variable, what depends on variables alone is computed when they change.
        self._constant_ids: set[int] = set()
        for node in trace.nodes:
            self._add(node, setup=not self.updated and all(map(self._is_constant, node.inputs)))
        self.output_place: dict[int, int] = {}
        for tensor in wanted:
            if id(tensor) not in self.output_place:
                self.output_place[id(tensor)] = len(self.output_place)
                self.program.add_output(self._value(tensor))
        self.program.plan()

    def _is_constant(self, x: Any) -> bool:
        return not isinstance(x, TracedTensor) or id(x) in self._constant_ids

    def _add(self, node: Node, setup: bool) -> None:
        inputs = [self._value(x) for x in node.inputs]
        if node.native is None:
            self._values[id(node.outputs[0])] = self.program.add_view(inputs[0], node.outputs[0].shape)
        else:
            for tensor, value in zip(node.outputs, self.program.add_step(node.native, inputs, setup)):
                self._values[id(tensor)] = value
            if not setup:
                self.steps.append(node)
        if setup:
            self._constant_ids.update(map(id, node.outputs))
            known = {id(v) for v in self.setup_variables}
            self.setup_variables += [x for x in node.inputs if isinstance(x, Variable) and id(x) not in known]

    def _value(self, x: Any) -> int:
        if id(x) not in self._values:
            self._constants.append(x)
            self._values[id(x)] = self.program.add_memory(x._value if isinstance(x, Tensor) else x)
        return self._values[id(x)]


def _unique(items: Any) -> list[Any]:
    return list({id(x): x for x in items}.values())


def _tensors_in(structure: Any) -> list[TracedTensor]:
    """The traced tensors in nested tuples, lists and dicts, and those variables' values that are handed out."""
    if isinstance(structure, TracedTensor):
        return [structure]
    if isinstance(structure, dict):
        structure = list(structure.values())
    if isinstance(structure, (list, tuple)):
        return [tensor for part in structure for tensor in _tensors_in(part)]
    return []


def _is_plain(structure: Any) -> bool:
    if type(structure) in (tuple, list):
        return all(map(_is_plain, structure))
    if type(structure) is dict:
        return all(map(_is_plain, structure.values()))
    return structure is None or isinstance(structure, (Tensor, Deferred, np.ndarray, np.generic, int, float, str))


def _filled(structure: Any, results: list[Array], place: dict[int, int], outcomes: dict[int, Any]) -> Any:
    """The structure with values in the place of traced tensors and deferred results."""
    if isinstance(structure, TracedTensor):
        return results[place[id(structure)]]
    if isinstance(structure, Deferred):
        return outcomes[id(structure)]
    if isinstance(structure, dict):
        return {key: _filled(value, results, place, outcomes) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(_filled(part, results, place, outcomes) for part in structure)
    return structure

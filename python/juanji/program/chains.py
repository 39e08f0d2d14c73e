"""Operations on the samples of a batch, joined: some samples go through all of them while they are in the cache.

Gathering and converting the rows of a batch, rescaling, flips and samplings at the front of a model are one pass over
memory then, and so are chains of element-wise operations elsewhere. The operations themselves are run as they are, on
a few samples at a time, and give the bits that they give by themselves.
"""

from __future__ import annotations

import math
from typing import Any

from juanji import _core
from juanji.ops._copy import NativeCopy, plan_view
from juanji.ops._operation import Operation
from juanji.program.graph import Graph
from juanji.trace import Node

_ELEMENTWISE = (
    _core.ActivationGradient,
    _core.Binary,
    _core.Cast,
    _core.Comparison,
    _core.Piecewise,
    _core.PiecewiseGradient,
    _core.Unary,
    _core.Where,
)
_OF_IMAGES = (_core.HsvToRgb, _core.RgbToHsv)
_LEAST_BLOCKS = 16  # so that many cores still have work
_LEAST_BYTES = 1 << 16  # of the largest value: less stays in the caches anyway
_BLOCK_BYTES = 48 << 10  # of one value of a block: a few of them fit into L2
_SMALL_BLOCK = 4 << 10  # below, the calls would take longer than the passes over memory that they save


def join_samples(graph: Graph) -> None:
    """Joins operations that follow each other wherever each sample of a result depends on that sample alone."""
    joined: set[int] = set()
    for node in list(graph.nodes):
        if id(node) in joined or _samples(node) < _LEAST_BLOCKS or graph.is_constant(node.outputs[0]):
            continue
        group = _group_from(graph, node)
        samples = _block(group)
        if len(group) > 1 and samples and all(_fits(member, samples) for member in group):
            joined.update(map(id, group))
            _join(graph, group, samples)


def _samples(node: Node) -> int:
    """The number of samples of an operation that can be part of a chain; 0 for others."""
    if node.native is None or len(node.outputs) != 1 or not node.outputs[0].shape:
        return 0
    return node.outputs[0].shape[0] if _shared_out(node) is not None else 0


def _shared_out(node: Node) -> list[bool] | None:
    """For each input whether a block sees its own samples only, rather than all; None for other operations."""
    shape = node.outputs[0].shape
    if isinstance(node.native, _ELEMENTWISE):
        return [len(x.shape) == len(shape) and x.shape[0] == shape[0] for x in node.inputs]
    if isinstance(node.native, _core.TakeRows):
        return [False, True]
    if isinstance(node.native, _core.Project):
        return [True, node.inputs[1].shape[0] == shape[0]]
    if isinstance(node.native, _core.Take):
        return [True, False] if node.attributes["axis"] > 0 and node.inputs[0].shape[0] == shape[0] else None
    if isinstance(node.native, _core.Resample):
        return [True] if node.attributes["axis"] > 0 else None
    if isinstance(node.native, _core.StridedCopy):
        return [True] if _keeps_samples_apart(node) else None
    return [True] * len(node.inputs) if isinstance(node.native, _OF_IMAGES) else None


def _keeps_samples_apart(node: Node) -> bool:
    """Whether a view of a batch is the same view of each sample."""
    view = node.operation._native(**node.attributes)
    shape = tuple(node.inputs[0].shape)
    if not isinstance(view, NativeCopy) or len(shape) < 2:
        return False
    plan, sample = plan_view(view._function, shape), math.prod(shape[1:])
    if len(plan.shape) < 1 or plan.shape[0] != shape[0] or plan.strides[0] != sample:
        return False
    reach = [(size - 1) * stride for size, stride in zip(plan.shape[1:], plan.strides[1:])]
    first = plan.offset + sum(min(r, 0) for r in reach)
    return first >= 0 and plan.offset + sum(max(r, 0) for r in reach) < sample


def _group_from(graph: Graph, start: Node) -> list[Node]:
    """The operations that can follow ``start`` in one chain, which takes the place of the last of them."""
    group, values = [start], {id(start.outputs[0])}
    for node in graph.nodes[graph.nodes.index(start) + 1 :]:
        if node.updated:  # of a variable that the chain might read
            break
        if not any(id(x) in values for x in node.inputs):
            continue
        shared_out = _shared_out(node) if _samples(node) == _samples(start) else None
        if shared_out is None or any(id(x) in values and not own for x, own in zip(node.inputs, shared_out)):
            break
        group.append(node)
        values.add(id(node.outputs[0]))
    return group


def _bytes(tensor: Any) -> int:
    return int(math.prod(tensor.shape) * tensor.dtype.itemsize)


def _block(group: list[Node]) -> int:
    """How many samples go through a chain together; 0 where a chain would not pay."""
    count, largest = _samples(group[0]), max(_bytes(node.outputs[0]) for node in group)
    most = min(count // _LEAST_BLOCKS, max(1, _BLOCK_BYTES * count // max(1, largest)))
    samples = max(n for n in range(1, most + 1) if count % n == 0)
    return samples if largest >= _LEAST_BYTES and largest // count * samples >= _SMALL_BLOCK else 0


def _block_specs(node: Node, samples: int) -> list[tuple[str, tuple[int, ...]]]:
    own = _shared_out(node) or []
    return [(dtype, (samples, *shape[1:]) if cut else shape) for (dtype, shape), cut in zip(node.specs, own)]


def _fits(node: Node, samples: int) -> bool:
    """Whether an operation can be made for so many samples, and gives them."""
    specs = _block_specs(node, samples)
    native = node.operation.native_for(node.attributes, specs)
    if native is None or type(native) is not type(node.native):
        return False
    y = node.outputs[0]
    return [(dtype, tuple(shape)) for dtype, shape in native.infer(specs)] == [(y.dtype.name, (samples, *y.shape[1:]))]


def _join(graph: Graph, group: list[Node], samples: int) -> None:
    members, last = {id(node) for node in group}, group[-1]
    given = {id(node.outputs[0]) for node in group}
    outside = {id(x): (x, own) for node in group for x, own in zip(node.inputs, _shared_out(node) or [])}
    outside = {key: pair for key, pair in outside.items() if key not in given}
    numbers = {key: number for number, key in enumerate(outside)}
    stages = []
    for node in group:
        native = node.operation.native_for(node.attributes, _block_specs(node, samples))
        stages.append((native, [numbers[id(x)] for x in node.inputs]))
        numbers[id(node.outputs[0])] = len(numbers)
    results = [
        node.outputs[0]
        for node in group
        if not graph.used_only_by(node.outputs[0], *(n for n in graph.nodes if id(n) in members))
    ]
    title = " + ".join(node.name for node in group)
    attributes = {
        "title": title,
        "samples": samples,
        "whole": [not own for _, own in outside.values()],
        "stages": stages,
        "wanted": [numbers[id(y)] for y in results],
    }
    for node in group[:-1]:
        graph.remove(node)
    chain = Operation(title, _core.Chain, cached=False)
    graph.replace(last, chain, [x for x, _ in outside.values()], results, attributes)

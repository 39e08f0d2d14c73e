"""Operations that are done while another has their input in registers: fewer passes over memory, the same bits.

Folding normalisation into the weights before it is the exception: the products of weights are rounded once more.
"""

from __future__ import annotations

from typing import Any

from juanji import _core, ops
from juanji.ops._bias import bias_activation_gradient_op
from juanji.ops._conv import conv2d_max_pool
from juanji.ops._pool import max_pool_bias_gradient
from juanji.program.graph import Graph
from juanji.program.norm_depthwise import join_norm_depthwise
from juanji.program.statistics import take_statistics
from juanji.trace import Node

_LINEAR = ("conv2d", "depthwise_conv2d", "dense")
_NORMAL = ("batch_norm", "scale_shift")
_ACTIVATIONS = ("relu", "relu6", "sigmoid", "tanh")


def fuse(graph: Graph) -> None:
    """Applies every rule wherever it fits."""
    for node in list(graph.nodes):
        if node.name == "add":
            _fuse_residual(graph, node)
    for node in list(graph.nodes):
        if node.name in _ACTIVATIONS:
            _fuse_activation(graph, node)
    if not graph.updates:
        for node in list(graph.nodes):
            if node.name == "scale_shift":
                _fold_scale(graph, node)
        for node in list(graph.nodes):  # that had a normalisation before them
            if node.name in _ACTIVATIONS:
                _fuse_activation(graph, node)
    for node in list(graph.nodes):
        if node.name == "max_pool":
            _fuse_pooling(graph, node)
        elif node.name == "depthwise_conv2d":
            join_norm_depthwise(graph, node)
    for node in list(graph.nodes):
        if node.name in ("batch_norm", "batch_moments"):
            take_statistics(graph, node)


def _fuse_residual(graph: Graph, node: Node) -> None:
    """``normalise(x) + r`` in one pass; the gradient of both is the one that arrives."""
    sides = [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])]
    for normal, other in sides:
        source = graph.producer(normal)
        if source is None or source.name not in _NORMAL or normal is not source.outputs[0] or normal is other:
            continue
        free = len(source.inputs) == 3 and source.attributes["activation"] == "none"
        alike = tuple(other.shape) == tuple(normal.shape) and other.dtype == normal.dtype
        if free and alike and graph.used_only_by(normal, node) and graph.precedes(other, source):
            graph.remove(node)
            graph.change(source, (*source.inputs, other), (node.outputs[0], *source.outputs[1:]))
            return


def _fuse_activation(graph: Graph, node: Node) -> None:
    """An activation before the result leaves the registers."""
    x = node.inputs[0]
    source = graph.producer(x)
    fitting = (*_LINEAR, *_NORMAL) if node.name == "relu" else _LINEAR
    if source is None or source.name not in fitting or source.attributes["activation"] != "none":
        return
    if x is not source.outputs[0] or not graph.used_only_by(x, node):
        return
    graph.remove(node)
    graph.change(source, source.inputs, (node.outputs[0], *source.outputs[1:]), activation=node.name)
    y = source.outputs[0]
    masks = [user for user in graph.users(y) if user.name == "activation_gradient" and user.inputs[0] is y]
    if len(masks) == 1 and source.name == "batch_norm":
        _fuse_mask(graph, source, masks[0])
    elif len(masks) == 1 and source.name in _LINEAR:
        _fuse_bias_gradient(graph, masks[0])


def _fuse_bias_gradient(graph: Graph, mask: Node) -> None:
    """The gradients of an activation and of the bias before it in one pass."""
    (dz,) = mask.outputs
    sums = [user for user in graph.users(dz) if user.name == "bias_gradient"]
    if len(sums) == 1:
        graph.remove(sums[0])
        graph.replace(mask, bias_activation_gradient_op, mask.inputs, (dz, *sums[0].outputs), mask.attributes)


def _fuse_mask(graph: Graph, source: Node, mask: Node) -> None:
    """The activation's gradient within that of the batch normalisation before it."""
    y = source.outputs[0]
    dz = mask.outputs[0]
    found = [
        user
        for user in graph.users(dz)
        if user.name == "batch_norm_gradient" and user.inputs[0] is dz and user.inputs[1] is source.inputs[0]
    ]
    if len(found) != 1 or found[0].attributes["activation"] != "none":
        return
    gradient = found[0]
    dy, statistics = mask.inputs[1], gradient.inputs[2:]
    shared = not graph.used_only_by(dz, gradient)
    outputs = gradient.outputs[:3] if not shared else (*gradient.outputs[:3], dz)
    graph.move(gradient, mask)
    graph.remove(mask)
    x, _, beta, *residual = source.inputs
    inputs = (dy, x, y if residual else beta, *statistics)  # without a residual y need not be read
    graph.change(gradient, inputs, outputs, activation="relu", residual=shared, from_input=not residual)


def _fold_scale(graph: Graph, node: Node) -> None:
    """``normalise(x · w)`` as ``x · w'``, with w' computed when the variables change; a convolution adds a residual."""
    x, scale, shift, *residual = node.inputs
    source = graph.producer(x)
    if source is None or source.name not in _LINEAR or not graph.used_only_by(x, node):
        return
    if residual and source.name != "conv2d":
        return
    image, w, *bias = source.inputs
    constant = all(map(graph.is_constant, (w, *bias, scale, shift)))
    if not constant or source.attributes["activation"] != "none":
        return

    def folded() -> tuple[Any, Any]:
        wide = scale if source.name != "depthwise_conv2d" else ops.reshape(scale, w.shape[-2:])
        return ops.multiply(w, wide), ops.add(ops.multiply(bias[0], scale), shift) if bias else shift

    new_w, new_b = graph.insert(folded, node)
    graph.move(source, node)
    graph.remove(node)
    attributes = {"activation": node.attributes["activation"]} | ({"residual": True} if residual else {})
    graph.change(source, (image, new_w, new_b, *residual), node.outputs, **attributes)


def _fuse_pooling(graph: Graph, node: Node) -> None:
    """2×2 maxima of a convolution while its rows are in the cache; in training with the gradients of both."""
    y = node.inputs[0]
    source = graph.producer(y)
    if source is None or source.name != "conv2d" or source.attributes.get("residual") or not _halves(node):
        return
    if _core.Conv2D(**source.attributes).groups_pixels(source.specs):
        return
    masks = [user for user in graph.users(y) if user is not node]
    if masks and not _fuse_pooling_gradient(graph, node, y, source, masks):
        return
    if not graph.used_only_by(y, node):
        return
    attributes = {**source.attributes, "argmax": len(node.outputs) > 1}
    graph.move(source, node)
    graph.remove(node)
    graph.replace(source, conv2d_max_pool, source.inputs, node.outputs, attributes)


def _halves(node: Node) -> bool:
    """Whether a pooling takes 2×2 windows side by side, without padding."""
    window = node.attributes
    if window.get("pool_size") != (2, 2) or window.get("strides") != (2, 2):
        return False
    even = all(size % 2 == 0 for size in node.inputs[0].shape[1:3])
    return window["padding"] == "valid" or (window["padding"] == "same" and even)


def _fuse_pooling_gradient(graph: Graph, node: Node, y: Any, source: Node, masks: list[Node]) -> bool:
    """Puts one operation in the place of the gradients of a pooling, a relu and a bias."""
    mask = masks[0]
    if len(masks) > 1 or mask.name != "bias_activation_gradient" or mask.inputs[0] is not y:
        return False
    spread = graph.producer(mask.inputs[1])
    if spread is None or spread.name != "max_pool_gradient" or source.attributes["activation"] != "relu":
        return False
    pooled, argmax = node.outputs
    if spread.inputs[1] is not argmax or not graph.used_only_by(spread.outputs[0], mask):
        return False
    inputs = (spread.inputs[0], argmax, pooled)
    graph.remove(spread)
    graph.replace(mask, max_pool_bias_gradient, inputs, mask.outputs, spread.attributes)
    return True

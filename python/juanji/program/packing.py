"""Weights that stay the same are brought into the order of the kernels once, when they change."""

from __future__ import annotations

from typing import Any

from juanji import _core
from juanji.ops._operation import Operation
from juanji.program.graph import Graph
from juanji.trace import Node

_pack_conv2d = Operation("pack_conv2d", _core.PackConv2D)
_conv2d_packed = Operation("conv2d_packed", _core.Conv2DPacked)
_depthwise_pointwise = Operation("depthwise_pointwise", _core.DepthwisePointwise)
_pack_dense = Operation("pack_dense", _core.PackDense)
_dense_packed = Operation("dense_packed", _core.DensePacked)

_FEW_ROWS = 4  # a product with so few rows reads its weights once, where they lie


def pack_weights(graph: Graph) -> None:
    """Packs the weights of convolutions and dense layers where a step changes no variable."""
    if graph.updates:
        return
    for node in list(graph.nodes):
        if len(node.inputs) < 2 or not graph.is_constant(node.inputs[1]):
            continue
        if node.name == "conv2d" or (node.name == "conv2d_max_pool" and not node.attributes["argmax"]):
            _pack_convolution(graph, node)
        elif node.name == "dense" and node.outputs[0].size > _FEW_ROWS * node.outputs[0].shape[-1]:
            _pack_product(graph, node)


def _pack_convolution(graph: Graph, node: Node) -> None:
    x, w, *bias = node.inputs
    attributes = {name: value for name, value in node.attributes.items() if name != "argmax"}
    attributes |= {"kernel_size": tuple(w.shape[:2]), "filters": w.shape[3], "pooled": node.name == "conv2d_max_pool"}
    tile = _core.Conv2DPacked(**attributes).best_tile(node.specs)
    packed = graph.insert(lambda: _pack_conv2d(w, groups=attributes["groups"], winograd_tile=tile), node)
    if not _join_depthwise(graph, node, packed):
        graph.replace(node, _conv2d_packed, (x, packed, *bias), node.outputs, {**attributes, "winograd_tile": tile})


def _join_depthwise(graph: Graph, node: Node, packed: Any) -> bool:
    """A depthwise convolution and the 1×1 convolution behind it: what lies between stays in the cache."""
    x, w, *bias = node.inputs
    before = graph.producer(x)
    plain = node.name == "conv2d" and w.shape[:2] == (1, 1) and node.attributes["strides"] == (1, 1)
    if before is None or before.name != "depthwise_conv2d" or not plain or node.attributes["groups"] > 1:
        return False
    image, kernels, *first_bias = before.inputs
    if kernels.shape[3] > 1 or not graph.used_only_by(x, node) or node.attributes["padding"] not in ("same", "valid"):
        return False
    attributes = {name: before.attributes[name] for name in ("strides", "padding", "dilation_rate")} | {
        "depthwise_activation": before.attributes["activation"],
        "depthwise_bias": bool(first_bias),
        "filters": w.shape[3],
        "activation": node.attributes["activation"],
        "bias": bool(bias),
    }
    graph.remove(before)
    graph.replace(node, _depthwise_pointwise, (image, kernels, packed, *first_bias, *bias), node.outputs, attributes)
    return True


def _pack_product(graph: Graph, node: Node) -> None:
    x, w, *bias = node.inputs
    packed = graph.insert(lambda: _pack_dense(w), node)
    attributes = {**node.attributes, "units": w.shape[1]}
    graph.replace(node, _dense_packed, (x, packed, *bias), node.outputs, attributes)

"""Weights that stay the same are brought into the order of the kernels once, when they change."""

from __future__ import annotations

from juanji import _core
from juanji.ops._operation import Operation
from juanji.program.graph import Graph
from juanji.trace import Node

_pack_conv2d = Operation("pack_conv2d", _core.PackConv2D)
_conv2d_packed = Operation("conv2d_packed", _core.Conv2DPacked)
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
    winograd = _core.Conv2DPacked(**attributes, winograd=True).saves_multiplications(node.specs)
    packed = graph.insert(lambda: _pack_conv2d(w, groups=attributes["groups"], winograd=winograd), node)
    graph.replace(node, _conv2d_packed, (x, packed, *bias), node.outputs, {**attributes, "winograd": winograd})


def _pack_product(graph: Graph, node: Node) -> None:
    x, w, *bias = node.inputs
    packed = graph.insert(lambda: _pack_dense(w), node)
    attributes = {**node.attributes, "units": w.shape[1]}
    graph.replace(node, _dense_packed, (x, packed, *bias), node.outputs, attributes)

"""Weights are brought into the order of the kernels once: when they change, or before several products read them."""

from __future__ import annotations

from typing import Any

from juanji import _core
from juanji.ops._operation import Operation
from juanji.ops._shape import transpose
from juanji.program.graph import Graph
from juanji.trace import Node

_pack_conv2d = Operation("pack_conv2d", _core.PackConv2D)
_conv2d_packed = Operation("conv2d_packed", _core.Conv2DPacked)
_depthwise_pointwise = Operation("depthwise_pointwise", _core.DepthwisePointwise)
_pack_dense = Operation("pack_dense", _core.PackDense)
_dense_packed = Operation("dense_packed", _core.DensePacked)

_FEW_ROWS = 4  # a product with so few rows reads its weights once, where they lie
_LEAST_PRODUCTS = 3  # that read the same weights, for which packing, and perhaps transposing, pays


def pack_weights(graph: Graph) -> None:
    """Packs the weights of convolutions and dense layers where a step changes no variable, and matrices that several
    products of any step read, such as the weights of recurrent layers.
    """
    _pack_shared(graph)
    if graph.updates:
        return
    for node in list(graph.nodes):
        if len(node.inputs) < 2 or not graph.is_constant(node.inputs[1]):
            continue
        if node.name == "conv2d" and _core.Conv2D(**node.attributes).groups_pixels(node.specs):
            continue
        if node.name == "conv2d" or (node.name == "conv2d_max_pool" and not node.attributes["argmax"]):
            _pack_convolution(graph, node)
        elif node.name == "dense" and node.outputs[0].size > _FEW_ROWS * node.outputs[0].shape[-1]:
            _pack_product(graph, node)


def _pack_convolution(graph: Graph, node: Node) -> None:
    x, w, *bias = node.inputs  # and perhaps a residual
    attributes = {name: value for name, value in node.attributes.items() if name != "argmax"}
    attributes |= {"kernel_size": tuple(w.shape[:2]), "filters": w.shape[3], "pooled": node.name == "conv2d_max_pool"}
    tile = _core.Conv2DPacked(**attributes).best_tile(node.specs)
    packed = graph.insert(lambda: _pack_conv2d(w, groups=attributes["groups"], winograd_tile=tile), node)
    if not _join_depthwise(graph, node, packed):
        graph.replace(node, _conv2d_packed, (x, packed, *bias), node.outputs, {**attributes, "winograd_tile": tile})


def _join_depthwise(graph: Graph, node: Node, packed: Any) -> bool:
    """A depthwise convolution and the 1×1 convolution behind it: what lies between stays in the cache."""
    x, w, *bias = node.inputs  # and perhaps a residual
    before = graph.producer(x)
    plain = node.name == "conv2d" and w.shape[:2] == (1, 1) and node.attributes["strides"] == (1, 1)
    if before is None or before.name != "depthwise_conv2d" or not plain or node.attributes["groups"] > 1:
        return False
    image, kernels, *first_bias = before.inputs
    residual = bool(node.attributes.get("residual"))
    if kernels.shape[3] > 1 or not graph.used_only_by(x, node) or node.attributes["padding"] not in ("same", "valid"):
        return False
    attributes = {name: before.attributes[name] for name in ("strides", "padding", "dilation_rate")} | {
        "depthwise_activation": before.attributes["activation"],
        "depthwise_bias": bool(first_bias),
        "filters": w.shape[3],
        "activation": node.attributes["activation"],
        "bias": len(bias) > residual,
        "residual": residual,
    }
    if not _core.DepthwisePointwise(**attributes).makes_rows_once(before.specs):
        return False
    graph.remove(before)
    graph.replace(node, _depthwise_pointwise, (image, kernels, packed, *first_bias, *bias), node.outputs, attributes)
    return True


def _pack_shared(graph: Graph) -> None:
    """Packs matrices on the right of several products, as they are or transposed."""
    changed = {id(x) for node in graph.nodes for x in node.updated}
    products: dict[tuple[int, bool], list[Node]] = {}
    for node in graph.nodes:
        transposed = _takes_matrix(node)
        if transposed is not None and not (id(node.inputs[1]) in changed and _behind_an_update(graph, node)):
            products.setdefault((id(node.inputs[1]), transposed), []).append(node)
    for (_, transposed), nodes in products.items():
        if len(nodes) < _LEAST_PRODUCTS:
            continue
        w = nodes[0].inputs[1]
        packed = graph.insert(lambda: _pack_dense(transpose(w) if transposed else w), nodes[0])  # noqa: B023
        units = w.shape[0 if transposed else 1]
        for node in nodes:
            x, _, *bias = node.inputs
            attributes = {"units": units, "activation": node.attributes.get("activation", "none")}
            graph.replace(node, _dense_packed, (x, packed, *bias), node.outputs, attributes)


def _takes_matrix(node: Node) -> bool | None:
    """Whether the matrix on the right is transposed; None when this is no product of rows and a matrix."""
    if node.name not in ("dense", "matmul") or node.attributes.get("transpose_a", False):
        return None
    x, w = node.inputs[:2]
    rows = node.outputs[0].size // max(1, node.outputs[0].shape[-1])
    if len(w.shape) != 2 or w.dtype != x.dtype or rows <= _FEW_ROWS:
        return None
    return bool(node.attributes.get("transpose_b", False))


def _behind_an_update(graph: Graph, node: Node) -> bool:
    """Whether the matrix of a product has been overwritten before."""
    before = graph.nodes[: graph.nodes.index(node)]
    return any(x is node.inputs[1] for other in before for x in other.updated)


def _pack_product(graph: Graph, node: Node) -> None:
    x, w, *bias = node.inputs
    packed = graph.insert(lambda: _pack_dense(w), node)
    attributes = {**node.attributes, "units": w.shape[1]}
    graph.replace(node, _dense_packed, (x, packed, *bias), node.outputs, attributes)

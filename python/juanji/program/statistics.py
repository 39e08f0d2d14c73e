"""Convolution, normalisation: batch statistics while the output is in the cache, the same bits."""

from __future__ import annotations

from juanji import _core
from juanji.ops._norm_depthwise import batch_norm_apply, conv2d_moments
from juanji.program.graph import Graph
from juanji.trace import Node


def take_statistics(graph: Graph, norm: Node) -> None:
    """Lets the convolution before a normalisation, or before statistics alone, take them."""
    x = norm.inputs[0]
    conv = graph.producer(x)
    if conv is None or not _is_linear(conv):
        return
    if not _core.Conv2DMoments.fits(x.shape):
        return
    mean, variance = norm.outputs[-2:]
    if norm.name == "batch_norm":
        _, gamma, beta, *residual = norm.inputs
        inputs = (x, gamma, beta, mean, variance, *residual)
        graph.replace(norm, batch_norm_apply, inputs, norm.outputs[:1], norm.attributes)
    else:
        graph.remove(norm)
    if conv.name == "conv2d":
        graph.replace(conv, conv2d_moments, conv.inputs, (x, mean, variance), conv.attributes)
    else:
        graph.change(conv, conv.inputs, (x, mean, variance), moments=True)


def _is_linear(node: Node) -> bool:
    """Whether an operation is a convolution whose result leaves it as it is."""
    if node.name == "norm_depthwise":
        return not node.attributes.get("moments")
    return node.name == "conv2d" and node.attributes["activation"] == "none"

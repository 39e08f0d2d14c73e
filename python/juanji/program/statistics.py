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
    if conv is None or conv.name != "conv2d" or conv.attributes["activation"] != "none":
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
    graph.replace(conv, conv2d_moments, conv.inputs, (x, mean, variance), conv.attributes)

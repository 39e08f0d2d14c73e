"""Normalisation, depthwise convolution, normalisation: fewer passes over memory, the same bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from juanji import _core
from juanji.ops._norm_depthwise import (
    batch_moments,
    batch_norm_gradient_apply,
    batch_norm_gradient_sums,
    norm_depthwise,
    norm_depthwise_gradient,
)
from juanji.program.graph import Graph
from juanji.trace import Node, TracedTensor


@dataclass(frozen=True)
class _Place:
    """A depthwise convolution between two normalisations in a training step.

    Attributes:
        norm, conv: the operations of the forward pass: ``conv`` reads what ``norm`` gives.
        behind: gradient of the normalisation behind ``conv``.
        input_gradient, weight_gradient: those of ``conv``.
        before: gradient of ``norm``.
    """

    norm: Node
    conv: Node
    behind: Node
    input_gradient: Node
    weight_gradient: Node
    before: Node


def join_norm_depthwise(graph: Graph, conv: Node) -> None:
    """Leaves normalised images and the gradient behind the convolution in the caches, where ``conv`` has its place."""
    place = _place_of(graph, conv)
    if place is None:
        return
    x, gamma, beta = place.norm.inputs
    _, mean, variance = place.norm.outputs
    vectors = (gamma, beta, mean, variance)
    attributes = _attributes(place)
    w, *bias = conv.inputs[1:]
    graph.replace(conv, norm_depthwise, (x, *vectors, w, *bias), conv.outputs, attributes)
    graph.replace(place.norm, batch_moments, (x,), (mean, variance), {})

    dz, y, dz_vectors, out = _gradient_inputs(place.behind)
    sums, in_sums = _sums(dz_vectors), _sums(vectors)
    behind, before = place.behind, place.before
    dnorm, dw, (dx, *dvectors) = place.input_gradient.outputs[0], place.weight_gradient.outputs[0], before.outputs
    graph.replace(behind, batch_norm_gradient_sums, (dz, y, *dz_vectors), (*behind.outputs[1:], sums), out)
    first, other = sorted((place.input_gradient, place.weight_gradient), key=graph.nodes.index)
    graph.remove(other)
    graph.replace(
        first,
        norm_depthwise_gradient,
        (dz, y, *dz_vectors, sums, w, x, *vectors),
        (dnorm, dw, *dvectors, in_sums),
        {**attributes, "out_epsilon": out["epsilon"], "out_activation": out["activation"]},
    )
    own = {name: attributes[name] for name in ("epsilon", "activation")}
    graph.replace(before, batch_norm_gradient_apply, (dnorm, x, *vectors, in_sums), (dx,), own)
    if graph.used_only_by(dx):
        graph.remove(before)


def _place_of(graph: Graph, conv: Node) -> _Place | None:
    normal = conv.inputs[0]
    norm = graph.producer(normal)
    if norm is None or norm.name != "batch_norm" or len(norm.inputs) != 3 or normal is not norm.outputs[0]:
        return None
    users = [user for user in graph.users(normal) if user is not conv]
    if len(users) != 1 or users[0].name != "depthwise_conv2d_weight_gradient" or users[0].inputs[0] is not normal:
        return None
    dy = users[0].inputs[1]
    behind = graph.producer(dy)
    others = [user for user in graph.users(dy) if user is not users[0]]
    if behind is None or len(others) != 1 or others[0].name != "depthwise_conv2d_input_gradient":
        return None
    arriving = graph.users(others[0].outputs[0])
    if len(arriving) != 1:
        return None
    place = _Place(norm, conv, behind, others[0], users[0], arriving[0])
    return place if _is_whole(graph, place) and _fits(place) else None


def _is_whole(graph: Graph, place: _Place) -> bool:
    """Whether the operations belong together, and nobody else needs what will not be there."""
    normal, y = place.conv.inputs[0], place.conv.outputs[0]
    dy, dnorm = place.behind.outputs[0], place.input_gradient.outputs[0]
    return (
        _is_gradient(place.behind, y)
        and _is_gradient(place.before, place.norm.inputs[0])
        and place.behind.outputs[0] is place.weight_gradient.inputs[1]
        and place.input_gradient.inputs[1] is place.conv.inputs[1]
        and place.before.inputs[0] is dnorm
        and place.before.inputs[-2] is place.norm.outputs[1]
        and graph.used_only_by(normal, place.conv, place.weight_gradient)
        and graph.used_only_by(dy, place.input_gradient, place.weight_gradient)
        and graph.used_only_by(dnorm, place.before)
    )


def _is_gradient(node: Node, x: Any) -> bool:
    """Whether an operation is the gradient of a normalisation of ``x`` that needs nothing but ``x`` for its mask."""
    if node.name != "batch_norm_gradient" or node.inputs[1] is not x or node.attributes["residual"]:
        return False
    return node.attributes["activation"] == "none" or bool(node.attributes["from_input"])


def _fits(place: _Place) -> bool:
    x, w = place.norm.inputs[0], place.conv.inputs[1]
    if place.conv.attributes["activation"] != "none" or place.conv.attributes["dilation_rate"] != (1, 1):
        return False
    return tuple(w.shape[:2]) == (3, 3) and _core.NormDepthwise(**_attributes(place)).fits(x.shape, w.shape)


def _attributes(place: _Place) -> dict[str, Any]:
    conv, norm = place.conv.attributes, place.norm.attributes
    return {
        "strides": conv["strides"],
        "padding": conv["padding"],
        "epsilon": norm["epsilon"],
        "activation": norm["activation"],
    }


def _gradient_inputs(gradient: Node) -> tuple[Any, Any, tuple[Any, ...], dict[str, Any]]:
    """dz, x, (gamma, beta, mean, variance) and the attributes that count; without an activation beta does not."""
    dz, x, *rest = gradient.inputs
    gamma, mean, variance = rest[-3:]
    beta = rest[0] if gradient.attributes["activation"] == "relu" else gamma
    attributes = {name: gradient.attributes[name] for name in ("epsilon", "activation")}
    return dz, x, (gamma, beta, mean, variance), attributes


def _sums(vectors: tuple[Any, ...]) -> TracedTensor:
    return TracedTensor("float64", (2, *vectors[0].shape))

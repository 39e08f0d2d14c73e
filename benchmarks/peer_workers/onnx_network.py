"""The article's network as an ONNX model with random weights, for frameworks that only run networks."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def onnx_network() -> bytes:
    """The serialised model: input ``x`` (N, 3, 32, 32), output ``y`` (N, 10)."""
    rng = np.random.default_rng(0)
    nodes, weights = [], []

    def add(kind: str, inputs: list[str], **attributes: object) -> str:
        output = "y" if kind == "Softmax" else f"t{len(nodes)}"
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def weight(*shape: int) -> str:
        name = f"w{len(weights)}"
        scale = np.sqrt(2 / np.prod(shape[1:]))
        weights.append(numpy_helper.from_array((rng.standard_normal(shape) * scale).astype("float32"), name))
        return name

    x = "x"
    for channels, filters in ((3, 32), (32, 64), (64, 128)):
        x = add("Conv", [x, weight(filters, channels, 3, 3), weight(filters)], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        x = add("Relu", [x])
        x = add("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])
    x = add("Flatten", [x])
    x = add("Relu", [add("Gemm", [x, weight(512, 2048), weight(512)], transB=1)])
    add("Softmax", [add("Gemm", [x, weight(10, 512), weight(10)], transB=1)])

    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 32, 32])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 10])
    graph = helper.make_graph(nodes, "network", [source], [result], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()

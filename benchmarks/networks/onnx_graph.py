"""The networks as ONNX models, for frameworks that only run networks."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from .builder import EPSILON, Builder, Value, padding


class OnnxBuilder(Builder):
    """Builds serialised models: input ``x`` (N, C, H, W), output ``y`` (N, classes), probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._input: list[Any] = []

    def make_input(self, size: int, channels: int) -> Any:
        self._input = ["N", channels, size, size]
        return "x"

    def make_conv(self, x: Any, shape: tuple[int, ...], w: np.ndarray, b: np.ndarray | None, stride: int) -> Any:
        inputs = [x, self._constant(w.transpose(3, 2, 0, 1))] + ([] if b is None else [self._constant(b)])
        y = self._add("Conv", inputs, **_window(shape, w.shape[0], stride))
        return y if b is None else self._add("Relu", [y])

    def make_depthwise(self, x: Any, shape: tuple[int, ...], w: np.ndarray, stride: int) -> Any:
        inputs = [x, self._constant(w.transpose(2, 3, 0, 1))]
        return self._add("Conv", inputs, group=w.shape[2], **_window(shape, 3, stride))

    def make_norm(self, x: Any, parts: list[np.ndarray], relu: bool) -> Any:
        y = self._add("BatchNormalization", [x, *map(self._constant, parts)], epsilon=EPSILON)
        return self._add("Relu", [y]) if relu else y

    def make_add_relu(self, x: Any, y: Any) -> Any:
        return self._add("Relu", [self._add("Add", [x, y])])

    def make_max_pool(self, x: Any, shape: tuple[int, ...], size: int) -> Any:
        return self._add("MaxPool", [x], **_window(shape, size, 2))

    def make_mean(self, x: Any) -> Any:
        return self._add("Flatten", [self._add("GlobalAveragePool", [x])])

    def make_flatten(self, x: Any) -> Any:
        return self._add("Flatten", [x])

    def make_dense(self, x: Any, shape: tuple[int, ...], w: np.ndarray, b: np.ndarray, relu: bool) -> Any:
        if len(shape) == 3:  # the rows are in the order H, W, C; ONNX flattens C, H, W
            w = w.reshape(*shape, -1).transpose(2, 0, 1, 3).reshape(w.shape)
        y = self._add("Gemm", [x, self._constant(w), self._constant(b)])
        return self._add("Relu", [y]) if relu else y

    def finish(self, logits: Value) -> Any:
        self._nodes.append(helper.make_node("Softmax", [logits.what], ["y"], axis=1))
        source = helper.make_tensor_value_info("x", TensorProto.FLOAT, self._input)
        result = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", *logits.shape])
        graph = helper.make_graph(self._nodes, "network", [source], [result], self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return model.SerializeToString()

    def _add(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        name = f"t{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def _constant(self, values: np.ndarray) -> str:
        name = f"w{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


def _window(shape: tuple[int, ...], kernel: int, stride: int) -> dict[str, list[int]]:
    (top, bottom), (left, right) = (padding(size, kernel, stride) for size in shape[:2])
    return {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [top, left, bottom, right]}

"""The networks as PyTorch modules that end in logits."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import fx, nn

from .builder import EPSILON, MOMENTUM, Builder, Value, padding


class TorchBuilder(Builder):
    """Builds straight-line modules by torch.fx.

    Args:
        exact: pad strided layers like Keras, for a comparison of results. Otherwise they pad alike on both sides, as
            PyTorch's own networks do, which saves PyTorch a copy.
    """

    def __init__(self, exact: bool = False) -> None:
        super().__init__()
        self._exact = exact
        self._root = nn.Module()
        self._graph = fx.Graph()

    def make_input(self, size: int, channels: int) -> Any:
        return self._graph.placeholder("x")

    def make_conv(self, x: Any, shape: tuple[int, ...], w: np.ndarray, b: np.ndarray | None, stride: int) -> Any:
        kernel, channels, filters = w.shape[0], w.shape[2], w.shape[3]
        x, pad = self._padded(x, shape, kernel, stride, 0.0)
        layer = nn.Conv2d(channels, filters, kernel, stride, pad, bias=b is not None)
        y = self._call(layer, x, weight=w.transpose(3, 2, 0, 1), bias=b)
        return y if b is None else self._call(nn.ReLU(inplace=True), y)

    def make_depthwise(self, x: Any, shape: tuple[int, ...], w: np.ndarray, stride: int) -> Any:
        channels = w.shape[2]
        x, pad = self._padded(x, shape, 3, stride, 0.0)
        layer = nn.Conv2d(channels, channels, 3, stride, pad, groups=channels, bias=False)
        return self._call(layer, x, weight=w.transpose(2, 3, 0, 1))

    def make_norm(self, x: Any, parts: list[np.ndarray], relu: bool) -> Any:
        layer = nn.BatchNorm2d(len(parts[0]), eps=EPSILON, momentum=1 - MOMENTUM)
        names = ("weight", "bias", "running_mean", "running_var")
        y = self._call(layer, x, **dict(zip(names, parts)))
        return self._call(nn.ReLU(inplace=True), y) if relu else y

    def make_add_relu(self, x: Any, y: Any) -> Any:
        return self._call(nn.ReLU(inplace=True), self._graph.call_function(torch.add, (x, y)))

    def make_max_pool(self, x: Any, shape: tuple[int, ...], size: int) -> Any:
        x, pad = self._padded(x, shape, size, 2, float("-inf"))
        return self._call(nn.MaxPool2d(size, 2, pad), x)

    def make_mean(self, x: Any) -> Any:
        return self._call(nn.Flatten(), self._call(nn.AdaptiveAvgPool2d(1), x))

    def make_flatten(self, x: Any) -> Any:
        return self._call(nn.Flatten(), x)

    def make_dense(self, x: Any, shape: tuple[int, ...], w: np.ndarray, b: np.ndarray, relu: bool) -> Any:
        if len(shape) == 3:  # the rows are in the order H, W, C; PyTorch flattens C, H, W
            w = w.reshape(*shape, -1).transpose(2, 0, 1, 3).reshape(w.shape)
        y = self._call(nn.Linear(*w.shape), x, weight=w.T, bias=b)
        return self._call(nn.ReLU(inplace=True), y) if relu else y

    def finish(self, logits: Value) -> Any:
        self._graph.output(logits.what)
        return fx.GraphModule(self._root, self._graph)

    def _padded(self, x: Any, shape: tuple[int, ...], kernel: int, stride: int, value: float) -> tuple[Any, int]:
        """The padded value and the padding that is left to the layer."""
        before, behind = padding(shape[0], kernel, stride)
        if before == behind or not self._exact:
            return x, behind
        return self._call(nn.ConstantPad2d((before, behind, before, behind), value), x), 0

    def _call(self, module: nn.Module, x: Any, **weights: np.ndarray | None) -> Any:
        with torch.no_grad():
            for name, values in weights.items():
                if values is not None:
                    getattr(module, name).copy_(torch.from_numpy(np.ascontiguousarray(values)))
        name = f"layer{len(list(self._root.children()))}"
        self._root.add_module(name, module)
        return self._graph.call_module(name, (x,))

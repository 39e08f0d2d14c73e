"""What a network is built from: shapes, weights and the count of operations, without any framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

EPSILON = 1e-3  # of batch normalisation, and
MOMENTUM = 0.99  # of its running statistics: Keras' defaults


@dataclass(frozen=True)
class Value:
    """An intermediate result: the framework's own object, and its shape (H, W, C) or (C,)."""

    what: Any
    shape: tuple[int, ...]


def padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and behind an axis for 'same' padding: what is odd goes behind, as in Keras and ONNX."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Builder:
    """Builds nothing but counts; a framework's builder overrides the ``make_`` methods.

    Convolutions and pooling are 'same' padded. Weights come in Keras' layouts and are drawn from one generator.

    ``flops`` are the operations of one image, forward; a multiply-add counts two. Only convolutions and matrix
    products are counted. ``training_flops`` adds both gradients, without that of the picture.
    """

    def __init__(self) -> None:
        self._rng = np.random.default_rng(1)
        self.flops = 0
        self.training_flops = 0

    # Calls of a recipe

    def input(self, size: int, channels: int) -> Value:
        return Value(self.make_input(size, channels), (size, size, channels))

    def conv(self, x: Value, filters: int, kernel: int, stride: int = 1, bias_relu: bool = False) -> Value:
        """A convolution, with bias and ReLU or with neither."""
        height, width, channels = x.shape
        w = self._weights(kernel * kernel * channels, kernel, kernel, channels, filters)
        b = self._small(filters) if bias_relu else None
        shape = (-(-height // stride), -(-width // stride), filters)
        self._count(2 * kernel * kernel * channels * int(np.prod(shape)))
        return Value(self.make_conv(x.what, x.shape, w, b, stride), shape)

    def depthwise(self, x: Value, stride: int = 1) -> Value:
        """A depthwise 3 × 3 convolution without bias."""
        height, width, channels = x.shape
        w = self._weights(9, 3, 3, channels, 1)
        shape = (-(-height // stride), -(-width // stride), channels)
        self._count(2 * 9 * int(np.prod(shape)))
        return Value(self.make_depthwise(x.what, x.shape, w, stride), shape)

    def norm(self, x: Value, relu: bool = True) -> Value:
        """Batch normalisation, and ReLU behind it."""
        channels = x.shape[-1]
        gamma, variance = 1 + self._small(channels), 1 + np.abs(self._small(channels))
        parts = [gamma, self._small(channels), self._small(channels), variance]
        return Value(self.make_norm(x.what, parts, relu), x.shape)

    def add_relu(self, x: Value, y: Value) -> Value:
        return Value(self.make_add_relu(x.what, y.what), x.shape)

    def max_pool(self, x: Value, size: int) -> Value:
        """Maxima of windows, two pixels apart."""
        height, width, channels = x.shape
        return Value(self.make_max_pool(x.what, x.shape, size), (-(-height // 2), -(-width // 2), channels))

    def mean(self, x: Value) -> Value:
        """The average of every channel."""
        return Value(self.make_mean(x.what), x.shape[-1:])

    def flatten(self, x: Value) -> Value:
        return Value(self.make_flatten(x.what), x.shape)  # dense() needs the shape before

    def dense(self, x: Value, units: int, relu: bool = False) -> Value:
        count = int(np.prod(x.shape))
        w, b = self._weights(count, count, units), self._small(units)
        self._count(2 * count * units)
        return Value(self.make_dense(x.what, x.shape, w, b, relu), (units,))

    # What a framework does

    def make_input(self, size: int, channels: int) -> Any: ...
    def make_conv(self, x: Any, shape: tuple[int, ...], w: np.ndarray, b: np.ndarray | None, stride: int) -> Any: ...
    def make_depthwise(self, x: Any, shape: tuple[int, ...], w: np.ndarray, stride: int) -> Any: ...
    def make_norm(self, x: Any, parts: list[np.ndarray], relu: bool) -> Any: ...
    def make_add_relu(self, x: Any, y: Any) -> Any: ...
    def make_max_pool(self, x: Any, shape: tuple[int, ...], size: int) -> Any: ...
    def make_mean(self, x: Any) -> Any: ...
    def make_flatten(self, x: Any) -> Any: ...
    def make_dense(self, x: Any, shape: tuple[int, ...], w: np.ndarray, b: np.ndarray, relu: bool) -> Any: ...

    def finish(self, logits: Value) -> Any:
        """The model, from its last value."""

    # Helpers

    def _weights(self, fan_in: int, *shape: int) -> np.ndarray:
        values = self._rng.standard_normal(shape) * np.sqrt(2 / fan_in)
        return values.astype("float32")

    def _small(self, count: int) -> np.ndarray:
        return (self._rng.standard_normal(count) * 0.1).astype("float32")

    def _count(self, flops: int) -> None:
        self.training_flops += flops * (3 if self.flops else 2)
        self.flops += flops

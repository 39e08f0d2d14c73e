"""The networks in Keras' names: the same lines for Keras and for juanji."""

from __future__ import annotations

from typing import Any

import numpy as np

from .builder import EPSILON, MOMENTUM, Builder, Value


class KerasBuilder(Builder):
    """Builds functional models.

    Args:
        keras: the module ``keras`` or the module ``juanji``.
    """

    def __init__(self, keras: Any) -> None:
        super().__init__()
        self.keras = keras
        self.layers = keras.layers
        self._input: Any = None

    def make_input(self, size: int, channels: int) -> Any:
        self._input = self.layers.Input((size, size, channels))
        return self._input

    def make_conv(self, x: Any, shape: tuple[int, ...], w: np.ndarray, b: np.ndarray | None, stride: int) -> Any:
        activation = None if b is None else "relu"
        layer = self.layers.Conv2D(
            w.shape[3], w.shape[:2], strides=stride, padding="same", use_bias=b is not None, activation=activation
        )
        return self._call(layer, x, [w] if b is None else [w, b])

    def make_depthwise(self, x: Any, shape: tuple[int, ...], w: np.ndarray, stride: int) -> Any:
        layer = self.layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)
        return self._call(layer, x, [w])

    def make_norm(self, x: Any, parts: list[np.ndarray], relu: bool) -> Any:
        x = self._call(self.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON), x, parts)
        return self.layers.Activation("relu")(x) if relu else x

    def make_add_relu(self, x: Any, y: Any) -> Any:
        return self.layers.Activation("relu")(self.layers.Add()([x, y]))

    def make_max_pool(self, x: Any, shape: tuple[int, ...], size: int) -> Any:
        return self.layers.MaxPooling2D(size, strides=2, padding="same")(x)

    def make_mean(self, x: Any) -> Any:
        return self.layers.GlobalAveragePooling2D()(x)

    def make_flatten(self, x: Any) -> Any:
        return self.layers.Flatten()(x)

    def make_dense(self, x: Any, shape: tuple[int, ...], w: np.ndarray, b: np.ndarray, relu: bool) -> Any:
        return self._call(self.layers.Dense(w.shape[1], activation="relu" if relu else None), x, [w, b])

    def finish(self, logits: Value) -> Any:
        output = self.layers.Activation("softmax")(logits.what)
        return self.keras.Model(self._input, output)

    def _call(self, layer: Any, x: Any, weights: list[np.ndarray]) -> Any:
        y = layer(x)
        layer.set_weights(weights)
        return y

"""Computations that are written down before there is data: symbolic tensors and the calls between them."""

from juanji.symbolic.tensor import KerasTensor, Node, is_keras_tensor

__all__ = ["KerasTensor", "Node", "is_keras_tensor"]

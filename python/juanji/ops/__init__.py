"""Operations on arrays and tensors, under keras.ops names where Keras has the operation."""

from juanji.ops._unary import relu

__all__ = ["relu"]

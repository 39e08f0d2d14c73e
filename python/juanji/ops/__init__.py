"""Operations on arrays and tensors, under keras.ops names where Keras has the operation."""

from juanji.ops._pool import average_pool, max_pool
from juanji.ops._unary import relu

__all__ = ["average_pool", "max_pool", "relu"]

"""Operations on arrays and tensors, under keras.ops names where Keras has the operation."""

from juanji.ops._conv import conv, conv2d
from juanji.ops._matmul import dense, matmul
from juanji.ops._pool import average_pool, max_pool
from juanji.ops._unary import (
    abs,
    absolute,
    exp,
    expm1,
    log,
    log1p,
    negative,
    reciprocal,
    relu,
    rsqrt,
    sigmoid,
    sign,
    softplus,
    sqrt,
    square,
    tanh,
)

__all__ = [
    "abs",
    "absolute",
    "average_pool",
    "conv",
    "conv2d",
    "dense",
    "exp",
    "expm1",
    "log",
    "log1p",
    "matmul",
    "max_pool",
    "negative",
    "reciprocal",
    "relu",
    "rsqrt",
    "sigmoid",
    "sign",
    "softplus",
    "sqrt",
    "square",
    "tanh",
]

"""Operations on arrays and tensors, under keras.ops names where Keras has the operation."""

from juanji.ops import filters, image
from juanji.ops._activations import (
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    selu,
    soft_shrink,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh_shrink,
    threshold,
)
from juanji.ops._adaptive_pool import adaptive_average_pool, adaptive_max_pool
from juanji.ops._attention import dot_product_attention
from juanji.ops._binary import (
    add,
    clip,
    divide,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_or,
    maximum,
    minimum,
    multiply,
    not_equal,
    power,
    subtract,
    true_divide,
    where,
)
from juanji.ops._bits import (
    bitwise_and,
    bitwise_invert,
    bitwise_left_shift,
    bitwise_not,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    gcd,
    lcm,
    ldexp,
    left_shift,
    nextafter,
    right_shift,
    view,
)
from juanji.ops._blocks import depth_to_space, fold, rearrange, space_to_depth, unfold
from juanji.ops._comparing import (
    allclose,
    divide_no_nan,
    fabs,
    fmax,
    fmin,
    heaviside,
    isclose,
    isin,
    isinf,
    isneginf,
    isposinf,
    logical_xor,
    nan_to_num,
    select,
    signbit,
)
from juanji.ops._complex import (
    angle,
    conj,
    conjugate,
    extract_sequences,
    fft,
    fft2,
    ifft2,
    imag,
    irfft,
    isreal,
    polar,
    real,
    rfft,
    view_as_complex,
    view_as_real,
)
from juanji.ops._control import associative_scan, cond, fori_loop, map, scan, switch, vectorized_map, while_loop
from juanji.ops._conv import conv2d
from juanji.ops._conv_transpose import conv_transpose
from juanji.ops._convert import (
    cast,
    convert_to_numpy,
    convert_to_tensor,
    dtype,
    is_tensor,
    ndim,
    saturate_cast,
    shape,
    size,
    stop_gradient,
)
from juanji.ops._counting import bincount, digitize, histogram, nonzero, searchsorted, unique, unravel_index
from juanji.ops._creation import (
    arange,
    array,
    copy,
    empty,
    empty_like,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    zeros,
    zeros_like,
)
from juanji.ops._cross_entropy import categorical_crossentropy, sparse_categorical_crossentropy
from juanji.ops._ctc import ctc_decode, ctc_loss
from juanji.ops._cumulative import cumprod, cumsum, diff, trapezoid
from juanji.ops._custom import custom_gradient, jvp, vectorize
from juanji.ops._depthwise import depthwise_conv
from juanji.ops._diagonals import diag, diagflat, diagonal, eye, identity, trace, tri, tril, triu, vander
from juanji.ops._einsum import einsum
from juanji.ops._factors import eig, eigh, lstsq, norm, pinv, qr, svd
from juanji.ops._gates import gelu, silu, swish
from juanji.ops._im2col import col2im, im2col
from juanji.ops._indexing import get_item, one_hot, take
from juanji.ops._joining import (
    append,
    array_split,
    dsplit,
    dstack,
    fliplr,
    flipud,
    hsplit,
    hstack,
    meshgrid,
    roll,
    rot90,
    split,
    unstack,
    vsplit,
    vstack,
)
from juanji.ops._layer_normalization import layer_normalization, rms_normalization
from juanji.ops._linalg import (
    cholesky,
    cholesky_inverse,
    det,
    inv,
    logdet,
    lu_factor,
    matrix_rank,
    slogdet,
    solve,
    solve_triangular,
)
from juanji.ops._losses import binary_crossentropy
from juanji.ops._matmul import dense, matmul
from juanji.ops._nan_reductions import (
    count_nonzero,
    nanargmax,
    nanargmin,
    nancumprod,
    nancumsum,
    nanmax,
    nanmean,
    nanmin,
    nanprod,
    nanstd,
    nansum,
    nanvar,
    ptp,
)
from juanji.ops._nn_more import multi_hot, psnr, separable_conv
from juanji.ops._normalization import batch_normalization, moments, normalize
from juanji.ops._products import average, cdist, corrcoef, correlate, cross, dot, inner, kron, outer, tensordot, vdot
from juanji.ops._quantiles import median, nanmedian, nanpercentile, nanquantile, percentile, quantile
from juanji.ops._reductions import all, amax, amin, any, argmax, argmin, max, mean, min, prod, std, sum, var
from juanji.ops._repeat import repeat, tile
from juanji.ops._rounding import ceil, floor, floor_divide, fmod, mod, round, trunc
from juanji.ops._scatter import scatter, scatter_update, slice_update
from juanji.ops._segments import segment_max, segment_min, segment_prod, segment_sum
from juanji.ops._shape import (
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    moveaxis,
    pad,
    ravel,
    reshape,
    squeeze,
    stack,
    swapaxes,
    transpose,
)
from juanji.ops._slice import slice
from juanji.ops._softmax import log_softmax, softmax
from juanji.ops._sorting import argpartition, argsort, in_top_k, sort, take_along_axis, top_k
from juanji.ops._spatial import average_pool, conv, max_pool
from juanji.ops._special import cbrt, erf, erfc, erfinv, exp2, i0, log2, log10, logaddexp, logaddexp2, logsumexp
from juanji.ops._stft import istft, stft
from juanji.ops._trigonometry import (
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    cos,
    cosh,
    deg2rad,
    hypot,
    rad2deg,
    sin,
    sinc,
    sinh,
    tan,
)
from juanji.ops._unary import (
    abs,
    absolute,
    exp,
    expm1,
    isfinite,
    isnan,
    log,
    log1p,
    logical_not,
    negative,
    reciprocal,
    relu,
    relu6,
    rsqrt,
    sigmoid,
    sign,
    softplus,
    sqrt,
    square,
    tanh,
)
from juanji.ops._windows import bartlett, blackman, geomspace, hamming, hanning, kaiser, logspace
from juanji.symbolic.function import make_recordable as _make_recordable

__all__ = [
    "abs", "absolute", "adaptive_average_pool", "adaptive_max_pool", "add", "all", "allclose", "amax", "amin", "angle",
    "any", "append", "arange", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax",
    "argmin", "argpartition", "argsort", "array", "array_split", "associative_scan", "average", "average_pool",
    "bartlett", "batch_normalization", "binary_crossentropy", "bincount", "bitwise_and", "bitwise_invert",
    "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "blackman", "broadcast_to",
    "cast", "categorical_crossentropy", "cbrt", "cdist", "ceil", "celu", "cholesky", "cholesky_inverse", "clip",
    "col2im", "concatenate", "cond", "conj", "conjugate", "conv", "conv2d", "conv_transpose", "convert_to_numpy",
    "convert_to_tensor", "copy", "corrcoef", "correlate", "cos", "cosh", "count_nonzero", "cross", "ctc_decode",
    "ctc_loss", "cumprod", "cumsum", "custom_gradient", "deg2rad", "dense", "depth_to_space", "depthwise_conv", "det",
    "diag", "diagflat", "diagonal", "diff", "digitize", "divide", "divide_no_nan", "dot", "dot_product_attention",
    "dsplit", "dstack", "dtype", "eig", "eigh", "einsum", "elu", "empty", "empty_like", "equal", "erf", "erfc",
    "erfinv", "exp", "exp2", "expand_dims", "expm1", "extract_sequences", "eye", "fabs", "fft", "fft2", "filters",
    "flip", "fliplr", "flipud", "floor", "floor_divide", "fmax", "fmin", "fmod", "fold", "fori_loop", "full",
    "full_like", "gcd", "gelu", "geomspace", "get_item", "glu", "greater", "greater_equal", "hamming", "hanning",
    "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "heaviside", "histogram", "hsplit", "hstack",
    "hypot", "i0", "identity", "ifft2", "im2col", "imag", "image", "in_top_k", "inner", "inv", "irfft", "is_tensor",
    "isclose", "isfinite", "isin", "isinf", "isnan", "isneginf", "isposinf", "isreal", "istft", "jvp", "kaiser", "kron",
    "layer_normalization", "lcm", "ldexp", "leaky_relu", "left_shift", "less", "less_equal", "linspace", "log", "log1p",
    "log2", "log10", "log_sigmoid", "log_softmax", "logaddexp", "logaddexp2", "logdet", "logical_and", "logical_not",
    "logical_or", "logical_xor", "logspace", "logsumexp", "lstsq", "lu_factor", "map", "matmul", "matrix_rank", "max",
    "max_pool", "maximum", "mean", "median", "meshgrid", "min", "minimum", "mod", "moments", "moveaxis", "multi_hot",
    "multiply", "nan_to_num", "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmedian",
    "nanmin", "nanpercentile", "nanprod", "nanquantile", "nanstd", "nansum", "nanvar", "ndim", "negative", "nextafter",
    "nonzero", "norm", "normalize", "not_equal", "one_hot", "ones", "ones_like", "outer", "pad", "percentile", "pinv",
    "polar", "power", "prod", "psnr", "ptp", "qr", "quantile", "rad2deg", "ravel", "real", "rearrange", "reciprocal",
    "relu", "relu6", "repeat", "reshape", "rfft", "right_shift", "rms_normalization", "roll", "rot90", "round", "rsqrt",
    "saturate_cast", "scan", "scatter", "scatter_update", "searchsorted", "segment_max", "segment_min", "segment_prod",
    "segment_sum", "select", "selu", "separable_conv", "shape", "sigmoid", "sign", "signbit", "silu", "sin", "sinc",
    "sinh", "size", "slice", "slice_update", "slogdet", "soft_shrink", "softmax", "softplus", "softsign", "solve",
    "solve_triangular", "sort", "space_to_depth", "sparse_categorical_crossentropy", "sparse_plus", "sparse_sigmoid",
    "sparsemax", "split", "sqrt", "square", "squareplus", "squeeze", "stack", "std", "stft", "stop_gradient",
    "subtract", "sum", "svd", "swapaxes", "swish", "switch", "take", "take_along_axis", "tan", "tanh", "tanh_shrink",
    "tensordot", "threshold", "tile", "top_k", "trace", "transpose", "trapezoid", "tri", "tril", "triu", "true_divide",
    "trunc", "unfold", "unique", "unravel_index", "unstack", "vander", "var", "vdot", "vectorize", "vectorized_map",
    "view", "view_as_complex", "view_as_real", "vsplit", "vstack", "where", "while_loop", "zeros", "zeros_like",
]  # fmt: skip

# Symbolic tensors are no tensors with values, but they do have a shape.
_make_recordable(globals(), leave=frozenset(("convert_to_numpy", "dtype", "is_tensor", "ndim", "shape", "size")))

# The same functions under Keras' names of modules.
from juanji.ops import linalg as linalg  # noqa: E402
from juanji.ops import nn as nn  # noqa: E402
from juanji.ops import numpy as numpy  # noqa: E402

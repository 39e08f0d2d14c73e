"""Calls of the functions of keras.ops: by name, positional and keyword arguments."""

from __future__ import annotations

import numpy as np


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


A, B = numbers(3, 4), numbers(3, 4, seed=1)
S = np.random.default_rng(2).uniform(0.1, 0.9, (3, 4)).astype("float32")
V, W = numbers(5), numbers(5, seed=3)
CUBE = numbers(2, 3, 4, seed=4)
IMAGES = numbers(2, 6, 4, 8, seed=5)
SQUARE = numbers(2, 3, 3, seed=6) + 3 * np.eye(3, dtype="float32")
POSITIVE = SQUARE @ SQUARE.swapaxes(1, 2)
HOLES = np.where(np.random.default_rng(7).random((3, 4)) < 0.3, np.nan, A).astype("float32")
EDGES = np.array([[1, -np.inf, np.nan], [np.inf, -0.0, 2.0]], "float32")
WHOLE, OTHER = np.array([[12, -7, 5]], "int32"), np.array([[3], [4]], "int32")
L = np.array([0, 2, 1, 2], "int32")
PAIR = (numbers(2, 4, 4, seed=8), numbers(2, 4, 4, seed=9))
HEADS = [numbers(2, 3, 4, 5, seed=s) for s in (10, 11, 12)]
Q = np.array([0.0, 0.3, 1.0], "float32")
KERNEL = numbers(3, 3, 8, 2, seed=13)

UNARY = [
    "abs", "absolute", "arcsinh", "arctan", "ceil", "celu", "cos", "cosh", "deg2rad", "elu", "erf", "erfc", "exp",
    "exp2", "expm1", "fabs", "floor", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "i0", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal", "leaky_relu", "log_sigmoid", "logical_not",
    "nan_to_num", "negative", "ones_like", "rad2deg", "ravel", "real", "imag", "relu", "relu6", "round", "selu",
    "sigmoid", "sign", "signbit", "silu", "sin", "sinc", "sinh", "size", "soft_shrink", "softmax", "softplus",
    "softsign", "sparse_plus", "sparse_sigmoid", "square", "squareplus", "squeeze", "swish", "tan", "tanh",
    "tanh_shrink", "transpose", "trunc", "zeros_like", "log_softmax", "angle", "conj", "conjugate", "copy", "array",
    "shape", "ndim", "sum", "mean", "max", "min", "prod", "std", "var", "all", "any", "argmax", "argmin", "amax",
    "amin", "logsumexp", "nanmean", "nansum", "nanstd", "nanvar", "nanmax", "nanmin", "nanprod", "nanargmax",
    "nanargmin", "nancumsum", "nancumprod", "count_nonzero", "median", "nanmedian", "cumsum", "cumprod", "sort",
    "argsort", "flip", "flipud", "fliplr", "diff", "ptp", "average", "trapezoid", "glu", "norm", "tril", "triu",
    "diagonal", "trace", "dtype", "stop_gradient", "convert_to_tensor", "convert_to_numpy", "empty_like", "full_like",
]  # fmt: skip
POSITIVES = [
    "arccos", "arcsin", "arctanh", "erfinv", "log", "log10", "log1p", "log2", "reciprocal", "rsqrt", "sqrt", "cbrt",
]  # fmt: skip
BINARY = [
    "add", "subtract", "multiply", "divide", "true_divide", "maximum", "minimum", "arctan2", "equal", "not_equal",
    "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or", "logical_xor", "hypot", "logaddexp",
    "logaddexp2", "fmax", "fmin", "heaviside", "isclose", "allclose", "divide_no_nan", "floor_divide", "mod", "fmod",
    "nextafter", "outer", "inner", "vdot", "append", "kron",
]  # fmt: skip
INTEGERS = [
    "bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift", "bitwise_left_shift",
    "bitwise_right_shift", "gcd", "lcm", "add", "subtract", "multiply", "divide", "floor_divide", "mod", "power",
    "maximum", "minimum", "equal", "less",
]  # fmt: skip
# functions of floats alone or with answers that Keras gives in other types
INTEGER_UNARY = [
    "abs", "negative", "square", "sign", "sum", "max", "min", "prod", "cumsum", "cumprod", "mean", "std", "var",
    "argmax", "sort", "exp", "sin", "floor", "ceil", "sqrt", "isinf", "isnan", "isfinite", "count_nonzero", "median",
    "all", "any", "bitwise_invert", "bitwise_not", "ravel", "flip", "ones_like", "average", "ptp",
]  # fmt: skip

CALLS = {
    **{name: [((A,), {})] for name in UNARY},
    **{name: [((S,), {})] for name in POSITIVES},
    **{name: [((A, B), {})] for name in BINARY},
    "adaptive_average_pool": [((IMAGES, (4, 3)), {})],
    "adaptive_max_pool": [((IMAGES, (4, 3)), {})],
    "arange": [((1, 9, 2), {"dtype": "int32"}), ((0.0, 1.0, 0.25), {})],
    "arccosh": [((S + 1,), {})],
    "argpartition": [],
    "array_split": [((A, 2), {"axis": 1})],
    "average_pool": [((IMAGES, 2), {})],
    "bartlett": [((7,), {})],
    "batch_normalization": [((IMAGES, numbers(8), np.abs(numbers(8)), -1), {})],
    "binary_crossentropy": [(((S > 0.5).astype("float32"), S), {})],
    "bincount": [((L,), {}), ((L, np.abs(V[:4])), {"minlength": 5})],
    "bitwise_invert": [((WHOLE,), {})],
    "bitwise_not": [((WHOLE,), {})],
    "blackman": [((7,), {})],
    "broadcast_to": [((A, (2, 3, 4)), {})],
    "cast": [((A * 3, "int32"), {})],
    "categorical_crossentropy": [((S / S.sum(1, keepdims=True), S / S.sum(1, keepdims=True)), {})],
    "cdist": [((A, B), {})],
    "cholesky": [((POSITIVE,), {}), ((POSITIVE,), {"upper": True})],
    "cholesky_inverse": [((np.linalg.cholesky(POSITIVE),), {})],
    "clip": [((A, -0.5, 0.5), {})],
    "concatenate": [(([A, B],), {"axis": 1})],
    "conv": [((IMAGES, KERNEL), {"padding": "same"})],
    "conv_transpose": [((IMAGES, KERNEL.swapaxes(2, 3), 2), {"padding": "same"})],
    "corrcoef": [((A,), {})],
    "correlate": [((V, W[:3]), {"mode": mode}) for mode in ("valid", "same", "full")],
    "cross": [((A[:, :3], B[:, :3]), {})],
    "depth_to_space": [((IMAGES, 2), {})],
    "depthwise_conv": [((IMAGES, KERNEL), {})],
    "det": [((SQUARE,), {})],
    "diag": [((V,), {"k": 1})],
    "diagflat": [((A,), {})],
    "digitize": [((A, np.array([-1.0, 0.0, 0.5], "float32")), {})],
    "dot": [((A, B.T), {}), ((CUBE, numbers(4, 2)), {})],
    "dot_product_attention": [(tuple(HEADS), {}), (tuple(HEADS), {"is_causal": True})],
    "dsplit": [((CUBE, 2), {})],
    "dstack": [(([A, B],), {})],
    "eigh": [],
    "einsum": [(("ij,kj->ik", A, B), {}), (("...ij,j->...i", CUBE, V[:4]), {})],
    "empty": [(((0, 2),), {})],
    "expand_dims": [((A, 1), {})],
    "extract_sequences": [((A, 2, 1), {})],
    "eye": [((3,), {"M": 4, "k": 1})],
    "fft": [((PAIR,), {})],
    "fft2": [((PAIR,), {})],
    "fold": [((numbers(1, 8, 9), 4, 2), {})],
    "full": [(((2, 3), 1.5), {})],
    "full_like": [((A, 2), {})],
    "geomspace": [((1.0, 8.0), {"num": 4})],
    "get_item": [((A, (slice(None), 1)), {})],
    "hamming": [((7,), {})],
    "hanning": [((7,), {})],
    "histogram": [((V,), {"bins": 4})],
    "hsplit": [((A, 2), {})],
    "hstack": [(([A, B],), {})],
    "identity": [((3,), {})],
    "ifft2": [((PAIR,), {})],
    "in_top_k": [((L[:3], A, 2), {})],
    "inv": [((SQUARE,), {})],
    "irfft": [((PAIR,), {}), ((PAIR,), {"fft_length": 5})],
    "isin": [((WHOLE, np.array([5, 12], "int32")), {})],
    "istft": [((PAIR, 6, 2, 6), {}), ((PAIR, 4, 2, 6), {"window": "hamming", "center": False, "length": 9})],
    "kaiser": [((7, 5.0), {})],
    "layer_normalization": [((A,), {})],
    "ldexp": [((A, np.full((3, 4), 2, "int32")), {})],
    "linspace": [((0.0, 3.0), {"num": 5}), ((A, B), {"num": 3, "axis": 1})],
    "logdet": [((POSITIVE,), {})],
    "logspace": [((0.0, 2.0), {"num": 5})],
    "lstsq": [((numbers(5, 3), V), {})],
    "lu_factor": [],
    "matmul": [((A, B.T), {})],
    "matrix_rank": [((SQUARE,), {})],
    "max_pool": [((IMAGES, 2), {})],
    "meshgrid": [((V, W[:2]), {}), ((V, W[:2]), {"indexing": "ij"})],
    "moments": [((A, 0), {})],
    "moveaxis": [((CUBE, 0, 2), {}), ((CUBE, (0, 1), (2, 0)), {})],
    "multi_hot": [((L,), {"num_classes": 4})],
    "nanpercentile": [((HOLES, 30.0), {"axis": 1})],
    "nanquantile": [((HOLES, 0.3), {"axis": 1})],
    "nonzero": [((WHOLE - 5,), {})],
    "normalize": [((A,), {"axis": 1})],
    "one_hot": [((L, 4), {})],
    "ones": [(((2, 3),), {})],
    "pad": [((A, ((1, 1), (0, 2))), {})],
    "percentile": [((A, 30.0), {"axis": 1})],
    "pinv": [((numbers(4, 3),), {})],
    "polar": [((S, A), {})],
    "power": [((S, A), {})],
    "psnr": [((A, B, 2.0), {})],
    "qr": [],
    "quantile": [((A, Q), {"axis": 1, "keepdims": True}), ((A, 0.3), {"method": "nearest"})],
    "rearrange": [((IMAGES, "b (h w) x c -> b h w (x c)"), {"h": 2})],
    "repeat": [((A, 2), {"axis": 0})],
    "reshape": [((A, (4, 3)), {})],
    "rfft": [((A,), {}), ((A,), {"fft_length": 6})],
    "rms_normalization": [((A,), {})],
    "roll": [((A, 2), {}), ((A, (1, -1)), {"axis": (0, 1)})],
    "rot90": [((A,), {"k": k}) for k in (1, 3)],  # two quarters come out wrong in Keras on TensorFlow
    "round": [((A,), {"decimals": 1})],
    "saturate_cast": [((A * 300, "uint8"), {})],
    "scatter": [((L[:, None], numbers(4, 2), (3, 2)), {})],
    "scatter_update": [((A, L[:2, None], numbers(2, 4)), {"reduction": r}) for r in (None, "add", "max", "min", "mul")],
    "searchsorted": [((np.sort(V), W), {"side": side}) for side in ("left", "right")],
    "segment_max": [((numbers(4, 2), L, 3), {})],
    "segment_min": [((numbers(4, 2), L, 3), {})],
    "segment_prod": [((numbers(4, 2), L, 3), {})],
    "segment_sum": [((numbers(4, 2), L, 3), {})],
    "select": [(([A > 0, B > 0], [A, B], 0.5), {})],
    "separable_conv": [((IMAGES, KERNEL, numbers(1, 1, 16, 3)), {})],
    "slice": [((A, (1, 0), (2, 3)), {})],
    "slice_update": [((A, (1, 0), numbers(2, 3)), {})],
    "slogdet": [((SQUARE,), {})],
    "solve": [((SQUARE, numbers(2, 3, 2)), {})],
    "solve_triangular": [((np.tril(SQUARE), numbers(2, 3, 2)), {"lower": True})],
    "space_to_depth": [((IMAGES, 2), {})],
    "sparse_categorical_crossentropy": [((L[:3], S / S.sum(1, keepdims=True)), {})],
    "split": [((A, 2), {"axis": 1}), ((A, [1, 3]), {"axis": 1})],
    "stack": [(([A, B],), {"axis": 1})],
    # windows of odd length are not periodic in TensorFlow
    "stft": [((A, 2, 1, 4), {}), ((numbers(2, 9), 4, 2, 5), {"window": "hamming", "center": False})],
    "svd": [((SQUARE,), {"compute_uv": False})],
    "swapaxes": [((CUBE, 0, 2), {})],
    "take": [((A, L), {"axis": 1})],
    "take_along_axis": [((A, np.array([[0], [2], [1]], "int32")), {"axis": 1})],
    "tensordot": [((CUBE, CUBE), {"axes": ([1, 2], [1, 2])}), ((A, B.T), {"axes": 1})],
    "threshold": [((A, 0.1, 7.0), {})],
    "tile": [((A, (2, 1)), {})],
    "top_k": [((A, 2), {})],
    "tri": [((3,), {"M": 4, "k": -1})],
    "unfold": [((IMAGES, 2), {"stride": 2, "padding": 1})],
    "unique": [((L,), {"return_counts": True})],
    "unravel_index": [((np.array([1, 7], "int32"), (3, 4)), {})],
    "unstack": [((A,), {"axis": 1})],
    "vander": [((V,), {"N": 3})],
    "view": [((A, "int32"), {})],
    "view_as_complex": [((numbers(3, 2),), {})],
    "view_as_real": [(((A + 1j * B).astype("complex64"),), {})],
    "vsplit": [((A, 3), {})],
    "vstack": [(([A, B],), {})],
    "where": [((A > 0, A, B), {})],
    "zeros": [(((2, 3),), {})],
}
FURTHER = [
    *((name, (WHOLE,), {}) for name in INTEGER_UNARY),
    *((name, (WHOLE, OTHER), {}) for name in INTEGERS),
    *(
        (name, (CUBE,), {"axis": (0, 2), "keepdims": True})
        for name in ["sum", "mean", "max", "min", "prod", "std", "var", "logsumexp"]
    ),
    *(
        (name, (CUBE,), {"axis": 1})
        for name in ["argmax", "argmin", "sort", "argsort", "cumsum", "cumprod", "flip", "softmax"]
    ),
    *((name, (A, OTHER[:1]), {}) for name in ["add", "multiply", "maximum", "less"]),
    *((name, (EDGES,), {}) for name in ["isinf", "isneginf", "isposinf", "signbit", "sign", "nan_to_num", "isnan"]),
    *(
        (name, (HOLES,), {"axis": 1})
        for name in ["nanmean", "nansum", "nanmax", "nanargmin", "nanvar", "nanmedian", "nancumsum"]
    ),
    ("gelu", (A,), {"approximate": False}),
    ("norm", (SQUARE,), {"ord": "nuc", "axis": (1, 2)}),
    ("norm", (A,), {"ord": 3, "axis": 1, "keepdims": True}),
    ("max", (A,), {"initial": 0.5}),
    ("where", (WHOLE > 0, WHOLE, 0.5), {}),
]

PARAMETERS = [(name, args, kwargs) for name, calls in CALLS.items() for args, kwargs in calls] + FURTHER

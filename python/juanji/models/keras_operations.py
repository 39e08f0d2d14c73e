"""Calls of functions in functional models, as Keras stores them.

Where juanji stores ``juanji.ops.mean`` with all arguments in the call, Keras stores an object of a class, ``Mean``,
with the settings (axis, keepdims) in its configuration and the tensors in the call. Class and function differ in how
their names are written, and the tensors are the first arguments, with few exceptions.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from juanji.symbolic.function import Function, find_function
from juanji.symbolic.tensor import Node
from juanji.utils.naming import to_snake_case

_NAMES = {  # classes whose function has another name
    "AllClose": "allclose", "IsIn": "isin", "SearchSorted": "searchsorted", "BatchNorm": "batch_normalization",
    "RMSNorm": "rms_normalization", "LayerNorm": "layer_normalization", "CDist": "cdist", "SVD": "svd", "PSNR": "psnr",
    "SSIM": "ssim", "FFT": "fft", "FFT2": "fft2", "IFFT2": "ifft2", "RFFT": "rfft", "IRFFT": "irfft",
    "RGBToGrayscale": "rgb_to_grayscale", "RGBToHSV": "rgb_to_hsv", "HSVToRGB": "hsv_to_rgb", "Resize": "resize",
}  # fmt: skip
_CLASSES = {function: name for name, function in _NAMES.items()}
_NAMES |= {"Absolute": "abs", "TrueDivide": "divide", "Conjugate": "conj"}  # second names
_CALLED_BY_NAME = {  # what calls give by position, where the function has it elsewhere
    "Average": ("x", "weights"), "Pad": ("x", "constant_values"), "Full": ("fill_value",),
}  # fmt: skip
_TENSORS = frozenset(
    [
        "a",
        "array",
        "b",
        "beta",
        "bias",
        "condition",
        "constant_values",
        "coordinates",
        "depthwise_kernel",
        "end_points",
        "fill_value",
        "gamma",
        "image1",
        "image2",
        "images",
        "index",
        "indices",
        "inputs",
        "kernel",
        "key",
        "mask",
        "mean",
        "offset",
        "operands",
        "output",
        "pointwise_kernel",
        "predictions",
        "q",
        "query",
        "scale",
        "segment_ids",
        "shape",
        "sorted_sequence",
        "start",
        "start_indices",
        "start_points",
        "step",
        "stop",
        "target",
        "targets",
        "transform",
        "updates",
        "value",
        "values",
        "variable",
        "variance",
        "weights",
        "x",
        "x1",
        "x2",
        "xs",
        "y",
    ]
)
_SETTINGS = {  # arguments that are settings all the same
    "broadcast_to": {"shape"}, "unravel_index": {"shape"}, "bincount": {"weights"}, "full": {"shape"},
    "resize": {"fill_value"}, "affine_transform": {"fill_value"}, "map_coordinates": {"fill_value"},
    "perspective_transform": {"fill_value"}, "squareplus": {"b"}, "trapezoid": {"x"}, "slice": {"shape"},
    "trace": {"offset"}, "diagonal": {"offset"},
}  # fmt: skip
_MODULES = {
    "nn": (
        "relu relu6 sigmoid sparse_sigmoid softplus softsign soft_shrink sparse_plus silu squareplus log_sigmoid "
        "leaky_relu hard_sigmoid hard_silu elu selu gelu celu glu tanh_shrink hard_tanh hard_shrink threshold softmax "
        "log_softmax sparsemax max_pool adaptive_max_pool average_pool adaptive_average_pool conv depthwise_conv "
        "separable_conv conv_transpose one_hot binary_crossentropy categorical_crossentropy "
        "sparse_categorical_crossentropy multi_hot moments batch_normalization normalize psnr dot_product_attention "
        "rms_normalization layer_normalization polar unfold fold depth_to_space space_to_depth"
    ),
    "core": "scatter scatter_update slice slice_update stop_gradient unstack cast saturate_cast convert_to_tensor",
    "image": (
        "rgb_to_grayscale rgb_to_hsv hsv_to_rgb resize affine_transform extract_patches map_coordinates pad_images "
        "crop_images perspective_transform gaussian_blur elastic_transform scale_and_translate sobel_edges ssim"
    ),
    "linalg": "cholesky cholesky_inverse det eig eigh inv lu_factor norm qr solve solve_triangular svd lstsq pinv",
    "math": (
        "segment_sum segment_max top_k in_top_k logsumexp cdist extract_sequences fft fft2 ifft2 rfft irfft rsqrt erf "
        "erfc erfinv logdet"
    ),
}
_MODULE_OF = {function: module for module, functions in _MODULES.items() for function in functions.split()}


def is_keras_operation(data: Mapping[str, Any]) -> bool:
    """Whether this describes a call of a function, in Keras' form."""
    module = str(data.get("module"))
    return module.startswith(("keras.src.ops.", "keras.ops", "keras.src.activations."))


def operation_module(class_name: str) -> str | None:
    """Keras' module of a class that stands for a function; None for other classes.

    Example:
        >>> operation_module("Multiply"), operation_module("LSTM")
        ('keras.src.ops.numpy', None)
    """
    name = _NAMES.get(class_name, to_snake_case(class_name))
    try:
        _public_name(name)
    except ValueError:
        return None
    return f"keras.src.ops.{_MODULE_OF.get(name, 'numpy')}"


class KerasOperation:
    """A function with the settings that Keras stored beside its name.

    Args:
        data: with 'class_name' and 'config'.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        kind = str(data["class_name"])
        settings = dict(data["config"])
        self.function = Function(_public_name(_NAMES.get(kind, to_snake_case(kind))), settings.pop("name", None))
        self.name = self.function.name
        self.kind = kind
        self.settings = settings

    @property
    def _inbound_nodes(self) -> list[Node]:
        return self.function._inbound_nodes

    def __call__(self, *args_: Any, **kwargs: Any) -> None:
        """Calls the plain function with settings and arguments together, which writes the call down."""
        args = list(args_)
        names = _CALLED_BY_NAME.get(self.kind)
        if names is not None:
            kwargs, args = {**dict(zip(names, args)), **kwargs}, []
        known = inspect.signature(self.function.function).parameters
        given = {k: v for k, v in {**self.settings, **kwargs}.items() if k in known or v not in (None, False)}
        if self.kind == "Einsum":
            args = [given.pop("subscripts"), *args]
        if self.kind == "GetItem" and len(args) == 2 and isinstance(args[1], list):
            args[1] = tuple(args[1])  # JSON has no tuples
        self.function(*args, **given)


def to_keras_operation(data: Mapping[str, Any]) -> dict[str, Any]:
    """A function with its calls as Keras stores it; as it is where Keras has no such function or cannot store it so.

    Args:
        data: a member of 'layers' in the configuration of a functional model.
    """
    public = str(data["config"]["function"])
    name = public.rpartition(".")[2]
    plain = dict(data)
    try:
        parameters = inspect.signature(find_function(public)).parameters
        calls = [inspect.signature(find_function(public)).bind(*_unpacked(c["args"]), **c["kwargs"])
                 for c in data["inbound_nodes"]]  # fmt: skip
    except (ValueError, TypeError):
        return plain
    tensors = _TENSORS - _SETTINGS.get(name, set())
    settings: list[dict[str, Any]] = []
    nodes = []
    for call in calls:
        of_call = [(k, v) for k, v in call.arguments.items() if k in tensors]
        settings.append({k: v for k, v in call.arguments.items() if k not in tensors})
        by_position: list[Any] = []
        for k, v in of_call:
            by_position += v if parameters[k].kind is inspect.Parameter.VAR_POSITIONAL else [v]
        nodes.append({"args": by_position, "kwargs": {}})
    if any(one != settings[0] for one in settings):
        return plain
    return {
        "module": f"keras.src.ops.{_MODULE_OF.get(name, 'numpy')}",
        "class_name": _class_name(name),
        "config": {"name": data["name"], **(settings[0] if settings else {})},
        "registered_name": _class_name(name),
        "name": data["name"],
        "inbound_nodes": nodes,
    }


def _class_name(function: str) -> str:
    return _CLASSES.get(function) or "".join(part.capitalize() for part in function.split("_"))


def _public_name(function: str) -> str:
    for module in ("juanji.ops", "juanji.ops.image", "juanji.ops.linalg", "juanji.ops.nn", "juanji.activations"):
        name = f"{module}.{function}"
        try:
            find_function(name)
        except ValueError:
            continue
        return name
    raise ValueError(
        f"Model.from_config: an operation that juanji does not have; expected one of juanji.ops, got {function!r}. "
        "Write it as a Layer, and pass it in custom_objects."
    )


def _unpacked(args: Any) -> list[Any]:
    return list(args["items"]) if isinstance(args, Mapping) else list(args)

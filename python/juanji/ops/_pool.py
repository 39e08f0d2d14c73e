"""Max and average pooling over sliding windows and over whole images."""

from __future__ import annotations

from typing import Any

from juanji import _core
from juanji.ops._convert import as_float
from juanji.ops._operation import Call, Operation
from juanji.ops._reductions import max as largest
from juanji.ops._shape import reshape
from juanji.ops._window import padding_argument, pair, single

# The argmax costs time and memory and serves the gradient alone: it is kept only when a tape records.
_max_pool = Operation("max_pool", _core.MaxPool, when_recorded={"argmax": True})
_max_pool_gradient = Operation("max_pool_gradient", _core.MaxPoolGradient)
# Recorded steps put it in the place of the gradients of a pooling, a relu and a bias.
max_pool_bias_gradient = Operation("max_pool_bias_gradient", _core.MaxPoolBiasGradient)
_max_pool_take = Operation("max_pool_take", _core.MaxPoolTake)
_average_pool = Operation("average_pool", _core.AveragePool)
_average_pool_gradient = Operation("average_pool_gradient", _core.AveragePoolGradient)


@_max_pool.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    (x,) = call.inputs
    argmax = call.outputs[1]
    window = _window_attributes(call)
    return (_max_pool_gradient(dy, argmax, input_size=x.shape[1:-1], **window),)


@_max_pool_gradient.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    return _max_pool_take(ddx, call.inputs[1], **_window_attributes(call)), None


@_max_pool_take.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    x, argmax = call.inputs
    return _max_pool_gradient(dy, argmax, input_size=x.shape[1:-1], **_window_attributes(call)), None


@_average_pool.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    (x,) = call.inputs
    return (_average_pool_gradient(dy, input_size=x.shape[1:-1], **_window_attributes(call)),)


@_average_pool_gradient.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    return (_average_pool(ddx, **_window_attributes(call)),)


def _window_attributes(call: Call) -> dict[str, Any]:
    return {k: v for k, v in call.attributes.items() if k not in ("argmax", "input_size")}


def max_pool(inputs: Any, pool_size: Any, strides: Any = None, padding: Any = "valid") -> Any:
    """The largest value of each window of images (N, H, W, C) or sequences (N, W, C); see ``ops.max_pool``.

    Example:
        >>> import numpy as np
        >>> max_pool(np.arange(4.0).reshape(1, 4, 1), 2)[0, :, 0]
        array([1., 3.])
    """
    x = _images("max_pool", inputs)
    return _max_pool(x, **_window("max_pool", x, pool_size, strides, padding))


def average_pool(inputs: Any, pool_size: Any, strides: Any = None, padding: Any = "valid") -> Any:
    """The mean of each window of images (N, H, W, C) or sequences (N, W, C); see ``ops.average_pool``.

    Example:
        >>> import numpy as np
        >>> average_pool(np.arange(4.0).reshape(1, 4, 1), 2)[0, :, 0]
        array([0.5, 2.5])
    """
    x = _images("average_pool", inputs)
    return _average_pool(x, **_window("average_pool", x, pool_size, strides, padding))


def global_max_pool(inputs: Any, keepdims: bool = False) -> Any:
    """The largest value of each channel of each image. Equal ones share the gradient.

    Args:
        inputs: images (N, H, W, C), sequences (N, W, C) or volumes (N, D, H, W, C).
        keepdims: whether the output keeps the axes in between, of size 1.

    Returns:
        (N, C), or (N, 1, 1, C) with ``keepdims``.

    Raises:
        ValueError: for a wrong rank or images without pixels.

    Example:
        >>> import numpy as np
        >>> global_max_pool(np.arange(8.0).reshape(1, 2, 2, 2))
        array([[6., 7.]])
    """
    x = as_float(inputs)
    if x.ndim != 5:
        x = _images("global_max_pool", x)
    if 0 in x.shape[1:-1]:
        raise ValueError(
            f"global_max_pool: there are no pixels; expected at least one, got inputs.shape={x.shape}. Leave empty "
            "images out."
        )
    return largest(x, tuple(range(1, x.ndim - 1)), keepdims)


def global_average_pool(inputs: Any, keepdims: bool = False) -> Any:
    """The mean of each channel of each image: :func:`average_pool` with the whole image as its window.

    Args:
        inputs: images (N, H, W, C), sequences (N, W, C) or volumes (N, D, H, W, C).
        keepdims: whether the output keeps the axes in between, of size 1.

    Returns:
        (N, C), or (N, 1, 1, C) with ``keepdims``.

    Raises:
        ValueError: for a wrong rank or images without pixels.

    Example:
        >>> import numpy as np
        >>> global_average_pool(np.arange(8.0).reshape(1, 2, 2, 2))
        array([[3., 4.]])
    """
    return _global(_average_pool, "global_average_pool", inputs, keepdims)


def _global(operation: Operation, op: str, inputs: Any, keepdims: bool) -> Any:
    x = as_float(inputs)
    if x.ndim != 5:
        return operation(_images(op, x), keepdims=bool(keepdims))
    n, depth, height, width, channels = x.shape  # in row-major order a volume is a long image
    y = operation(reshape(x, (n, depth * height, width, channels)), keepdims=False)
    return reshape(y, (n, 1, 1, 1, channels)) if keepdims else y


def _images(op: str, inputs: Any) -> Any:
    x = as_float(inputs)
    if x.ndim not in (3, 4):
        raise ValueError(
            f"{op}: inputs have the wrong number of dimensions; expected images (N, H, W, C) or sequences "
            f"(N, W, C), got inputs.shape={x.shape}. Add an axis for one image: inputs[np.newaxis]."
        )
    return x


def _window(op: str, x: Any, pool_size: Any, strides: Any, padding: Any) -> dict[str, Any]:
    strides = pool_size if strides is None else strides
    if x.ndim == 4:
        return {
            "pool_size": pair(op, "pool_size", pool_size),
            "strides": pair(op, "strides", strides),
            "padding": padding_argument(op, padding),
        }
    return {
        "pool_size": (1, single(op, "pool_size", pool_size)),
        "strides": (1, single(op, "strides", strides)),
        "padding": padding_argument(op, padding),
    }

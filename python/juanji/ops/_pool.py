"""Max and average pooling over sliding windows and over whole images."""

from __future__ import annotations

from typing import Any

from juanji import _core
from juanji.ops._convert import as_float
from juanji.ops._operation import Call, Operation
from juanji.ops._window import check_channels_last, padding_argument, pair, single

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


def max_pool(
    inputs: Any, pool_size: Any, strides: Any = None, padding: Any = "valid", data_format: str | None = None
) -> Any:
    """The largest value of each window: ``y[n,i,j,c] = max x[n, i·sh + p, j·sw + q, c]`` over p < KH, q < KW.

    Padding never takes part. NaN counts as larger than everything, as in ``np.max``. The gradient goes to the
    first, in row-major order, of equal maxima.

    Args:
        inputs: images (N, H, W, C), or sequences (N, W, C) with a one-dimensional window.
        pool_size: window in pixels, (KH, KW) or one number for both.
        strides: step in pixels, (sh, sw) or one number; ``pool_size`` by default.
        padding: 'valid' (none), 'same' (as many outputs as ceil(size / stride)), or amounts
            ``((top, bottom), (left, right))``, each smaller than the window.
        data_format: 'channels_last', the only layout there is.

    Returns:
        (N, OH, OW, C), or (N, OW, C), of the inputs' float type.

    Raises:
        ValueError: for a wrong rank, window, stride or padding, and for 'channels_first'.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.max_pool(np.arange(16.0).reshape(1, 4, 4, 1), 2)[0, :, :, 0]
        array([[ 5.,  7.],
               [13., 15.]])
    """
    x = _images("max_pool", inputs, data_format)
    return _max_pool(x, **_window("max_pool", x, pool_size, strides, padding))


def average_pool(
    inputs: Any, pool_size: Any, strides: Any = None, padding: Any = "valid", data_format: str | None = None
) -> Any:
    """The mean of each window: ``y[n,i,j,c] = mean x[n, i·sh + p, j·sw + q, c]`` over p < KH, q < KW.

    Padding never takes part: at the edges the mean is that of the pixels inside the image.

    Args:
        inputs: images (N, H, W, C), or sequences (N, W, C) with a one-dimensional window.
        pool_size: window in pixels, (KH, KW) or one number for both.
        strides: step in pixels, (sh, sw) or one number; ``pool_size`` by default.
        padding: 'valid' (none), 'same' (as many outputs as ceil(size / stride)), or amounts
            ``((top, bottom), (left, right))``, each smaller than the window.
        data_format: 'channels_last', the only layout there is.

    Returns:
        (N, OH, OW, C), or (N, OW, C), of the inputs' float type.

    Raises:
        ValueError: for a wrong rank, window, stride or padding, and for 'channels_first'.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.average_pool(np.arange(9.0).reshape(1, 3, 3, 1), 2, padding="same")[0, :, :, 0]
        array([[2. , 3.5],
               [6.5, 8. ]])
    """
    x = _images("average_pool", inputs, data_format)
    return _average_pool(x, **_window("average_pool", x, pool_size, strides, padding))


def global_max_pool(inputs: Any, keepdims: bool = False) -> Any:
    """The largest value of each channel of each image: :func:`max_pool` with the whole image as its window.

    Args:
        inputs: images (N, H, W, C) or sequences (N, W, C).
        keepdims: whether the output keeps height and width, of size 1.

    Returns:
        (N, C), or (N, 1, 1, C) with ``keepdims``.

    Raises:
        ValueError: for a wrong rank or images without pixels.

    Example:
        >>> import numpy as np
        >>> global_max_pool(np.arange(8.0).reshape(1, 2, 2, 2))
        array([[6., 7.]])
    """
    return _max_pool(_images("global_max_pool", inputs), keepdims=bool(keepdims))


def global_average_pool(inputs: Any, keepdims: bool = False) -> Any:
    """The mean of each channel of each image: :func:`average_pool` with the whole image as its window.

    Args:
        inputs: images (N, H, W, C) or sequences (N, W, C).
        keepdims: whether the output keeps height and width, of size 1.

    Returns:
        (N, C), or (N, 1, 1, C) with ``keepdims``.

    Raises:
        ValueError: for a wrong rank or images without pixels.

    Example:
        >>> import numpy as np
        >>> global_average_pool(np.arange(8.0).reshape(1, 2, 2, 2))
        array([[3., 4.]])
    """
    return _average_pool(_images("global_average_pool", inputs), keepdims=bool(keepdims))


def _images(op: str, inputs: Any, data_format: str | None = None) -> Any:
    check_channels_last(op, data_format)
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

"""Depthwise convolution: every input channel has kernels of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import _core
from juanji.ops._bias import bias_activation_gradient
from juanji.ops._convert import as_float
from juanji.ops._operation import Call, Operation
from juanji.ops._window import padding_argument, pair, with_channels_first

_depthwise = Operation("depthwise_conv2d", _core.DepthwiseConv2D)
_input_gradient = Operation("depthwise_conv2d_input_gradient", _core.DepthwiseConv2DInputGradient)
_weight_gradient = Operation("depthwise_conv2d_weight_gradient", _core.DepthwiseConv2DWeightGradient)

_GEOMETRY = ("strides", "padding", "dilation_rate")


def _geometry(call: Call) -> dict[str, Any]:
    return {name: call.attributes[name] for name in _GEOMETRY}


@_depthwise.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    x, w, *bias = call.inputs
    geometry = _geometry(call)
    dz, db = bias_activation_gradient(call.output, dy, call.attributes["activation"], any(call.needed[2:]))
    dx = dw = None
    if call.needed[0]:
        dx = _input_gradient(dz, w, input_size=tuple(x.shape[1:3]), **geometry)
    if call.needed[1]:
        dw = _weight_gradient(x, dz, kernel_size=tuple(w.shape[:2]), **geometry)
    return (dx, dw, db)[: 2 + len(bias)]


# Both gradients are linear in each argument; their own gradients are the other two passes.
@_input_gradient.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    dy, w = call.inputs
    geometry = _geometry(call)
    ddy = _depthwise(ddx, w, activation="none", **geometry) if call.needed[0] else None
    dw = _weight_gradient(ddx, dy, kernel_size=tuple(w.shape[:2]), **geometry) if call.needed[1] else None
    return ddy, dw


@_weight_gradient.gradient
def _(call: Call, ddw: Any) -> tuple[Any, ...]:
    x, dy = call.inputs
    geometry = _geometry(call)
    dx = _input_gradient(dy, ddw, input_size=tuple(x.shape[1:3]), **geometry) if call.needed[0] else None
    ddy = _depthwise(x, ddw, activation="none", **geometry) if call.needed[1] else None
    return dx, ddy


def depthwise_conv2d(
    x: Any,
    w: Any,
    b: Any = None,
    *,
    strides: int | Sequence[int] = 1,
    padding: str | Sequence[Any] = "valid",
    dilation_rate: int | Sequence[int] = 1,
    activation: str | None = None,
) -> Any:
    """Depthwise convolution with bias and activation in one pass.

    ``y[n,i,j,c·M+m] = act(b[c·M+m] + Σ x[n, i·sh + p·dh, j·sw + q·dw, c] · w[p,q,c,m])`` over p < KH, q < KW.

    Args:
        x: images (N, H, W, C), float32 or float64.
        w: kernels (KH, KW, C, M) of the same type; M is the depth multiplier.
        b: bias (C·M,) or None.
        strides: step of the window, one number or (vertical, horizontal).
        padding: 'valid', 'same', or amounts ((top, bottom), (left, right)) of zeros.
        dilation_rate: spacing of the kernel's elements, one number or two.
        activation: None, 'relu', 'relu6', 'sigmoid' or 'tanh'.

    Returns:
        (N, OH, OW, C·M).

    Raises:
        ValueError: when shapes or padding do not fit.
        TypeError: when types differ or are not floats.

    Example:
        >>> import numpy as np
        >>> x = np.ones((1, 3, 3, 2))
        >>> w = np.ones((2, 2, 2, 1)) * [[1.0], [2.0]]
        >>> depthwise_conv2d(x, w)[0, 0]
        array([[4., 8.],
               [4., 8.]])
    """
    inputs = (x, w) if b is None else (x, w, b)
    return _depthwise(
        *inputs,
        strides=pair("depthwise_conv2d", "strides", strides),
        padding=padding_argument("depthwise_conv2d", padding),
        dilation_rate=pair("depthwise_conv2d", "dilation_rate", dilation_rate),
        activation=activation or "none",
    )


@with_channels_first
def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: int | Sequence[int] = 1,
    padding: str | Sequence[Any] = "valid",
    data_format: str | None = None,
    dilation_rate: int | Sequence[int] = 1,
) -> Any:
    """Depthwise convolution under its keras.ops name.

    Args:
        inputs: images (N, H, W, C).
        kernel: (KH, KW, C, M); output channel c·M + m is channel c convolved with kernel m.
        strides: one number or (vertical, horizontal).
        padding: 'valid', 'same', or amounts ((top, bottom), (left, right)).
        data_format: None or 'channels_last', or 'channels_first', which is slower.
        dilation_rate: one number or two.

    Returns:
        (N, OH, OW, C·M).

    Raises:
        ValueError: when shapes do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.depthwise_conv(np.ones((1, 5, 5, 3)), np.ones((3, 3, 3, 2)), strides=2).shape
        (1, 2, 2, 6)
    """
    x, w = as_float(inputs), as_float(kernel)
    if x.ndim != 4 or w.ndim != 4:
        raise ValueError(
            "depthwise_conv: not a two-dimensional convolution; expected inputs (N, H, W, C) and kernel "
            f"(KH, KW, C, M), got inputs.shape={tuple(x.shape)}, kernel.shape={tuple(w.shape)}."
        )
    return depthwise_conv2d(x, w, strides=strides, padding=padding, dilation_rate=dilation_rate)

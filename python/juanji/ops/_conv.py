"""Two-dimensional convolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import _core
from juanji.ops._bias import bias_activation_gradient
from juanji.ops._conv_taps import without_idle_taps
from juanji.ops._depthwise import depthwise_conv2d
from juanji.ops._operation import Call, Operation
from juanji.ops._shape import reshape
from juanji.ops._window import padding_argument, pair

Size2D = int | Sequence[int]
Padding = str | Sequence[Any]

_conv2d = Operation("conv2d", _core.Conv2D)
# Recorded steps put it in the place of a convolution and the pooling behind it.
conv2d_max_pool = Operation("conv2d_max_pool", _core.Conv2DMaxPool, visible_outputs=2)
_input_gradient = Operation("conv2d_input_gradient", _core.Conv2DInputGradient)
_weight_gradient = Operation("conv2d_weight_gradient", _core.Conv2DWeightGradient)

_GEOMETRY = ("strides", "padding", "dilation_rate", "groups")


def _geometry(call: Call) -> dict[str, Any]:
    return {name: call.attributes[name] for name in _GEOMETRY}


@_conv2d.gradient
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


# Both gradients are linear in each argument, and each other's and the convolution's adjoints.
@_input_gradient.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    dy, w = call.inputs
    geometry = _geometry(call)
    ddy = _conv2d(ddx, w, activation="none", **geometry) if call.needed[0] else None
    dw = _weight_gradient(ddx, dy, kernel_size=tuple(w.shape[:2]), **geometry) if call.needed[1] else None
    return ddy, dw


@_weight_gradient.gradient
def _(call: Call, ddw: Any) -> tuple[Any, ...]:
    x, dy = call.inputs
    geometry = _geometry(call)
    dx = _input_gradient(dy, ddw, input_size=tuple(x.shape[1:3]), **geometry) if call.needed[0] else None
    ddy = _conv2d(x, ddw, activation="none", **geometry) if call.needed[1] else None
    return dx, ddy


def conv2d(
    x: Any,
    w: Any,
    b: Any = None,
    *,
    strides: Size2D = 1,
    padding: Padding = "valid",
    dilation_rate: Size2D = 1,
    groups: int = 1,
    activation: str | None = None,
) -> Any:
    """Convolution with bias and activation in one pass.

    Args:
        x: images (N, H, W, C), float32 or float64.
        w: kernel (KH, KW, C/groups, OC) of the same type.
        b: bias (OC,) or None.
        strides: step of the window, one number or (vertical, horizontal).
        padding: 'valid', 'same', or amounts ((top, bottom), (left, right)) of zeros.
        dilation_rate: spacing of the kernel's elements, one number or two.
        groups: output channels of group g see input channels of group g alone.
        activation: None, 'relu', 'relu6', 'sigmoid' or 'tanh', applied before the result leaves the registers.

    Returns:
        (N, OH, OW, OC).

    Raises:
        ValueError: when shapes, padding or groups do not fit.
        TypeError: when types differ or are not floats.

    Example:
        >>> import numpy as np
        >>> from juanji.ops import conv2d
        >>> conv2d(np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 1)), padding="same")[0, :, :, 0]
        array([[4., 6., 6., 4.],
               [6., 9., 9., 6.],
               [6., 9., 9., 6.],
               [4., 6., 6., 4.]])
    """
    if groups > 1 and w.ndim == 4 and x.ndim == 4 and groups == x.shape[3] and w.shape[2] == 1:
        # One input channel a group: kernel (KH, KW, 1, C·M) lies in memory as (KH, KW, C, M).
        w = reshape(w, (*w.shape[:2], groups, w.shape[3] // groups))
        return depthwise_conv2d(
            x, w, b, strides=strides, padding=padding, dilation_rate=dilation_rate, activation=activation
        )
    steps, spacing = pair("conv2d", "strides", strides), pair("conv2d", "dilation_rate", dilation_rate)
    w, amounts = without_idle_taps(x, w, steps, padding_argument("conv2d", padding), spacing)
    inputs = (x, w) if b is None else (x, w, b)
    return _conv2d(
        *inputs,
        strides=steps,
        padding=amounts,
        dilation_rate=spacing,
        groups=groups,
        activation=activation or "none",
    )

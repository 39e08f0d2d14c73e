"""The windows of images as rows of a matrix, and the adjoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import _core
from juanji.ops._convert import as_float
from juanji.ops._operation import Call, Operation
from juanji.ops._window import padding_argument, pair

_im2col = Operation("im2col", _core.Im2col)
_col2im = Operation("col2im", _core.Col2im)


@_im2col.gradient
def _(call: Call, dcols: Any) -> tuple[Any, ...]:
    (x,) = call.inputs
    return (_col2im(dcols, input_size=tuple(x.shape[1:3]), **call.attributes),)


@_col2im.gradient
def _(call: Call, dx: Any) -> tuple[Any, ...]:
    window = {name: value for name, value in call.attributes.items() if name != "input_size"}
    return (_im2col(dx, **window),)


def im2col(
    x: Any,
    kernel_size: int | Sequence[int],
    strides: int | Sequence[int] = 1,
    padding: str | Sequence[Any] = "valid",
    dilation_rate: int | Sequence[int] = 1,
) -> Any:
    """Every window of every image as one row: convolution becomes a matrix product (Chellapilla et al., 2006).

    ``cols[n,i,j, (p·KW + q)·C + c] = xpad[n, i·sh + p·dh, j·sw + q·dw, c]``; padding is zeros.

    Args:
        x: images (N, H, W, C).
        kernel_size: window in pixels, (KH, KW) or one number for both.
        strides: step in pixels, (sh, sw) or one number.
        padding: 'valid', 'same', or amounts ``((top, bottom), (left, right))``.
        dilation_rate: spacing of the window's pixels, (dh, dw) or one number.

    Returns:
        (N, OH, OW, KH·KW·C), of the inputs' float type.

    Raises:
        ValueError: for a wrong rank, window, stride, padding or dilation.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.im2col(np.arange(9.0).reshape(1, 3, 3, 1), 2)[0, 0]
        array([[0., 1., 3., 4.],
               [1., 2., 4., 5.]])
    """
    return _im2col(as_float(x), **_window("im2col", kernel_size, strides, padding, dilation_rate))


def col2im(
    cols: Any,
    input_size: Sequence[int],
    kernel_size: int | Sequence[int],
    strides: int | Sequence[int] = 1,
    padding: str | Sequence[Any] = "valid",
    dilation_rate: int | Sequence[int] = 1,
) -> Any:
    """The adjoint of :func:`im2col`: every row goes back to the pixels it came from; what overlaps is added.

    Args:
        cols: windows (N, OH, OW, KH·KW·C).
        input_size: height and width (H, W) of the images.
        kernel_size: window in pixels, (KH, KW) or one number for both.
        strides: step in pixels, (sh, sw) or one number.
        padding: 'valid', 'same', or amounts ``((top, bottom), (left, right))``.
        dilation_rate: spacing of the window's pixels, (dh, dw) or one number.

    Returns:
        (N, H, W, C), of the inputs' float type.

    Raises:
        ValueError: for a wrong rank, window, stride, padding or dilation.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.col2im(np.ones((1, 2, 2, 4)), (3, 3), 2)[0, :, :, 0]
        array([[1., 2., 1.],
               [2., 4., 2.],
               [1., 2., 1.]])
    """
    window = _window("col2im", kernel_size, strides, padding, dilation_rate)
    return _col2im(as_float(cols), input_size=pair("col2im", "input_size", input_size), **window)


def _window(op: str, kernel_size: Any, strides: Any, padding: Any, dilation_rate: Any) -> dict[str, Any]:
    return {
        "kernel_size": pair(op, "kernel_size", kernel_size),
        "strides": pair(op, "strides", strides),
        "padding": padding_argument(op, padding),
        "dilation_rate": pair(op, "dilation_rate", dilation_rate),
    }

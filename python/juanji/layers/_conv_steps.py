"""Convolutions in one to three dimensions, of one step or of all steps of sequences."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.ops._conv import conv2d
from juanji.ops._sequences import conv1d
from juanji.ops._volumes import conv3d


def conv_steps(
    x: Any,
    w: Any,
    b: Any,
    rank: int,
    strides: tuple[int, ...] | None = None,
    padding: str = "valid",
    dilation_rate: tuple[int, ...] | None = None,
) -> Any:
    """A convolution that treats steps as samples.

    Args:
        x: (N, sizes..., C), or (N, T, sizes..., C).
        w: kernel (sizes..., C, OC).
        b: bias (OC,) or None.
        rank: number of sizes.
        strides, padding, dilation_rate: as for ``ops.conv``.
    """
    leading = x.shape[: x.ndim - rank - 1]
    if len(leading) > 1:
        x = ops.reshape(x, (leading[0] * leading[1], *x.shape[2:]))
    convolve = (conv1d, conv2d, conv3d)[rank - 1]
    y = convolve(x, w, b, strides=strides or (1,) * rank, padding=padding, dilation_rate=dilation_rate or (1,) * rank)
    return ops.reshape(y, (*leading, *y.shape[1:])) if len(leading) > 1 else y

"""Kernels of convolutions without what sees nothing but padding: of 3×3 on images of one pixel, the centre is left."""

from __future__ import annotations

from typing import Any

from juanji.ops._window import Padding, Pair


def without_idle_taps(x: Any, w: Any, strides: Pair, padding: Padding, dilation: Pair) -> tuple[Any, Padding]:
    """The kernel and the padding of the same convolution with fewer taps, where rows or columns of taps are idle.

    Products with padding are left out, so that an infinite weight in such a tap makes no NaN.

    Args:
        x: images (N, H, W, C), or anything else, for which nothing is done.
        w: kernel (KH, KW, C/groups, OC), or anything else.
        strides, padding, dilation: as native operations take them.

    Example:
        >>> import numpy as np
        >>> w, padding = without_idle_taps(np.ones((8, 1, 2, 3)), np.ones((3, 3, 3, 5)), (1, 1), "same", (1, 1))
        >>> w.shape, padding
        ((1, 3, 3, 5), (0, 0, 1, 1))
    """
    size, kernel = getattr(x, "shape", ())[1:3], getattr(w, "shape", ())[:2]
    if len(size) != 2 or len(kernel) != 2 or not all(isinstance(n, int) and n > 0 for n in (*size, *kernel)):
        return w, padding
    if not any((k - 1) * d >= n for k, d, n in zip(kernel, dilation, size, strict=True)):
        return w, padding  # no window is larger than the image
    if min(*strides, *dilation) < 1:
        return w, padding  # refused by the operation
    amounts = _amounts(size, kernel, strides, padding, dilation)
    if min(*amounts[0], *amounts[1]) < 0:
        return w, padding
    seen = [_seen(*axis) for axis in zip(size, kernel, strides, amounts, dilation, strict=True)]
    if all(taps == (0, k) for taps, k in zip(seen, kernel, strict=True)):
        return w, padding
    (top, bottom), (left, right) = (
        (before - first * d, after - (k - end) * d)
        for (first, end), (before, after), k, d in zip(seen, amounts, kernel, dilation, strict=True)
    )
    return w[seen[0][0] : seen[0][1], seen[1][0] : seen[1][1]], (top, bottom, left, right)


def _amounts(size: Any, kernel: Any, strides: Pair, padding: Padding, dilation: Pair) -> tuple[Pair, Pair]:
    """Padding before and behind, vertically and horizontally."""
    if isinstance(padding, tuple):
        return padding[:2], padding[2:]
    if padding == "valid":
        return (0, 0), (0, 0)
    totals = [
        max(0, (-(-n // s) - 1) * s + (k - 1) * d + 1 - n)
        for n, k, s, d in zip(size, kernel, strides, dilation, strict=True)
    ]
    return (totals[0] // 2, totals[0] - totals[0] // 2), (totals[1] // 2, totals[1] - totals[1] // 2)


def _seen(size: int, kernel: int, stride: int, amounts: Pair, dilation: int) -> Pair:
    """The first tap that sees a pixel of the image from some position, and the one behind the last, as far as the
    padding allows to leave out the others; all of them where none does.
    """
    before, after = amounts
    positions = range((size + before + after - (kernel - 1) * dilation - 1) // stride + 1)
    taps = []
    for p in range(kernel):
        offset = p * dilation - before
        i = max(0, -(offset // stride))  # the first position from which the tap is not above the image
        if i in positions and i * stride + offset < size:
            taps.append(p)
    if not taps:
        return 0, kernel
    return min(taps[0], before // dilation), max(taps[-1] + 1, kernel - after // dilation)

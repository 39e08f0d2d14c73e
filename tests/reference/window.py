"""The geometry of a sliding window along one axis, by its definition."""

from __future__ import annotations

from typing import NamedTuple


class Axis(NamedTuple):
    outputs: int
    before: int
    after: int


def geometry(size, kernel, stride, dilation, padding, axis):
    """padding is 'same', 'valid' or ((top, bottom), (left, right)); axis 0 is vertical."""
    span = (kernel - 1) * dilation + 1
    if padding == "same":
        outputs = -(-size // stride)
        total = max((outputs - 1) * stride + span - size, 0)
        return Axis(outputs, total // 2, total - total // 2)
    before, after = (0, 0) if padding == "valid" else padding[axis]
    starts = range(-before, size + after - span + 1, stride)
    return Axis(len(starts), before, after)

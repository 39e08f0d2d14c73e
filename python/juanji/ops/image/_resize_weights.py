"""The sums that resize one axis, as sparse rows: output o is the sum of weight[j] · x[source[j]], first[o] <= j."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from juanji.autograd import Array


class Kernel(NamedTuple):
    """A function of the distance, zero beyond a radius."""

    radius: float
    function: Callable[[Array], Array]


class Sums(NamedTuple):
    """Rows one after the other; row o is first[o] to first[o + 1]."""

    first: Array
    source: Array
    weight: Array


def _triangle(x: Array) -> Array:
    return np.maximum(0.0, 1.0 - x)


def _cubic(x: Array) -> Array:
    """Keys, Cubic convolution interpolation for digital image processing, 1981, with a = -1/2."""
    near = ((1.5 * x - 2.5) * x) * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    result: Array = np.where(x < 1, near, np.where(x < 2, far, 0.0))
    return result


def _lanczos(radius: int) -> Callable[[Array], Array]:
    """Duchon, Lanczos filtering in one and two dimensions, 1979."""
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0.0)


KERNELS = {
    "bilinear": Kernel(1, _triangle),
    "bicubic": Kernel(2, _cubic),
    "lanczos3": Kernel(3, _lanczos(3)),
    "lanczos5": Kernel(5, _lanczos(5)),
}


def nearest_sources(sources: int, outputs: int) -> Array:
    """The source of every output. In float32 as Keras counts, which decides where two are equally near."""
    step = np.float32(sources) / np.float32(max(outputs, 1))
    places = np.floor((np.arange(outputs, dtype=np.float32) + np.float32(0.5)) * step)
    result: Array = np.minimum(places, sources - 1).astype(np.int64)
    return result


def resize_sums(interpolation: str, sources: int, outputs: int, antialias: bool) -> Sums:
    """How ``outputs`` elements come out of ``sources``; both are seen as cells of one interval.

    Args:
        interpolation: 'area' or a name in KERNELS.
        sources: elements along the axis, at least 1.
        outputs: elements afterwards.
        antialias: widen the kernel when there are fewer outputs than sources.
    """
    step = sources / max(outputs, 1)
    if interpolation == "area":
        return _area_sums(sources, outputs, step)
    kernel = KERNELS[interpolation]
    stretch = max(step, 1.0) if antialias else 1.0
    reach = kernel.radius * stretch
    centre = (np.arange(outputs) + 0.5)[:, None] * step
    source = np.ceil(centre - reach - 0.5).astype(np.int64) + np.arange(2 * int(np.ceil(reach)) + 1)
    weight = kernel.function(np.abs(source + 0.5 - centre) / stretch)
    weight *= (source >= 0) & (source < sources)
    return _sparse(source, weight / weight.sum(axis=1, keepdims=True))


def _area_sums(sources: int, outputs: int, step: float) -> Sums:
    begin = np.arange(outputs)[:, None] * step
    source = np.floor(begin).astype(np.int64) + np.arange(int(np.ceil(step)) + 1)
    overlap = np.minimum(source + 1, begin + step) - np.maximum(source, begin)
    weight = np.where(source < sources, np.maximum(overlap, 0.0), 0.0)
    return _sparse(source, weight / weight.sum(axis=1, keepdims=True))


def _sparse(source: Array, weight: Array) -> Sums:
    kept = weight != 0
    first = np.concatenate(([0], np.cumsum(kept.sum(axis=1))))
    return Sums(first, source[kept], weight[kept])


def transposed(sums: Sums, sources: int) -> Sums:
    """The sums of the gradient: what went from a source to an output comes back."""
    counts = np.diff(sums.first)
    outputs = np.repeat(np.arange(len(counts)), counts)
    order = np.argsort(sums.source, kind="stable")
    first = np.concatenate(([0], np.cumsum(np.bincount(sums.source, minlength=sources))))
    return Sums(first, outputs[order], sums.weight[order])


def as_lists(sums: Sums) -> tuple[Any, Any, Any]:
    """In the form that the native operation takes."""
    return sums.first.tolist(), sums.source.tolist(), sums.weight.tolist()

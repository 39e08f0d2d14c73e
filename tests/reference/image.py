"""Sampling and resizing, element by element, in float64."""

from __future__ import annotations

import math

import numpy as np


def outside(i, n, mode):
    """The element of an axis of n that stands for element i; None for a filled one."""
    if 0 <= i < n:
        return i
    if mode == "constant":
        return None
    if mode == "nearest":
        return min(max(i, 0), n - 1)
    pattern = {
        "wrap": list(range(n)),
        "mirror": list(range(n)) + list(range(n - 2, 0, -1)),
        "reflect": list(range(n)) + list(range(n - 1, -1, -1)),
    }[mode]
    return pattern[i % len(pattern)]


def _value(x, place, mode, fill):
    index = tuple(outside(i, n, mode) for i, n in zip(place, x.shape))
    return fill if None in index else x[index]


def map_coordinates(x, coordinates, order, mode, fill):
    x = np.asarray(x, np.float64)
    points = np.asarray(coordinates, np.float64)
    y = np.empty(points.shape[1:])
    for at in np.ndindex(y.shape):
        point = points[(slice(None), *at)]
        if order == 0:
            y[at] = _value(x, [int(np.rint(v)) for v in point], mode, fill)
            continue
        y[at] = 0
        for corner in np.ndindex((2,) * x.ndim):
            low = [math.floor(v) for v in point]
            weight = np.prod([v - a if c else 1 - (v - a) for v, a, c in zip(point, low, corner)])
            y[at] += weight * _value(x, [a + c for a, c in zip(low, corner)], mode, fill)
    return y


def fold(v, n, mode):
    """A coordinate brought inside an axis of n, by the rules of TensorFlow's projective transforms."""
    if mode == "constant" or 0 <= v <= n - 1:
        return v
    if mode == "nearest" or n == 1:
        return min(max(v, 0.0), n - 1.0)
    if mode == "wrap":
        v += n * (int(-v / (n - 1)) + 1) if v < 0 else -n * int(v / (n - 1))
    elif mode == "reflect":
        v = (v + 0.5) % (2 * n) - 0.5
        v = 2 * n - 1 - v if v >= n - 0.5 else v
    else:
        v = v % (2 * (n - 1))
        v = 2 * (n - 1) - v if v > n - 1 else v
    return min(max(v, 0.0), n - 1.0)


def affine_transform(images, transforms, interpolation, mode, fill):
    x = np.asarray(images, np.float64)
    n, height, width, channels = x.shape
    y = np.empty(x.shape)
    for i, row, column in np.ndindex(n, height, width):
        a0, a1, a2, b0, b1, b2, c0, c1 = np.asarray(transforms, np.float64)[i % len(transforms)]
        k = c0 * column + c1 * row + 1
        if k == 0:
            y[i, row, column] = fill
            continue
        v = fold((b0 * column + b1 * row + b2) / k, height, mode)
        u = fold((a0 * column + a1 * row + a2) / k, width, mode)
        if interpolation == "nearest":  # halves go away from zero
            v, u = (math.copysign(math.floor(abs(w) + 0.5), w) for w in (v, u))
        for c in range(channels):
            y[i, row, column, c] = map_coordinates(x[i, :, :, c], [[v], [u]], 1, "constant", fill)[0]
    return y


def kernel(interpolation):
    def lanczos(radius):
        return radius, lambda d: float(np.sinc(d) * np.sinc(d / radius)) if d < radius else 0.0

    def cubic(d):
        if d < 1:
            return 1.5 * d**3 - 2.5 * d**2 + 1
        return -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 if d < 2 else 0.0

    return {
        "bilinear": (1, lambda d: max(0.0, 1 - d)),
        "bicubic": (2, cubic),
        "lanczos3": lanczos(3),
        "lanczos5": lanczos(5),
    }[interpolation]


def resize_matrix(interpolation, sources, outputs, antialias):
    """(outputs, sources): what every source counts for in every output."""
    matrix = np.zeros((outputs, sources))
    step = sources / outputs
    for o in range(outputs):
        for i in range(sources):
            if interpolation == "nearest":
                matrix[o, i] = i == min(math.floor((o + 0.5) * step), sources - 1)
            elif interpolation == "area":
                matrix[o, i] = max(0.0, min(i + 1, (o + 1) * step) - max(i, o * step))
            else:
                stretch = max(step, 1.0) if antialias else 1.0
                matrix[o, i] = kernel(interpolation)[1](abs(i + 0.5 - (o + 0.5) * step) / stretch)
    return matrix / matrix.sum(axis=1, keepdims=True)


def resize(images, size, interpolation, antialias):
    rows = resize_matrix(interpolation, images.shape[1], size[0], antialias)
    columns = resize_matrix(interpolation, images.shape[2], size[1], antialias)
    return np.einsum("oh,pw,nhwc->nopc", rows, columns, np.asarray(images, np.float64))

"""Pooling, one output at a time, in float64."""

from __future__ import annotations

import numpy as np

from reference.window import geometry


def axes(x, size, strides, padding):
    return [geometry(x.shape[1 + a], size[a], strides[a], 1, padding, a) for a in (0, 1)]


def pool(x, reduce, size, strides, padding):
    """reduce(pixels of the window that lie inside the image) for each output pixel and channel."""
    n, h, w, c = x.shape
    x = x.astype(np.float64)
    rows, columns = axes(x, size, strides, padding)
    y = np.empty((n, rows.outputs, columns.outputs, c), np.float64)
    for i in range(rows.outputs):
        for j in range(columns.outputs):
            r, q = i * strides[0] - rows.before, j * strides[1] - columns.before
            window = x[:, max(r, 0) : min(r + size[0], h), max(q, 0) : min(q + size[1], w), :]
            y[:, i, j, :] = reduce(window.reshape(n, -1, c))
    return y


def max_pool(x, size, strides, padding):
    return pool(x, lambda window: window.max(axis=1), size, strides, padding)


def average_pool(x, size, strides, padding):
    return pool(x, lambda window: window.mean(axis=1), size, strides, padding)


def max_pool_gradient(x, dy, size, strides, padding):
    """dy added at the first maximum of each window."""
    n, h, w, c = x.shape
    rows, columns = axes(x, size, strides, padding)
    dx = np.zeros(x.shape, np.float64)
    for image, i, j, channel in np.ndindex(n, rows.outputs, columns.outputs, c):
        r, q = i * strides[0] - rows.before, j * strides[1] - columns.before
        window = x[image, max(r, 0) : min(r + size[0], h), max(q, 0) : min(q + size[1], w), channel]
        a, b = np.unravel_index(np.argmax(window), window.shape)
        dx[image, max(r, 0) + a, max(q, 0) + b, channel] += dy[image, i, j, channel]
    return dx


def average_pool_gradient(x, dy, size, strides, padding):
    """Each window's dy, spread evenly over its pixels inside the image."""
    _, h, w, _ = x.shape
    rows, columns = axes(x, size, strides, padding)
    dx = np.zeros(x.shape, np.float64)
    for i in range(rows.outputs):
        for j in range(columns.outputs):
            r, q = i * strides[0] - rows.before, j * strides[1] - columns.before
            window = dx[:, max(r, 0) : min(r + size[0], h), max(q, 0) : min(q + size[1], w), :]
            window += dy[:, i : i + 1, j : j + 1, :] / (window.shape[1] * window.shape[2])
    return dx

"""Depthwise convolution, one kernel element at a time, in float64."""

from __future__ import annotations

import numpy as np

from reference.window import geometry


def _taps(x_shape, kernel, strides, dilation, padding):
    """(p, q, slices of the padded image that kernel element (p, q) sees), and the padding for np.pad."""
    rows, columns = (geometry(x_shape[1 + a], kernel[a], strides[a], dilation[a], padding, a) for a in (0, 1))
    taps = []
    for p in range(kernel[0]):
        for q in range(kernel[1]):
            r, c = p * dilation[0], q * dilation[1]
            height, width = (rows.outputs - 1) * strides[0] + 1, (columns.outputs - 1) * strides[1] + 1
            taps.append((p, q, (slice(None), slice(r, r + height, strides[0]), slice(c, c + width, strides[1]))))
    return taps, ((0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0))


def depthwise(x, w, strides, padding, dilation):
    kh, kw, _, m = w.shape
    taps, pad = _taps(x.shape, (kh, kw), strides, dilation, padding)
    padded = np.repeat(np.pad(x.astype(np.float64), pad), m, axis=3)
    return sum(padded[s] * w[p, q].astype(np.float64).reshape(-1) for p, q, s in taps)


def input_gradient(x_shape, w, dy, strides, padding, dilation):
    kh, kw, c, m = w.shape
    taps, pad = _taps(x_shape, (kh, kw), strides, dilation, padding)
    n, h, width, _ = x_shape
    padded = np.zeros((n, h + sum(pad[1]), width + sum(pad[2]), c), np.float64)
    for p, q, s in taps:
        products = dy.astype(np.float64) * w[p, q].astype(np.float64).reshape(-1)
        padded[s] += products.reshape(*products.shape[:3], c, m).sum(axis=-1)
    return padded[:, pad[1][0] : pad[1][0] + h, pad[2][0] : pad[2][0] + width, :]


def weight_gradient(x, dy, kernel, strides, padding, dilation):
    c = x.shape[3]
    m = dy.shape[3] // c
    taps, pad = _taps(x.shape, kernel, strides, dilation, padding)
    padded = np.repeat(np.pad(x.astype(np.float64), pad), m, axis=3)
    dw = np.zeros((*kernel, c, m), np.float64)
    for p, q, s in taps:
        dw[p, q] = (padded[s] * dy.astype(np.float64)).sum(axis=(0, 1, 2)).reshape(c, m)
    return dw

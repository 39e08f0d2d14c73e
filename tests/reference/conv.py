"""Convolution and its gradients in float64, one kernel element at a time."""

from __future__ import annotations

import numpy as np

from reference.window import geometry


def _taps(x_shape, kernel, strides, dilation, padding):
    """The padding for np.pad, and per kernel element (p, q) the slices of the padded images that it sees."""
    rows, columns = (geometry(x_shape[1 + a], kernel[a], strides[a], dilation[a], padding, a) for a in (0, 1))
    pad = ((0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0))
    height, width = (rows.outputs - 1) * strides[0] + 1, (columns.outputs - 1) * strides[1] + 1
    taps = {}
    for p in range(kernel[0]):
        for q in range(kernel[1]):
            r, c = p * dilation[0], q * dilation[1]
            taps[p, q] = np.s_[:, r : r + height : strides[0], c : c + width : strides[1]]
    return pad, taps


def _groups(x, outputs, groups):
    """Per group: input channels and output channels."""
    c, o = x.shape[3] // groups, outputs // groups
    return [(slice(g * c, (g + 1) * c), slice(g * o, (g + 1) * o)) for g in range(groups)]


def conv2d(x, w, strides, padding, dilation, groups):
    x, w = x.astype(np.float64), w.astype(np.float64)
    pad, taps = _taps(x.shape, w.shape[:2], strides, dilation, padding)
    padded = np.pad(x, pad)
    parts = []
    for inputs, outputs in _groups(x, w.shape[3], groups):
        parts.append(sum(padded[s][..., inputs] @ w[p, q][:, outputs] for (p, q), s in taps.items()))
    return np.concatenate(parts, axis=-1)


def input_gradient(x, w, dy, strides, padding, dilation, groups):
    x, w, dy = x.astype(np.float64), w.astype(np.float64), dy.astype(np.float64)
    pad, taps = _taps(x.shape, w.shape[:2], strides, dilation, padding)
    dx = np.zeros_like(np.pad(x, pad))
    for inputs, outputs in _groups(x, w.shape[3], groups):
        for (p, q), s in taps.items():
            dx[(*s, inputs)] += dy[..., outputs] @ w[p, q][:, outputs].T
    return dx[:, pad[1][0] : pad[1][0] + x.shape[1], pad[2][0] : pad[2][0] + x.shape[2]]


def weight_gradient(x, w, dy, strides, padding, dilation, groups):
    x, dy = x.astype(np.float64), dy.astype(np.float64)
    pad, taps = _taps(x.shape, w.shape[:2], strides, dilation, padding)
    padded = np.pad(x, pad)
    dw = np.zeros(w.shape)
    for inputs, outputs in _groups(x, w.shape[3], groups):
        for (p, q), s in taps.items():
            dw[p, q][:, outputs] = np.tensordot(padded[s][..., inputs], dy[..., outputs], ([0, 1, 2], [0, 1, 2]))
    return dw

"""im2col, one kernel element at a time."""

from __future__ import annotations

import numpy as np

from reference.window import geometry


def im2col(x, kernel, strides, padding, dilation):
    n, _, _, c = x.shape
    rows, columns = (geometry(x.shape[1 + a], kernel[a], strides[a], dilation[a], padding, a) for a in (0, 1))
    padded = np.pad(x, ((0, 0), (rows.before, rows.after), (columns.before, columns.after), (0, 0)))
    cols = np.empty((n, rows.outputs, columns.outputs, *kernel, c), x.dtype)
    for i, j, p, q in np.ndindex(rows.outputs, columns.outputs, *kernel):
        cols[:, i, j, p, q] = padded[:, i * strides[0] + p * dilation[0], j * strides[1] + q * dilation[1]]
    return cols.reshape(n, rows.outputs, columns.outputs, -1)

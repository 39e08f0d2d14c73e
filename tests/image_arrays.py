"""Pictures and settings for the tests of operations on images, and how near their results must be."""

from __future__ import annotations

import numpy as np

DTYPES = ("float32", "float64")
MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
TRANSFORMS = (
    [1, 0, 0, 0, 1, 0, 0, 0],
    [1.53, 0, -2.21, 0, 1.31, -1.13, 0, 0],
    [0.8, -0.6, 3.137, 0.6, 0.8, -2.719, 0, 0],
    [4.1, 0.3, -31.27, -0.2, 5.3, 27.41, 0, 0],
    [1.1, 0.1, -0.7, -0.1, 0.9, 0.31, 0.02, -0.03],
)


def images(shape=(2, 5, 6, 3), dtype="float64", seed=0):
    return np.random.default_rng(seed).random(shape).astype(dtype)


def close(got, wanted, c, scale=1.0):
    assert got.shape == wanted.shape
    scale = max(scale, float(np.abs(wanted).max(initial=0.0)))
    np.testing.assert_allclose(got, wanted, rtol=0, atol=c * np.finfo(got.dtype).eps * scale)

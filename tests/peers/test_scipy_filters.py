"""Classical filters next to scipy.ndimage and scikit-image."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import ops

ndimage = pytest.importorskip("scipy.ndimage")

DOUBLE = np.finfo("float64").eps
SINGLE = np.finfo("float32").eps  # of the histograms of scikit-image
MODES = ("reflect", "constant", "nearest", "mirror", "wrap")


def image(shape=(17, 23), seed=0):
    return np.random.default_rng(seed).random(shape)


def close(got, wanted, c=16, eps=DOUBLE):
    assert got.shape == wanted.shape
    scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    np.testing.assert_allclose(got, wanted, rtol=0, atol=c * eps * scale)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (2, 4), (5, 1), (7, 6)])
def test_filter2d(size, mode):
    kernel = image(size, 1)
    close(ops.filters.filter2d(image(), kernel, mode, 0.3), ndimage.correlate(image(), kernel, mode=mode, cval=0.3), 64)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sigma", [0.0, 0.6, (1.3, 2.2), (0, 1)])
def test_gaussian_filter(sigma, mode):
    wanted = ndimage.gaussian_filter(image(), sigma, mode=mode, cval=0.3, truncate=3.0)
    close(ops.filters.gaussian_filter(image(), sigma, mode, 0.3, truncate=3.0), wanted)
    close(ops.filters.gaussian_filter(image(), 2.0, radius=2), ndimage.gaussian_filter(image(), 2.0, radius=2))


@pytest.mark.parametrize("mode", MODES)
def test_differences(mode):
    for axis in (0, 1, -1, -2):
        close(ops.filters.sobel(image(), axis, mode, 0.3), ndimage.sobel(image(), axis, mode=mode, cval=0.3))
    close(ops.filters.laplacian(image(), mode, 0.3), ndimage.laplace(image(), mode=mode, cval=0.3))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [1, 2, 3, (5, 4), 7, (1, 9)])
def test_median_filter(size, mode):
    wanted = ndimage.median_filter(image(), size, mode=mode, cval=0.3)
    np.testing.assert_array_equal(ops.filters.median_filter(image(), size, mode, 0.3), wanted)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", [0, 1])
def test_map_coordinates(order, mode):
    points = np.random.default_rng(4).uniform(-30, 50, (2, 200))
    ours = ops.image.map_coordinates(image(), points, order, mode, 0.3)
    # SciPy's other names interpolate beyond the edges in other ways.
    name = {"wrap": "grid-wrap", "constant": "grid-constant"}.get(mode, mode)
    wanted = ndimage.map_coordinates(image(), points, order=order, mode=name, cval=0.3)
    if mode == "constant" and order == 1:  # SciPy fills beyond half a pixel, Keras interpolates with what it fills
        inside = ((points > 0) & (points < np.array([[16], [22]]))).all(axis=0)
        ours, wanted = ours[inside], wanted[inside]
    close(ours, wanted, 64)


def blocks(shape=(48, 56)):
    """Smooth shapes with a little noise, as edges need."""
    i, j = np.indices(shape)
    picture = ((i - 20) ** 2 + (j - 22) ** 2 < 150) * 0.7 + ((i > 30) & (j > 35)) * 0.9
    return picture + 0.05 * np.random.default_rng(2).random(shape)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"sigma": 2.0},
        {"sigma": 0.7, "low_threshold": 0.05, "high_threshold": 0.6},
        {"low_threshold": 0.7, "high_threshold": 0.95, "use_quantiles": True},
    ],
)
def test_canny(arguments, mode):
    feature = pytest.importorskip("skimage.feature")
    wanted = feature.canny(blocks(), **arguments, mode=mode)
    assert 0 < wanted.sum() < wanted.size // 2
    np.testing.assert_array_equal(ops.filters.canny(blocks(), **arguments, mode=mode), wanted)


def test_canny_of_whole_numbers():
    feature = pytest.importorskip("skimage.feature")
    picture = (blocks() * 150).astype("uint8")
    for arguments in ({}, {"low_threshold": 20, "high_threshold": 60}):
        np.testing.assert_array_equal(ops.filters.canny(picture, **arguments), feature.canny(picture, **arguments))


@pytest.mark.parametrize("norm", ["L1", "L1-sqrt", "L2", "L2-Hys"])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"orientations": 7, "pixels_per_cell": (5, 6), "cells_per_block": (2, 1)},
        {"transform_sqrt": True, "feature_vector": False},
    ],
)
def test_hog(arguments, norm):
    feature = pytest.importorskip("skimage.feature")
    x = image((37, 42))
    close(ops.filters.hog(x, **arguments, block_norm=norm), feature.hog(x, **arguments, block_norm=norm), 16, SINGLE)
    x = image((37, 42, 3))
    wanted = feature.hog(x, **arguments, block_norm=norm, channel_axis=-1)
    close(ops.filters.hog(x, **arguments, block_norm=norm), wanted, 16, SINGLE)

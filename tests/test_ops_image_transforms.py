"""Moves of the points of images against their definitions: affine, perspective, at given coordinates."""

from __future__ import annotations

import numpy as np
import pytest

import juanji
from image_arrays import DTYPES, MODES, TRANSFORMS, close, images
from juanji import ops
from reference import image as reference
from reference.gradients import check_gradients, check_second_gradients


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("shape", [(2, 5, 6, 3), (1, 1, 7, 1), (1, 6, 1, 4), (2, 1, 1, 5)])
def test_affine_transform(shape, interpolation, mode, dtype):
    x = images(shape, dtype)
    for transform in TRANSFORMS:
        got = ops.image.affine_transform(x, transform, interpolation, mode, 0.25)
        assert got.dtype == dtype
        # an error of eps · 100 in a coordinate counts as much in the value
        close(got, reference.affine_transform(x, [transform], interpolation, mode, 0.25), 128)


def test_affine_transform_of_each_image():
    x = images((5, 4, 6, 2))
    got = ops.image.affine_transform(x, TRANSFORMS, "bilinear", "reflect")
    for i, transform in enumerate(TRANSFORMS):
        np.testing.assert_array_equal(got[i], ops.image.affine_transform(x[i], transform, "bilinear", "reflect"))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_affine_transform_gradients(interpolation, mode):
    x = images((2, 3, 4, 2))
    for transform in TRANSFORMS[1:]:
        check_gradients(lambda t, a=transform: ops.image.affine_transform(t, a, interpolation, mode, 0.5), x)
    check_second_gradients(lambda t: ops.image.affine_transform(t, TRANSFORMS[2], interpolation, mode) ** 2, x[:1])


def test_affine_transform_has_no_gradient_by_the_transform():
    transform = juanji.Variable(np.array(TRANSFORMS[1]))
    with juanji.GradientTape() as tape:
        y = ops.image.affine_transform(images(), transform)
    assert tape.gradient(y, transform) is None


def test_a_transform_without_a_pixel_or_without_end():
    x = images((1, 3, 3, 1))
    nowhere = ops.image.affine_transform(x, [1, 0, 0, 0, 1, 0, -1, 0], "nearest", "nearest", 7.0)
    assert (nowhere[0, :, 1] == 7).all()  # k = 0
    for value in (1e30, -1e30, np.inf, -np.inf):
        far = ops.image.affine_transform(x, [1, 0, value, 0, 1, 0, 0, 0], "bilinear", "constant", 7.0)
        np.testing.assert_array_equal(far, np.full((1, 3, 3, 1), 7.0))
        for mode in MODES[1:]:
            assert np.isfinite(ops.image.affine_transform(x, [1, 0, value, 0, 1, 0, 0, 0], "bilinear", mode)).all()
    unknown = ops.image.affine_transform(x, [1, 0, np.nan, 0, 1, 0, 0, 0])
    assert np.isnan(unknown).all()


def test_perspective_moves_the_points():
    rng = np.random.default_rng(3)
    start = np.array([[0, 0], [0, 9], [9, 0], [9, 9]], float)
    end = np.stack([start + rng.uniform(-2, 2, (4, 2)) for _ in range(3)])
    starts = np.stack([start] * 3)
    x = np.stack(np.meshgrid(np.arange(10.0), np.arange(10.0)), -1)[None].repeat(3, 0)  # its own coordinates
    from juanji.ops.image._transform import homography

    a = homography(starts, end)
    for i in range(3):
        for j in range(4):
            u, v = end[i, j]
            k = a[i, 6] * u + a[i, 7] * v + 1
            moved = ((a[i, :2] @ [u, v] + a[i, 2]) / k, (a[i, 3:5] @ [u, v] + a[i, 5]) / k)
            np.testing.assert_allclose(moved, start[j], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(
        ops.image.perspective_transform(x, starts, end, fill_value=-1),
        ops.image.affine_transform(x, a, fill_value=-1),
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("shape", [(7,), (1,), (4, 5), (1, 3), (3, 2, 4), (2, 3, 1, 2)])
def test_map_coordinates(shape, order, mode, dtype):
    x = images(shape, dtype)
    points = np.random.default_rng(1).uniform(-9, 15, (len(shape), 4, 9)).astype(dtype)
    points[:, 0] = np.rint(points[:, 0])
    points[:, 1] = np.rint(points[:, 1]) + 0.5
    got = ops.image.map_coordinates(x, points, order, mode, 0.25)
    assert got.dtype == dtype
    close(got, reference.map_coordinates(x, points, order, mode, 0.25), 16)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 3)])
def test_map_coordinates_gradients(shape, mode):
    x = images(shape)
    points = np.random.default_rng(1).uniform(-3, 6, (len(shape), 5))
    check_gradients(lambda t, p: ops.image.map_coordinates(t, p, 1, mode, 0.5), x, points)
    check_gradients(lambda t: ops.image.map_coordinates(t, points, 0, mode, 0.5), x)


def test_map_coordinates_second_gradient():
    points = np.random.default_rng(1).uniform(-2, 5, (2, 6))
    check_second_gradients(lambda t: ops.image.map_coordinates(t, points, 1, "wrap") ** 3, images((3, 4)))

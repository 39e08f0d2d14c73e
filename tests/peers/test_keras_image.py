"""keras.ops.image next to Keras on TensorFlow."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import juanji
from juanji import ops

if importlib.util.find_spec("tensorflow") is None or importlib.util.find_spec("keras") is None:
    pytest.skip("Keras and TensorFlow are not installed", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore")
EPS = float(np.finfo("float32").eps)


def images(shape=(2, 7, 9, 3), seed=0, dtype="float32"):
    rng = np.random.default_rng(seed)
    return (rng.random(shape) * (255 if dtype == "uint8" else 1)).astype(dtype)


def keras_image():
    import keras

    return keras.ops.image


def same(got, wanted, c=64, absolute=0.0):
    wanted = np.asarray(wanted)
    assert got.shape == wanted.shape
    assert got.dtype == wanted.dtype
    atol = c * EPS * max(1.0, float(np.abs(wanted).max(initial=0.0))) + absolute
    atol += wanted.dtype.kind in "iu" and c > 0  # rounding errors may decide between two numbers
    np.testing.assert_allclose(np.asarray(got, "float64"), np.asarray(wanted, "float64"), rtol=0, atol=atol)


def same_gradients(name, x, *args, c=64, **kwargs):
    import tensorflow as tf

    f, g = getattr(ops.image, name), getattr(keras_image(), name)
    ours, theirs = juanji.Variable(x), tf.Variable(x)
    with juanji.GradientTape() as tape:
        y = f(ours, *args, **kwargs)
    dy = np.random.default_rng(5).standard_normal(y.shape).astype("float32")
    dx = tape.gradient(y, ours, output_gradients=dy).numpy()
    with tf.GradientTape() as tape:
        y = g(theirs, *args, **kwargs)
    same(dx, tape.gradient(y, theirs, output_gradients=tf.constant(dy)), c)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("size", [(4, 5), (13, 20), (7, 3), (1, 1), (7, 9)])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area"])
def test_resize(interpolation, size, antialias):
    x = images()
    wanted = keras_image().resize(x, size, interpolation, antialias)
    # TensorFlow's bicubic weights without antialiasing come from a table of 1024 positions.
    table = 2e-3 if interpolation == "bicubic" and not antialias else 0.0
    same(ops.image.resize(x, size, interpolation, antialias), wanted, absolute=table)


@pytest.mark.parametrize("size", [(4, 5), (12, 4), (3, 30)])
@pytest.mark.parametrize("how", ["crop_to_aspect_ratio", "pad_to_aspect_ratio"])
def test_resize_keeps_proportions(how, size):
    for x in (images(), images((8, 5, 3))):
        wanted = keras_image().resize(x, size, **{how: True}, fill_value=0.5)
        same(ops.image.resize(x, size, **{how: True}, fill_value=0.5), wanted)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "area"])
def test_resize_whole_numbers_and_channels_first(interpolation):
    x = images(dtype="uint8")
    same(ops.image.resize(x, (4, 5), interpolation), keras_image().resize(x, (4, 5), interpolation))
    x = np.moveaxis(images(), -1, 1)
    kwargs = {"data_format": "channels_first"}
    same(ops.image.resize(x, (4, 5), interpolation, **kwargs), keras_image().resize(x, (4, 5), interpolation, **kwargs))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "lanczos3"])
@pytest.mark.parametrize("size", [(4, 5), (13, 20)])
def test_resize_gradients(interpolation, size):
    same_gradients("resize", images(), size, interpolation)


TRANSFORMS = {
    "zoom": [1.5, 0, -2.2, 0, 1.3, -1.1, 0, 0],
    "turn": [0.8, -0.6, 3.137, 0.6, 0.8, -2.719, 0, 0],
    "far": [4.0, 0.3, -31.2, -0.2, 5.0, 27.4, 0, 0],
    "perspective": [1.1, 0.1, -0.7, -0.1, 0.9, 0.3, 0.02, -0.03],
}


@pytest.mark.parametrize("fill_mode", ["constant", "nearest", "wrap", "reflect"])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_affine_transform(name, interpolation, fill_mode):
    transform = np.array([TRANSFORMS[name], [1, 0, 2, 0, 1, -1, 0, 0]], "float32")
    args = (interpolation, fill_mode, 0.25)
    x = images()
    same(ops.image.affine_transform(x, transform, *args), keras_image().affine_transform(x, transform, *args))
    same(
        ops.image.affine_transform(x[0], transform[0], *args),
        keras_image().affine_transform(x[0], transform[0], *args),
    )
    x = np.moveaxis(x, -1, 1)
    same(
        ops.image.affine_transform(x, transform[:1], *args, "channels_first"),
        keras_image().affine_transform(x, transform[:1], *args, "channels_first"),
    )


def test_affine_transform_of_whole_numbers():
    x = images(dtype="uint8")
    transform = np.array(TRANSFORMS["turn"], "float32")
    same(ops.image.affine_transform(x, transform), keras_image().affine_transform(x, transform))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_perspective_transform(interpolation):
    start = np.array([[[0, 0], [0, 7], [9, 0], [9, 7]]] * 2, "float32")
    end = start + np.random.default_rng(3).uniform(-1.5, 1.5, (2, 4, 2)).astype("float32")
    x = images()
    args = (interpolation, 0.5)
    wanted = keras_image().perspective_transform(x, start, end, *args)
    same(ops.image.perspective_transform(x, start, end, *args), wanted, c=1024)
    wanted = keras_image().perspective_transform(x[0], start[1], end[1], *args)
    same(ops.image.perspective_transform(x[0], start[1], end[1], *args), wanted, c=1024)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("shape", [(11,), (5, 7), (3, 4, 5)])
@pytest.mark.parametrize("fill_mode", ["constant", "nearest", "wrap"])
def test_map_coordinates(fill_mode, shape, order):
    points = np.random.default_rng(4).uniform(-6, 13, (len(shape), 4, 6)).astype("float32")
    x = images(shape)
    args = (order, fill_mode, 0.5)
    same(ops.image.map_coordinates(x, points, *args), keras_image().map_coordinates(x, points, *args))
    x = images(shape, dtype="uint8").astype("int32")
    same(ops.image.map_coordinates(x, points, *args), keras_image().map_coordinates(x, points, *args))


@pytest.mark.parametrize("mode", ["mirror", "reflect"])
def test_map_coordinates_inside(mode):
    # Outside, Keras on TensorFlow does not mirror as its documentation says.
    points = np.random.default_rng(4).uniform(0, 3.9, (2, 50)).astype("float32")
    x = images((5, 7))
    same(ops.image.map_coordinates(x, points, 1, mode), keras_image().map_coordinates(x, points, 1, mode))


def test_map_coordinates_gradients():
    import tensorflow as tf

    points = np.random.default_rng(4).uniform(-2, 7, (2, 30)).astype("float32")
    x = images((5, 7))
    inputs = [juanji.Variable(x), juanji.Variable(points)]
    with juanji.GradientTape() as tape:
        y = ops.image.map_coordinates(*inputs, 1, "nearest")
    dy = np.random.default_rng(5).standard_normal(y.shape).astype("float32")
    ours = tape.gradient(y, inputs, output_gradients=dy)
    inputs = [tf.Variable(x), tf.Variable(points)]
    with tf.GradientTape() as tape:
        y = keras_image().map_coordinates(*inputs, 1, "nearest")
    theirs = tape.gradient(y, inputs, output_gradients=tf.constant(dy))
    for a, b in zip(ours, theirs):
        same(a.numpy(), tf.convert_to_tensor(b))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("name", ["rgb_to_grayscale", "rgb_to_hsv", "hsv_to_rgb", "sobel_edges", "gaussian_blur"])
def test_of_one_image_or_many(name, data_format):
    for x in (images(), images((5, 6, 3))):
        if name == "sobel_edges" and x.ndim == 3:
            continue
        x = np.moveaxis(x, -1, -3) if data_format == "channels_first" else x
        f, g = getattr(ops.image, name), getattr(keras_image(), name)
        same(f(x, data_format=data_format), g(x, data_format=data_format))


@pytest.mark.parametrize("name", ["rgb_to_grayscale", "rgb_to_hsv", "sobel_edges", "gaussian_blur"])
def test_gradients(name):
    same_gradients(name, images())


def test_grayscale_of_whole_numbers():
    x = images(dtype="uint8")
    same(ops.image.rgb_to_grayscale(x), keras_image().rgb_to_grayscale(x))


def test_hsv_of_equal_channels():
    x = np.array([[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.2], [0.2, 0.7, 0.7], [0.7, 0.2, 0.7], [1, 0, 0]], "float32")
    same(ops.image.rgb_to_hsv(x[None]), keras_image().rgb_to_hsv(x[None]))


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (5, 5), (4, 4), (3, 5), (15, 15)])
def test_gaussian_blur(size):
    args = (size, (0.8, 2.3))
    same(ops.image.gaussian_blur(images(), *args), keras_image().gaussian_blur(images(), *args))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("size", "strides", "dilation"), [(3, None, 1), ((2, 3), (1, 2), 1), ((2, 2), 1, 2)])
def test_extract_patches(size, strides, dilation, padding):
    args = (size, strides, dilation, padding)
    for x in (images(), images()[0]):
        same(ops.image.extract_patches(x, *args), keras_image().extract_patches(x, *args))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("size", "strides", "dilation"), [(2, None, 1), ((2, 3, 1), (1, 2, 3), 1), ((2, 2, 2), 1, 2)])
def test_extract_patches_3d(size, strides, dilation, padding):
    args = (size, strides, dilation, padding)
    for x in (images((2, 5, 6, 7, 2)), images((4, 6, 5, 1))):
        same(ops.image.extract_patches_3d(x, *args), keras_image().extract_patches_3d(x, *args))


def test_crop_and_pad():
    x = images()
    for kwargs in (
        {"top_cropping": 1, "left_cropping": 2, "target_height": 3, "target_width": 4},
        {"bottom_cropping": 1, "right_cropping": 2, "target_height": 3, "target_width": 4},
        {"top_cropping": 1, "bottom_cropping": 2, "left_cropping": 0, "right_cropping": 3},
    ):
        same(ops.image.crop_images(x, **kwargs), keras_image().crop_images(x, **kwargs), c=0)
        padding = {name.replace("cropping", "padding"): v + 10 * ("target" in name) for name, v in kwargs.items()}
        same(ops.image.pad_images(x, **padding), keras_image().pad_images(x, **padding), c=0)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("method", ["linear", "bicubic", "lanczos3", "lanczos5"])
def test_scale_and_translate(method, antialias):
    for scale in ([0.4, 1.7], [1.0, 0.9]):
        args = ((2, 6, 11, 3), np.array(scale, "float32"), np.array([1.3, -2.2], "float32"), (1, 2), method, antialias)
        x = images()
        same(ops.image.scale_and_translate(x, *args), keras_image().scale_and_translate(x, *args))


def test_bicubic_without_a_table():
    args = (np.array([6 / 7, 2.0], "float32"), np.zeros(2, "float32"), (1, 2), "cubic", False)
    wanted = keras_image().scale_and_translate(images(), (2, 6, 18, 3), *args)
    same(ops.image.resize(images(), (6, 18), "bicubic"), wanted)


def test_ssim():
    x, y = images((2, 16, 18, 3)), images((2, 16, 18, 3), 1)
    same(ops.image.ssim(x, y), keras_image().ssim(x, y), c=256)
    same(ops.image.ssim(x[0], y[0], 2.0, 5, 1.1), keras_image().ssim(x[0], y[0], 2.0, 5, 1.1), c=256)
    same_gradients("ssim", x, y, c=256)


def test_elastic_transform_has_the_shape_and_range():
    x = images((2, 12, 14, 3))
    y = ops.image.elastic_transform(x, seed=3)
    wanted = np.asarray(keras_image().elastic_transform(x, seed=3))
    assert y.shape == wanted.shape
    assert y.min() >= x.min() - EPS
    assert y.max() <= x.max() + EPS

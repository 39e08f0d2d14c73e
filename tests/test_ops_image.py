"""Operations on images against their definitions: sizes, colours, filters, patches, layouts."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

import juanji
from image_arrays import DTYPES, TRANSFORMS, close, images
from juanji import Tensor, ops
from reference import image as reference
from reference.gradients import check_gradients, check_second_gradients


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("size", [(5, 6), (3, 4), (11, 13), (1, 1), (2, 17), (10, 3)])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area"])
def test_resize(interpolation, size, antialias, dtype):
    for channels in (1, 3, 4):
        x = images((2, 5, 6, channels), dtype)
        got = ops.image.resize(x, size, interpolation, antialias)
        assert got.dtype == dtype
        close(got, reference.resize(x, size, interpolation, antialias), 0 if interpolation == "nearest" else 8)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos3", "area"])
@pytest.mark.parametrize("size", [(2, 5), (5, 2)])
def test_resize_gradients(interpolation, size):
    x = images((2, 3, 4, 2))
    check_gradients(lambda t: ops.image.resize(t, size, interpolation, antialias=True), x)
    check_second_gradients(lambda t: ops.image.resize(t, size, interpolation) ** 2, x[:1])


def test_resize_one_to_one_and_from_one_pixel():
    x = images()
    np.testing.assert_array_equal(ops.image.resize(x, x.shape[1:3], "lanczos5"), x)
    for interpolation in ("nearest", "bilinear", "bicubic", "lanczos3", "area"):
        got = ops.image.resize(images((1, 1, 1, 2)), (3, 4), interpolation)
        close(got, np.broadcast_to(images((1, 1, 1, 2)), (1, 3, 4, 2)), 2)


def test_resize_keeps_proportions():
    x = images((1, 4, 8, 1))
    np.testing.assert_array_equal(
        ops.image.resize(x, (2, 2), crop_to_aspect_ratio=True), ops.image.resize(x[:, :, 2:6], (2, 2))
    )
    padded = np.pad(x, ((0, 0), (2, 2), (0, 0), (0, 0)), constant_values=3.0)
    np.testing.assert_array_equal(
        ops.image.resize(x, (2, 2), pad_to_aspect_ratio=True, fill_value=3.0), ops.image.resize(padded, (2, 2))
    )


def test_resize_whole_numbers_are_rounded_and_limited():
    x = np.array([0, 255, 255, 0], "uint8").reshape(1, 4, 1)
    got = ops.image.resize(x, (1, 7), "bicubic")
    assert got.dtype == "uint8"
    exact = reference.resize(x[None], (1, 7), "bicubic", False)[0]
    np.testing.assert_array_equal(got, np.clip(np.rint(exact), 0, 255))
    assert exact.max() > 255.5


@pytest.mark.parametrize("dtype", DTYPES)
def test_hsv(dtype):
    x = images((2, 5, 6, 3), dtype)
    x[0, 0, :4] = [[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.25], [0.75, 0.25, 0.75]]
    wanted = np.apply_along_axis(lambda pixel: colorsys.rgb_to_hsv(*pixel), -1, x.astype("float64"))
    got = ops.image.rgb_to_hsv(x)
    assert got.dtype == dtype
    close(got, wanted, 16)
    close(ops.image.hsv_to_rgb(got), x.astype("float64"), 16)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("pixels", [3, 5, 9, 16, 17, 100])
@pytest.mark.parametrize("function", [ops.image.rgb_to_hsv, ops.image.hsv_to_rgb])
def test_a_pixel_has_the_same_colour_wherever_it_lies(function, pixels, dtype):
    x, dy = Tensor(images((pixels, 1, 1, 3), dtype)), images((pixels, 1, 1, 3), dtype, seed=1)
    with juanji.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    dx = tape.gradient(y, x, output_gradients=dy).numpy()
    for i in range(pixels):
        one = Tensor(x.numpy()[i])
        with juanji.GradientTape() as tape:
            tape.watch(one)
            alone = function(one)
        np.testing.assert_array_equal(alone.numpy(), y.numpy()[i])
        np.testing.assert_array_equal(tape.gradient(alone, one, output_gradients=dy[i]).numpy(), dx[i])


def test_hsv_gradients():
    x = images((1, 4, 5, 3))
    check_gradients(ops.image.rgb_to_hsv, x)
    check_gradients(ops.image.hsv_to_rgb, x)


def test_grayscale():
    x = images((2, 3, 4, 3), "float32")
    close(ops.image.rgb_to_grayscale(x), x.astype("float64") @ np.array([[0.2989], [0.5870], [0.1140]]), 4)
    check_gradients(ops.image.rgb_to_grayscale, images((1, 2, 2, 3)))
    gray = images((2, 3, 1))
    np.testing.assert_array_equal(ops.image.rgb_to_grayscale(gray), gray)


def blurred(x, kernel):
    """Correlation with zeros outside, pixel by pixel; even kernels reach further to the right and down."""
    kh, kw = kernel.shape
    padded = np.pad(x, ((0, 0), ((kh - 1) // 2, kh // 2), ((kw - 1) // 2, kw // 2), (0, 0)))
    h, w = x.shape[1:3]
    windows = ((i, j, padded[:, i : i + h, j : j + w]) for i in range(kh) for j in range(kw))
    return sum(kernel[i, j] * part for i, j, part in windows)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_gaussian_blur(size, dtype):
    x = images((2, 5, 6, 4), dtype)
    places = np.arange(size) - (size - 1) / 2
    lines = [np.exp(-0.5 * (places / sigma) ** 2) for sigma in (0.7, 1.9)]
    across, down = (line / line.sum() for line in lines)
    got = ops.image.gaussian_blur(x, (size, size), (0.7, 1.9))
    assert got.dtype == dtype
    close(got, blurred(x.astype("float64"), np.outer(down, across)), 16)


def test_gaussian_blur_gradients():
    check_gradients(lambda x, s: ops.image.gaussian_blur(x, (3, 3), s), images((1, 3, 4, 2)), [0.8, 1.4])
    check_gradients(lambda x: ops.image.gaussian_blur(x, (5, 5)), images((1, 3, 4, 1)))


def test_sobel_edges():
    x = images((2, 4, 5, 3))
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    down = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    wanted = np.stack([blurred(padded, kernel)[:, 1:-1, 1:-1] for kernel in (down, down.T)], -1)
    close(ops.image.sobel_edges(x), wanted, 8)
    check_gradients(ops.image.sobel_edges, x[:1, :3, :3, :1])


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_patches(padding):
    x = images((2, 7, 8, 3))
    got = ops.image.extract_patches(x, (2, 3), (3, 2), padding=padding)
    if padding == "same":  # 7 rows in steps of 3: 3 patches over 8; 8 columns in steps of 2: 4 patches over 9
        x = np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
    for i, j in np.ndindex(got.shape[1:3]):
        np.testing.assert_array_equal(got[:, i, j], x[:, 3 * i : 3 * i + 2, 2 * j : 2 * j + 3].reshape(2, -1))


def test_patches_of_volumes():
    x = images((2, 5, 6, 7, 2))
    got = ops.image.extract_patches_3d(x, (2, 3, 2), (1, 2, 3))
    assert got.shape == (2, 4, 2, 2, 24)
    for i, j, k in np.ndindex(got.shape[1:4]):
        wanted = x[:, i : i + 2, 2 * j : 2 * j + 3, 3 * k : 3 * k + 2].reshape(2, -1)
        np.testing.assert_array_equal(got[:, i, j, k], wanted)
    np.testing.assert_array_equal(ops.image.extract_patches(x, (2, 3, 2), (1, 2, 3)), got)
    check_gradients(lambda t: ops.image.extract_patches_3d(t, 2, 1, padding="same"), x[:1, :2, :3, :2, :1])


def test_crop_and_pad():
    x = images((2, 5, 6, 3))
    np.testing.assert_array_equal(ops.image.crop_images(x, 1, 2, 2, 1), x[:, 1:3, 2:5])
    np.testing.assert_array_equal(
        ops.image.crop_images(x, bottom_cropping=1, left_cropping=2, target_height=3, target_width=2), x[:, 1:4, 2:4]
    )
    wanted = np.pad(x, ((0, 0), (1, 2), (0, 3), (0, 0)))
    np.testing.assert_array_equal(ops.image.pad_images(x, 1, 0, 2, 3), wanted)
    np.testing.assert_array_equal(
        ops.image.pad_images(x, top_padding=1, right_padding=3, target_height=8, target_width=9), wanted
    )


def scaled(x, size, scale, translation, method, antialias):
    """One axis, element by element."""
    _, kernel = reference.kernel(method)
    y = np.zeros(size)
    for o in range(size):
        centre = (o + 0.5 - translation) / scale
        if not 0 <= centre <= len(x):
            continue
        stretch = max(1 / scale, 1.0) if antialias else 1.0
        weights = np.array([kernel(abs(i + 0.5 - centre) / stretch) for i in range(len(x))])
        y[o] = weights @ x / weights.sum() if abs(weights.sum()) > 1e-3 else 0
    return y


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("method", ["bilinear", "bicubic", "lanczos3", "lanczos5"])
def test_scale_and_translate(method, antialias):
    x = images((3, 8))
    for scale, translation in ((1.0, 0.0), (1.7, -2.3), (0.4, 1.1), (0.9, 0.26)):
        got = ops.image.scale_and_translate(x, (3, 6), [scale], [translation], (1,), method, antialias)
        # the formula of Lanczos takes distances below 1e-3 for 0: 1 - 2e-6
        tolerance = 1e10 if method.startswith("lanczos") else 16
        close(got, np.stack([scaled(row, 6, scale, translation, method, antialias) for row in x]), tolerance)


def test_scale_and_translate_gradients_and_whole_numbers():
    def function(x, scale, translation):
        return ops.image.scale_and_translate(x, (3, 6), scale, translation, (0, 1), "cubic")

    check_gradients(function, images((4, 5)), [0.83, 1.31], [0.2, -0.6])
    x = np.array([[0, 200, 200, 0]], "int32")
    got = ops.image.scale_and_translate(x, (1, 8), [2.0], [0.0], (1,), "cubic")
    assert got.dtype == "int32"
    assert got.max() == 200
    assert got.min() == 0


def test_ssim():
    x, y = images((2, 8, 9, 2)), images((2, 8, 9, 2), seed=1)
    line = np.exp(-0.5 * ((np.arange(5) - 2) / 1.5) ** 2)
    window = np.outer(line, line) / line.sum() ** 2
    wanted = np.empty((2, 4, 5, 2))
    for n, i, j, c in np.ndindex(wanted.shape):
        a, b = (z[n, i : i + 5, j : j + 5, c] for z in (x, y))
        mean_a, mean_b = (window * a).sum(), (window * b).sum()
        covariance = (window * (a - mean_a) * (b - mean_b)).sum()
        variances = (window * (a - mean_a) ** 2).sum() + (window * (b - mean_b) ** 2).sum()
        c1, c2 = 0.01**2, 0.03**2
        wanted[n, i, j, c] = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
        wanted[n, i, j, c] /= (mean_a**2 + mean_b**2 + c1) * (variances + c2)
    close(ops.image.ssim(x, y, filter_size=5), wanted.mean((1, 2, 3)), 256)
    check_gradients(lambda a, b: ops.image.ssim(a, b, filter_size=3), x[:1, :4, :4], y[:1, :4, :4])


def test_elastic_transform():
    x = images((3, 12, 9, 2), "float32")
    y = ops.image.elastic_transform(x, alpha=10.0, sigma=2.0, seed=4)
    assert y.shape == x.shape
    assert y.dtype == "float32"
    np.testing.assert_array_equal(ops.image.elastic_transform(x, 10.0, 2.0, seed=4), y)
    assert (ops.image.elastic_transform(x, 10.0, 2.0, seed=5) != y).any()
    np.testing.assert_array_equal(ops.image.elastic_transform(x, 0.0, 2.0, seed=4), x)
    check_gradients(lambda t: ops.image.elastic_transform(t, 3.0, 1.0, seed=1), images((2, 3, 4, 1)))


LAYOUTS = {
    "affine_transform": (TRANSFORMS[1],),
    "elastic_transform": (1.0, 1.0, "bilinear", "reflect", 0.0, 7),
    "extract_patches": (2,),
    "gaussian_blur": (),
    "hsv_to_rgb": (),
    "perspective_transform": ([[0, 0], [0, 4], [5, 0], [5, 4]], [[1, 0], [0, 4], [5, 1], [5, 4]]),
    "resize": ((3, 4),),
    "rgb_to_grayscale": (),
    "rgb_to_hsv": (),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_one_image_and_channels_first(name):
    function, args = getattr(ops.image, name), LAYOUTS[name]
    x = images((1, 5, 6, 3))
    batch = function(x, *args)
    np.testing.assert_array_equal(function(x[0], *args), batch[0])
    moved = function(np.moveaxis(x, -1, 1), *args, data_format="channels_first")
    np.testing.assert_array_equal(np.moveaxis(moved, 1, -1), batch)
    with pytest.raises(ValueError, match="unknown data format; expected 'channels_last' or 'channels_first'"):
        function(x, *args, data_format="hwc")
    with pytest.raises(ValueError, match=f"{'affine' if name == 'perspective_transform' else name}.*rank 3"):
        function(x[0, 0], *args)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_same_bits_with_any_number_of_threads(name):
    x = images((7, 40, 33, 3), "float32")

    def run():
        variable = juanji.Variable(x)
        with juanji.GradientTape() as tape:
            y = getattr(ops.image, name)(variable, *LAYOUTS[name])
        return y.numpy(), tape.gradient(y, variable, output_gradients=y.numpy()).numpy()

    threads = juanji.config.num_threads()
    results = []
    for n in (1, 2, 5):
        juanji.config.set_num_threads(n)
        results.append(run())
    juanji.config.set_num_threads(threads)
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)


def test_symbolic():
    inputs = juanji.Input((8, 8, 3))
    x = ops.image.resize(inputs, (4, 4))
    x = ops.image.affine_transform(x, TRANSFORMS[1])
    model = juanji.Model(inputs, ops.image.rgb_to_grayscale(x))
    assert model.output.shape == (None, 4, 4, 1)
    images_ = images((3, 8, 8, 3), "float32")
    wanted = ops.image.rgb_to_grayscale(ops.image.affine_transform(ops.image.resize(images_, (4, 4)), TRANSFORMS[1]))
    np.testing.assert_array_equal(model.predict(images_, verbose=0), wanted)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: ops.image.affine_transform(x, [1, 2]), r"transform does not fit.*got transform.shape=\(1, 2\)"),
        (lambda x: ops.image.affine_transform(x, TRANSFORMS[:3]), r"transform does not fit.*\(3, 8\)"),
        (lambda x: ops.image.affine_transform(x, TRANSFORMS[0], "cubic"), "unknown interpolation.*'cubic'"),
        (lambda x: ops.image.affine_transform(x, TRANSFORMS[0], fill_mode="edge"), "unknown fill_mode.*'edge'"),
        (lambda x: ops.image.resize(x, (0, 2)), r"no such size.*got size=\(0, 2\)"),
        (lambda x: ops.image.resize(x, 3), "no such size.*got size=3"),
        (lambda x: ops.image.resize(x, (2, 2), "cubic"), "unknown interpolation.*'cubic'"),
        (lambda x: ops.image.resize(x, (2, 2), fill_mode="nearest"), "unknown fill_mode.*'nearest'"),
        (lambda x: ops.image.resize(x, (2, 2), "area", False, True, True), "cropped or padded"),
        (lambda x: ops.image.resize(x[:, :0], (2, 2)), "images are empty"),
        (lambda x: ops.image.map_coordinates(x, [[1.0]], 1), r"coordinates do not fit.*\(4, ...\)"),
        (lambda x: ops.image.map_coordinates(x[0, 0, 0], [[1.0]], 2), "unknown order.*got order=2"),
        (lambda x: ops.image.map_coordinates(x[0, 0, 0, :0], [[1.0]], 1, "wrap"), "the array is empty"),
        (lambda x: ops.image.perspective_transform(x, [[0, 0]], [[0, 0]]), r"start_points has the wrong shape"),
        (lambda x: ops.image.rgb_to_hsv(x[..., :2]), r"wrong number of channels.*got images.shape=\(2, 5, 6, 2\)"),
        (lambda x: ops.image.rgb_to_hsv(x.astype("uint8")), "pixels are no floats.*uint8"),
        (lambda x: ops.image.rgb_to_grayscale(x[..., :2]), "wrong number of channels"),
        (lambda x: ops.image.gaussian_blur(x, (0, 3)), r"no such filter.*\(0, 3\)"),
        (lambda x: ops.image.gaussian_blur(x, (3, 3), 1.0), "sigma has the wrong shape"),
        (lambda x: ops.image.crop_images(x, 1, 2, 3), "not exactly two of three"),
        (lambda x: ops.image.crop_images(x, 4, 0, 4, 0), "negative size; expected cropping and target from 0 for 5"),
        (lambda x: ops.image.pad_images(x, 0, 0, target_height=2, target_width=9), "negative size.*for 5 pixels"),
        (lambda x: ops.image.extract_patches(x, (1, 2, 3, 4)), "no such size"),
        (lambda x: ops.image.sobel_edges(x[0]), "must be a batch"),
        (lambda x: ops.image.scale_and_translate(x[0, 0], (5, 3), [1.0], [0.0], (0,), "box"), "unknown method.*'box'"),
        (lambda x: ops.image.scale_and_translate(x, (5, 3), [1.0], [0.0], (0,), "cubic"), "axes do not fit"),
        (lambda x: ops.image.scale_and_translate(x[0, 0], (5, 3), [1.0], [0], (0, 1), "cubic"), "not one scale"),
        (lambda x: ops.image.ssim(x, x[:1], filter_size=3), "images do not fit.*image2.shape="),
        (lambda x: ops.image.ssim(x, x), "images do not fit.*11×11 pixels"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call(images())

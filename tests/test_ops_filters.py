"""Classical filters against their definitions, pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest

import juanji
from juanji import ops
from reference.gradients import check_gradients

DTYPES = ("float32", "float64")
MODES = {"reflect": "symmetric", "constant": "constant", "nearest": "edge", "mirror": "reflect", "wrap": "wrap"}


def image(shape=(6, 7), dtype="float64", seed=0):
    return np.random.default_rng(seed).random(shape).astype(dtype)


def close(got, wanted, c):
    assert got.shape == wanted.shape
    scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    np.testing.assert_allclose(got, wanted, rtol=0, atol=c * np.finfo(got.dtype).eps * scale)


def windows(x, size, mode="reflect", cval=0.0):
    """(H, W, KH, KW): the window of every pixel, which stands at place KH // 2, KW // 2."""
    kh, kw = size
    extra = {"constant_values": cval} if mode == "constant" else {}
    padded = np.pad(x, ((kh // 2, kh - 1 - kh // 2), (kw // 2, kw - 1 - kw // 2)), MODES[mode], **extra)
    return np.stack([[padded[i : i + kh, j : j + kw] for j in range(x.shape[1])] for i in range(x.shape[0])])


def correlated(x, kernel, mode="reflect", cval=0.0):
    return (windows(np.asarray(x, np.float64), np.shape(kernel), mode, cval) * kernel).sum((2, 3))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (2, 4), (5, 1), (9, 15)])
def test_filter2d(size, mode, dtype):
    kernel = image(size, seed=1) - 0.5
    for shape in ((6, 7), (1, 1), (1, 9)):
        got = ops.filters.filter2d(image(shape, dtype), kernel, mode, 0.3)
        assert got.dtype == dtype
        close(got, correlated(image(shape, dtype), kernel.astype(dtype), mode, 0.3), 64)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sigma", [0.0, 0.4, (1.3, 0.7)])
def test_gaussian_filter(sigma, mode):
    def weights(s):
        reach = int(3 * s + 0.5)
        bell = [math.exp(-(d * d) / (2 * s * s)) for d in range(-reach, reach + 1)] if s else [1.0]
        return np.array(bell) / sum(bell)

    down, across = sigma if isinstance(sigma, tuple) else (sigma, sigma)
    wanted = correlated(correlated(image(), weights(down)[:, None], mode, 0.3), weights(across)[None], mode, 0.3)
    close(ops.filters.gaussian_filter(image(), sigma, mode, 0.3, truncate=3.0), wanted, 16)


@pytest.mark.parametrize("mode", MODES)
def test_differences(mode):
    down = [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]
    for axis in (0, -2):
        close(ops.filters.sobel(image(), axis, mode), correlated(image(), down, mode), 16)
    for axis in (1, -1):
        close(ops.filters.sobel(image(), axis, mode), correlated(image(), np.transpose(down), mode), 16)
    cross = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    close(ops.filters.laplacian(image(), mode, 0.3), correlated(image(), cross, mode, 0.3), 16)


def test_gradients():
    check_gradients(ops.filters.filter2d, image((3, 4)), image((2, 3), seed=1))
    check_gradients(lambda x: ops.filters.gaussian_filter(x, 0.6), image((3, 4)))
    check_gradients(lambda x: ops.filters.sobel(x, 0), image((3, 4)))
    check_gradients(ops.filters.laplacian, image((1, 3, 4, 2)))


@pytest.mark.parametrize("dtype", [*DTYPES, "uint8", "int32"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [1, 2, 3, (5, 4), 7, (1, 16)])
def test_median_filter(size, mode, dtype):
    kh, kw = size if isinstance(size, tuple) else (size, size)
    for shape in ((6, 7), (1, 1), (3, 40)):
        x = (image(shape) * 9).astype(dtype)  # whole numbers have ties
        cval = 3 if dtype in ("uint8", "int32") else 0.3
        got = ops.filters.median_filter(x, size, mode, cval)
        assert got.dtype == dtype
        wanted = np.sort(windows(x, (kh, kw), mode, cval).reshape(*shape, -1))[..., kh * kw // 2]
        np.testing.assert_array_equal(got, wanted)


def test_median_of_infinities_and_its_missing_gradient():
    x = np.array([[np.inf, 1.0, -np.inf, np.inf, np.inf, 2.0]])
    wanted = np.sort(windows(x, (1, 3)).reshape(1, 6, 3))[..., 1]
    np.testing.assert_array_equal(ops.filters.median_filter(x, (1, 3)), wanted)
    variable = juanji.Variable(image())
    with juanji.GradientTape() as tape:
        y = ops.filters.median_filter(variable)
    with pytest.raises(ValueError, match="median_filter: this operation has no gradient"):
        tape.gradient(y, variable)


def canny(x, low, high, sigma=1.0):
    """The definition, step by step, for images seen alone (mode 'constant')."""
    reach = int(4 * sigma + 0.5)
    line = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = np.outer(line, line) / line.sum() ** 2
    smooth = correlated(x, kernel, "constant") / (correlated(np.ones(x.shape), kernel, "constant") + 2.0**-52)
    down = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    dy, dx = correlated(smooth, down), correlated(smooth, down.T)
    slope = np.hypot(dy, dx)
    weak = np.zeros(x.shape, bool)
    for i, j in np.ndindex(x.shape[0] - 2, x.shape[1] - 2):
        i, j = i + 1, j + 1
        if slope[i, j] < low or slope[i, j] == 0:
            continue
        step = np.array([dy[i, j], dx[i, j]]) / max(abs(dy[i, j]), abs(dx[i, j]))
        sides = [between(slope, i + s * step[0], j + s * step[1]) for s in (1, -1)]
        weak[i, j] = slope[i, j] >= max(sides)
    edges = weak & (slope >= high)
    while True:
        grown = windows(edges, (3, 3), "constant").any((2, 3)) & weak
        if (grown == edges).all():
            return edges
        edges = grown


def between(x, i, j):
    """Between two pixels, one of the coordinates being whole."""
    low = math.floor(i), math.floor(j)
    high = math.ceil(i), math.ceil(j)
    weight = (i - low[0]) + (j - low[1])
    if low[0] != high[0]:
        return x[low[0], high[1]] * (1 - weight) + x[high[0], high[1]] * weight
    return x[low] * (1 - weight) + x[high] * weight


def picture(shape=(22, 25), seed=2):
    i, j = np.indices(shape)
    shapes = ((i - 9) ** 2 + (j - 8) ** 2 < 30) * 0.7 + ((i > 12) & (j > 14)) * 0.9 + (i == 4) * (j > 15) * 0.5
    return shapes + 0.04 * image(shape, seed=seed)


@pytest.mark.parametrize(
    ("low", "high", "sigma"), [(0.1, 0.2, 1.0), (0.3, 1.5, 0.8), (0.02, 1.2, 1.3), (9.0, 9.0, 1.0)]
)
def test_canny(low, high, sigma):
    got = ops.filters.canny(picture(), sigma, low, high)
    assert got.dtype == bool
    np.testing.assert_array_equal(got, canny(picture(), low, high, sigma))
    assert got.any() == (high < 9)


def test_canny_of_many_images_whole_numbers_and_quantiles():
    x = np.stack([picture(seed=s) for s in (1, 2)])
    batch = ops.filters.canny(np.stack([x, x[::-1]], -1))
    np.testing.assert_array_equal(batch[0, :, :, 0], ops.filters.canny(x[0]))
    np.testing.assert_array_equal(batch[0, :, :, 1], ops.filters.canny(x[1]))
    whole = (x[0] * 150).astype("uint8")
    np.testing.assert_array_equal(
        ops.filters.canny(whole, 1.0, 20, 60), ops.filters.canny(whole / 255.0, 1.0, 20 / 255, 60 / 255)
    )
    some = ops.filters.canny(x[0], low_threshold=0.8, high_threshold=0.95, use_quantiles=True)
    all_ = ops.filters.canny(x[0], low_threshold=0.0, high_threshold=0.0, use_quantiles=True)
    assert 0 < some.sum() < all_.sum()


def hog(x, orientations, cell, block):
    """Block by block with norm L2, for images of one channel."""
    h, w = x.shape
    cells = np.zeros((h // cell[0], w // cell[1], orientations))
    for i, j in np.ndindex(cells.shape[0] * cell[0], cells.shape[1] * cell[1]):
        dy = x[i + 1, j] - x[i - 1, j] if 0 < i < h - 1 else 0.0
        dx = x[i, j + 1] - x[i, j - 1] if 0 < j < w - 1 else 0.0
        angle = math.degrees(math.atan2(dy, dx)) % 180
        cells[i // cell[0], j // cell[1], int(angle // (180 / orientations))] += math.hypot(dy, dx)
    cells /= cell[0] * cell[1]
    result = np.zeros((cells.shape[0] - block[0] + 1, cells.shape[1] - block[1] + 1, *block, orientations))
    for i, j in np.ndindex(result.shape[:2]):
        part = cells[i : i + block[0], j : j + block[1]]
        result[i, j] = part / math.sqrt((part**2).sum() + 1e-10)
    return result


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("orientations", "cell", "block"), [(9, (8, 8), (3, 3)), (7, (3, 5), (2, 1)), (1, (1, 1), (1, 1))]
)
def test_hog(orientations, cell, block, dtype):
    x = image((26, 29), dtype)
    wanted = hog(x.astype("float64"), orientations, cell, block)
    args = (orientations, cell, block, "L2", False)
    got = ops.filters.hog(x, *args, feature_vector=False)
    assert got.dtype == dtype
    close(got, wanted, 256)
    np.testing.assert_array_equal(ops.filters.hog(x, *args), got.ravel())
    np.testing.assert_array_equal(ops.filters.hog(x[None, :, :, None], *args), got.reshape(1, -1))


def test_hog_norms_and_channels():
    x = image((24, 24))
    plain = ops.filters.hog(x, cells_per_block=1, block_norm="L1").reshape(-1, 9)
    close(ops.filters.hog(x, cells_per_block=1, block_norm="L1-sqrt"), np.sqrt(plain).ravel(), 8)
    limited = np.minimum(ops.filters.hog(x, cells_per_block=1, block_norm="L2").reshape(-1, 9), 0.2)
    limited /= np.sqrt((limited**2).sum(1, keepdims=True) + 1e-10)
    close(ops.filters.hog(x, cells_per_block=1), limited.ravel(), 8)
    close(ops.filters.hog(x, transform_sqrt=True), ops.filters.hog(np.sqrt(x)), 8)
    np.testing.assert_array_equal(ops.filters.hog(np.stack([x / 4, x, x / 2], -1)), ops.filters.hog(x))


NAMES = {
    "canny": (),
    "filter2d": (image((3, 4), seed=1),),
    "gaussian_filter": (0.8,),
    "laplacian": (),
    "median_filter": (),
    "sobel": (),
}


@pytest.mark.parametrize("name", NAMES)
def test_axes_and_threads(name):
    function, args = getattr(ops.filters, name), NAMES[name]
    x = image((3, 33, 37, 2), "float32")
    batch = function(x, *args)
    np.testing.assert_array_equal(function(x[1], *args), batch[1])
    np.testing.assert_array_equal(function(x[1, :, :, 1], *args), batch[1, :, :, 1])
    threads = juanji.config.num_threads()
    for n in (1, 3):
        juanji.config.set_num_threads(n)
        np.testing.assert_array_equal(function(x, *args), batch)
    juanji.config.set_num_threads(threads)
    with pytest.raises(ValueError, match=f"{name}: not an image"):
        function(x[0, 0, 0], *args)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: ops.filters.filter2d(x, [[1.0]], "edge"), "unknown mode; expected one of reflect.*'edge'"),
        (lambda x: ops.filters.filter2d(x, [1.0]), r"not a kernel.*got kernel.shape=\(1,\)"),
        (lambda x: ops.filters.gaussian_filter(x, -1.0), "negative deviation.*got sigma=-1.0"),
        (lambda x: ops.filters.gaussian_filter(x, (1, 2, 3)), "wrong number of deviations"),
        (lambda x: ops.filters.sobel(x, 2), "no such axis.*got axis=2"),
        (lambda x: ops.filters.median_filter(x, 0), "no such window.*got size=0"),
        (lambda x: ops.filters.canny(x, 1.0, 0.5, 0.4), "thresholds out of order"),
        (lambda x: ops.filters.canny(x, 1.0, 0.5, 1.4, use_quantiles=True), "no such quantiles"),
        (lambda x: ops.filters.hog(x), "no block fits; expected numbers from 1 and images of at least 24×24"),
        (lambda x: ops.filters.hog(x, block_norm="L3"), "unknown block_norm.*'L3'"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call(image())

"""Layers that move, add, cut off or repeat elements, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import Input, layers, ops
from reference.gradients import check_gradients

RNG = np.random.default_rng(0)
EPS = np.finfo(np.float64).eps
SEQUENCE, IMAGE, VOLUME = (2, 7, 3), (2, 6, 7, 3), (1, 4, 5, 6, 2)


def check(layer, shape, expected, exact=True):
    x = RNG.normal(size=shape)
    y, wanted = layer(x), expected(x)
    assert y.shape == wanted.shape == layer.compute_output_shape(shape)
    assert layer(Input(shape[1:], dtype="float64")).shape == (None, *wanted.shape[1:])
    if exact:
        np.testing.assert_array_equal(y, wanted)
    else:
        np.testing.assert_allclose(y, wanted, rtol=0, atol=8 * EPS * np.abs(wanted).max())


PADDINGS = [
    (layers.ZeroPadding1D, 2, SEQUENCE, [(2, 2)]),
    (layers.ZeroPadding1D, (0, 3), SEQUENCE, [(0, 3)]),
    (layers.ZeroPadding2D, 1, IMAGE, [(1, 1), (1, 1)]),
    (layers.ZeroPadding2D, (2, 0), IMAGE, [(2, 2), (0, 0)]),
    (layers.ZeroPadding2D, ((1, 2), (0, 3)), IMAGE, [(1, 2), (0, 3)]),
    (layers.ZeroPadding3D, (1, 0, 2), VOLUME, [(1, 1), (0, 0), (2, 2)]),
    (layers.ZeroPadding3D, ((1, 2), (0, 0), (0, 1)), VOLUME, [(1, 2), (0, 0), (0, 1)]),
]
CROPPINGS = [
    (layers.Cropping1D, 2, SEQUENCE, [(2, 2)]),
    (layers.Cropping1D, (0, 6), SEQUENCE, [(0, 6)]),
    (layers.Cropping2D, 1, IMAGE, [(1, 1), (1, 1)]),
    (layers.Cropping2D, (2, 0), IMAGE, [(2, 2), (0, 0)]),
    (layers.Cropping2D, ((1, 2), (0, 3)), IMAGE, [(1, 2), (0, 3)]),
    (layers.Cropping3D, (1, 0, 2), VOLUME, [(1, 1), (0, 0), (2, 2)]),
]


@pytest.mark.parametrize(("layer", "amount", "shape", "pairs"), PADDINGS)
def test_zero_padding_is_numpy_s(layer, amount, shape, pairs):
    check(layer(amount, dtype="float64"), shape, lambda x: np.pad(x, [(0, 0), *pairs, (0, 0)]))


@pytest.mark.parametrize(("layer", "amount", "shape", "pairs"), CROPPINGS)
def test_cropping_is_slicing(layer, amount, shape, pairs):
    index = (slice(None), *(slice(a, n - b) for (a, b), n in zip(pairs, shape[1:])), slice(None))
    check(layer(amount, dtype="float64"), shape, lambda x: x[index])


def test_defaults_are_those_of_keras():
    assert layers.ZeroPadding1D().compute_output_shape((None, 3, 2)) == (None, 5, 2)
    assert layers.ZeroPadding2D().compute_output_shape((None, 3, None, 2)) == (None, 5, None, 2)
    assert layers.Cropping1D().compute_output_shape((None, 3, 2)) == (None, 1, 2)
    assert layers.Cropping2D().compute_output_shape((None, 3, 4, 2)) == (None, 3, 4, 2)
    assert layers.Cropping3D().compute_output_shape((None, 3, 4, 5, 2)) == (None, 1, 2, 3, 2)


def test_integers_stay_integers():
    x = np.arange(12, dtype="uint8").reshape(1, 3, 4, 1)
    for layer in (layers.ZeroPadding2D(), layers.Cropping2D(1), layers.Flatten(), layers.Permute((2, 1, 3))):
        assert layer(x).dtype == np.uint8
        assert layer(Input((3, 4, 1), dtype="uint8")).dtype == "uint8"


@pytest.mark.parametrize("target", [(12,), (3, 4), (-1, 2), (4, -1), (2, 1, -1)])
def test_reshape(target):
    check(layers.Reshape(target, dtype="float64"), (2, 2, 6), lambda x: x.reshape(2, *target))


def test_reshape_with_unknown_sizes():
    assert layers.Reshape((-1, 3)).compute_output_shape((None, None, 3)) == (None, None, 3)
    assert layers.Reshape((-1,))(Input((None, 4))).shape == (None, None)
    empty = np.zeros((0, 4), "float32")
    assert layers.Reshape((2, -1))(empty).shape == (0, 2, 2)


@pytest.mark.parametrize("dims", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
def test_permute(dims):
    check(layers.Permute(dims, dtype="float64"), IMAGE, lambda x: x.transpose(0, *dims))


def test_repeat_vector():
    check(layers.RepeatVector(3, dtype="float64"), (2, 4), lambda x: np.repeat(x[:, None], 3, axis=1))


@pytest.mark.parametrize("size", [1, 2, (3, 1), (1, 4)])
def test_nearest_repeats(size):
    rows, columns = (size, size) if isinstance(size, int) else size
    layer = layers.UpSampling2D(size, dtype="float64")
    check(layer, IMAGE, lambda x: x.repeat(rows, axis=1).repeat(columns, axis=2))


def test_upsampling_of_volumes():
    layer = layers.UpSampling3D((1, 2, 3), dtype="float64")
    check(layer, VOLUME, lambda x: x.repeat(2, axis=2).repeat(3, axis=3))


def test_upsampling_of_sequences():
    check(layers.UpSampling1D(3, dtype="float64"), SEQUENCE, lambda x: x.repeat(3, axis=1))


def linear(x, axis, factor):
    """Linear interpolation between the centres of the pixels, one output at a time."""
    n = x.shape[axis]
    x = np.moveaxis(x, axis, 0)
    result = []
    for i in range(n * factor):
        place = min(max((i + 0.5) / factor - 0.5, 0), n - 1)
        low = int(place)
        result.append(x[low] + (x[min(low + 1, n - 1)] - x[low]) * (place - low))
    return np.moveaxis(np.array(result), 0, axis)


@pytest.mark.parametrize("size", [2, 3, (1, 4), (5, 2)])
@pytest.mark.parametrize("shape", [IMAGE, (1, 1, 1, 2), (1, 2, 1, 1)])
def test_bilinear_is_linear_between_centres(size, shape):
    rows, columns = (size, size) if isinstance(size, int) else size
    layer = layers.UpSampling2D(size, interpolation="bilinear", dtype="float64")
    check(layer, shape, lambda x: linear(linear(x, 1, rows), 2, columns), exact=False)


@pytest.mark.parametrize(
    "layer",
    [
        layers.ZeroPadding2D(((1, 0), (0, 2)), dtype="float64"),
        layers.Cropping2D(((1, 0), (0, 2)), dtype="float64"),
        layers.UpSampling2D(2, dtype="float64"),
        layers.UpSampling2D((3, 2), interpolation="bilinear", dtype="float64"),
        layers.Permute((3, 1, 2), dtype="float64"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_gradients(layer):
    check_gradients(layer, RNG.normal(size=(1, 3, 4, 2)))


def test_slice_is_a_block():
    x = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(ops.slice(x, (1, 0, 2), (1, 3, 0)), x[1:2, :3, 2:2])
    for start, shape in (((0, 0), (1, 1)), ((0, 0, 3), (1, 1, 2)), ((-1, 0, 0), (1, 1, 1)), ((0, 0, 0), (1, -1, 1))):
        with pytest.raises(ValueError, match="slice: the block does not lie inside the array"):
            ops.slice(x, start, shape)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.ZeroPadding2D((1, 2, 3)), "padding is not clear; expected one number from 0, or 2 of them"),
        (lambda: layers.ZeroPadding2D(-1), "padding is not clear"),
        (lambda: layers.ZeroPadding1D(1.5), "padding is not clear"),
        (lambda: layers.ZeroPadding2D(((1, 2), (3,))), "padding is not clear"),
        (lambda: layers.Cropping1D("1"), "cropping is not clear"),
        (lambda: layers.Cropping2D(3)(np.ones((1, 6, 8, 1))), "nothing would be left"),
        (lambda: layers.ZeroPadding2D()(np.ones((1, 6, 8))), r"expected 4 axes \(batch, height, width, channels\)"),
        (lambda: layers.ZeroPadding3D()(np.ones((1, 6, 8))), r"expected 5 axes \(batch, depth"),
        (lambda: layers.ZeroPadding2D(data_format="first"), "unknown data_format"),
        (lambda: layers.Reshape((5,))(np.ones((2, 6))), "a target_shape of 6 elements"),
        (lambda: layers.Reshape((-1, 4))(np.ones((2, 6))), "a target_shape of 6 elements"),
        (lambda: layers.Reshape((-1, -1)), "at most one -1"),
        (lambda: layers.Permute((0, 1)), "expected each of 1 to 2 once"),
        (lambda: layers.Permute((2, 1))(np.ones((1, 2, 3, 4))), "wrong rank of the input; expected 3 axes"),
        (lambda: layers.RepeatVector(0), "n has to be a whole number"),
        (lambda: layers.RepeatVector(2)(np.ones((1, 2, 3))), "expected 2 axes"),
        (lambda: layers.UpSampling2D(interpolation="area"), "unknown interpolation"),
        (lambda: layers.UpSampling2D((2, 0)), "size has to be a whole number"),
    ],
)
def test_mistakes_are_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()

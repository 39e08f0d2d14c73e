"""Convolution and dense layers with packed weights: the bits of the ordinary operations."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import _core

DTYPES = ("float32", "float64")


def normal(*shape, dtype="float32", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def conv_pair(w, strides=(1, 1), padding="same", dilation=(1, 1), groups=1, activation="none"):
    geometry = {"strides": strides, "padding": padding, "dilation_rate": dilation, "groups": groups}
    plain = _core.Conv2D(**geometry, activation=activation)
    packed = _core.Conv2DPacked(kernel_size=w.shape[:2], filters=w.shape[3], **geometry, activation=activation)
    return plain, packed


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3, 16, 33])
@pytest.mark.parametrize("filters", [1, 31, 32, 33, 64])
def test_convolution_has_the_bits_of_unpacked_weights(channels, filters, dtype):
    x, w = normal(2, 7, 6, channels, dtype=dtype), normal(3, 3, channels, filters, dtype=dtype, seed=1)
    plain, packed = conv_pair(w)
    np.testing.assert_array_equal(packed(x, _core.PackConv2D(groups=1)(w)), plain(x, w))


@pytest.mark.parametrize("strides", [(1, 1), (2, 3)])
@pytest.mark.parametrize("padding", ["same", "valid", (1, 0, 2, 3)])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 1)])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_every_geometry(strides, padding, dilation, groups):
    x, w, b = normal(2, 9, 8, 8), normal(3, 2, 8 // groups, 12, seed=1), normal(12, seed=2)
    plain, packed = conv_pair(w, strides, padding, dilation, groups, "relu")
    np.testing.assert_array_equal(packed(x, _core.PackConv2D(groups=groups)(w), b), plain(x, w, b))


def test_packed_once_for_every_image_size():
    w = normal(5, 5, 24, 40)
    plain, packed = conv_pair(w)
    weights = _core.PackConv2D(groups=1)(w)
    for shape in [(1, 1, 1, 24), (3, 5, 4, 24), (1, 40, 33, 24), (0, 4, 4, 24)]:
        x = normal(*shape, seed=3)
        np.testing.assert_array_equal(packed(x, weights), plain(x, w))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("rows", "inputs", "units"),
    [(5, 1, 1), (64, 27, 10), (97, 400, 33), (64, 2048, 512), (300, 500, 700), (64, 5000, 10), (0, 3, 4)],
)
def test_dense_has_the_bits_of_unpacked_weights(rows, inputs, units, dtype):
    x, w, b = (normal(rows, inputs, dtype=dtype), normal(inputs, units, dtype=dtype), normal(units, dtype=dtype))
    packed = _core.DensePacked(units=units, activation="relu")
    np.testing.assert_array_equal(packed(x, _core.PackDense()(w), b), _core.Dense(activation="relu")(x, w, b))


@pytest.mark.parametrize("rows", [1, 2, 4])
def test_dense_with_few_rows(rows):
    x, w = normal(rows, 300), normal(300, 70, seed=1)
    y = _core.DensePacked(units=70, activation="none")(x, _core.PackDense()(w))
    expected = x.astype(np.float64) @ w.astype(np.float64)
    np.testing.assert_allclose(
        y, expected, rtol=0, atol=4 * np.finfo("float32").eps * 300**0.5 * np.abs(expected).max()
    )


def test_dense_keeps_leading_dimensions_and_takes_no_features():
    x, w = normal(2, 3, 5, 8), normal(8, 6, seed=1)
    y = _core.DensePacked(units=6, activation="none")(x, _core.PackDense()(w))
    np.testing.assert_array_equal(y, _core.Dense(activation="none")(x, w))
    empty = _core.DensePacked(units=3, activation="none")(np.ones((2, 0)), _core.PackDense()(np.ones((0, 3))))
    np.testing.assert_array_equal(empty, np.zeros((2, 3)))


def test_wrong_arguments_are_refused():
    w = normal(3, 3, 4, 8)
    weights = _core.PackConv2D(groups=1)(w)
    _, packed = conv_pair(w)
    with pytest.raises(ValueError, match=r"conv2d_packed: .*packed.*got packed\.shape="):
        packed(normal(1, 5, 5, 5), weights)
    with pytest.raises(TypeError, match="conv2d_packed"):
        packed(normal(1, 5, 5, 4, dtype="float64"), weights)
    with pytest.raises(ValueError, match=r"pack_conv2d: groups does not divide.*got groups=3"):
        _core.PackConv2D(groups=3)(w)
    with pytest.raises(ValueError, match=r"pack_conv2d: .*\(KH, KW, C/groups, OC\)"):
        _core.PackConv2D(groups=1)(w[0])
    with pytest.raises(ValueError, match=r"pack_dense: .*\(in, out\)"):
        _core.PackDense()(w)
    with pytest.raises(ValueError, match=r"dense_packed: .*got packed\.shape="):
        _core.DensePacked(units=5, activation="none")(normal(2, 3), normal(4))

"""Convolution and dense layers with packed weights: the bits of the ordinary operations."""

from __future__ import annotations

import numpy as np
import pytest

import juanji
from juanji import _core
from reference import conv as reference

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


@pytest.mark.parametrize("tile", [2, 4])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("padding", ["same", "valid", (1, 0, 2, 3)])
@pytest.mark.parametrize(
    ("images", "size", "channels", "filters"),
    [(1, (7, 6), 16, 31), (3, (5, 9), 33, 64), (0, (4, 4), 16, 16), (2, (8, 7), 300, 40), (9, (24, 23), 64, 33)],
)
def test_winograd_weights_follow_the_definition(images, size, channels, filters, padding, dtype, tile):
    x, b = normal(images, *size, channels, dtype=dtype), normal(filters, dtype=dtype)
    w = normal(3, 3, channels, filters, dtype=dtype, seed=1)
    geometry = {"strides": (1, 1), "padding": padding, "dilation_rate": (1, 1), "groups": 1, "activation": "relu"}
    settings = {**geometry, "kernel_size": (3, 3), "filters": filters, "winograd_tile": tile}
    weights = _core.PackConv2D(groups=1, winograd_tile=tile)(w)
    y = _core.Conv2DPacked(**settings)(x, weights, b)
    z = reference.conv2d(x, w, (1, 1), pairs(padding), (1, 1), 1) + b.astype(np.float64)
    # As tests/test_winograd.py explains; the constant holds for sums of up to 1500 terms and grows as their root.
    c = {2: 8.0, 4: 38.0}[tile] * max(1, np.sqrt(9 * channels / 1500))
    limit = c * np.finfo(dtype).eps * np.abs(z).max(initial=0)
    np.testing.assert_allclose(y, np.maximum(z, 0), rtol=0, atol=limit)
    pooled = _core.Conv2DPacked(**settings, pooled=True)(x, weights, b)
    rows, columns = y.shape[1] // 2 * 2, y.shape[2] // 2 * 2
    corners = [y[:, p:rows:2, q:columns:2] for p in (0, 1) for q in (0, 1)]
    np.testing.assert_array_equal(pooled, np.max(corners, axis=0))


def pairs(padding):
    return padding if isinstance(padding, str) else (padding[:2], padding[2:])


def test_winograd_weights_have_the_same_bits_at_any_thread_count():
    x, w = normal(1, 14, 13, 48), normal(3, 3, 48, 70, seed=1)
    packed = _core.Conv2DPacked(
        kernel_size=(3, 3), filters=70, strides=(1, 1), padding="same", dilation_rate=(1, 1), groups=1,
        activation="none", winograd_tile=4,
    )  # fmt: skip
    weights = _core.PackConv2D(groups=1, winograd_tile=4)(w)
    before = juanji.config.num_threads()
    results = []
    try:
        for count in (1, 2, 5):
            juanji.set_num_threads(count)
            results.append(packed(x, weights))
    finally:
        juanji.set_num_threads(before)
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)


def test_winograd_does_not_fit_everything():
    settings = {"filters": 16, "strides": (1, 1), "padding": "same", "dilation_rate": (1, 1), "groups": 1}
    settings |= {"activation": "none", "winograd_tile": 4}
    x, w = normal(1, 8, 8, 16), normal(3, 3, 16, 16)
    weights = _core.PackConv2D(groups=1, winograd_tile=4)(w)
    with pytest.raises(ValueError, match="Winograd's method does not fit"):
        _core.PackConv2D(groups=1, winograd_tile=4)(normal(5, 5, 16, 16))
    with pytest.raises(ValueError, match="Winograd's method does not fit"):
        _core.Conv2DPacked(**{**settings, "kernel_size": (3, 3), "strides": (2, 2)})(x, weights)
    with pytest.raises(ValueError, match="Winograd's method does not fit"):
        _core.Conv2DPacked(**settings, kernel_size=(3, 1))(x, weights)
    with pytest.raises(ValueError, match="there are no such tiles; expected 2, 4 or 0, got winograd_tile=3"):
        _core.PackConv2D(groups=1, winograd_tile=3)(w)
    plain = _core.PackConv2D(groups=1)(w)
    with pytest.raises(ValueError, match="packed"):
        _core.Conv2DPacked(**settings, kernel_size=(3, 3))(x, plain)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "kernel", "strides", "padding", "dilation", "filters", "biases"),
    [
        ((2, 9, 8, 40), (3, 3), (1, 1), "same", (1, 1), 70, (True, True)),
        ((3, 7, 11, 33), (3, 3), (2, 2), "same", (1, 1), 5, (True, False)),
        ((1, 16, 16, 128), (3, 3), (1, 1), "valid", (1, 1), 128, (False, True)),
        ((2, 12, 6, 3), (5, 5), (1, 1), "same", (1, 1), 31, (False, False)),
        ((2, 9, 9, 17), (3, 3), (1, 1), "same", (2, 2), 33, (True, True)),
        ((1, 40, 3, 512), (1, 3), (3, 1), "valid", (1, 1), 64, (True, True)),
        ((0, 8, 8, 16), (3, 3), (1, 1), "same", (1, 1), 16, (True, True)),
        ((70, 1, 1, 20), (3, 3), (1, 1), "same", (1, 1), 9, (True, True)),
    ],
)
def test_depthwise_and_pointwise_joined_have_their_bits(
    shape, kernel, strides, padding, dilation, filters, biases, dtype
):
    x, w = normal(*shape, dtype=dtype), normal(*kernel, shape[3], 1, dtype=dtype, seed=1)
    pointwise = normal(1, 1, shape[3], filters, dtype=dtype, seed=2)
    bias = [normal(shape[3], dtype=dtype, seed=3)] if biases[0] else []
    last = [normal(filters, dtype=dtype, seed=4)] if biases[1] else []
    geometry = {"strides": strides, "padding": padding, "dilation_rate": dilation}
    between = _core.DepthwiseConv2D(**geometry, activation="relu")(x, w, *bias)
    weights = _core.PackConv2D(groups=1)(pointwise)
    plain = {"strides": (1, 1), "padding": "valid", "dilation_rate": (1, 1), "groups": 1}
    want = _core.Conv2DPacked(kernel_size=(1, 1), filters=filters, **plain, activation="tanh")(between, weights, *last)
    joined = _core.DepthwisePointwise(
        **geometry,
        depthwise_activation="relu",
        depthwise_bias=biases[0],
        filters=filters,
        activation="tanh",
        bias=biases[1],
    )
    np.testing.assert_array_equal(joined(x, w, weights, *bias, *last), want)
    with pytest.raises(ValueError, match="packed"):
        joined(x, w, weights[:-1], *bias, *last)


def test_predictions_join_depthwise_and_pointwise_convolutions():
    layers = juanji.layers
    model = juanji.Sequential(
        [
            layers.Input((9, 7, 5)),
            layers.SeparableConv2D(8, 3, padding="same", activation="relu"),
            layers.DepthwiseConv2D(3, strides=2, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(6, 1),
            layers.DepthwiseConv2D(2, depth_multiplier=2),
            layers.Conv2D(3, 1),
        ]
    )
    x = normal(3, 9, 7, 5)
    found = juanji.profile(model, x)
    names = [op.name for op in found.operations]
    assert names == ["depthwise_pointwise", "depthwise_pointwise", "depthwise_conv2d", "conv2d_packed"]
    model.compile(run_eagerly=True)
    np.testing.assert_allclose(model.predict_on_batch(x), model(x), rtol=1e-6)
    eager = model.predict(x, verbose=0)
    model.compile()
    for _ in range(3):
        recorded = model.predict(x, verbose=0)
    np.testing.assert_allclose(recorded, eager, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("images", "joined"), [(1, False), (2, False), (8, True)])
def test_depthwise_and_pointwise_stay_apart_where_tasks_would_share_rows(images: int, joined: bool) -> None:
    layers = juanji.layers
    model = juanji.Sequential(
        [layers.Input((14, 14, 48)), layers.DepthwiseConv2D(5, padding="same"), layers.Conv2D(160, 1)]
    )
    x = normal(images, 14, 14, 48)
    names = [op.name for op in juanji.profile(model, x).operations]
    assert names == (["depthwise_pointwise"] if joined else ["depthwise_conv2d", "conv2d_packed"])
    np.testing.assert_allclose(model.predict_on_batch(x), model(x), rtol=1e-5, atol=1e-6)

"""Convolutions that add a residual before their activation, as recorded predictions have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import juanji
from juanji import _core, layers
from reference import conv as reference

SAME = {"strides": (1, 1), "padding": "same", "dilation_rate": (1, 1), "groups": 1}
# x, kernel (height, width, outputs), what differs: Winograd's method with shared tiles and by rows, borders within
# tiles, direct with one and several blocks of depth, strides, groups, channels that do not fill vectors.
CASES: list[tuple[tuple[int, ...], tuple[int, int, int], dict[str, Any]]] = [
    ((2, 14, 14, 64), (3, 3, 96), {}),
    ((20, 18, 13, 16), (3, 3, 33), {"padding": "valid"}),
    ((1, 7, 7, 256), (3, 3, 64), {}),
    ((3, 8, 9, 17), (1, 1, 50), {}),
    ((2, 9, 9, 600), (3, 3, 8), {"strides": (2, 2)}),
    ((1, 6, 5, 8), (3, 3, 12), {"groups": 4}),
    ((1, 1, 1, 1), (1, 1, 1), {}),
]
C = 38.0  # of eps · max|y|: that of large tiles in tests/test_winograd.py


def normal(*shape: int, dtype: str = "float32", seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def arrays(case: int, dtype: str) -> tuple[dict[str, Any], Any, Any, Any, Any]:
    shape, kernel, changed = CASES[case]
    attributes = {**SAME, **changed}
    depth = shape[3] // attributes["groups"]
    w = normal(*kernel[:2], depth, kernel[2], dtype=dtype, seed=1) / np.sqrt(depth).astype(dtype)
    x, b = normal(*shape, dtype=dtype), normal(kernel[2], dtype=dtype, seed=2)
    z = reference.conv2d(x, w, *(attributes[k] for k in ("strides", "padding", "dilation_rate", "groups")))
    return attributes, x, w, b, z


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", range(len(CASES)))
def test_sum_follows_the_definition(case: int, dtype: str) -> None:
    attributes, x, w, b, z = arrays(case, dtype)
    residual = normal(*z.shape, dtype=dtype, seed=3)
    for bias in ([b], []):
        want = z + residual + (b if bias else 0.0)
        limit = C * np.finfo(dtype).eps * np.abs(want).max()
        for activation, function in (("relu", lambda v: np.maximum(v, 0)), ("none", np.array), ("tanh", np.tanh)):
            plain = _core.Conv2D(**attributes, activation=activation, residual=True)
            got = plain(x, w, *bias, residual)
            assert got.dtype == dtype
            np.testing.assert_allclose(got, function(want), rtol=0, atol=limit)
            packed = _core.Conv2DPacked(
                **attributes, kernel_size=w.shape[:2], filters=w.shape[3], activation=activation, residual=True
            )
            weights = _core.PackConv2D(groups=attributes["groups"])(w)
            np.testing.assert_allclose(packed(x, weights, *bias, residual), function(want), rtol=0, atol=limit)


@pytest.mark.parametrize("tile", [2, 4])
def test_tiles_of_winograd_add_too(tile: int) -> None:
    for case in (0, 1, 2):
        attributes, x, w, b, z = arrays(case, "float32")
        residual = normal(*z.shape, seed=3)
        packed = _core.Conv2DPacked(
            **attributes,
            kernel_size=(3, 3),
            filters=w.shape[3],
            activation="relu",
            residual=True,
            winograd_tile=tile,
        )
        got = packed(x, _core.PackConv2D(groups=1, winograd_tile=tile)(w), b, residual)
        want = np.maximum(z + b + residual, 0)
        np.testing.assert_allclose(got, want, rtol=0, atol=C * np.finfo("float32").eps * np.abs(want).max())


def test_depthwise_and_pointwise_joined_add_too() -> None:
    x, w, pointwise = normal(2, 9, 8, 40), normal(3, 3, 40, 1, seed=1), normal(1, 1, 40, 24, seed=2)
    bias, residual = normal(24, seed=3), normal(2, 9, 8, 24, seed=4)
    geometry = {name: SAME[name] for name in ("strides", "padding", "dilation_rate")}
    between = _core.DepthwiseConv2D(**geometry, activation="relu")(x, w)
    weights = _core.PackConv2D(groups=1)(pointwise)
    packed = _core.Conv2DPacked(**SAME, kernel_size=(1, 1), filters=24, activation="relu", residual=True)
    joined = _core.DepthwisePointwise(
        **geometry,
        depthwise_activation="relu",
        depthwise_bias=False,
        filters=24,
        activation="relu",
        bias=True,
        residual=True,
    )
    want = packed(between, weights, bias, residual)
    np.testing.assert_array_equal(joined(x, w, weights, bias, residual), want)
    with pytest.raises(ValueError, match=r"depthwise_pointwise: residual has the wrong shape"):
        joined(x, w, weights, bias, residual[:, :4])


def test_residuals_that_do_not_fit_are_refused() -> None:
    x, w = normal(1, 4, 4, 3), normal(3, 3, 3, 5, seed=1)
    plain = _core.Conv2D(**SAME, activation="none", residual=True)
    with pytest.raises(ValueError, match=r"conv2d: residual has the wrong shape; expected \(1, 4, 4, 5\)"):
        plain(x, w, x)
    with pytest.raises(TypeError, match=r"conv2d: .*residual"):
        plain(x, w, normal(1, 4, 4, 5, dtype="float64"))
    with pytest.raises(ValueError, match="conv2d"):
        plain(x, w)
    settings = {**SAME, "kernel_size": (3, 3), "filters": 5, "activation": "none", "residual": True}
    with pytest.raises(ValueError, match=r"conv2d_packed: maxima are not added to"):
        _core.Conv2DPacked(**settings, pooled=True)(x, _core.PackConv2D(groups=1)(w), normal(1, 4, 4, 5))


@pytest.mark.parametrize("shape", ["own input", "read later", "model input", "pooled"])
def test_predictions_add_within_the_convolution(shape: str) -> None:
    juanji.utils.set_random_seed(2)
    inputs = layers.Input((8, 8, 16))
    x = inputs if shape == "model input" else layers.Conv2D(16, 1, activation="relu")(inputs)
    # 'own input' adds what the convolution itself reads, which must not be overwritten while it runs
    y = x if shape == "own input" else layers.Conv2D(16, 3, padding="same")(x)
    y = layers.BatchNormalization()(layers.Conv2D(16, 3, padding="same", use_bias=False)(y))
    y = layers.ReLU()(layers.Add()([x, y]))
    outputs = [layers.MaxPooling2D(2)(y) if shape == "pooled" else y]
    if shape == "read later":
        outputs.append(layers.GlobalAveragePooling2D()(x))
    model = juanji.Model(inputs, outputs)
    norm = next(layer for layer in model.layers if isinstance(layer, layers.BatchNormalization))
    norm.set_weights([normal(16, seed=i) ** 2 + 0.5 for i in range(4)])
    data = normal(5, 8, 8, 16, seed=9)
    wanted = model(data)
    for _ in range(3):
        got = model.predict_on_batch(data)
    pairs = zip(got, wanted) if shape == "read later" else [(got, wanted)]
    for mine, other in pairs:
        np.testing.assert_allclose(mine, np.asarray(other), rtol=1e-5, atol=1e-5)
    names = [op.name for op in juanji.profile(model, data).operations]
    assert "scale_shift" not in names
    assert "add" not in names

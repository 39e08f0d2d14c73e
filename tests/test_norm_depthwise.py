"""Depthwise convolutions between normalisations: joined operations have the bits of those that they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import juanji
from juanji import _core, layers
from recordings import operations, same_training

EPSILON, OUT_EPSILON = 1e-3, 0.02
GEOMETRY = {"padding": "same", "dilation_rate": (1, 1)}
# Images, height, width, channels: one vector of channels, a part of one, several, and rows that are laid side by side.
SHAPES = [(16, 4, 4, 8), (17, 8, 5, 3), (33, 7, 8, 16), (20, 16, 16, 33), (18, 9, 9, 64), (40, 16, 8, 72)]


def data(shape: tuple[int, ...], dtype: str, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    c = shape[-1]
    vectors = {name: rng.standard_normal(c).astype(dtype) for name in ("gamma", "beta", "out_gamma", "out_beta", "b")}
    x, w = rng.standard_normal(shape).astype(dtype) + 1, rng.standard_normal((3, 3, c, 1)).astype(dtype)
    return {"x": x, "w": w, **vectors, "rng": rng}


def apart(d: dict[str, Any], strides: tuple[int, int], act: str, out_act: str, bias: bool) -> tuple[Any, ...]:
    """Forward pass and gradients with operations that know nothing of each other."""
    normal, mean, variance = _core.BatchNorm(EPSILON, act)(d["x"], d["gamma"], d["beta"])
    y = _core.DepthwiseConv2D(strides=strides, activation="none", **GEOMETRY)(
        normal, d["w"], *([d["b"]] if bias else [])
    )
    _, out_mean, out_variance = _core.BatchNorm(OUT_EPSILON, out_act)(y, d["out_gamma"], d["out_beta"])
    dz = d["rng"].standard_normal(y.shape).astype(y.dtype)

    def gradient(epsilon: float, act: str, *given: Any) -> Any:
        dy, x, gamma, beta, *rest = given
        masked = act == "relu"
        operation = _core.BatchNormGradient(epsilon, act, False, masked)
        return operation(dy, x, *([beta] if masked else []), gamma, *rest)

    out = (d["out_gamma"], d["out_beta"], out_mean, out_variance)
    dy, *out_vectors = gradient(OUT_EPSILON, out_act, dz, y, *out)
    size = d["x"].shape[1:3]
    dnormal = _core.DepthwiseConv2DInputGradient(input_size=size, strides=strides, **GEOMETRY)(dy, d["w"])
    dw = _core.DepthwiseConv2DWeightGradient(kernel_size=(3, 3), strides=strides, **GEOMETRY)(normal, dy)
    vectors = (d["gamma"], d["beta"], mean, variance)
    dx, *in_vectors = gradient(EPSILON, act, dnormal, d["x"], *vectors)
    return dz, out, vectors, [mean, variance, y, *out_vectors, dnormal, dw, *in_vectors, dx]


def joined(d: dict[str, Any], strides: tuple[int, int], acts: tuple[str, str], bias: bool, given: Any) -> list[Any]:
    dz, out, vectors = given
    act, out_act = acts
    attributes: dict[str, Any] = {"strides": strides, "padding": "same", "epsilon": EPSILON, "activation": act}
    x, w = d["x"], d["w"]
    mean, variance = _core.BatchMoments()(x)
    y = _core.NormDepthwise(**attributes)(x, *vectors, w, *([d["b"]] if bias else []))
    *out_vectors, sums = _core.BatchNormGradientSums(OUT_EPSILON, out_act)(dz, y, *out)
    gradient = _core.NormDepthwiseGradient(**attributes, out_epsilon=OUT_EPSILON, out_activation=out_act)
    dnormal, dw, *in_vectors, in_sums = gradient(dz, y, *out, sums, w, x, *vectors)
    dx = _core.BatchNormGradientApply(EPSILON, act)(dnormal, x, *vectors, in_sums)
    return [mean, variance, y, *out_vectors, dnormal, dw, *in_vectors, dx]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (1, 2)])
@pytest.mark.parametrize("shape", SHAPES)
def test_joined_operations_have_the_bits_of_those_apart(
    shape: tuple[int, ...], strides: tuple[int, int], dtype: str
) -> None:
    operation = _core.NormDepthwise(strides=strides, padding="same", epsilon=EPSILON, activation="relu")
    if not operation.fits(shape, (3, 3, shape[-1], 1)):
        assert shape[-1] == 3 or shape[-1] == 33  # pixels of an image that do not fill vectors
        return
    pairs: list[tuple[str, str]] = [("relu", "relu"), ("none", "relu"), ("relu", "none")]
    for acts in pairs:
        for threads in (1, 2):
            juanji.set_num_threads(threads)
            d = data(shape, dtype)
            *given, wanted = apart(d, strides, *acts, bias=acts[1] == "none")
            got = joined(d, strides, acts, acts[1] == "none", given)
            assert len(got) == len(wanted)
            for mine, other in zip(got, wanted, strict=True):
                np.testing.assert_array_equal(mine, other)


@pytest.fixture(autouse=True)
def _threads() -> Any:
    before = _core.num_threads()
    yield
    juanji.set_num_threads(before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("strides", [(1, 1), (2, 2)])
def test_statistics_of_the_output_have_the_bits_of_those_apart(strides: tuple[int, int], dtype: str) -> None:
    attributes: dict[str, Any] = {"strides": strides, "padding": "same", "epsilon": EPSILON, "activation": "relu"}
    for shape in ((16, 8, 8, 8), (33, 8, 8, 16), (18, 9, 9, 64)):
        d = data(shape, dtype)
        inputs = [d["x"], d["gamma"], d["beta"], d["out_gamma"], d["out_beta"] ** 2, d["w"], d["b"]]
        y = _core.NormDepthwise(**attributes)(*inputs)
        for threads in (1, 2, 5):
            juanji.set_num_threads(threads)
            got = _core.NormDepthwise(**attributes, moments=True)(*inputs)
            for mine, other in zip(got, (y, *_core.BatchMoments()(y)), strict=True):
                np.testing.assert_array_equal(mine, other)
    d = data((16, 4, 4, 8), dtype)  # a row of vectors is more than an image of 2×2 pixels
    inputs = [d["x"], d["gamma"], d["beta"], d["gamma"], d["gamma"] ** 2, d["w"]]
    attributes["strides"] = (2, 2)
    with pytest.raises(ValueError, match=r"norm_depthwise: cannot take statistics image by image"):
        _core.NormDepthwise(**attributes, moments=True)(*inputs)


def test_infinities_and_nan_go_the_same_ways() -> None:
    d = data((16, 8, 8, 16), "float32")
    d["x"][3, 2, 5, 7], d["x"][4, 0, 0, 8], d["w"][1, 1, 2] = np.nan, np.inf, np.inf
    with np.errstate(invalid="ignore", over="ignore"):
        *given, wanted = apart(d, (1, 1), "relu", "relu", bias=False)
        for mine, other in zip(joined(d, (1, 1), ("relu", "relu"), False, given), wanted, strict=True):
            np.testing.assert_array_equal(mine, other)


def test_what_does_not_fit() -> None:
    operation = _core.NormDepthwise(strides=(1, 1), padding="same", epsilon=EPSILON, activation="relu")
    assert operation.fits((16, 8, 8, 16), (3, 3, 16, 1))
    assert not operation.fits((15, 8, 8, 16), (3, 3, 16, 1))  # fewer images than tasks are wanted
    assert not operation.fits((16, 8, 8, 16), (5, 5, 16, 1))
    assert not operation.fits((16, 8, 8, 16), (3, 3, 16, 2))
    assert not operation.fits((16, 5, 5, 3), (3, 3, 3, 1))  # an image ends within a row of vectors
    x, v = np.ones((15, 8, 8, 16), "float32"), np.ones(16, "float32")
    w = np.ones((3, 3, 16, 1), "float32")
    with pytest.raises(ValueError, match=r"norm_depthwise: cannot go through x image by image; .* got x.shape=\(15, 8"):
        operation(x, v, v, v, v, w)
    x = np.ones((16, 8, 8, 16), "float32")
    with pytest.raises(ValueError, match=r"norm_depthwise: w has the wrong shape; expected \(3, 3, 16, 1\)"):
        operation(x, v, v, v, v, w[:, :, :3])
    with pytest.raises(ValueError, match=r"norm_depthwise: variance has the wrong shape; expected \(16,\)"):
        operation(x, v, v, v, v[:2], w)
    apply = _core.BatchNormGradientApply(EPSILON, "relu")
    with pytest.raises(TypeError, match=r"batch_norm_gradient_apply: .* expected float64, got sums.dtype=float32"):
        apply(x, x, v, v, v, v, np.ones((2, 16), "float32"))
    with pytest.raises(ValueError, match=r"batch_moments: there is nothing to take the mean of"):
        _core.BatchMoments()(x[:0])


def network() -> Any:
    juanji.utils.set_random_seed(3)
    x = inputs = layers.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for channels, strides in ((16, 1), (16, 2), (24, 1)):
        x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Conv2D(channels, 1, use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = x if strides == 2 else layers.ReLU()(x)
    x = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    model = juanji.Model(inputs, x)
    model.compile("adam", "categorical_crossentropy")
    return model


def test_training_has_the_bits_of_eager_training() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 8, 8, 3), "float32"), np.eye(3, dtype="float32")[rng.integers(0, 3, 40)]
    ran = operations(same_training(network, x, y, batch_size=20, epochs=3), "train_step")
    assert ran.count("norm_depthwise") == ran.count("norm_depthwise_gradient") == 3
    assert not any(name.startswith("depthwise") for name in ran)
    assert ran.count("conv2d_moments") == 4  # three of which take the statistics of what is normalised on the way
    assert ran.count("batch_norm_gradient") == ran.count("batch_norm_apply") + ran.count("batch_norm") - 3


def test_layers_that_are_frozen_or_used_elsewhere_stay_apart() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((32, 8, 8, 3), "float32"), np.eye(3, dtype="float32")[rng.integers(0, 3, 32)]
    for part in (layers.BatchNormalization, layers.DepthwiseConv2D):

        def frozen(part: Any = part) -> Any:
            model = network()
            for layer in [layer for layer in model.layers if isinstance(layer, part)][:2]:
                layer.trainable = False
            return model

        model = same_training(frozen, x, y, batch_size=16, epochs=2)
        assert "norm_depthwise" in operations(model, "train_step")
    model = network()
    shown = juanji.Model(model.inputs, [model.outputs[0], model.layers[3].output])  # what the first depthwise one reads
    shown.compile("sgd", ["categorical_crossentropy", "mse"])
    targets = [y, np.zeros((32, 8, 8, 8), "float32")]
    for _ in range(3):
        shown.train_on_batch(x, targets)
    ran = operations(shown, "train_step")
    assert ran.count("norm_depthwise") == 2

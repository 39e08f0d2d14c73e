"""Fused operations: the same bits in training, rounding apart in predictions, and fewer operations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import juanji
from juanji import _core, layers
from recordings import operations, same_training


def block(x: Any, channels: int, strides: int, kind: str, order: str) -> Any:
    def normal(y: Any) -> Any:
        return layers.BatchNormalization(epsilon=0.01)(y)

    def convolve(y: Any, kernel: int, step: int) -> Any:
        if kind == "depthwise":
            y = layers.DepthwiseConv2D(kernel, strides=step, padding="same", use_bias=False)(y)
            kernel = step = 1
        return layers.Conv2D(channels, kernel, strides=step, padding="same", use_bias=kind == "biased")(y)

    y = layers.ReLU()(normal(convolve(x, 3, strides)))
    y = normal(convolve(y, 3, 1))
    if strides > 1 or x.shape[-1] != channels:
        x = normal(convolve(x, 1, strides))
    pair = [x, y] if order == "short first" else [y, x]
    return layers.ReLU()(layers.Add()(pair))


def network(kind: str = "plain", order: str = "short first") -> Any:
    juanji.utils.set_random_seed(1)
    x = inputs = layers.Input((9, 8, 3))
    for channels, strides in ((8, 1), (8, 1), (12, 2)):
        x = block(x, channels, strides, kind, order)
    x = layers.Dense(6)(layers.GlobalAveragePooling2D()(x))
    x = layers.Dense(3, activation="softmax")(layers.ReLU()(layers.BatchNormalization()(x)))
    model = juanji.Model(inputs, x)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def images(n: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(n)
    return rng.random((n, 9, 8, 3), "float32"), np.eye(3, dtype="float32")[rng.integers(0, 3, n)]


@pytest.mark.parametrize("order", ["short first", "long first"])
@pytest.mark.parametrize("kind", ["plain", "biased", "depthwise"])
def test_normalised_blocks_train_with_the_bits_of_eager_training(kind: str, order: str) -> None:
    x, y = images(20)
    model = same_training(lambda: network(kind, order), x, y, batch_size=8, epochs=3)
    ran = operations(model, "train_step")
    assert "relu" not in ran
    assert "activation_gradient" not in ran
    assert ran.count("batch_norm_gradient") == ran.count("batch_norm")


def test_an_activation_behind_a_folded_normalisation_is_the_convolutions() -> None:
    x = np.random.default_rng(0).standard_normal((5, 12, 12, 8)).astype("float32") * 9

    def build() -> Any:
        juanji.utils.set_random_seed(1)
        parts: list[Any] = [layers.Input((12, 12, 8))]
        convolutions = [
            layers.Conv2D(20, 1),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.Conv2D(24, 3),
            layers.Conv2D(4, 1),
        ]
        for convolution, activation in zip(convolutions, ["relu6", "relu6", "relu6", "tanh"]):
            parts += [convolution, layers.BatchNormalization(), layers.Activation(activation)]
        model = juanji.Sequential(parts)
        model.compile("adam", "mse")
        return model

    model = build()
    model.fit(x, np.zeros((5, 10, 10, 4), "float32"), verbose=0)
    wanted = np.asarray(model(x))
    for _ in range(3):
        np.testing.assert_allclose(model.predict_on_batch(x), wanted, rtol=2e-5, atol=1e-5)
    ran = " ".join(operations(model, "predict_step"))
    assert "relu6" not in ran
    assert "tanh" not in ran


@pytest.mark.parametrize("kind", ["plain", "biased", "depthwise"])
def test_normalisation_is_folded_into_weights_for_predictions(kind: str) -> None:
    x, y = images(20)
    model = network(kind)
    for _ in range(2):
        model.fit(x, y, batch_size=8, epochs=3, verbose=0)
        wanted = np.asarray(model(x))
        for _ in range(3):
            np.testing.assert_allclose(model.predict_on_batch(x), wanted, rtol=2e-5, atol=1e-6)
    ran = operations(model, "predict_step")
    assert "relu" not in ran
    assert "scale_shift" not in ran  # convolutions add the shortcuts
    assert "add" not in ran
    assert "multiply" not in ran


def test_frozen_normalisation_trains_alike() -> None:
    x, y = images(16)

    def frozen() -> Any:
        model = network()
        for layer in model.layers[:8]:
            layer.trainable = False
        return model

    same_training(frozen, x, y, batch_size=8, epochs=2)


def test_what_is_used_twice_is_kept() -> None:
    x = inputs = layers.Input((6, 6, 4))
    normal = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(x))
    both = layers.Add()([normal, layers.ReLU()(normal)])
    twice = layers.Add()([normal, normal])
    model = juanji.Model(inputs, [layers.ReLU()(both), normal, layers.ReLU()(twice)])
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, 6, 6, 4)).astype("float32")
    wanted = [np.asarray(part) for part in model(x)]
    for _ in range(3):
        for got, want in zip(model.predict_on_batch(x), wanted):
            np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def pooled(kind: str, size: tuple[int, int], activation: str | None, bias: bool) -> Any:
    juanji.utils.set_random_seed(2)
    parts: list[Any] = [layers.Input((*size, 3))]
    for channels in (5, 16):
        fused = activation if kind == "fused" else None
        parts.append(layers.Conv2D(channels, 3, padding="same", activation=fused, use_bias=bias))
        if kind != "fused" and activation:
            parts.append(layers.Activation(activation))
        parts.append(layers.MaxPooling2D(2, padding="same" if size[0] % 4 == 0 and size[1] % 4 == 0 else "valid"))
    model = juanji.Sequential([*parts, layers.Flatten(), layers.Dense(3, activation="softmax")])
    model.compile("adam", "categorical_crossentropy")
    return model


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("activation", ["relu", "tanh", None])
@pytest.mark.parametrize("size", [(8, 8), (9, 7), (4, 20)])
@pytest.mark.parametrize("kind", ["fused", "layers"])
def test_pooling_behind_a_convolution_has_the_bits_of_eager_pooling(
    kind: str, size: tuple[int, int], activation: str | None, bias: bool
) -> None:
    rng = np.random.default_rng(1)
    x = rng.standard_normal((9, *size, 3)).astype("float32")
    x[2, 1] = 0.0
    y = np.eye(3, dtype="float32")[rng.integers(0, 3, 9)]
    results = []
    for eagerly in (True, False):
        model = pooled(kind, size, activation, bias)
        model.run_eagerly = eagerly
        for _ in range(4):
            model.train_on_batch(x, y)
        for _ in range(2):
            y_pred = model.predict_on_batch(x)
        results.append(([w.tobytes() for w in model.get_weights()], y_pred.tobytes()))
    assert results[0] == results[1]
    assert operations(model, "predict_step") == ["conv2d_packed", "conv2d_packed", "dense_packed", "softmax"]
    ran = operations(model, "train_step")
    if activation == "relu" and (bias or kind == "fused"):
        assert ran.count("conv2d_max_pool") == ran.count("max_pool_bias_gradient") == 2
        assert "conv2d" not in ran
    assert "max_pool" not in ran or activation != "relu" or not bias


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("images", "size", "channels", "outputs", "options"),
    [
        (3, (7, 9), 4, 33, {}),
        (1, (32, 32), 3, 64, {"padding": "valid"}),
        (2, (16, 16), 8, 40, {"strides": 2, "groups": 4}),
        (1, (2, 2), 1, 1, {"padding": "valid", "kernel": 1}),
        (5, (12, 5), 6, 6, {"dilation_rate": 2}),
    ],
)
def test_pooled_convolutions_of_many_shapes(
    threads: Any,
    count: int,
    images: int,
    size: tuple[int, int],
    channels: int,
    outputs: int,
    options: dict[str, Any],
) -> None:
    from juanji.ops._conv import conv2d_max_pool

    settings = {"strides": 1, "padding": "same", "dilation_rate": 1, "groups": 1, "kernel": 3, **options}
    kernel = settings.pop("kernel")
    rng = np.random.default_rng(4)
    w = rng.standard_normal((kernel, kernel, channels // settings["groups"], outputs))
    x, b = rng.standard_normal((images, *size, channels)), rng.standard_normal(outputs)
    x[0, :2] = np.nan
    pairs = {name: (settings.pop(name),) * 2 for name in ("strides", "dilation_rate")}
    threads(count)
    for dtype in ("float32", "float64"):
        parts = [part.astype(dtype) for part in (x, w, b)]
        y = juanji.ops.conv2d(*parts, **pairs, **settings, activation="tanh")
        want = juanji.ops.max_pool(y, 2)
        got, argmax = conv2d_max_pool(*parts, **pairs, **settings, activation="tanh", argmax=True)
        packed = _core.PackConv2D(groups=settings["groups"])(parts[1])
        native = _core.Conv2DPacked(
            kernel_size=(kernel, kernel), filters=outputs, **pairs, **settings, activation="tanh", pooled=True
        )
        np.testing.assert_array_equal(native(parts[0], packed, parts[2]), want)
        np.testing.assert_array_equal(got, want)
        windows = np.stack([y[:, p : 2 * want.shape[1] : 2, q : 2 * want.shape[2] : 2] for p in (0, 1) for q in (0, 1)])
        np.testing.assert_array_equal(np.take_along_axis(windows, argmax[None].astype(int), 0)[0], want)

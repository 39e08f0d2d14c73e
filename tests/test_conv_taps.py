"""Convolutions on images smaller than their window: taps that see nothing but padding are left out."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import juanji
from juanji import layers, ops
from juanji.ops._conv_taps import without_idle_taps
from recordings import same_training
from reference import conv as reference

PADDINGS = ("same", "valid", ((0, 2), (3, 1)), ((4, 0), (1, 5)))
C = 16.0  # of eps · max|y|, that of tests/test_ops_conv.py


def normal(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def flat(padding: Any) -> Any:
    return padding if isinstance(padding, str) else (*padding[0], *padding[1])


def fits(size: tuple[int, int], kernel: tuple[int, int], dilation: int, padding: Any) -> bool:
    amounts = padding if not isinstance(padding, str) else ((0, 0), (0, 0))
    spans = ((k - 1) * dilation + 1 for k in kernel)
    return padding == "same" or all(s <= n + sum(p) for s, n, p in zip(spans, size, amounts, strict=True))


@pytest.mark.parametrize("padding", PADDINGS)
def test_passes_follow_the_definition(padding: Any) -> None:
    dropped = 0
    sizes = itertools.product((1, 2, 4), (1, 3), (1, 3, 5), (2, 3), (1, 2, 3), (1, 2))
    for h, w, kh, kw, stride, dilation in sizes:
        if not fits((h, w), (kh, kw), dilation, padding):
            continue
        x, kernel = juanji.Variable(normal(2, h, w, 3)), juanji.Variable(normal(kh, kw, 3, 2, seed=1))
        geometry = ((stride, stride), padding, (dilation, dilation))
        with juanji.GradientTape() as tape:
            y = ops.conv2d(x, kernel, strides=stride, padding=padding, dilation_rate=dilation)
        want = reference.conv2d(x.numpy(), kernel.numpy(), *geometry, 1)
        dy = normal(*want.shape, seed=2)
        dx, dw = tape.gradient(y, [x, kernel], output_gradients=dy)
        pairs = [(y, want), (dx, reference.input_gradient(x.numpy(), kernel.numpy(), dy, *geometry, 1))]
        pairs.append((dw, reference.weight_gradient(x.numpy(), kernel.numpy(), dy, *geometry, 1)))
        for got, other in pairs:
            limit = C * np.finfo(float).eps * max(1.0, np.abs(other).max())
            np.testing.assert_allclose(np.asarray(got), other, rtol=0, atol=limit)
        short, _ = without_idle_taps(x, kernel, geometry[0], flat(padding), geometry[2])
        dropped += short.shape != kernel.shape
    assert dropped > 0 or padding == "valid"


@pytest.mark.parametrize(
    ("size", "kernel", "strides", "padding", "dilation", "left", "amounts"),
    [
        ((1, 1), (3, 3), (1, 1), "same", (1, 1), (1, 1), (0, 0, 0, 0)),
        ((2, 2), (5, 3), (1, 1), "same", (1, 1), (3, 3), (1, 1, 1, 1)),
        ((1, 9), (3, 3), (2, 2), "same", (1, 1), (1, 3), (0, 0, 1, 1)),
        ((2, 2), (3, 3), (1, 1), "same", (2, 2), (1, 1), (0, 0, 0, 0)),
        ((2, 2), (3, 3), (1, 1), "same", (1, 1), (3, 3), "same"),  # every tap sees a pixel from somewhere
        ((1, 1), (3, 3), (1, 1), (0, 2, 2, 0), (1, 1), (1, 1), (0, 0, 0, 0)),
        ((1, 1), (2, 2), (1, 1), (10**9, 10**9, 0, 1), (1, 1), (2, 1), (10**9, 10**9, 0, 0)),
        ((1, 1), (3, 3), (1, 1), (-1, 3, 1, 1), (1, 1), (3, 3), (-1, 3, 1, 1)),  # refused behind
        ((1, 1), (3, 3), (0, 1), "same", (1, 1), (3, 3), "same"),
        ((None, 1), (3, 3), (1, 1), "same", (1, 1), (3, 3), "same"),
    ],
)
def test_what_is_left(
    size: Any, kernel: Any, strides: Any, padding: Any, dilation: Any, left: Any, amounts: Any
) -> None:
    class Image:
        shape = (1, *size, 2)

    w, found = without_idle_taps(Image(), np.zeros((*kernel, 2, 3)), strides, padding, dilation)
    assert w.shape == (*left, 2, 3)
    assert found == amounts


def network() -> Any:
    juanji.utils.set_random_seed(5)
    x = inputs = layers.Input((4, 4, 3))
    for _ in range(4):
        x = layers.Conv2D(24, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    model = juanji.Model(inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(x)))
    model.compile("adam", "categorical_crossentropy")
    return model


def test_steps_recorded_and_eager_agree() -> None:
    x = normal(40, 4, 4, 3).astype("float32")
    y = np.eye(3, dtype="float32")[np.arange(40) % 3]
    model = same_training(network, x, y, batch_size=20, epochs=3)
    wanted = np.asarray(model(x))
    for _ in range(3):
        np.testing.assert_allclose(model.predict_on_batch(x), wanted, rtol=2e-5, atol=1e-6)

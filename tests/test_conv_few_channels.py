"""Convolutions with few output channels, which compute several neighbouring pixels as one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import juanji
from juanji import _core, layers
from reference import conv as reference

SAME = {"strides": (1, 1), "padding": "same", "dilation_rate": (1, 1), "groups": 1}
# x, kernel (height, width, outputs), what differs, whether pixels are grouped with vectors of eight or more
CASES: list[tuple[tuple[int, ...], tuple[int, int, int], dict[str, Any], bool]] = [
    ((2, 9, 8, 32), (3, 3, 3), {}, True),
    ((3, 5, 28, 16), (3, 3, 1), {}, True),
    ((1, 12, 14, 7), (5, 5, 1), {"padding": "valid"}, True),
    ((2, 7, 10, 33), (3, 2, 2), {"padding": ((1, 2), (0, 3))}, True),
    ((1, 4, 64, 200), (3, 3, 4), {}, True),
    ((2, 9, 16, 8), (7, 9, 3), {"strides": (2, 1)}, True),
    ((1, 8, 12, 8), (2, 3, 1), {"dilation_rate": (3, 1)}, True),
    ((1, 9, 7, 32), (3, 3, 3), {}, False),  # one pixel would be left over
    ((1, 9, 8, 32), (1, 1, 3), {}, False),  # neighbours share nothing
    ((1, 9, 8, 32), (3, 3, 3), {"strides": (1, 2)}, False),
    ((1, 9, 8, 32), (3, 3, 3), {"dilation_rate": (1, 2)}, False),
    ((1, 9, 8, 32), (3, 3, 64), {}, False),
    ((1, 9, 8, 6), (3, 3, 3), {"groups": 3}, False),
]
C = 16.0  # of eps · max|y|, that of tests/test_ops_conv.py


def normal(*shape: int, dtype: str = "float32", seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def case_of(number: int, dtype: str) -> tuple[dict[str, Any], Any, Any, Any]:
    shape, kernel, changed, _ = CASES[number]
    attributes = {**SAME, **changed}
    depth = shape[3] // attributes["groups"]
    w = normal(*kernel[:2], depth, kernel[2], dtype=dtype, seed=1)
    scale = np.sqrt(kernel[0] * kernel[1] * depth)
    return attributes, normal(*shape, dtype=dtype), (w / scale).astype(dtype), normal(kernel[2], dtype=dtype, seed=2)


def specs(*arrays: Any) -> list[tuple[str, tuple[int, ...]]]:
    return [(str(a.dtype), a.shape) for a in arrays]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("number", range(len(CASES)))
def test_all_passes_follow_the_definition(number: int, dtype: str) -> None:
    attributes, x, w, b = case_of(number, dtype)
    geometry = [attributes[name] for name in ("strides", "padding", "dilation_rate", "groups")]
    z = reference.conv2d(x, w, *geometry)
    operation = _core.Conv2D(**attributes, activation="relu")
    if dtype == "float32" and _core.active_isa() != "baseline":
        assert operation.groups_pixels(specs(x, w)) == CASES[number][3]
    eps = np.finfo(dtype).eps
    want = np.maximum(z + b, 0)
    np.testing.assert_allclose(operation(x, w, b), want, rtol=0, atol=C * eps * np.abs(z + b).max())
    # the same seen from behind: x takes the place of dy, and few channels are those of dx
    turned = np.ascontiguousarray(w.swapaxes(2, 3))
    if attributes["groups"] > 1:
        return
    at = reference.conv2d(np.zeros((*z.shape[:3], w.shape[3]), dtype), turned, *geometry).shape[1:3]
    dy = normal(len(x), *at, w.shape[2], dtype=dtype, seed=3)
    gradient = _core.Conv2DInputGradient(input_size=z.shape[1:3], **attributes)
    want = reference.input_gradient(np.zeros(z.shape), turned, dy, *geometry)
    np.testing.assert_allclose(gradient(dy, turned), want, rtol=0, atol=C * eps * np.abs(want).max())


def test_the_same_bits_with_every_thread_count_and_residuals() -> None:
    before = _core.num_threads()
    attributes, x, w, b = case_of(0, "float32")
    x = np.concatenate([x] * 20)
    try:
        results = []
        for threads in (1, 2, 5):
            juanji.set_num_threads(threads)
            results.append(_core.Conv2D(**attributes, activation="none")(x, w, b))
        np.testing.assert_array_equal(results[0], results[1])
        np.testing.assert_array_equal(results[0], results[2])
        residual = normal(*results[0].shape, seed=5)
        added = _core.Conv2D(**attributes, activation="relu", residual=True)(x, w, b, residual)
        np.testing.assert_array_equal(added, np.maximum(results[0] + residual, 0))
    finally:
        juanji.set_num_threads(before)


def test_infinite_pixels_reach_their_neighbours_at_most() -> None:
    x, w = np.zeros((1, 9, 8, 4), "float32"), np.ones((3, 3, 4, 3), "float32")
    x[0, 4, 3, 1] = np.inf
    y = _core.Conv2D(**SAME, activation="none")(x, w)
    assert np.isposinf(y[0, 3:6, 2:5]).all()  # the windows that see it
    rest = np.delete(y, [3, 4, 5], axis=1)
    np.testing.assert_array_equal(rest, 0)


def autoencoder() -> Any:
    juanji.utils.set_random_seed(4)
    x = inputs = layers.Input((12, 12, 3))
    x = layers.Conv2D(140, 3, padding="same", activation="relu")(x)
    y = layers.MaxPooling2D(2)(layers.Conv2D(3, 3, padding="same", activation="relu")(x))
    x = layers.Conv2D(3, 3, padding="same", activation="sigmoid")(x)
    model = juanji.Model(inputs, [x, y])
    model.compile("adam", ["mse", "mse"])
    return model


def test_steps_recorded_and_eager_agree() -> None:
    x = normal(8, 12, 12, 3)
    targets = [normal(8, 12, 12, 3, seed=1), normal(8, 6, 6, 3, seed=2)]
    results = []
    for eagerly in (True, False):
        model = autoencoder()
        model.run_eagerly = eagerly
        for _ in range(4):
            model.train_on_batch(x, targets)
        predicted = [model.predict_on_batch(x) for _ in range(3)][-1]
        results.append([a.tobytes() for a in (*model.get_weights(), *predicted)])
    assert results[0] == results[1]

"""Convolutions that take the batch statistics of their output: the bits of the operations that they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import juanji
from juanji import _core, layers
from recordings import operations, same_training

SAME = {"strides": (1, 1), "padding": "same", "dilation_rate": (1, 1), "groups": 1, "activation": "none"}
# x, kernel (height, width, outputs), attributes: Winograd's method with tiles that are shared and by rows, both cut at
# borders; direct with padding and without, strides, dilation, groups, one channel, few pixels and shares of channels.
CASES: list[tuple[tuple[int, ...], tuple[int, int, int], dict[str, Any]]] = [
    ((16, 4, 4, 64), (3, 3, 128), {}),
    ((17, 7, 7, 96), (3, 3, 64), {}),
    ((16, 14, 14, 256), (3, 3, 64), {}),
    ((70, 32, 32, 16), (3, 3, 16), {}),
    ((33, 18, 13, 32), (3, 3, 64), {"padding": "valid"}),
    ((129, 16, 16, 24), (1, 1, 48), {}),
    ((16, 8, 8, 512), (1, 1, 512), {"strides": (2, 2)}),
    ((20, 16, 16, 3), (7, 7, 16), {"strides": (2, 2)}),
    ((16, 12, 12, 8), (3, 3, 16), {"dilation_rate": (2, 2)}),
    ((18, 8, 8, 12), (3, 3, 24), {"groups": 3}),
    ((200, 1, 1, 16), (3, 3, 64), {}),
    ((16, 64, 64, 1), (5, 5, 1), {}),
]


@pytest.fixture(autouse=True)
def _threads() -> Any:
    before = _core.num_threads()
    yield
    juanji.set_num_threads(before)


def arrays(shape: tuple[int, ...], kernel: tuple[int, int, int], groups: int, dtype: str) -> list[Any]:
    rng = np.random.default_rng(1)
    w = rng.standard_normal((*kernel[:2], shape[3] // groups, kernel[2]))
    return [a.astype(dtype) for a in (rng.standard_normal(shape) + 1, w, rng.standard_normal(kernel[2]))]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", range(len(CASES)))
def test_statistics_have_the_bits_of_those_apart(case: int, dtype: str) -> None:
    shape, kernel, changed = CASES[case]
    attributes = {**SAME, **changed}
    inputs = arrays(shape, kernel, attributes["groups"], dtype)[: 2 + case % 2]
    juanji.set_num_threads(1)
    y = _core.Conv2D(**attributes)(*inputs)
    assert _core.Conv2DMoments.fits(y.shape)
    wanted = (y, *_core.BatchMoments()(y))
    for threads in (1, 2, 5):
        juanji.set_num_threads(threads)
        for got, other in zip(_core.Conv2DMoments(**attributes)(*inputs), wanted, strict=True):
            np.testing.assert_array_equal(got, other)


def test_nan_and_infinity_reach_their_channel() -> None:
    x, w, _ = arrays((16, 8, 8, 8), (1, 1, 16), 1, "float32")
    w[..., 3], w[..., 7] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        y, mean, variance = _core.Conv2DMoments(**SAME)(x, w)
        wanted = _core.BatchMoments()(y)
    np.testing.assert_array_equal(mean, wanted[0])
    np.testing.assert_array_equal(variance, wanted[1])
    assert np.isnan(mean[3])
    assert list(np.flatnonzero(~np.isfinite(mean))) == [3, 7]


def test_what_does_not_fit() -> None:
    fits = _core.Conv2DMoments.fits
    assert fits((16, 8, 8, 16))
    assert not fits((15, 8, 8, 16))  # fewer images than tasks are wanted
    assert not fits((16, 5, 5, 3))  # an image ends within a row of vectors
    assert not fits((16, 2, 2, 2000))  # tasks share the channels
    assert not fits((16, 8, 8, 0))
    x, w, b = arrays((15, 8, 8, 8), (3, 3, 16), 1, "float32")
    with pytest.raises(ValueError, match=r"conv2d_moments: cannot take statistics image by image; .*\(15, 8, 8, 16\)"):
        _core.Conv2DMoments(**SAME)(x, w)
    with pytest.raises(ValueError, match=r"conv2d: bias has the wrong shape"):
        _core.Conv2DMoments(**SAME)(x, w, b[:3])


@pytest.mark.parametrize("activation", ["none", "relu"])
def test_normalising_with_given_statistics(activation: str) -> None:
    rng = np.random.default_rng(2)
    x, residual = (rng.standard_normal((5, 6, 7, 9)).astype("float32") for _ in range(2))
    gamma, beta = (rng.standard_normal(9).astype("float32") for _ in range(2))
    for more in ((), (residual,)):
        y, mean, variance = _core.BatchNorm(0.01, activation)(x, gamma, beta, *more)
        apply = _core.BatchNormApply(0.01, activation)
        np.testing.assert_array_equal(apply(x, gamma, beta, mean, variance, *more), y)
        with pytest.raises(ValueError, match=r"batch_norm_apply: variance has the wrong shape; expected \(9,\)"):
            apply(x, gamma, beta, mean, variance[:1], *more)


def network() -> Any:
    juanji.utils.set_random_seed(3)
    x = inputs = layers.Input((8, 8, 3))
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(16, 3, padding="same")(x)))
    y = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(16, 3, padding="same", use_bias=False)(x)))
    y = layers.BatchNormalization()(layers.Conv2D(16, 1, use_bias=False)(y))
    x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(layers.BatchNormalization()(layers.Conv2D(16, 1)(x)))
    x = layers.BatchNormalization()(x)
    x = layers.BatchNormalization()(layers.Conv2D(8, 3, activation="relu")(x))
    model = juanji.Model(inputs, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
    model.compile("adam", "categorical_crossentropy")
    return model


@pytest.mark.parametrize("batch", [20, 12])
def test_training_has_the_bits_of_eager_training(batch: int) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 8, 8, 3), "float32"), np.eye(3, dtype="float32")[rng.integers(0, 3, 40)]
    ran = operations(same_training(network, x, y, batch_size=batch, epochs=3), "train_step")
    assert ran.count("conv2d_moments") == (4 if batch >= 16 else 0)
    assert ran.count("batch_norm_apply") == (4 if batch >= 16 else 0)  # one behind the depthwise convolution
    assert ran.count("conv2d") == (1 if batch >= 16 else 5)  # its relu lies between it and the normalisation

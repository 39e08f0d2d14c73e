"""Normalisation layers and functions that move elements give Keras' numbers. Skipped without Keras."""

from __future__ import annotations

import numpy as np
import pytest

import juanji

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
pytestmark = pytest.mark.filterwarnings("default")

TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}  # both sides compute in float32

LAYERS = [
    ("BatchNormalization", {}, (8, 5, 5, 6)),
    ("BatchNormalization", {"axis": 1, "momentum": 0.5, "epsilon": 1e-2}, (8, 4, 3)),
    ("BatchNormalization", {"center": False}, (16, 7)),
    ("BatchNormalization", {"scale": False}, (16, 7)),
    ("BatchNormalization", {"renorm": True}, (16, 7)),
    ("BatchNormalization", {"renorm": True, "renorm_clipping": {"rmax": 1.5, "rmin": 0.5, "dmax": 0.3}}, (16, 7)),
    ("LayerNormalization", {}, (4, 5, 6)),
    ("LayerNormalization", {"axis": [1, 2], "epsilon": 0.1}, (4, 5, 6)),
    ("LayerNormalization", {"axis": 1, "center": False}, (4, 5, 6)),
    ("GroupNormalization", {"groups": 3}, (4, 5, 5, 6)),
    ("GroupNormalization", {"groups": -1, "scale": False}, (4, 5, 6)),
    ("GroupNormalization", {"groups": 1, "epsilon": 0.1}, (4, 6)),
    ("UnitNormalization", {}, (4, 5, 6)),
    ("UnitNormalization", {"axis": [1, 2]}, (4, 5, 6)),
    ("RMSNormalization", {}, (4, 5, 6)),
    ("RMSNormalization", {"axis": [1, 2], "epsilon": 0.1}, (4, 5, 6)),
]


def run_keras(layer, x, dy):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True) if "Batch" in type(layer).__name__ else layer(x)
        loss = tf.reduce_sum(y * dy)
    return y, tape.gradient(loss, [x, *(v.value for v in layer.trainable_weights)])


def run_juanji(layer, x, dy):
    x = juanji.Tensor(x)
    with juanji.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
        loss = juanji.ops.sum(y * dy)
    return y, tape.gradient(loss, [x, *layer.trainable_weights])


@pytest.mark.parametrize(("name", "arguments", "shape"), LAYERS)
def test_layers(name, arguments, shape):
    rng = np.random.default_rng(0)
    x, dy = (rng.normal(size=(2, *shape)) * 3 + 1).astype("float32")
    theirs, ours = (getattr(k.layers, name)(**arguments) for k in (keras, juanji))
    theirs.build(shape)
    ours.build(shape)
    assert [w.name for w in theirs.weights] == [w.name for w in ours.weights]
    weights = [rng.uniform(0.5, 2, w.shape).astype("float32") for w in theirs.get_weights()]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    expected, expected_gradients = run_keras(theirs, x, dy)
    got, gradients = run_juanji(ours, x, dy)
    np.testing.assert_allclose(got, expected, **TOLERANCE)
    for mine, wanted in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-4, atol=1e-5 * max(1, np.abs(wanted).max()))
    for mine, wanted in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, wanted, **TOLERANCE)
    np.testing.assert_allclose(ours(x), theirs(x), **TOLERANCE)


X = np.random.default_rng(1).normal(size=(3, 4, 5)).astype("float32")
FUNCTIONS = {
    "batch_normalization": lambda ops: ops.batch_normalization(X, X[0, :, 0], np.abs(X[1, :, 0]) + 1, 1, X[2, :, 0]),
    "layer_normalization": lambda ops: ops.layer_normalization(X, X[0, 0], X[1, 1]),
    "moments": lambda ops: ops.moments(X, [0, 2])[1],
    "normalize": lambda ops: ops.normalize(X, axis=1, order=3),
    "pad reflect": lambda ops: ops.pad(X, ((1, 1), (0, 2), (2, 0)), "reflect"),
    "pad symmetric": lambda ops: ops.pad(X, ((1, 1), (0, 2), (2, 0)), "symmetric"),
    "pad value": lambda ops: ops.pad(X, ((1, 1), (0, 2), (1, 0)), constant_values=2.0),
    "repeat": lambda ops: ops.repeat(X, 2, axis=1),
    "rms_normalization": lambda ops: ops.rms_normalization(X, X[0, 0]),
    "take": lambda ops: ops.take(X, [[0, -1], [2, 1]], axis=1),
    "tile": lambda ops: ops.tile(X, (2, 1, 1, 3)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    np.testing.assert_allclose(FUNCTIONS[name](juanji.ops), FUNCTIONS[name](keras.ops), **TOLERANCE)

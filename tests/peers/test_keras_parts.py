"""The same numbers as Keras: activations, regularizers, fans, class numbers as rows. Skipped without Keras."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import activations, initializers, regularizers, utils

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings("default")

TOLERANCE = {"rtol": 2e-5, "atol": 2e-6}  # both sides compute in float32


def rng():
    return np.random.default_rng(0)


# threshold needs arguments; Keras' sparsemax does not add up to 1 when more than one chance is positive
APART = {"threshold", "sparsemax"}
ACTIVATIONS = [
    ("relu", {}),
    ("relu", {"negative_slope": 0.3, "max_value": 2.0, "threshold": 0.5}),
    ("relu", {"negative_slope": 0.3, "max_value": 6.0}),
    ("relu", {"max_value": 3.0, "threshold": -1.0}),
    ("gelu", {"approximate": True}),
    ("glu", {"axis": 0}),
    ("threshold", {"threshold": 0.5, "default_value": 7.0}),
    *((name, {}) for name in sorted({*activations._registry.names()} - APART)),
]


@pytest.mark.parametrize(("name", "arguments"), ACTIVATIONS)
def test_activations(name, arguments):
    x = (rng().normal(size=(8, 10)) * 4).astype("float32")
    theirs = keras.ops.convert_to_numpy(keras.activations.get(name)(x, **arguments))
    np.testing.assert_allclose(activations.get(name)(x, **arguments), theirs, **TOLERANCE)


def test_regularizers():
    w = rng().normal(size=(3, 4)).astype("float32")
    for name, arguments in [("L1", {}), ("L2", {}), ("L1L2", {"l1": 0.1, "l2": 0.2})]:
        ours, theirs = getattr(regularizers, name)(**arguments), getattr(keras.regularizers, name)(**arguments)
        np.testing.assert_allclose(ours(w), float(theirs(keras.ops.convert_to_tensor(w))), **TOLERANCE)


@pytest.mark.parametrize("shape", [(), (5,), (5, 7), (3, 5, 7), (3, 3, 5, 7), (3, 3, 5, 1)])
def test_fans(shape):
    from keras.src.initializers.random_initializers import compute_fans

    assert initializers.compute_fans(shape) == compute_fans(shape)


def test_to_categorical():
    for labels, classes in [([0, 2, 1], None), (np.array([[1], [0]], "uint8"), 3), ([[0, 1], [2, 0]], 4)]:
        ours, theirs = utils.to_categorical(labels, classes), keras.utils.to_categorical(labels, classes)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)

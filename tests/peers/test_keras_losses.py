"""Losses give Keras' numbers and gradients, with every reduction and kind of sample weights. Skipped without Keras."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import GradientTape, Tensor, losses

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings("default")

TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}  # both sides compute in float32
RNG = np.random.default_rng(0)


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


SCORES = RNG.normal(size=(6, 4)).astype("float32")
OTHERS = RNG.normal(size=(6, 4)).astype("float32")
CHANCES = softmax(SCORES)
ONE_HOT = np.eye(4, dtype="float32")[RNG.integers(0, 4, 6)]
NUMBERS = RNG.integers(0, 4, 6)
BITS = RNG.integers(0, 2, (6, 4)).astype("float32")
SIGNS = 2 * BITS - 1
POSITIVE, POSITIVE_2 = np.exp(SCORES), np.exp(OTHERS)
MAPS = softmax(RNG.normal(size=(6, 3, 2, 4))).astype("float32")
MAP_NUMBERS = RNG.integers(0, 4, (6, 3, 2))
MAP_BITS = RNG.integers(0, 2, MAPS.shape).astype("float32")
UNIT = SCORES / np.linalg.norm(SCORES, axis=-1, keepdims=True)

LOSSES = [
    ("MeanSquaredError", {}, OTHERS, SCORES),
    ("MeanSquaredError", {}, MAP_BITS, MAPS),
    ("MeanAbsoluteError", {}, OTHERS, SCORES),
    ("MeanAbsolutePercentageError", {}, POSITIVE_2, POSITIVE),
    ("MeanSquaredLogarithmicError", {}, POSITIVE_2, POSITIVE),
    ("Huber", {"delta": 0.7}, OTHERS, SCORES),
    ("LogCosh", {}, OTHERS, SCORES),
    ("CosineSimilarity", {}, OTHERS, SCORES),
    ("CosineSimilarity", {"axis": 1}, MAP_BITS, MAPS),
    ("Hinge", {}, SIGNS, SCORES),
    ("Hinge", {}, BITS, SCORES),
    ("SquaredHinge", {}, BITS, SCORES),
    ("CategoricalHinge", {}, ONE_HOT, SCORES),
    ("KLDivergence", {}, softmax(OTHERS), CHANCES),
    ("Poisson", {}, POSITIVE_2, POSITIVE),
    ("CategoricalCrossentropy", {}, ONE_HOT, CHANCES),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, ONE_HOT, POSITIVE),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ONE_HOT, SCORES),
    ("SparseCategoricalCrossentropy", {}, NUMBERS, CHANCES),
    ("SparseCategoricalCrossentropy", {}, NUMBERS[:, None], CHANCES),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, MAP_NUMBERS, MAPS),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, MAP_NUMBERS, MAPS),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": 1}, NUMBERS, SCORES),
    ("BinaryCrossentropy", {}, BITS, CHANCES),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, BITS, SCORES),
    ("BinaryCrossentropy", {"axis": 1}, MAP_BITS, MAPS),
    ("BinaryFocalCrossentropy", {}, BITS, CHANCES),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5}, MAP_BITS, MAPS),
    ("BinaryFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, BITS, SCORES),
    ("CategoricalFocalCrossentropy", {}, ONE_HOT, CHANCES),
    ("CategoricalFocalCrossentropy", {"alpha": [0.1, 0.2, 0.3, 0.4], "gamma": 1.0}, ONE_HOT, POSITIVE),
    ("CategoricalFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ONE_HOT, SCORES),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, NUMBERS, CHANCES),
    ("Dice", {}, MAP_BITS, MAPS),
    ("Dice", {"axis": (1, 2, 3)}, MAP_BITS, MAPS),
    ("Tversky", {"alpha": 0.3, "beta": 0.8}, MAP_BITS, MAPS),
    ("Tversky", {"axis": (1, 2, 3)}, MAP_BITS, MAPS),
    ("Circle", {"gamma": 4.0}, NUMBERS, UNIT),
    ("Circle", {"remove_diagonal": False, "margin": 0.2}, np.array([0, 0, 0, 1, 2, 2]), UNIT),
    ("CTC", {}, np.array([[1, 2], [3, 3], [2, 0]]), SCORES.reshape(3, 2, 4)[:, [0, 1, 0, 1, 0]]),
]
IDS = [f"{name}-{'-'.join(arguments)}" for name, arguments, *_ in LOSSES]


def values_and_gradients(name, arguments, y, p, weights):
    import tensorflow as tf

    ours, theirs = getattr(losses, name)(**arguments), getattr(keras.losses, name)(**arguments)
    x, z = Tensor(p), tf.Variable(p)
    with GradientTape() as tape:
        tape.watch(x)
        value = ours(y, x, weights)
    with tf.GradientTape() as other:
        expected = theirs(y, z, weights)
    return value.numpy(), expected.numpy(), tape.gradient(value, x).numpy(), other.gradient(expected, z).numpy()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", "none"])
@pytest.mark.parametrize(("name", "arguments", "y", "p"), LOSSES, ids=IDS)
def test_values_and_gradients(name, arguments, y, p, reduction, weighted):
    probe = np.shape(getattr(losses, name)(**arguments, reduction=None)(y, p))
    weights = RNG.uniform(0.1, 1, probe or len(p)).astype("float32") if weighted else None
    value, expected, gradient, their_gradient = values_and_gradients(
        name, {**arguments, "reduction": reduction}, y, p, weights
    )
    assert value.shape == expected.shape
    np.testing.assert_allclose(value, expected, **TOLERANCE)
    np.testing.assert_allclose(gradient, their_gradient, rtol=1e-4, atol=1e-4 * max(np.abs(their_gradient).max(), 1e-3))


@pytest.mark.parametrize("shape", [(), (1,), (6, 1), (6, 3), (6, 3, 1), (6, 1, 1), (1, 3, 2), (6, 3, 2), (6, 3, 2, 1)])
def test_ranks_of_sample_weights(shape):
    weights = RNG.uniform(size=shape).astype("float32")
    try:
        expected = keras.losses.MeanSquaredError()(MAP_BITS, MAPS, weights)
    except Exception:  # a shape that Keras does not take: one weight for each value of the first axes
        expected = np.mean(((MAP_BITS - MAPS) ** 2).mean(-1) * weights.reshape(shape + (1,) * (3 - len(shape))))
    np.testing.assert_allclose(losses.MeanSquaredError()(MAP_BITS, MAPS, weights), np.asarray(expected), **TOLERANCE)


@pytest.mark.parametrize("name", sorted({*keras.src.losses.ALL_OBJECTS_DICT} - {"Loss", "LossFunctionWrapper"}))
def test_every_alias_means_the_same(name):
    ours, theirs = losses.get(name), keras.losses.get(name)
    if isinstance(theirs, keras.Loss):
        assert type(ours).__name__ == type(theirs).__name__
        assert ours.name == theirs.name
    else:
        assert ours.__name__ == theirs.__name__


@pytest.mark.parametrize(("name", "arguments", "y", "p"), LOSSES, ids=IDS)
def test_configurations_of_keras_are_read(name, arguments, y, p):
    theirs = getattr(keras.losses, name)(**arguments, reduction="sum")
    ours = losses.deserialize(keras.losses.serialize(theirs))
    assert type(ours).__name__ == name
    for key, value in theirs.get_config().items():
        assert ours.get_config()[key] == value
    back = getattr(keras.losses, name).from_config(ours.get_config())
    assert back.get_config() == theirs.get_config()

"""Calls without state: the same values in, the same values out as in Keras."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import juanji  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 6)).astype("float32")
Y = RNG.integers(0, 3, 8)


def model_of(k):
    model = k.Sequential(
        [
            k.layers.Input((6,)),
            k.layers.Dense(5, activation="tanh", kernel_regularizer="l2"),
            k.layers.BatchNormalization(),
            k.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("sgd", k.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
    return model


def assert_alike(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(np.asarray(a), keras.ops.convert_to_numpy(b), rtol=1e-5, atol=1e-6)


def test_models():
    ours, theirs = model_of(juanji), model_of(keras)
    trainable = [RNG.normal(size=v.shape).astype("float32") for v in ours.trainable_variables]
    fixed = [RNG.uniform(0.5, 1.5, v.shape).astype("float32") for v in ours.non_trainable_variables]
    results = [m.stateless_call(trainable, fixed, X, training=True, return_losses=True) for m in (ours, theirs)]
    (y, after, losses), (their_y, their_after, their_losses) = results
    assert_alike([y, *after, *losses], [their_y, *their_after, *their_losses])
    totals = []
    for model, y_pred in ((ours, y), (theirs, their_y)):
        held = [np.zeros(v.shape) for v in model.metrics_variables]
        totals.append(model.stateless_compute_loss(trainable, fixed, held, X, Y, y_pred)[0])
    assert_alike(totals[:1], totals[1:])


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Nadam"])
def test_optimizers(name):
    values = RNG.normal(size=(4, 3)).astype("float32")
    gradients = RNG.normal(size=(3, 4, 3)).astype("float32")
    ours, theirs = (getattr(k.optimizers, name)(0.1) for k in (juanji, keras))
    ours.build([juanji.Variable(np.zeros((4, 3)))])
    reference = keras.Variable(values)
    trained, state = [values], list(ours.variables)
    for gradient in gradients:
        trained, state = ours.stateless_apply(state, [gradient], trained)
        theirs.apply([keras.ops.convert_to_tensor(gradient)], [reference])  # on TensorFlow it has no other way
    assert_alike(trained, [reference.value])
    assert_alike(state[:2], theirs.variables[:2])


@pytest.mark.parametrize("name", ["Mean", "MeanSquaredError", "Precision", "AUC"])
def test_metrics(name):
    data = [RNG.uniform(size=7)] if name == "Mean" else [RNG.integers(0, 2, 7), RNG.uniform(size=7)]
    results = []
    for k in (juanji, keras):
        metric = getattr(k.metrics, name)()
        state = metric.stateless_reset_state()
        for _ in range(2):
            state = metric.stateless_update_state(state, *data)
        results.append(metric.stateless_result(state))
        assert float(metric.result()) == 0
    assert_alike(results[:1], results[1:])

"""Mistakes are told in one error, before anything is changed."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import Sequential, layers, losses, metrics

RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 6, 6, 2)).astype("float32")
LABELS = RNG.integers(0, 3, 40)


def classifier(**compiled):
    model = Sequential([layers.Input((6, 6, 2)), layers.Flatten(), layers.Dense(3, activation="softmax")])
    model.compile(
        **({"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]} | compiled)
    )
    return model


def refuses_unchanged(model, error, match, *args, **kwargs):
    before = model.get_weights()
    with pytest.raises(error, match=match):
        model.fit(*args, **{"verbose": 0, **kwargs})
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(new, old)


def test_validation_data_of_another_shape_is_refused_before_training():
    refuses_unchanged(classifier(), ValueError, "wrong shape", X, LABELS, validation_data=(X[:, :4], LABELS))


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", losses.SparseCategoricalCrossentropy()])
@pytest.mark.parametrize("wrong", [-1, 3, 2**40])
def test_a_wrong_label_in_a_late_row_is_refused_before_training(wrong, loss):
    labels = LABELS.copy()
    labels[37] = wrong
    message = f"label in row 37 is not a class number; expected 0 to 2, got label={wrong}"
    refuses_unchanged(classifier(loss=loss), ValueError, f"fit: {message}", X, labels, batch_size=4, shuffle=False)
    held_out = rf"fit \(validation_data\): {message}"
    refuses_unchanged(classifier(loss=loss), ValueError, held_out, X, LABELS, validation_data=(X, labels))


def test_ignored_classes_are_no_wrong_labels():
    labels = LABELS.copy()
    labels[5] = -1
    model = classifier(loss=losses.SparseCategoricalCrossentropy(ignore_class=-1), metrics=None)
    assert np.isfinite(model.fit(X, labels, verbose=0).history["loss"][0])


def test_metrics_refuse_labels_before_the_weights_change():
    model = classifier(metrics=[metrics.CategoricalAccuracy()])
    refuses_unchanged(model, ValueError, "categorical_accuracy", X, LABELS)


def test_no_optimizer():
    model = classifier(optimizer=None)
    for train in (model.fit, model.train_on_batch):
        with pytest.raises(ValueError, match="there is no optimizer"):
            train(X, LABELS)


@pytest.mark.parametrize("weights", [{"a": 1.0}, {0: "a"}, {0: float("nan")}, {1: None}])
def test_class_weight_that_is_not_clear(weights):
    refuses_unchanged(classifier(), ValueError, "class_weight is not clear", X, LABELS, class_weight=weights)


def test_validation_split_of_another_type():
    refuses_unchanged(classifier(), ValueError, "validation_split is out of range", X, LABELS, validation_split="0.2")


def test_a_loss_that_gives_no_number():
    refuses_unchanged(classifier(loss=lambda a, b: "low"), TypeError, "unsupported dtype", X, LABELS)

"""What compile, fit and their siblings refuse, before anything is trained."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import Sequential, callbacks, layers
from small_models import LABELS, X, Y, classifier, linear


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"y": Y[:49]}, ValueError, r"fit: x and y differ in length; expected 50 rows as in x, got y.shape=\(49, 1\)"),
        ({"x": X[:0], "y": Y[:0]}, ValueError, r"fit: no samples; expected at least one, got x.shape=\(0, 4\)"),
        ({"x": None}, TypeError, "fit: x holds no numbers; expected an array of numbers, got NoneType"),
        ({"y": None}, ValueError, "needs labels; expected y, got y=None"),
        ({"x": [[1.0], [1.0, 2.0]]}, ValueError, "fit: x is not an array; expected rows of equal shape"),
        ({"x": np.array(["a"] * 50)}, TypeError, "fit: x holds no numbers"),
        ({"x": 3.0}, ValueError, "fit: x has no axes"),
        ({"x": X[:, :3]}, ValueError, r"wrong shape of the input; expected \(None, 4\), got shape=\(None, 3\)"),
        ({"x": X[:, :, None]}, ValueError, r"wrong shape of the input; expected \(None, 4\), got shape=\(None, 4, 1\)"),
        ({"y": np.zeros((50, 2))}, ValueError, "mean_squared_error"),
        (
            {"batch_size": 0},
            ValueError,
            "fit: batch_size is out of range; expected a whole number of at least 1, got batch_size=0",
        ),
        ({"batch_size": float("nan")}, ValueError, "batch_size is out of range"),
        ({"batch_size": "32"}, ValueError, "batch_size is out of range"),
        ({"epochs": -1}, ValueError, "epochs is out of range; expected a whole number of at least 0"),
        ({"epochs": 1.5}, ValueError, "epochs is out of range"),
        ({"steps_per_epoch": 0}, ValueError, "steps_per_epoch is out of range"),
        ({"validation_freq": 0, "validation_data": (X, Y)}, ValueError, "validation_freq is out of range"),
        ({"validation_split": 1.0}, ValueError, "validation_split is out of range; expected a number between 0 and 1"),
        ({"validation_split": -0.1}, ValueError, "validation_split is out of range"),
        ({"validation_split": 0.999}, ValueError, "too few samples to split"),
        ({"validation_data": (X,)}, ValueError, "needs labels"),
        ({"validation_data": (X, Y[:3])}, ValueError, r"fit \(validation_data\): x and y differ in length"),
        ({"validation_data": (X, Y, Y, Y)}, ValueError, "wrong number of parts"),
        ({"sample_weight": np.ones(3)}, ValueError, "fit: x and sample_weight differ in length"),
        ({"sample_weight": np.ones(50), "class_weight": {0: 1.0}}, ValueError, "weights are given twice"),
        ({"class_weight": [1.0, 2.0]}, TypeError, "class_weight has the wrong type; expected a dictionary"),
        ({"verbose": 3}, ValueError, "verbose is out of range; expected 'auto', 0, 1 or 2, got verbose=3"),
        ({"callbacks": ["stop"]}, TypeError, "callbacks: not a callback.*got 'stop'"),
        ({"callbacks": [callbacks.TerminateOnNaN]}, TypeError, "callbacks: not a callback"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(arguments, error, message):
    model = linear()
    before = model.get_weights()
    with pytest.raises(error, match=message):
        model.fit(**({"x": X, "y": Y, "verbose": 0} | arguments))
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_labels_that_do_not_fit_the_loss_are_told():
    with pytest.raises(ValueError, match="sparse_categorical_crossentropy"):
        classifier(loss="categorical_crossentropy").fit(X, LABELS[:, None], verbose=0)
    with pytest.raises(ValueError, match=r"7"):
        classifier().fit(X, np.full(50, 7), verbose=0)


def test_uncompiled_models_say_what_to_call():
    model = Sequential([layers.Dense(1)])
    for method in (model.fit, model.evaluate, model.train_on_batch, model.test_on_batch):
        with pytest.raises(ValueError, match=rf"{method.__name__}: the model is not compiled.*model\.compile\("):
            method(X, Y)
    assert model.predict(X, verbose=0).shape == (50, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizer": "adamm"}, "'adam'.*got identifier='adamm'"),
        ({"loss": "msee"}, "got identifier='msee'"),
        ({"loss": ["mse", "mae"]}, "too many losses"),
        ({"loss_weights": [1, 2]}, "wrong number of loss_weights"),
        ({"metrics": 3}, "wrong type; expected names, functions or objects, got metrics=3"),
    ],
)
def test_compile_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        linear(**arguments)


def test_metrics_in_the_place_of_loss_weights():
    model = Sequential([layers.Input((4,)), layers.Dense(1)])
    with pytest.raises(ValueError, match=r"a weight of a loss is no number.*pass metrics by name"):
        model.compile("adam", "mse", ["accuracy"])

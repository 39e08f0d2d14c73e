"""compile, fit, evaluate, predict: against steps taken by hand."""

from __future__ import annotations

import threading
import warnings

import numpy as np
import pytest

from juanji import (
    GradientTape,
    Model,
    Sequential,
    callbacks,
    config,
    constraints,
    layers,
    losses,
    metrics,
    optimizers,
    utils,
)
from small_models import LABELS, RNG, X, Y, classifier, linear


def gradient_descent(w, b, x, y, rate, batch_size, weights=None):
    """Plain float64 steps of linear regression; returns the weights and the mean of the batch losses."""
    total = 0.0
    for start in range(0, len(x), batch_size):
        rows = slice(start, start + batch_size)
        error = x[rows].astype(float) @ w + b - y[rows]
        share = np.ones((len(error), 1)) if weights is None else weights[rows, None]
        total += float((share * error**2).sum())
        w = w - rate * 2 * x[rows].T @ (share * error) / len(error)
        b = b - rate * 2 * (share * error).sum(0) / len(error)
    return w, b, total / len(x)


@pytest.mark.parametrize("batch_size", [1, 7, 10, 49, 50, 64])
def test_fit_takes_the_steps_of_gradient_descent(batch_size):
    model = linear()
    w, b = (v.astype(float) for v in model.get_weights())
    w, b, first = gradient_descent(w, b, X, Y, 0.01, batch_size)
    w, b, second = gradient_descent(w, b, X, Y, 0.01, batch_size)
    history = model.fit(X, Y, batch_size=batch_size, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.get_weights()[1], b, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(history.history["loss"], [first, second], rtol=1e-5)


def test_batches_of_32_are_the_default():
    model = linear()
    w, b = (v.astype(float) for v in model.get_weights())
    w, b, _ = gradient_descent(w, b, X, Y, 0.01, 32)
    model.fit(X, Y, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-5, atol=1e-6)


def test_sample_weights_scale_the_loss():
    weights = RNG.random(50)
    model = linear()
    w, b = (v.astype(float) for v in model.get_weights())
    w, b, loss = gradient_descent(w, b, X, Y, 0.01, 10, weights)
    history = model.fit(X, Y, 10, sample_weight=weights, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(history.history["loss"], [loss], rtol=1e-5)


@pytest.mark.parametrize(
    "labels", [LABELS, LABELS[:, None], np.eye(3)[LABELS], LABELS.astype("float32"), LABELS.astype("uint8")]
)
def test_class_weights_are_sample_weights(labels):
    loss = "categorical_crossentropy" if labels.shape == (50, 3) else "sparse_categorical_crossentropy"
    first, second = classifier(loss=loss), classifier(loss=loss)
    second.set_weights(first.get_weights())
    first.fit(X, labels, class_weight={0: 2.0, 2: 0.5}, shuffle=False, verbose=0)
    second.fit(X, labels, sample_weight=np.array([2.0, 1.0, 0.5])[LABELS], shuffle=False, verbose=0)
    for a, b in zip(first.get_weights(), second.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_regularization_is_part_of_loss_and_gradient():
    model = Sequential([layers.Dense(1, kernel_regularizer="l2", input_dim=4)])
    model.compile(optimizers.SGD(0.1), "mse")
    kernel = model.get_weights()[0].astype(float)
    w, _, loss = gradient_descent(kernel, np.zeros(1), X, Y, 0.1, 50)
    history = model.fit(X, Y, 50, verbose=0)
    np.testing.assert_allclose(history.history["loss"], [loss + 0.01 * (kernel**2).sum()], rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], w - 0.1 * 0.02 * kernel, rtol=1e-5, atol=1e-6)


def test_constraints_hold_after_every_update():
    model = Sequential([layers.Dense(1, use_bias=False, kernel_constraint="non_neg", input_dim=4)])
    model.compile(optimizers.SGD(1.0), "mse")
    model.fit(np.abs(X), np.full_like(Y, -10.0), verbose=0)  # every weight would have to be negative
    assert model.get_weights()[0].min() == 0


def test_constraints_hold_in_training_steps_of_ones_own():
    class Own(Model):
        def train_step(self, data):
            x, y = data
            with GradientTape() as tape:
                loss = self.compute_loss(x, y, self(x, training=True))
            variables = self.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
            return {"loss": loss}

    inputs = layers.Input((4,))
    model = Own(inputs, layers.Dense(1, use_bias=False, kernel_constraint="non_neg")(inputs))
    model.compile(optimizers.SGD(1.0), "mse")
    model.fit(np.abs(X), np.full_like(Y, -10.0), verbose=0)
    assert model.get_weights()[0].min() == 0


def test_a_constraint_set_after_recording_is_applied():
    model = Sequential([layers.Dense(1, use_bias=False, input_dim=4)])
    model.compile(optimizers.SGD(0.01), "mse")
    for _ in range(3):
        model.train_on_batch(np.abs(X), np.full_like(Y, -10.0))
    assert model.get_weights()[0].min() < 0
    model.layers[0].kernel.constraint = constraints.NonNeg()
    model.train_on_batch(np.abs(X), np.full_like(Y, -10.0))
    assert model.get_weights()[0].min() == 0


def test_training_learns_and_history_tells():
    target = (X @ np.array([[1.0], [-2.0], [3.0], [0.5]]) + 1).astype("float32")
    model = linear(optimizer=optimizers.SGD(0.1), metrics=["mae"])
    history = model.fit(X, target, epochs=60, validation_data=(X, target), verbose=0)
    assert sorted(history.history) == ["loss", "mae", "val_loss", "val_mae"] or sorted(history.history) == [
        "loss", "mean_absolute_error", "val_loss", "val_mean_absolute_error",
    ]  # fmt: skip
    assert history.epoch == list(range(60))
    assert all(len(values) == 60 and all(isinstance(v, float) for v in values) for values in history.history.values())
    assert history.history["val_loss"][-1] < 1e-4 < history.history["loss"][0]
    assert model.history is history


def test_the_same_seed_gives_the_same_bits():
    def run(seed):
        utils.set_random_seed(seed)
        model = classifier()
        model.fit(X, LABELS, epochs=2, batch_size=8, verbose=0)
        return model.get_weights()

    for a, b in zip(run(5), run(5)):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(run(5)[0], run(6)[0])


def test_shuffling_gives_every_row_once_and_another_order_each_epoch():
    seen = []

    class Watching(Sequential):
        def train_step(self, data):
            seen.append(data[0][:, 0].copy())
            return super().train_step(data)

    model = Watching([layers.Dense(1, input_dim=1)])
    model.compile("sgd", "mse")
    x = np.arange(20.0)[:, None]
    model.fit(x, x * 0, batch_size=7, epochs=2, verbose=0)
    first, second = np.concatenate(seen[:3]), np.concatenate(seen[3:])
    np.testing.assert_array_equal(np.sort(first), x[:, 0])
    np.testing.assert_array_equal(np.sort(second), x[:, 0])
    assert not np.array_equal(first, second)
    assert [len(rows) for rows in seen] == [7, 7, 6, 7, 7, 6]


def test_weights_have_the_same_bits_at_any_number_of_threads(threads):
    images = np.random.default_rng(1).random((96, 12, 12, 3)).astype("float32")
    labels = np.random.default_rng(2).integers(0, 4, 96)

    def run(count):
        threads(count)
        utils.set_random_seed(0)
        model = Sequential(
            [
                layers.Conv2D(16, 3, padding="same", activation="relu", input_shape=(12, 12, 3)),
                layers.MaxPooling2D(),
                layers.Conv2D(32, 3, padding="same", activation="relu"),
                layers.AveragePooling2D(),
                layers.Flatten(),
                layers.Dropout(0.3),
                layers.Dense(64, activation="relu"),
                layers.Dense(4, activation="softmax"),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(images, labels, batch_size=40, epochs=2, verbose=0)
        return [w.tobytes() for w in model.get_weights()], history.history

    one = run(1)
    assert run(2) == one
    assert run(4) == one


@pytest.mark.parametrize("dtype", ["uint8", "float64", "float16", "int32", "bool"])
def test_data_of_any_type_is_converted_batch_by_batch(dtype):
    images = RNG.integers(0, 2, (20, 4)).astype(dtype)
    model = linear()
    expected = images.astype("float32") @ model.get_weights()[0]
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, rtol=1e-6, atol=1e-6)
    model.fit(images, images[:, :1], verbose=0)


def test_lists_memory_maps_and_strided_arrays_are_data(tmp_path):
    model = linear()
    expected = model.predict(X, verbose=0)
    np.testing.assert_array_equal(model.predict(X.tolist(), verbose=0), expected)
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    np.testing.assert_array_equal(model.predict(mapped, verbose=0), expected)
    strided = np.repeat(X, 2, axis=0)[::2]
    np.testing.assert_array_equal(model.predict(strided, verbose=0), expected)
    model.fit(mapped, Y, verbose=0)
    model.fit(strided[::-1], Y.tolist(), verbose=0)


def test_the_data_is_never_changed():
    x, y = X.copy(), Y.copy()
    x.flags.writeable = y.flags.writeable = False
    linear().fit(x, y, epochs=2, verbose=0)
    np.testing.assert_array_equal(x, X)


def test_models_of_float64_stay_so():
    x = np.array([[1.0 + 2.0**-40]])
    for first in ([layers.Input((1,), dtype="float64")], []):
        model = Sequential([*first, layers.Dense(1, dtype="float64", kernel_initializer="ones")])
        assert model.predict(x, verbose=0).tolist() == x.tolist()
        model.compile("sgd", "mse")
        model.fit(x, x, verbose=0)
        assert model.get_weights()[0].dtype == np.float64


def test_floatx_sets_the_type_of_models():
    config.set_floatx("float64")
    try:
        model = linear()
        assert model.predict(X, verbose=0).dtype == np.float64
    finally:
        config.set_floatx("float32")


def test_validation_split_takes_the_last_rows():
    model = linear()
    history = model.fit(X, Y, validation_split=0.3, epochs=1, verbose=0)
    np.testing.assert_allclose(history.history["val_loss"][0], model.evaluate(X[35:], Y[35:], verbose=0), rtol=1e-6)


def test_validation_data_wins_over_the_split_and_may_have_weights():
    model = linear()
    weights = RNG.random(10)
    history = model.fit(X, Y, validation_split=0.5, validation_data=(X[:10], Y[:10], weights), verbose=0)
    expected = model.evaluate(X[:10], Y[:10], sample_weight=weights, verbose=0)
    np.testing.assert_allclose(history.history["val_loss"][0], expected, rtol=1e-6)


@pytest.mark.parametrize(("frequency", "expected"), [(2, 2), ([1, 4, 5], 3), (1, 5), (7, 0)])
def test_validation_happens_when_it_is_due(frequency, expected):
    history = linear().fit(X, Y, epochs=5, validation_data=(X, Y), validation_freq=frequency, verbose=0)
    assert len(history.history.get("val_loss", [])) == expected


def test_epochs_can_be_continued():
    model = linear()
    history = model.fit(X, Y, epochs=5, initial_epoch=3, verbose=0)
    assert history.epoch == [3, 4]
    assert model.optimizer.iterations == 4
    assert model.fit(X, Y, epochs=0, verbose=0).history == {}


def test_steps_per_epoch_go_on_through_the_data():
    model = linear()
    history = model.fit(X, Y, batch_size=20, epochs=2, steps_per_epoch=2, shuffle=False, verbose=0)
    assert model.optimizer.iterations == 4
    assert len(history.epoch) == 2


def test_validation_steps_limit_the_batches():
    model = linear()
    history = model.fit(X, Y, validation_data=(X, Y), validation_steps=1, validation_batch_size=10, verbose=0)
    np.testing.assert_allclose(history.history["val_loss"][0], model.evaluate(X[:10], Y[:10], verbose=0), rtol=1e-6)


def test_evaluate_is_the_mean_over_all_rows():
    model = classifier()
    p = model.predict(X, verbose=0).astype(float)
    loss = -np.log(p[np.arange(50), LABELS]).mean()
    accuracy = (p.argmax(1) == LABELS).mean()
    for batch_size in (1, 7, 50, 1000):
        values = model.evaluate(X, LABELS, batch_size=batch_size, verbose=0)
        np.testing.assert_allclose(values, [loss, accuracy], rtol=1e-5)
    assert model.metrics_names == ["loss", "accuracy"]
    named = model.evaluate(X, LABELS, verbose=0, return_dict=True)
    assert list(named) == ["loss", "accuracy"]
    assert isinstance(linear().evaluate(X, Y, verbose=0), float)
    np.testing.assert_allclose(
        model.evaluate(X, LABELS, batch_size=10, steps=2, verbose=0)[1], (p.argmax(1) == LABELS)[:20].mean()
    )


def test_predict_gives_all_rows_in_order():
    model = classifier()
    expected = np.asarray(model(X))
    for batch_size in (1, 7, 50, 1000):
        np.testing.assert_allclose(model.predict(X, batch_size=batch_size, verbose=0), expected, rtol=1e-5)
    assert model.predict(X, batch_size=20, steps=2, verbose=0).shape == (40, 3)
    np.testing.assert_allclose(model.predict_on_batch(X), expected, rtol=1e-6)
    assert type(model.predict(X[:1], verbose=0)) is np.ndarray


def test_dropout_is_active_in_fit_only():
    model = Sequential([layers.Dropout(0.5, input_shape=(4,)), layers.Dense(1, use_bias=False)])
    model.compile("sgd", "mse")
    np.testing.assert_array_equal(model.predict(X, verbose=0), model.predict(X, verbose=0))
    assert model.test_on_batch(X, Y) == model.test_on_batch(X, Y)
    assert not np.array_equal(np.asarray(model(X, training=True)), np.asarray(model(X, training=True)))


def test_train_and_test_on_batch():
    model = linear(metrics=["mae"])
    w, b = (v.astype(float) for v in model.get_weights())
    w, b, loss = gradient_descent(w, b, X, Y, 0.01, 50)
    np.testing.assert_allclose(model.train_on_batch(X, Y)[0], loss, rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-5, atol=1e-6)
    model.reset_metrics()
    values = model.test_on_batch(X, Y, return_dict=True)
    error = X @ w + b - Y
    np.testing.assert_allclose(values["loss"], (error**2).mean(), rtol=1e-5)
    np.testing.assert_allclose(model.train_on_batch(X, Y)[0], values["loss"], rtol=1e-5)
    assert model.train_on_batch(X, Y, sample_weight=np.zeros(50))[0] == 0  # of this batch alone


def test_metrics_given_in_every_form():
    def zeros(y_true, y_pred):
        return np.zeros(len(y_true))

    model = linear(metrics=["mse", zeros, metrics.MeanAbsoluteError(name="own")], weighted_metrics=["mse"])
    values = model.evaluate(X, Y, sample_weight=np.full(50, 0.5), return_dict=True, verbose=0)
    error = model.predict(X, verbose=0) - Y
    assert len(values) == 5
    assert values["zeros"] == 0
    np.testing.assert_allclose(values["own"], np.abs(error).mean(), rtol=1e-5)
    np.testing.assert_allclose(values["loss"], 0.5 * (error**2).mean(), rtol=1e-5)


def test_losses_given_in_every_form():
    def own(y_true, y_pred):
        difference = y_pred - y_true
        return difference * difference

    expected = linear()
    for loss in ("mse", "mean_squared_error", losses.MeanSquaredError(), own, ["mse"], {"out": "mse"}):
        model = linear(loss=loss)
        model.set_weights(expected.get_weights())
        np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), expected.evaluate(X, Y, verbose=0), rtol=1e-6)
    model = linear(loss_weights=[3.0])
    model.set_weights(expected.get_weights())
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), 3 * expected.evaluate(X, Y, verbose=0), rtol=1e-6)


def test_a_penalty_alone_can_be_trained():
    model = Sequential([layers.Dense(1, use_bias=False, kernel_regularizer="l2", input_dim=4)])
    model.compile(optimizers.SGD(0.1))
    before = model.get_weights()[0]
    model.fit(X, batch_size=50, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], before * (1 - 0.1 * 0.02), rtol=1e-5)


def test_frozen_models_say_that_nothing_changes():
    model = linear()
    model.trainable = False
    with pytest.warns(UserWarning, match="no trainable weights"):
        model.fit(X, Y, verbose=0)


def test_frozen_layers_do_not_change():
    model = classifier()
    model.layers[0].trainable = False
    before = model.get_weights()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, LABELS, verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert not np.array_equal(before[2], after[2])


def test_train_step_can_be_replaced():
    class Twice(Sequential):
        def train_step(self, data):
            super().train_step(data)
            return super().train_step(data)

    model = Twice([layers.Dense(1, input_dim=4)])
    model.compile("sgd", "mse")
    model.fit(X, Y, batch_size=50, verbose=0)
    assert model.optimizer.iterations == 2


def test_interrupting_leaves_a_usable_model():
    class Interrupt(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                raise KeyboardInterrupt

    model = linear()
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, batch_size=10, verbose=0, callbacks=[Interrupt()])
    assert threading.active_count() == before
    assert model.optimizer.iterations == 2
    assert model.history.epoch == []
    assert model.predict(X, verbose=0).shape == (50, 1)
    assert len(model.fit(X, Y, epochs=2, verbose=0).epoch) == 2


def test_weighted_metrics_of_a_name_that_is_taken_say_so():
    model = linear(metrics=["mse", "mae"], weighted_metrics=["mae", "mae", metrics.MeanAbsoluteError(name="mae")])
    weights = np.linspace(0, 1, len(X))
    found = model.evaluate(X, Y, sample_weight=weights, verbose=0, return_dict=True)
    assert list(found) == ["loss", "mse", "mae", "weighted_mae", "weighted_mae_1", "weighted_mae_2"]
    error = np.abs(model.predict(X, verbose=0) - Y).mean(axis=-1)
    assert found["mae"] == pytest.approx(error.mean(), rel=1e-5)
    assert found["weighted_mae"] == pytest.approx((error * weights).sum() / weights.sum(), rel=1e-5)


def test_metrics_of_compile_are_named_once():
    model = linear(metrics=["mse", metrics.MeanAbsoluteError(name="own")])
    model.evaluate(X, Y, verbose=0)
    assert model.metrics_names == ["loss", "mse", "own"]
    assert [metric.name for metric in model.metrics] == ["loss", "compile_metrics"]

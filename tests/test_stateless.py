"""Layers, metrics and optimizers on values that stand for their variables, which stay as they are."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import juanji
from juanji import GradientTape, Sequential, StatelessScope, Tensor, Variable, layers, metrics, ops, optimizers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 6, 6, 2)).astype("float32")
Y = RNG.integers(0, 3, 8)


def classifier():
    model = Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(4, 3, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def copies(variables):
    return [v.numpy().copy() for v in variables]


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_training_without_state_has_the_bits_of_an_ordinary_one():
    juanji.utils.set_random_seed(0)
    model = classifier()
    reference = juanji.models.clone_model(model)
    reference.set_weights(model.get_weights())
    reference.compile(optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    optimizer, accuracy = model.optimizer, metrics.SparseCategoricalAccuracy()
    optimizer.build(model.trainable_variables)
    before = copies([*model.variables, *optimizer.variables, *accuracy.variables, *model.metrics_variables])

    trained = [Tensor(value) for value in copies(model.trainable_variables)]
    fixed, of_metrics = copies(model.non_trainable_variables), copies(model.metrics_variables)
    state, counts = copies(optimizer.variables), accuracy.stateless_reset_state()
    accuracies = []
    for _ in range(3):
        with GradientTape() as tape:
            tape.watch(trained)
            y_pred, fixed = model.stateless_call(trained, fixed, X, training=True)
            loss, (_, fixed, of_metrics) = model.stateless_compute_loss(trained, fixed, of_metrics, X, Y, y_pred)
        gradients = tape.gradient(loss, trained)
        new, state = optimizer.stateless_apply(state, gradients, trained)
        trained = [Tensor(value) for value in new]
        counts = accuracy.stateless_update_state(counts, Y, y_pred)
        accuracies.append(reference.train_on_batch(X, Y, return_dict=True)["accuracy"])

    assert_same(before, copies([*model.variables, *optimizer.variables, *accuracy.variables, *model.metrics_variables]))
    assert_same(trained, reference.trainable_variables)
    assert_same(fixed, reference.non_trainable_variables)
    assert_same(state, reference.optimizer.variables)
    assert float(accuracy.stateless_result(counts)) == pytest.approx(np.mean(accuracies), rel=1e-12)


def test_gradients_go_to_variables_that_stand_for_themselves_or_others():
    layer = layers.Dense(3)
    layer.build((None, 4))
    x = RNG.normal(size=(5, 4)).astype("float32")
    others = [Variable(v * 2) for v in layer.get_weights()]
    for values in (layer.trainable_variables, others):
        with GradientTape() as tape:
            y, _ = layer.stateless_call(values, [], x)
            loss = ops.sum(ops.square(y))
        kernel, bias = tape.gradient(loss, values)
        expected = 2 * (x @ values[0].numpy() + values[1].numpy())
        np.testing.assert_allclose(kernel, x.T @ expected, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(bias, expected.sum(0), rtol=1e-5, atol=1e-5)


def test_penalties_and_losses_come_from_the_given_values():
    class Small(layers.Layer):
        def call(self, inputs):
            self.add_loss([ops.sum(inputs), inputs])
            return inputs

    model = Sequential([layers.Input((2,)), layers.Dense(2, kernel_regularizer="l2"), Small()])
    values = [np.full((2, 2), 3.0), np.zeros(2)]
    _, _, found = model.stateless_call(values, [], np.ones((1, 2)), return_losses=True)
    np.testing.assert_allclose([float(loss) for loss in found], [0.01 * 4 * 9, 12.0, 12.0], rtol=1e-6)
    with StatelessScope(zip(model.variables, values), collect_losses=True) as scope:
        model(np.ones((1, 2)))
    np.testing.assert_allclose([float(loss) for loss in scope.losses], [12.0, 12.0])


def test_what_is_assigned_is_read_again_inside_alone():
    v = Variable([1.0, 2.0])
    counter = Variable(3, dtype="int64", trainable=False)
    with StatelessScope([(v, np.array([5, 6]))]) as scope:
        assert v.numpy().tolist() == v.value.tolist() == np.asarray(v).tolist() == [5, 6]
        assert v.numpy().dtype == np.float32
        assert not v.value.flags.writeable
        assert (v[1] * 2).item() == 12
        v.assign_sub([1.0, 1.0])
        v.assign(v * 2)
        counter.assign_add(1)
        assert int(counter) == 4
        assert float(ops.sum(v)) == 18
    assert v.numpy().tolist() == [1, 2]
    assert int(counter) == 3
    assert scope.get_current_value(v).numpy().tolist() == [8, 10]
    assert scope.get_current_value(counter).numpy() == 4
    assert scope.get_current_value(counter).dtype == np.int64
    assert scope.get_current_value(Variable(0.0)) is None


def test_scopes_lie_inside_each_other_and_end_with_errors():
    v = Variable(1.0)
    with StatelessScope([(v, 2.0)]) as outer:
        with StatelessScope([(v, 3.0)]):
            v.assign(4.0)
            assert float(v) == 4
        assert float(v) == 2
        with pytest.raises(KeyError), StatelessScope([(v, 5.0)]):
            raise KeyError
        assert float(v) == 2
        with StatelessScope():
            assert float(v) == 1
    assert float(v) == 1
    assert float(outer.get_current_value(v)) == 2


def test_other_threads_see_the_variables_themselves():
    v, seen = Variable(1.0), []
    with StatelessScope([(v, 2.0)]):
        thread = threading.Thread(target=lambda: seen.append((float(v), float(v * 1.0), v.assign(3.0))))
        thread.start()
        thread.join()
        assert float(v) == 2
    assert seen[0][:2] == (1.0, 1.0)
    assert float(v) == 3


@pytest.mark.parametrize("name", ["SGD", "Adam", "Adagrad", "Lion"])
def test_optimizers_inside_a_scope_change_nothing_outside(name):
    v = Variable(np.ones(40, "float32"))
    optimizer = getattr(optimizers, name)(0.5)
    optimizer.build([v])
    before = copies([v, *optimizer.variables])
    with StatelessScope() as scope:
        optimizer.apply([np.ones(40, "float32")])
        optimizer.apply([np.ones(40, "float32")])
    assert_same(before, copies([v, *optimizer.variables]))
    inside = [scope.get_current_value(w) for w in (v, optimizer.iterations)]
    for _ in range(2):
        optimizer.apply([np.ones(40, "float32")])
    assert_same(inside, [v, optimizer.iterations])
    assert int(optimizer.iterations) == 2


def test_recorded_steps_are_not_used_inside():
    model = classifier()
    for _ in range(3):
        model.predict_on_batch(X)
        model.train_on_batch(X, Y)
    before = copies(model.variables)
    zeros = [np.zeros(v.shape) for v in model.trainable_variables]
    with StatelessScope(zip(model.trainable_variables, zeros)):
        for predictions in (model.predict_on_batch(X), model.predict(X, verbose=0)):
            np.testing.assert_allclose(predictions, 1 / 3, rtol=1e-6)
    with StatelessScope() as scope:
        model.train_on_batch(X, Y)
    assert_same(before, copies(model.variables))
    inside = [scope.get_current_value(v) for v in model.variables]
    model.train_on_batch(X, Y)
    assert_same(inside, model.variables)


@pytest.mark.parametrize("kind", [metrics.Mean, metrics.MeanSquaredError, metrics.AUC, metrics.Precision])
def test_metrics(kind):
    ours, reference = kind(), kind()
    data = [RNG.uniform(size=7)] if kind is metrics.Mean else [RNG.integers(0, 2, 7), RNG.uniform(size=7)]
    ours(*data)
    held = copies(ours.variables)
    state = ours.stateless_reset_state()
    for _ in range(2):
        state = ours.stateless_update_state(state, *data)
        reference.update_state(*data)
    assert_same(state, reference.variables)
    np.testing.assert_array_equal(ours.stateless_result(state), reference.result())
    assert_same(held, ours.variables)


def test_mistakes():
    v = Variable([1.0, 2.0], name="v")
    with pytest.raises(ValueError, match=r"not a variable; expected pairs .* got str"):
        StatelessScope([("v", 1.0)])
    with pytest.raises(ValueError, match=r"wrong shape of a value for variable 'v'; expected \(2,\), got \(3,\)"):
        StatelessScope([(v, np.ones(3))])
    with StatelessScope([(v, [0.0, 0.0])]), pytest.raises(ValueError, match=r"wrong shape for variable 'v'"):
        v.assign([1.0])
    with pytest.raises(
        ValueError, match=r"Mean\.stateless_result: wrong number of metric_variables; expected a value for"
    ):
        metrics.Mean().stateless_result([1.0])
    with pytest.raises(ValueError, match=r"stateless_call: the layer has no weights; expected a built layer"):
        layers.Dense(2).stateless_call([], [], X)
    model = classifier()
    with pytest.raises(ValueError, match=r"stateless_compute_loss: wrong number of metrics_variables.*got 0"):
        model.stateless_compute_loss(model.trainable_variables, model.non_trainable_variables, [], X, Y)

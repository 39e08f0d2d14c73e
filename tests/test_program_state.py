"""What changes in Python between steps, errors in the middle of steps, and what recording must not leave behind."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import juanji
from juanji import _core, constraints, layers, metrics, ops, optimizers, regularizers
from juanji.program import Recorded
from recordings import attempts, recorded_steps

rng = np.random.default_rng(0)
X = rng.standard_normal((12, 6)).astype("float32")
Y = rng.standard_normal((12, 3)).astype("float32")


def network(*inner: Any, **compiled: Any) -> Any:
    parts = inner or (layers.Dense(5, activation="relu"), layers.Dense(3))
    model = juanji.Sequential([layers.Input((6,)), *parts])
    model.compile(**{"optimizer": "adam", "loss": "mse", **compiled})
    return model


def train(model: Any, steps: int = 3, y: Any = Y) -> Any:
    results = [model.train_on_batch(X, y) for _ in range(steps)]
    if not model.run_eagerly:
        assert "train_step" in recorded_steps(model)
    return results


def both_ways(act: Callable[[bool], Any]) -> list[Any]:
    results = []
    for eagerly in (True, False):
        juanji.utils.set_random_seed(1)
        results.append(act(eagerly))
    return results


CHANGES: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "beta_1": (lambda: optimizers.Adam(), lambda m: setattr(m.optimizer, "beta_1", 0.1)),
    "epsilon": (lambda: optimizers.Adam(), lambda m: setattr(m.optimizer, "epsilon", 0.1)),
    "rho": (lambda: optimizers.RMSprop(), lambda m: setattr(m.optimizer, "rho", 0.1)),
    "momentum": (lambda: optimizers.SGD(0.1, momentum=0.9), lambda m: setattr(m.optimizer, "momentum", 0.2)),
    "decay": (
        lambda: optimizers.SGD(0.1, weight_decay=0.1),
        lambda m: m.optimizer.exclude_from_weight_decay(var_names=["kernel"]),
    ),
    "rate": (lambda: optimizers.SGD(0.1), lambda m: m.optimizer.learning_rate.assign(0.01)),
    "schedule": (
        lambda: optimizers.SGD(0.1),
        lambda m: setattr(m.optimizer, "learning_rate", optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)),
    ),
    "iterations": (lambda: optimizers.Adam(), lambda m: m.optimizer.iterations.assign(100)),
    "regularizer": (lambda: "sgd", lambda m: setattr(m.layers[0].kernel_regularizer, "l2", 5.0)),
    "constraint": (lambda: "sgd", lambda m: setattr(m.layers[0].bias_constraint, "max_value", 1e-4)),
}


@pytest.mark.parametrize("case", CHANGES)
def test_settings_changed_between_steps_take_effect(case: str) -> None:
    make, change = CHANGES[case]

    def act(eagerly: bool) -> Any:
        first = layers.Dense(5, kernel_regularizer=regularizers.L2(0.1), bias_constraint=constraints.MaxNorm(2.0))
        model = network(first, layers.Dense(3), optimizer=make(), run_eagerly=eagerly)
        before = train(model)
        change(model)
        return before, train(model), [w.tobytes() for w in model.get_weights()]

    eager, program = both_ways(act)
    assert eager == program


def test_setting_what_is_set_already_keeps_programs() -> None:
    model = network(layers.Dropout(0.5), layers.Dense(3))
    train(model)
    before = attempts(model)
    model.trainable = True
    model.layers[0].rate = 0.5
    model.optimizer.beta_1 = 0.9
    train(model, 1)
    assert attempts(model) == before


def test_freezing_a_layer_without_trainable_weights_takes_effect() -> None:
    def act(eagerly: bool) -> Any:
        normal = layers.BatchNormalization(center=False, scale=False)
        model = network(normal, layers.Dense(3), run_eagerly=eagerly)
        train(model)
        normal.trainable = False
        return train(model), [w.tobytes() for w in model.get_weights()]

    eager, program = both_ways(act)
    assert eager == program


def test_metric_functions_of_others_are_called_in_every_step() -> None:
    def act(eagerly: bool) -> Any:
        calls: list[int] = []

        def distance(y_true: Any, y_pred: Any) -> Any:
            calls.append(1)
            return ops.mean(ops.abs(y_true - y_pred), axis=-1) * len(calls)

        model = network(metrics=[distance, metrics.MeanMetricWrapper(distance, name="again")], run_eagerly=eagerly)
        return train(model, 5), len(calls)

    eager, program = both_ways(act)
    assert eager == program
    assert program[1] == 10


def test_losses_of_layers_are_values_after_recorded_steps() -> None:
    def act(eagerly: bool) -> Any:
        twice = layers.Dense(6, activity_regularizer="l2", kernel_regularizer="l1")
        inputs = layers.Input((6,))
        model = juanji.Model(inputs, layers.Dense(3, activity_regularizer="l1")(twice(twice(inputs))))
        model.compile("adam", "mse", run_eagerly=eagerly)
        train(model)
        after_training = [float(np.asarray(loss)) for loss in model.losses]
        for duplicate in (copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))):
            train(duplicate(model))
        return after_training

    eager, program = both_ways(act)
    assert len(eager) == 4
    assert eager == program


def test_predictions_follow_statistics_of_a_step_that_failed() -> None:
    model = network(
        layers.BatchNormalization(), layers.Dense(3, activation="softmax"), loss="sparse_categorical_crossentropy"
    )
    labels = np.arange(12) % 3
    train(model, y=labels)
    for _ in range(3):
        model.predict_on_batch(X)
    assert recorded_steps(model) == {"train_step", "predict_step"}
    with pytest.raises(ValueError, match="not a class number"):
        model.train_on_batch(X * 50, labels + 3)
    np.testing.assert_allclose(model.predict_on_batch(X), np.asarray(model(X)), rtol=1e-5)


def test_a_step_that_failed_leaves_no_learning_rate_behind() -> None:
    model = network(layers.Dense(3, activation="softmax"), loss="sparse_categorical_crossentropy", optimizer="sgd")
    labels = np.arange(12) % 3
    train(model, y=labels)
    before = [w.copy() for w in model.get_weights()]
    with pytest.raises(ValueError, match="not a class number"):
        model.train_on_batch(X, labels + 3)
    model.optimizer.learning_rate = 0.0
    train(model, 1, y=labels)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_layers_may_ask_other_models_while_they_are_recorded() -> None:
    class Guided(layers.Layer):
        def __init__(self, guide: Any) -> None:
            super().__init__()
            self._ask = lambda: guide.predict(np.ones((1, 6)), verbose=0)

        def call(self, inputs: Any) -> Any:
            return inputs * float(self._ask().sum())

    def act(eagerly: bool) -> Any:
        model = network(Guided(network()), layers.Dense(3), run_eagerly=eagerly, jit_compile=True)
        return [model.train_on_batch(X, Y) for _ in range(4)]

    eager, program = both_ways(act)
    assert eager == program


def test_what_cannot_be_recorded_is_tried_once() -> None:
    calls = []

    class Odd(layers.Layer):
        def call(self, inputs: Any) -> Any:
            calls.append(type(inputs).__name__)
            return inputs * {"Tensor": 2.0, "ndarray": 2.0}[calls[-1]]  # a KeyError while it is recorded

    model = network(Odd(), layers.Dense(3), jit_compile=True)
    calls.clear()
    for _ in range(6):
        model.train_on_batch(X, Y)
    assert len(calls) == 7
    assert calls.count("TracedArray") == 1


def test_initializers_of_others_do_not_keep_steps_from_being_recorded() -> None:
    train(network(layers.Dense(3, kernel_initializer=lambda shape, dtype=None: np.ones(shape, dtype))))


def test_steps_take_scalars() -> None:
    run = Recorded(lambda x: x * 2.0, [np.zeros((), "float32")], _core.Arena())
    assert run(np.array(3.0, "float32")) == 6.0


def test_programs_outlive_freezing_in_turn_and_other_models() -> None:
    judge = juanji.Sequential([layers.Input((6,)), layers.Dense(4, activation="relu"), layers.Dense(1)])
    judge.compile("sgd", "mse")
    noise = layers.Input((6,))
    both = juanji.Model(noise, judge(layers.BatchNormalization(center=False, scale=False)(layers.Dense(6)(noise))))
    both.compile("sgd", "mse")
    made = []
    for _ in range(6):
        judge.trainable = True
        judge.train_on_batch(X, Y[:, :1])
        judge.trainable = False
        before = [w.copy() for w in judge.get_weights()]
        both.train_on_batch(X, Y[:, :1])
        for a, b in zip(before, judge.get_weights()):
            np.testing.assert_array_equal(a, b)
        made.append([p for m in (judge, both) for p in attempts(m).values()])
        layers.Dense(3)  # something new elsewhere
    assert len(made[-1]) == 2
    assert made[-1] == made[2]


def test_another_layer_in_the_place_of_one_is_seen() -> None:
    model = network(layers.Dense(5), layers.Dense(3))
    for _ in range(3):
        model.predict_on_batch(X)
    for change in (copy.deepcopy, copy.deepcopy, copy.copy):
        layer = change(model.pop())
        model.add(layer)
        layer.set_weights([w + 1.0 for w in layer.get_weights()])
        for _ in range(3):
            np.testing.assert_array_equal(model.predict_on_batch(X), np.asarray(model(X)))


def test_memory_of_programs_is_bounded_over_many_forms() -> None:
    model = network()
    for i in range(10):
        model.pop()
        model.add(layers.Dense(3 + i))
        for _ in range(3):
            model.predict_on_batch(X)
    assert len(attempts(model)) <= 4


def test_models_change_while_threads_predict() -> None:
    model = network(layers.BatchNormalization(), layers.Dense(3))
    wanted = np.asarray(model(X))
    wrong: list[Any] = []
    done = threading.Event()

    def predict(n: int) -> None:
        try:
            while not done.is_set():
                np.testing.assert_allclose(model.predict_on_batch(X[:n]), wanted[:n], rtol=1e-4, atol=1e-5)
        except BaseException as error:
            wrong.append(error)

    workers = [threading.Thread(target=predict, args=(n,)) for n in (3, 12, 3)]
    for worker in workers:
        worker.start()
    for i in range(200):
        layers.Dense(2)
        model.layers[1].trainable = i % 2 == 0
        model.set_weights(model.get_weights())
        model.layers[0].epsilon = 0.001 + (i % 3) * 1e-9
    done.set()
    for worker in workers:
        worker.join()
    assert not wrong


def test_a_metric_that_raises_leaves_the_step_counted() -> None:
    class Strict(metrics.Metric):
        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            if np.isnan(y_true).any():
                raise ValueError("no number")

        def result(self) -> float:
            return 0.0

    model = network(metrics=[Strict()])
    train(model)
    moments = [v.numpy().copy() for v in model.optimizer.variables]
    with pytest.raises(ValueError, match="no number"):
        model.train_on_batch(X, np.full_like(Y, np.nan))
    assert int(model.optimizer.iterations) == 4
    assert any((a != b.numpy()).any() for a, b in zip(moments, model.optimizer.variables))


def test_logs_of_steps_of_users_are_numbers() -> None:
    class Own(juanji.Sequential):
        def train_step(self, data: Any) -> Any:
            x, y = data[:2]
            with juanji.GradientTape() as tape:
                loss = ops.mean(ops.square(self(x, training=True) - y))
            variables = self.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
            return {"loss": loss, "whole": ops.sum(x), "text": "as it is"}

    def act(eagerly: bool) -> Any:
        model = Own([layers.Input((6,)), layers.Dense(3)])
        model.compile("adam", "mse", run_eagerly=eagerly, jit_compile=True)
        history = model.fit(X, Y, batch_size=4, epochs=3, verbose=0).history
        assert all(type(value) is float for value in history["loss"] + history["whole"])
        assert eagerly or "train_step" in recorded_steps(model)
        return history, model.train_on_batch(X, Y, return_dict=True)

    eager, program = both_ways(act)
    assert eager == program
    assert program[1]["text"] == "as it is"


def test_shapes_that_come_once_are_not_recorded_and_shapes_in_turn_keep_their_programs() -> None:
    model = network()
    x = np.ones((300, 6), "float32")
    for n in range(1, 40):
        model.predict_on_batch(x[:n])
    assert not recorded_steps(model)
    kept = []
    for _ in range(4):
        for n in range(100, 120):
            model.predict_on_batch(x[:n])
        kept.append(set(attempts(model).values()))
    assert len(kept[1]) == 16
    assert kept[1] == kept[2] == kept[3]
    for n in [200] * 70 + [201, 202] * 40:  # what is not used any more makes room
        model.predict_on_batch(x[:n])
    assert {key[1][1] for key in attempts(model)} >= {(201, 6), (202, 6)}

"""Recorded steps give the bits of eager ones, and are recorded anew when the model changes."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import numpy as np
import pytest

import juanji
from juanji import _core, layers, ops, optimizers
from juanji.autograd import NoValueError, Variable
from juanji.program import Recorded
from recordings import attempts, recorded_steps


def network(**compiled: Any) -> Any:
    juanji.utils.set_random_seed(3)
    model = juanji.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(5, 3, padding="same", activation="relu", kernel_regularizer="l2"),
            layers.MaxPooling2D(2),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.Activation("tanh"),
            layers.Dropout(0.3),
            layers.Conv2D(7, 3, strides=2, activation="sigmoid"),
            layers.Flatten(),
            layers.Dense(6, activation="relu", kernel_constraint="max_norm"),
            layers.Dense(4, activation="softmax"),
        ]
    )
    model.compile(**{"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"], **compiled})
    return model


def data(n: int = 22, sparse: bool = False) -> tuple[Any, Any]:
    rng = np.random.default_rng(n)
    labels = rng.integers(0, 4, n)
    return rng.random((n, 8, 8, 3), "float32"), labels if sparse else np.eye(4, dtype="float32")[labels]


def assert_same_training(make: Any, x: Any, y: Any, **fit: Any) -> None:
    results = []
    for eagerly in (True, False):
        model = make()
        model.run_eagerly = eagerly
        history = model.fit(x, y, batch_size=5, epochs=3, verbose=0, **fit).history
        results.append((history, [w.tobytes() for w in model.get_weights()], model.predict(x, verbose=0).tobytes()))
        assert ("train_step" in recorded_steps(model)) == (not eagerly)
    assert results[0] == results[1]


CASES: dict[str, dict[str, Any]] = {
    "adam": {},
    "sgd": {"optimizer": optimizers.SGD(0.1, momentum=0.9, nesterov=True)},
    "rmsprop": {"optimizer": optimizers.RMSprop(0.01, centered=True)},
    "amsgrad": {"optimizer": optimizers.Adam(amsgrad=True)},
    "adamw": {"optimizer": optimizers.AdamW(weight_decay=0.1)},
    "clipnorm": {"optimizer": optimizers.SGD(0.1, clipnorm=0.01)},
    "clipvalue": {"optimizer": optimizers.SGD(0.1, clipvalue=0.001)},
    "global_clipnorm": {"optimizer": optimizers.SGD(0.1, global_clipnorm=0.05)},
    "schedule": {"optimizer": optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 2, 0.5))},
    "mse": {"loss": "mse", "metrics": ["mae", "mse"]},
    "huber": {"loss": "huber"},
    "hinge": {"loss": "hinge"},
    "binary": {"loss": "binary_crossentropy", "metrics": ["binary_accuracy"]},
    "many metrics": {"metrics": ["accuracy", "top_k_categorical_accuracy", "categorical_crossentropy"]},
}


@pytest.mark.parametrize("case", CASES)
def test_training_has_the_bits_of_eager_training(case: str) -> None:
    options = dict(CASES[case])
    optimizer = options.pop("optimizer", None)
    if optimizer is not None:
        config = optimizer.get_config()

    def make() -> Any:
        return network(**options, **({} if optimizer is None else {"optimizer": type(optimizer).from_config(config)}))

    x, y = data()
    assert_same_training(make, x, y, validation_data=data(13))


def test_weights_and_labels_of_every_kind() -> None:
    x, y = data(sparse=True)
    sparse = lambda: network(loss="sparse_categorical_crossentropy")  # noqa: E731
    weights = np.linspace(0, 2, len(x))
    assert_same_training(sparse, x, y, sample_weight=weights)
    assert_same_training(sparse, x, y, class_weight={0: 3.0, 2: 0.5})
    assert_same_training(sparse, x, y[:, None].astype("int32"))
    assert_same_training(network, x, np.eye(4)[y], sample_weight=weights)
    assert_same_training(network, (x * 255).astype("uint8"), np.eye(4)[y])


def test_learning_rates_can_be_changed_between_steps() -> None:
    class Halve(juanji.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.optimizer.learning_rate = float(self.model.optimizer.learning_rate) / 2

    assert_same_training(network, *data(), callbacks=[Halve()])


def test_a_frozen_layer_stays_as_it_is() -> None:
    model = network()
    x, y = data()
    model.fit(x, y, verbose=0)
    model.fit(x, y, verbose=0)
    assert "train_step" in recorded_steps(model)
    model.layers[0].trainable = False
    before = [w.copy() for w in model.layers[0].get_weights()]
    model.fit(x, y, verbose=0)
    model.fit(x, y, verbose=0)
    assert "train_step" in recorded_steps(model)
    for a, b in zip(before, model.layers[0].get_weights()):
        np.testing.assert_array_equal(a, b)
    model.layers[0].weights[0].trainable = True
    model.fit(x, y, verbose=0)
    assert (model.layers[0].get_weights()[0] != before[0]).any()


def test_predictions_follow_weights_and_layers() -> None:
    model = network()
    x, _ = data()
    model.predict(x, verbose=0)
    model.predict(x, verbose=0)
    assert "predict_step" in recorded_steps(model)
    model.set_weights([w * 0.5 for w in model.get_weights()])
    np.testing.assert_array_equal(model.predict(x, verbose=0), model(x))
    model.layers[3].activation = juanji.activations.get("relu")
    np.testing.assert_array_equal(model.predict(x, verbose=0), model(x))
    model.pop()
    model.add(layers.Dense(2))
    for _ in range(3):
        np.testing.assert_array_equal(model.predict(x, verbose=0), model(x))


def test_code_of_others_runs_in_every_step_unless_compilation_is_asked_for() -> None:
    calls = []

    class Counting(layers.Layer):
        def call(self, inputs: Any) -> Any:
            calls.append(1)
            return inputs * 2.0

    def loss(y_true: Any, y_pred: Any) -> Any:
        calls.append(1)
        return ops.mean(ops.square(y_true - y_pred), axis=-1)

    x, y = np.ones((8, 3), "float32"), np.ones((8, 2), "float32")
    for options in ({"layers": [Counting(), layers.Dense(2)], "loss": "mse"}, {"layers": [layers.Dense(2)]}):
        for jit, expected in (("auto", 12), (True, 4)):
            calls.clear()
            model = juanji.Sequential([layers.Input((3,)), *options["layers"]])
            calls.clear()
            model.compile("sgd", options.get("loss", loss), jit_compile=jit)
            model.fit(x, y, batch_size=2, epochs=3, verbose=0)
            assert len(calls) <= expected if jit is True else len(calls) == expected
            assert ("train_step" in recorded_steps(model)) == (jit is True)


def test_metrics_of_others_see_every_batch() -> None:
    seen = []

    class Largest(juanji.metrics.Metric):
        def __init__(self) -> None:
            super().__init__(name="largest")
            self.value = self.add_variable(())

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            seen.append(np.asarray(y_pred).shape)
            self.value.assign(max(float(self.value), float(np.max(y_pred))))

        def result(self) -> float:
            return float(self.value)

    assert_same_training(lambda: network(metrics=[Largest()]), *data())
    assert len(seen) == 2 * 3 * 5
    assert seen[-1] == (2, 4)


def test_overridden_steps_run_in_python() -> None:
    calls = []

    class Own(juanji.Sequential):
        def train_step(self, data: Any) -> Any:
            calls.append(1)
            return super().train_step(data)

    model = Own([layers.Input((3,)), layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(np.ones((8, 3)), np.ones((8, 2)), batch_size=2, epochs=2, verbose=0)
    assert len(calls) == 8


def test_bad_labels_are_refused_and_change_nothing() -> None:
    model = network(loss="sparse_categorical_crossentropy")
    x, y = data(8, sparse=True)
    for _ in range(3):
        model.train_on_batch(x, y)
    before = [w.copy() for w in model.get_weights()]
    with pytest.raises(ValueError, match="not a class number"):
        model.train_on_batch(x, y + 3)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    model.train_on_batch(x, y)


def test_many_batch_sizes_share_memory() -> None:
    model = network()
    x, _ = data(40)
    for n in range(1, 41):
        np.testing.assert_array_equal(model.predict_on_batch(x[:n]), np.asarray(model(x[:n])))
    assert len(attempts(model)) <= 16


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_have_programs_of_their_own(duplicate: Any) -> None:
    model = network()
    x, y = data()
    for _ in range(3):
        model.train_on_batch(x, y)
        model.predict_on_batch(x)
    other = duplicate(model)
    before = model.predict_on_batch(x)
    for _ in range(3):
        other.train_on_batch(x, y)
        other.predict_on_batch(x)
    np.testing.assert_array_equal(model.predict_on_batch(x), before)
    assert (other.predict_on_batch(x) != before).any()
    for _ in range(3):
        model.train_on_batch(x, y)
    np.testing.assert_array_equal(model.predict_on_batch(x), other.predict_on_batch(x))


@pytest.mark.parametrize("count", [1, 3, 64])
def test_training_has_the_same_bits_on_any_number_of_threads(threads: Any, count: int) -> None:
    x, y = data()
    results = []
    for n in (2, count):
        threads(n)
        model = network()
        model.fit(x, y, batch_size=5, epochs=3, verbose=0)
        results.append([w.tobytes() for w in model.get_weights()])
    assert results[0] == results[1]


def test_threads_predict_at_once() -> None:
    model = network()
    x, _ = data(16)
    wanted = [np.asarray(model(x[:n])) for n in (3, 16)]
    wrong = []

    def work(n: int, want: Any) -> None:
        for _ in range(50):
            if not np.array_equal(model.predict_on_batch(x[:n]), want):
                wrong.append(n)

    threads = [threading.Thread(target=work, args=case) for case in zip((3, 16, 3, 16), wanted * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_values_cannot_be_asked_for_while_recording() -> None:
    v = Variable(2.0, name="v")
    x = [np.ones(3, "float32")]
    for function in (lambda t: t * float(v), lambda t: np.asarray(t), lambda t: bool(t > 0), lambda t: v.value):
        with pytest.raises(NoValueError, match="has no value while a step is being recorded"):
            Recorded(function, x, _core.Arena())
    assert float(v) == 2.0


def test_variables_are_read_and_changed_in_every_run() -> None:
    v = Variable([1.0, 2.0], dtype="float32")

    def step(x: Any) -> Any:
        v.assign_add(x)
        return {"new": v * 1.0, "twice": [x + x, "text"]}

    run = Recorded(step, [np.zeros(2, "float32")], _core.Arena())
    for _ in range(3):
        result = run(np.ones(2, "float32"))
    np.testing.assert_array_equal(v.numpy(), [4.0, 5.0])
    np.testing.assert_array_equal(result["new"], [4.0, 5.0])
    np.testing.assert_array_equal(result["twice"][0], [2.0, 2.0])
    assert result["twice"][1] == "text"


def test_what_depends_on_variables_alone_follows_them() -> None:
    v = Variable([1.0, 2.0], dtype="float32")
    run = Recorded(lambda x: x + ops.exp(v) * 2.0, [np.zeros(2, "float32")], _core.Arena())
    for value in ([0.0, 0.0], [1.0, -1.0]):
        v.assign(value)
        np.testing.assert_allclose(run(np.ones(2, "float32")), 1 + 2 * np.exp(value), rtol=1e-6)


def test_random_numbers_differ_between_runs_and_repeat_with_the_seed() -> None:
    generator = juanji.random.SeedGenerator(5)
    x = np.ones(50, "float32")
    run = Recorded(lambda t: juanji.random.dropout(t, 0.5, seed=generator), [x], _core.Arena())
    first, second = run(x), run(x)
    assert (first != second).any()
    again = juanji.random.SeedGenerator(5)
    for got in (first, second):
        np.testing.assert_array_equal(got, juanji.random.dropout(x, 0.5, seed=again))


def test_wrong_arrays_are_refused() -> None:
    run = Recorded(lambda x: x * 2.0, [np.zeros((2, 3), "float32")], _core.Arena())
    with pytest.raises(ValueError, match=r"input 0 does not fit; expected \(2, 3\) of float32"):
        run(np.zeros((3, 2), "float32"))
    with pytest.raises(ValueError, match="wrong number of inputs"):
        run()


def test_several_results_may_be_views_of_one_array() -> None:
    run = Recorded(
        lambda x: [(y := x * 2.0), ops.reshape(y, (3, 2)), ops.reshape(y, (6,)), y + 1.0, x, ops.reshape(x, (6,)), y],
        [np.zeros((2, 3), "float32")],
        _core.Arena(),
    )
    x = np.arange(6, dtype="float32").reshape(2, 3)
    wanted = [2 * x, 2 * x, 2 * x, 2 * x + 1, x, x, 2 * x]
    shapes = [(2, 3), (3, 2), (6,), (2, 3), (2, 3), (6,), (2, 3)]
    for got, want, shape in zip(run(x), wanted, shapes):
        np.testing.assert_array_equal(got, want.reshape(shape))

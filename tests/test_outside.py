"""Steps with code outside juanji: recorded by themselves where that changes nothing, and never else."""

from __future__ import annotations

import contextlib
import gc
import math
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import juanji as keras
from juanji import GradientTape, layers, ops

RNG = np.random.default_rng(0)
X = RNG.random((24, 6), dtype="float32")
Y = RNG.random((24, 2), dtype="float32")
FACTOR = 0.5
SETTINGS = {"factor": 0.5, "list": [1.0]}
SEEN: list[Any] = []
GLOBAL = {"count": 0}


class Projection(layers.Layer):
    """As users write layers."""

    def __init__(self, units, scale=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self._scale = scale or math.sqrt(units)
        self.norm = layers.LayerNormalization()
        self.parts = [layers.Dense(units), layers.Dropout(0.1)]
        self.table = np.linspace(0, 1, units, dtype="float32")

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.seen_shape = tuple(input_shape)

    def call(self, inputs, training=False):
        x = ops.matmul(inputs, self.kernel) / self._scale + self.table
        for part in self.parts:
            x = part(x, training=training) if isinstance(part, layers.Dropout) else part(x)
        outputs = []
        for i in range(2):
            outputs.append(x * (i + 1))
        return self.norm(ops.concatenate(outputs, axis=-1)) * FACTOR


class Projections(Projection):
    def call(self, inputs, training=False):
        x = ops.matmul(inputs, self.kernel) / self._scale + self.table
        for part in self.parts:
            x = part(x, training=training)
        outputs = []
        for i in range(2):
            outputs.append(x * (i + 1))
        named = {"a": outputs[0]}
        named["b"] = outputs[1]
        n = int(np.prod(ops.shape(x)[1:]))
        return self.norm(ops.concatenate(list(named.values()), axis=-1)) * FACTOR / math.sqrt(n)


def squares(y_true, y_pred):
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def factory(alpha):
    def loss(y_true, y_pred):
        return alpha * squares(y_true, y_pred)

    return loss


class Weighted(keras.losses.Loss):
    def __init__(self, weight=2.0, name="weighted"):
        super().__init__(name=name)
        self.weight = weight

    def call(self, y_true, y_pred):
        return self.weight * squares(y_true, y_pred)


class Subclassed(keras.Model):
    def __init__(self, loss_factor=1.0):
        super().__init__()
        self.hidden = Projections(4)
        self.head = layers.Dense(2)
        self.loss_factor = loss_factor
        self.tracker = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.tracker]

    def call(self, x, training=False):
        return self.head(self.hidden(x, training=training))

    def train_step(self, data):
        x, y = data
        with GradientTape() as tape:
            loss = self.loss_factor * ops.mean(squares(y, self(x, training=True)))
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        self.tracker.update_state(loss)
        return {m.name: m.result() for m in self.metrics}


def fitted(make: Callable[[], Any], between: Callable[[Any], None] = lambda model: None, **options: Any) -> Any:
    """What three fits leave behind, and the model."""
    keras.utils.set_random_seed(1)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    model, loss = make()
    model.compile("adam", loss, **options)
    histories = []
    for _ in range(3):
        with contextlib.redirect_stdout(None):
            histories.append(model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0).history)
        between(model)
    outputs = [model.predict(X, batch_size=4, verbose=0).tobytes() for _ in range(3)]
    return (histories, [w.tobytes() for w in model.get_weights()], outputs), model


def compared(make: Callable[[], Any], between: Callable[[Any], None] = lambda model: None) -> Any:
    """Asserts that automatic steps are eager ones to the bit; gives the model of the former."""
    expected, _ = fitted(make, between, run_eagerly=True)
    found, model = fitted(make, between)
    assert found == expected
    return model


def recorded(model: Any, name: str = "train_step") -> bool:
    return any(key[0] == name and program is not None for key, program in model._recorder._programs.items())


def functional(*parts: Any, loss: Any = "mse") -> Any:
    inputs = keras.Input((6,))
    x = inputs
    for part in parts:
        x = part(x)
    return keras.Model(inputs, layers.Dense(2)(x)), loss


class Noisy(Subclassed):
    """As in a DCGAN: labels with noise, made in the step."""

    def __init__(self):
        super().__init__()
        self.inner = keras.Sequential([keras.Input((6,)), layers.Dense(3)])
        self.seeds = keras.random.SeedGenerator(3)

    def call(self, x, training=False):
        return super().call(x, training=training) + ops.mean(self.inner(x))

    def train_step(self, data):
        x = data[0]
        labels = ops.concatenate([ops.ones((2, 2)), ops.zeros((2, 2))], axis=0)
        labels += 0.05 * keras.random.uniform(ops.shape(labels), seed=self.seeds)
        return super().train_step((x, labels + keras.backend.epsilon()))


class Shared(Noisy):
    def train_step(self, data):
        labels = ops.concatenate([ops.ones((2, 2)), ops.zeros((2, 2))], axis=0)
        kept = labels
        labels += 0.05 * keras.random.uniform(ops.shape(labels), seed=self.seeds)
        return super().train_step((data[0], kept))


RECORDED = {
    "noisy labels": lambda: (Noisy(), None),
    "layer": lambda: functional(Projections(4)),
    "lambda": lambda: functional(layers.Lambda(lambda x: x * FACTOR + SETTINGS["factor"])),
    "loss function": lambda: functional(loss=squares),
    "loss closure": lambda: functional(loss=factory(0.3)),
    "loss class": lambda: functional(loss=Weighted()),
    "activation": lambda: functional(layers.Dense(3, activation=lambda x: ops.relu(x) ** 2)),
    "metric outside": lambda: functional(Projections(2)),
    "subclassed": lambda: (Subclassed(), None),
}


@pytest.mark.parametrize("name", RECORDED)
def test_usual_code_is_recorded(name: str) -> None:
    model = compared(RECORDED[name])
    assert model._recorder.refused == {}
    assert recorded(model)
    if "loss" not in name:
        assert recorded(model, "predict_step")


def test_collections_of_garbage_are_no_part_of_a_step() -> None:
    collections: list[float] = []

    def callback(phase: str, info: dict[str, int]) -> None:
        collections.append(time.perf_counter())  # neither the function nor the list could be recorded

    before = gc.get_threshold()
    gc.callbacks.append(callback)
    gc.set_threshold(1)
    try:
        model = compared(RECORDED["layer"])
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(callback)
    assert collections
    assert gc.isenabled()
    assert recorded(model), model._recorder.refused


def test_only_when_it_is_allowed() -> None:
    for options in ({"jit_compile": False}, {"run_eagerly": True}):
        _, model = fitted(RECORDED["layer"], **options)
        assert model._recorder is None or not model._recorder._programs
    _, model = fitted(lambda: functional(layers.Dense(2)), jit_compile=False)
    assert recorded(model)  # juanji's own code


class Remembering(layers.Layer):
    def call(self, x):
        self.count = getattr(self, "count", 0) + 1
        return x * self.count


class Listing(layers.Layer):
    def __init__(self):
        super().__init__()
        self.calls = []

    def call(self, x):
        self.calls.append(1)
        return x * (1.0 + 0.01 * len(self.calls))


class Noting(layers.Layer):
    def __init__(self):
        super().__init__()
        self._memory = {"calls": 0}

    def call(self, x):
        self._memory["calls"] += 1
        return x * float(self._memory["calls"])


class Swallowing(layers.Layer):
    def call(self, x):
        try:
            return x * float(ops.max(x))
        except TypeError:
            return x * 100.0


class Drawing(layers.Layer):
    def call(self, x):
        return x + np.random.rand()  # noqa: NPY002


class Guessing(layers.Layer):
    def call(self, x):
        return x + random.random()


class Timing(layers.Layer):
    def call(self, x):
        return x * (1.0 + 0.0 * time.time())


class Printing(layers.Layer):
    def call(self, x):
        print("here")
        return x


class Typed(layers.Layer):
    def call(self, x):
        return x * (2.0 if isinstance(x, np.ndarray) else 3.0)


class Renaming(layers.Layer):
    def call(self, x):
        return x * (1.0 + len(f"{x}") % 7)


class Describing(layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = layers.Dense(6)

    def call(self, x):
        y = self.inner(x)
        return y * (1.0 + len(str([y])) % 7)


class Powering(layers.Layer):
    def call(self, x):
        return x**3.7 @ np.full((6, 6), 0.1, "float32")


class InPlace(layers.Layer):
    def call(self, x):
        y = x = ops.abs(x)
        x += 1.0
        return x * y


class Counting(Subclassed):
    steps = 0

    def train_step(self, data):
        self.steps += 1
        self.loss_factor = 1.0 / self.steps
        return super().train_step(data)


class Global(Subclassed):
    def train_step(self, data):
        global FACTOR
        FACTOR = FACTOR * 1.0
        GLOBAL["count"] += 1
        return super().train_step(data)


class Popping(Subclassed):
    def train_step(self, data):
        SEEN.append(len(data))
        return super().train_step(data)


class Choosing(Subclassed):
    def train_step(self, data):
        logs = super().train_step(data)
        if logs["loss"] == 0.0:
            logs["zero"] = 1.0
        return logs


class Iterating(Subclassed):
    def __init__(self):
        super().__init__()
        self.numbers = iter(range(1, 1000))

    def call(self, x, training=False):
        return super().call(x, training=training) * (1.0 / next(self.numbers))


def counter() -> Any:
    calls = 0

    def loss(y_true, y_pred):
        nonlocal calls
        calls += 1
        return squares(y_true, y_pred) * (1.0 / calls)

    return functional(loss=loss)


def default() -> Any:
    def loss(y_true, y_pred, memory=[]):  # noqa: B006
        memory.append(1)
        return squares(y_true, y_pred) * (1.0 / len(memory))

    return functional(loss=loss)


def generator() -> Any:
    numbers = np.random.default_rng(3)

    def loss(y_true, y_pred):
        return squares(y_true, y_pred) * numbers.random()

    return functional(loss=loss)


def aliased() -> Any:
    functions = [time.perf_counter, random.random]
    return functional(loss=lambda y_true, y_pred: squares(y_true, y_pred) * functions[1]())


HOSTILE = {
    **{
        kind.__name__: (lambda kind=kind: functional(kind()))
        for kind in (
            Remembering, Listing, Noting, Swallowing, Drawing, Guessing, Timing, Printing, Typed, Renaming, Describing,
            Powering, InPlace,
        )
    },
    **{
        kind.__name__: (lambda kind=kind: (kind(), None))
        for kind in (Counting, Global, Popping, Choosing, Iterating, Shared)
    },
    **{make.__name__: make for make in (counter, default, generator, aliased)},
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_code_that_does_more_runs_eagerly(name: str) -> None:
    SEEN.clear()
    GLOBAL["count"] = 0
    model = compared(HOSTILE[name])
    assert not recorded(model)
    assert model._recorder.refused
    if name == "Popping":
        assert SEEN == [2] * 2 * 36
    if name == "Global":
        assert GLOBAL["count"] == 2 * 36
    if name == "Counting":
        assert model.steps == 36


def set_global(model: Any) -> None:
    global FACTOR
    FACTOR *= 0.5


def set_setting(model: Any) -> None:
    SETTINGS["factor"] *= 0.5


def set_private(model: Any) -> None:
    model.layers[1]._scale *= 2.0


def set_table(model: Any) -> None:
    model.layers[1].table[:] += 1.0


def set_loss(model: Any) -> None:
    model.loss.weight *= 0.5


def set_class(model: Any) -> None:
    Changing.strength *= 0.5


class Changing(layers.Layer):
    strength = 1.0

    def call(self, x):
        return x * self.strength


class Given:
    value = 1.0


CHANGES = {
    "global": (RECORDED["layer"], set_global),
    "entry": (RECORDED["lambda"], set_setting),
    "private attribute": (RECORDED["layer"], set_private),
    "array": (RECORDED["layer"], set_table),
    "loss": (RECORDED["loss class"], set_loss),
    "class": (lambda: functional(Changing()), set_class),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes_of_what_it_reads_are_followed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, change = CHANGES[name]
    results = []
    for options in ({"run_eagerly": True}, {}):
        with monkeypatch.context() as m:
            m.setitem(globals(), "FACTOR", 0.5)
            m.setitem(SETTINGS, "factor", 0.5)
            m.setattr(Changing, "strength", 1.0)
            found, model = fitted(make, change, **options)
            results.append(found)
    assert results[0] == results[1]
    assert recorded(model)


def test_variables_of_outer_functions_are_followed() -> None:
    results = []
    for options in ({"run_eagerly": True}, {}):
        alpha = 1.0

        def loss(y_true, y_pred):
            return alpha * squares(y_true, y_pred)  # noqa: B023

        def change(model):
            nonlocal alpha
            alpha *= 0.5

        found, model = fitted(lambda: functional(loss=loss), change, **options)
        results.append(found)
    assert results[0] == results[1]
    assert recorded(model)


def test_what_changes_at_every_step_runs_eagerly_before_long() -> None:
    class Annealed(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            SETTINGS["factor"] += 0.01

    model, loss = RECORDED["lambda"]()
    model.compile("sgd", loss)
    before = SETTINGS["factor"]
    try:
        model.fit(X, Y, batch_size=1, epochs=3, callbacks=[Annealed()], verbose=0)
    finally:
        SETTINGS["factor"] = before
    assert not recorded(model)
    assert model._recorder._observers["train_step"] == 20

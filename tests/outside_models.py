"""Layers, losses and training steps as users write them, and fits of them to be compared with eager ones."""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

import juanji as keras
from juanji import GradientTape, layers, ops
from recordings import recorded_steps

RNG = np.random.default_rng(0)
X = RNG.random((24, 6), dtype="float32")
Y = RNG.random((24, 2), dtype="float32")
FACTOR = 0.5
SETTINGS = {"factor": 0.5, "list": [1.0]}


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
    return name in recorded_steps(model)


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

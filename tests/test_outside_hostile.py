"""Steps with code outside juanji that does more than compute with tensors run eagerly: nothing of it is lost."""

from __future__ import annotations

import random
import time
from typing import Any

import numpy as np
import pytest

import juanji as keras
from juanji import layers, ops
from outside_models import Noisy, Subclassed, compared, functional, recorded, squares

FACTOR = 0.5
SEEN: list[Any] = []
GLOBAL = {"count": 0}


class Shared(Noisy):
    def train_step(self, data):
        labels = ops.concatenate([ops.ones((2, 2)), ops.zeros((2, 2))], axis=0)
        kept = labels
        labels += 0.05 * keras.random.uniform(ops.shape(labels), seed=self.seeds)
        return super().train_step((data[0], kept))


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

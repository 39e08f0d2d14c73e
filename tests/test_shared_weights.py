"""Recorded steps in which several products read one matrix: it is packed once, with the bits of eager steps."""

from __future__ import annotations

import numpy as np
import pytest

import juanji
from juanji import Variable, _core, layers, models, ops
from juanji.ops._matmul import dense
from juanji.program.recorded import Recorded


def _names(run: Recorded, *arrays: np.ndarray) -> list[str]:
    return [node.name for node, _ in run.profile(*arrays)]


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN"])
@pytest.mark.parametrize(("count", "steps", "features", "units"), [(4, 4, 3, 7), (5, 4, 3, 7), (33, 6, 17, 50)])
def test_recurrent_layers_train_and_predict_with_the_bits_of_eager_steps(cell, count, steps, features, units):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, steps, features)).astype("float32")
    y = rng.normal(size=(count, steps, 3)).astype("float32")
    results = []
    for eagerly in (True, False):
        juanji.utils.set_random_seed(1)
        recurrent = getattr(layers, cell)(units, return_sequences=True)
        model = models.Sequential([layers.Input((steps, features)), recurrent, layers.Dense(3)])
        model.compile("sgd", "mse", run_eagerly=eagerly)
        for _ in range(4):
            model.train_on_batch(x, y)
        results.append([*model.get_weights(), *(model.predict_on_batch(x) for _ in range(3))])
    for eager, recorded in zip(*results):
        np.testing.assert_array_equal(eager, recorded)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1, 7, 32, 33, 65])
@pytest.mark.parametrize("rows", [4, 5, 16, 97])
def test_a_matrix_is_packed_once_as_it_is_and_once_transposed(rows, size, dtype):
    rng = np.random.default_rng(size)
    w = Variable(rng.normal(size=(size, size)).astype(dtype) / size**0.5)
    b = Variable(rng.normal(size=size).astype(dtype))
    x = rng.normal(size=(rows, size)).astype(dtype)

    def step(x):
        for _ in range(3):
            x = dense(x, w, b, activation="tanh")
        for _ in range(3):
            x = ops.matmul(x, ops.transpose(w))
        return x

    def backwards(x):
        with juanji.GradientTape() as tape:
            y = step(x)
        return tape.gradient(y, [w, b])

    run = Recorded(lambda x: (step(x), backwards(x)), [x], _core.Arena())
    expected, (dw, db) = step(x), backwards(x)
    got, (recorded_dw, recorded_db) = run(x)
    for a, c in ((expected, got), (dw, recorded_dw), (db, recorded_db)):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(c))
    names = _names(run, x)
    assert ("dense_packed" in names) == (rows > 4)
    assert names.count("pack_dense") <= 4


def test_two_products_pack_nothing_in_steps_that_update():
    w = Variable(np.eye(9, dtype="float32"))
    x = np.ones((8, 9), "float32")

    def step(x):
        y = ops.matmul(ops.matmul(x, w), w)
        w.assign(ops.multiply(w, 0.5))
        return y

    assert "pack_dense" not in _names(Recorded(step, [x], _core.Arena()), x)


def test_products_behind_an_update_read_the_new_weights():
    start = np.random.default_rng(3).normal(size=(9, 9)).astype("float32")
    w = Variable(start)
    x = np.random.default_rng(4).normal(size=(8, 9)).astype("float32")

    def three(x):
        for _ in range(3):
            x = ops.matmul(x, w)
        return x

    def step(x):
        before = three(x)
        w.assign(ops.multiply(w, 0.5))
        return before, three(x)

    expected = [np.asarray(y) for y in step(x)]
    w.assign(start)
    run = Recorded(step, [x], _core.Arena())
    for wanted, got in zip(expected, run(x)):
        np.testing.assert_array_equal(got, wanted)
    w.assign(start)
    assert _names(run, x).count("pack_dense") == 1

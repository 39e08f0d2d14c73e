"""Values read from variables stay what they were when training goes on, and lists of tensors keep their history."""

from __future__ import annotations

import numpy as np
import pytest

import juanji
from juanji import GradientTape, Variable, layers, ops

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(24, 4)).astype("float32"), RNG.normal(size=(24, 3)).astype("float32")
READERS = {
    "numpy": lambda v: v.numpy(),
    "asarray": np.asarray,
    "convert_to_numpy": ops.convert_to_numpy,
    "copy": ops.copy,
    "reshape": lambda v: ops.reshape(v, (-1,)),
    "squeeze": lambda v: ops.squeeze(ops.expand_dims(v, 0), 0),
    "all of it": lambda v: v[...],
    "a part": lambda v: v[1:],
    "stop_gradient": ops.stop_gradient,
    "transpose": ops.transpose,
}


@pytest.mark.parametrize("name", READERS)
def test_what_was_read_stays_when_the_variable_changes(name):
    variable = Variable(np.arange(6.0).reshape(2, 3))
    value = READERS[name](variable)
    before = np.array(value)
    variable.assign_add(np.ones((2, 3)))
    np.testing.assert_array_equal(value, before)


def test_the_array_itself_follows_the_variable_and_cannot_be_written():
    variable = Variable([1.0, 2.0])
    value = variable.value
    variable.assign([3.0, 4.0])
    np.testing.assert_array_equal(value, [3.0, 4.0])
    with pytest.raises(ValueError, match="read-only"):
        value[0] = 1.0


def stepping_model(read, seen, **compiled):
    """A model whose step reads its kernel before the update and tells how far it moved, seen from what was read."""

    class Stepping(juanji.Model):
        def train_step(self, data):
            x, y = data
            kernel = self.layers[-1].kernel
            old = read(kernel)
            with GradientTape() as tape:
                loss = self.compute_loss(x, y, self(x, training=True))
            variables = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            return {"moved": ops.sum(ops.abs(old - read(kernel))), **seen(old)}

    juanji.utils.set_random_seed(0)
    inputs = juanji.Input((4,))
    model = Stepping(inputs, layers.Dense(3)(inputs))
    model.compile("sgd", "mse", **compiled)
    return model


@pytest.mark.parametrize("seen", [lambda old: {}, lambda old: {"old": old}])
@pytest.mark.parametrize("name", ["reshape", "squeeze", "all of it", "a part", "stop_gradient"])
def test_recorded_steps_keep_what_was_read_before_an_update(name, seen):
    found = []
    for compiled in ({"jit_compile": True}, {"run_eagerly": True}):
        model = stepping_model(READERS[name], seen, **compiled)
        found.append([model.run_step("train_step", (X, Y)) for _ in range(4)])
    for recorded, eager in zip(*found):
        assert float(eager["moved"]) > 0
        for key in eager:
            np.testing.assert_array_equal(recorded[key], eager[key])


def test_such_a_step_is_recorded():
    model = stepping_model(ops.stop_gradient, lambda old: {}, jit_compile=True)
    assert model.recorded_step("train_step", (X, Y)) is not None


SUMS = {
    "sum": lambda v, w: ops.sum([v * w, v**2]),
    "mean": lambda v, w: ops.mean([v * w, v]),
    "convert_to_tensor": lambda v, w: ops.sum(ops.convert_to_tensor([v * w, w]) ** 2),
    "maximum of a list": lambda v, w: ops.max((v, w)),
    "numbers beside": lambda v, w: ops.sum(ops.square([[v, 1.0], [w, v]])),
    "operator": lambda v, w: ops.sum(ops.add([v, w], [w, 1.0])),
}


@pytest.mark.parametrize("name", SUMS)
def test_lists_of_tensors_keep_their_history(name):
    v, w = Variable(2.0, dtype="float64"), Variable(3.0, dtype="float64")
    with GradientTape() as tape:
        y = SUMS[name](v, w)
    found = tape.gradient(y, [v, w])
    for i, gradient in enumerate(found):
        step = 1e-6
        values = [[2.0, 3.0] for _ in range(2)]
        values[0][i] += step
        values[1][i] -= step
        high, low = (float(SUMS[name](*(Variable(x, dtype="float64") for x in pair))) for pair in values)
        assert float(0.0 if gradient is None else gradient) == pytest.approx((high - low) / (2 * step), abs=1e-7)


def test_a_penalty_summed_over_a_list_is_trained():
    variable = Variable([4.0, -2.0], dtype="float64")
    with GradientTape() as tape:
        penalty = ops.sum([ops.sum(v**2) for v in (variable, variable)])
    np.testing.assert_array_equal(tape.gradient(penalty, variable), [16.0, -8.0])

"""Averages, accumulated gradients, scaled losses, state, and optimizers written for Keras."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import Variable, ops, optimizers


def steps(optimizer, count, start=(1.0, -2.0)):
    v = Variable(np.array(start))
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(count, 2))
    values = []
    for gradient in gradients:
        optimizer.apply([gradient], [v])
        values.append(v.numpy().copy())
    return v, gradients, values


def test_averages():
    optimizer = optimizers.SGD(0.1, use_ema=True, ema_momentum=0.75)
    v, _, values = steps(optimizer, 5)
    average = values[0]
    for value in values[1:]:
        average = 0.75 * average + 0.25 * value
    np.testing.assert_allclose(optimizer.variables[2].numpy(), average, rtol=1e-14)
    optimizer.swap_averages()
    np.testing.assert_allclose(v.numpy(), average, rtol=1e-14)
    np.testing.assert_array_equal(optimizer.variables[2].numpy(), values[-1])
    optimizer.swap_averages()
    optimizer.finalize_variable_values([v])
    np.testing.assert_allclose(v.numpy(), average, rtol=1e-14)
    optimizers.SGD().finalize_variable_values([v])  # without averages it does nothing


def test_gradients_are_accumulated():
    optimizer = optimizers.SGD(0.5, gradient_accumulation_steps=3, clipvalue=0.25)
    _, gradients, values = steps(optimizer, 7)
    start = np.array([1.0, -2.0])
    first = start - 0.5 * np.clip(gradients[:3].mean(0), -0.25, 0.25)
    second = first - 0.5 * np.clip(gradients[3:6].mean(0), -0.25, 0.25)
    for value, expected in zip(values, [start, start, first, first, first, second, second]):
        np.testing.assert_allclose(value, expected, rtol=1e-14)
    assert int(optimizer.iterations) == 2
    np.testing.assert_array_equal(optimizer.variables[2].numpy(), gradients[6])


def test_losses_are_scaled():
    optimizer = optimizers.SGD(0.5, loss_scale_factor=8.0)
    assert float(optimizer.scale_loss(3.0)) == 24.0
    v = Variable([1.0])
    optimizer.apply([np.array([8.0])], [v])
    assert v.numpy().tolist() == [0.5]


@pytest.mark.parametrize("name", ["Adam", "Nadam", "Adafactor", "Lamb", "Muon", "ScheduleFreeAdamW"])
def test_a_step_on_values_changes_nothing_else(name):
    optimizer, other = getattr(optimizers, name)(0.1), getattr(optimizers, name)(0.1)
    rng = np.random.default_rng(0)
    start, gradient = rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    v, w = Variable(start), Variable(start)
    optimizer.build([v])
    before = [x.numpy().copy() for x in optimizer.variables]
    (new,), state = optimizer.stateless_apply(before, [gradient], [start])
    other.apply([gradient], [w])
    np.testing.assert_array_equal(new, w.numpy())
    np.testing.assert_array_equal(v.numpy(), start)
    for x, y, z, old in zip(state, other.variables, optimizer.variables, before):
        np.testing.assert_array_equal(x, y.numpy())
        np.testing.assert_array_equal(z.numpy(), old)
    optimizer.set_weights(state)
    stored = {}
    other.save_own_variables(stored)
    optimizer.load_own_variables(stored)
    v.assign(w)
    optimizer.apply([gradient], [v])
    other.apply([gradient], [w])
    np.testing.assert_array_equal(v.numpy(), w.numpy())


def test_an_optimizer_written_for_keras():
    class Momentum(optimizers.Optimizer):
        def __init__(self, learning_rate=0.5, **kwargs):
            super().__init__(learning_rate, **kwargs)

        def build(self, variables):
            if self.built:
                return
            super().build(variables)
            self.momentums = [self.add_variable_from_reference(reference_variable=v, name="m") for v in variables]

        def update_step(self, gradient, variable, learning_rate):
            learning_rate = ops.cast(learning_rate, variable.dtype)
            m = self.momentums[self._get_variable_index(variable)]
            self.assign(m, ops.subtract(ops.multiply(m, 0.5), ops.multiply(gradient, learning_rate)))
            self.assign_add(variable, m)

    optimizer, same = Momentum(), optimizers.SGD(0.5, momentum=0.5)
    _, _, values = steps(optimizer, 4)
    _, _, expected = steps(same, 4)
    np.testing.assert_allclose(values, expected, rtol=1e-14)
    assert optimizer.variables[2].name == "variable_m"


def test_variables_are_excluded_by_patterns():
    v, w = Variable([1.0], name="dense_1_bias"), Variable([1.0], name="dense_1_kernel")
    optimizer = optimizers.SGD(0.5, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["^dense.*bias$", "gamma"])
    optimizer.apply([np.zeros(1), np.zeros(1)], [v, w])
    assert (float(v), float(w)) == (1.0, 0.75)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optimizers.SGD(use_ema=True, ema_momentum=1.5), r"wrong ema_momentum; .* got ema_momentum=1\.5"),
        (lambda: optimizers.SGD(use_ema=True, ema_overwrite_frequency=-1), "wrong ema_overwrite_frequency"),
        (lambda: optimizers.Adam(gradient_accumulation_steps=1), "gradient_accumulation_steps; .* at least 2 or None"),
        (lambda: optimizers.Lion(beta_1=0.0), "Lion: wrong beta_1"),
        (lambda: optimizers.Ftrl(learning_rate_power=0.5), "wrong learning_rate_power"),
        (lambda: optimizers.Ftrl(l1_regularization_strength=-1), "wrong l1_regularization_strength"),
        (lambda: optimizers.Adagrad(initial_accumulator_value=-1), "wrong initial_accumulator_value"),
        (lambda: optimizers.ScheduleFreeAdamW(beta_1=0.0), "wrong beta_1; expected a number above 0"),
        (lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), clipnorm=1.0), "other arguments to the inner"),
        (lambda: optimizers.LossScaleOptimizer("sgd"), "expected an inner optimizer"),
        (lambda: optimizers.SGD().set_weights([]), "SGD.set_weights: the optimizer has no state yet"),
        (lambda: optimizers.SGD().stateless_apply([], [], []), "SGD.stateless_apply: the optimizer has no state yet"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_maps_of_optimizers():
    sgd, adam = optimizers.SGD(0.5), optimizers.Adam()
    chosen = optimizers.OptimizerMap(sgd)
    chosen["a/.*"] = adam
    assert chosen["a/kernel"] is adam
    assert (chosen["b"], list(chosen), len(chosen)) == (sgd, ["a/.*"], 1)
    chosen[".*/kernel"] = sgd
    with pytest.raises(ValueError, match=r"expected one pattern that matches 'a/kernel', got 'a/\.\*', '\.\*/kernel'"):
        chosen["a/kernel"]
    with pytest.raises(ValueError, match="the key is there already"):
        chosen["a/.*"] = sgd
    del chosen["a/.*"]
    assert chosen["a/kernel"] is sgd
    with pytest.raises(TypeError, match="other than LossScaleOptimizer and MultiOptimizer"):
        chosen["c"] = optimizers.LossScaleOptimizer(sgd)
    multi = optimizers.MultiOptimizer(chosen, loss_scale_factor=2.0)
    assert sgd.loss_scale_factor == 2.0
    with pytest.raises(AttributeError, match="no learning rate of its own"):
        multi.learning_rate  # noqa: B018
    with pytest.raises(AttributeError, match="no learning rate of its own"):
        multi.learning_rate = 0.1
    again = optimizers.get(optimizers.serialize(multi))
    assert again.get_config() == multi.get_config()
    by_function = optimizers.MultiOptimizer(lambda variable: sgd)
    with pytest.raises(ValueError, match="a function has no configuration"):
        by_function.get_config()
    with pytest.raises(TypeError, match="wrong optimizer_map"):
        optimizers.MultiOptimizer({"a": sgd})


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop"])
def test_arguments_of_older_scripts(name):
    make = getattr(optimizers, name)
    with pytest.warns(UserWarning, match=f"{name}: decay is without effect"):
        assert float(make(0.5, decay=1e-6).learning_rate) == 0.5
    with pytest.raises(TypeError, match=f"{name}: unknown argument; got lr=0.1. The learning rate is learning_rate."):
        make(lr=0.1)
    with pytest.raises(TypeError, match=f"{name}: unknown argument; got beta=2. Check the spelling"):
        make(beta=2)

"""Keras' optimizers: the same trajectories, learning rates, state and configurations. Skipped without Keras."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import juanji
from juanji import Variable, optimizers

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings("default")

SHAPES = {"embed/kernel": (3, 5), "tall": (6, 4), "bias": (4,), "conv": (2, 2, 3, 4), "scale": ()}
METHODS = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.9, "centered": True, "rho": 0.8}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True, "beta_2": 0.5}),
    ("AdamW", {}),
    ("Adamax", {}),
    ("Nadam", {}),
    ("Adagrad", {}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("Adafactor", {}),
    ("Adafactor", {"learning_rate": 0.9, "relative_step": False}),
    ("Ftrl", {}),
    ("Ftrl", {"l1_regularization_strength": 0.1, "l2_regularization_strength": 0.2, "beta": 0.3}),
    ("Ftrl", {"l2_shrinkage_regularization_strength": 0.1, "learning_rate_power": -0.7}),
    ("Ftrl", {"learning_rate_power": 0.0}),
    ("Lion", {}),
    ("Lamb", {}),
    ("Muon", {"exclude_embeddings": False}),
    ("Muon", {"nesterov": False, "rms_rate": None, "exclude_layers": ["tal"]}),
]
OPTIONS = {
    "plain": {},
    "weight decay": {"weight_decay": 0.1},
    "clipnorm": {"clipnorm": 0.5},
    "global clipnorm": {"global_clipnorm": 0.5},
    "clipvalue": {"clipvalue": 0.2},
    "average": {"use_ema": True, "ema_momentum": 0.7},
    "average that is used": {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3},
    "accumulation": {"gradient_accumulation_steps": 3},
    "everything": {
        "weight_decay": 0.1,
        "clipnorm": 0.5,
        "use_ema": True,
        "ema_overwrite_frequency": 2,
        "gradient_accumulation_steps": 2,
        "loss_scale_factor": 8.0,
    },
}


def both(name, arguments):
    arguments = {"learning_rate": 0.05, **arguments}
    rng = np.random.default_rng(0)
    start = {key: rng.normal(size=shape).astype("float32") for key, shape in SHAPES.items()}
    v = [Variable(x, name=key) for key, x in start.items()]
    w = [keras.Variable(x, name=key.replace("/", "_")) for key, x in start.items()]
    return getattr(optimizers, name)(**arguments), getattr(keras.optimizers, name)(**arguments), v, w


def train(ours, theirs, v, w, steps=10):
    rng = np.random.default_rng(1)
    for _ in range(steps):
        grads = [rng.normal(size=x.shape).astype("float32") for x in v]
        ours.apply(grads, v)
        theirs.apply([keras.ops.convert_to_tensor(g) for g in grads], w)


def compare(ours, theirs):
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        expected = keras.ops.convert_to_numpy(b.value)
        assert a.shape == expected.shape
        largest = np.max(np.abs(expected), initial=1.0)
        np.testing.assert_allclose(a.numpy(), expected, rtol=0, atol=4e-6 * largest, err_msg=f"{a.name} {b.name}")


FIRST = dict(reversed(METHODS))  # of each optimizer, with every option
CASES = [
    (name, arguments, options)
    for name, arguments in METHODS
    for options in OPTIONS
    if arguments is FIRST[name] or options in ("plain", "everything")
]


@pytest.mark.parametrize(("name", "arguments", "options"), CASES)
def test_ten_steps(name, arguments, options):
    ours, theirs, v, w = both(name, {**arguments, **OPTIONS[options]})
    train(ours, theirs, v, w)
    compare(v, w)
    compare(ours.variables, theirs.variables)
    assert int(ours.iterations) == int(theirs.iterations)
    ours.finalize_variable_values(v)
    theirs.finalize_variable_values(w)
    compare(v, w)


def test_the_schedule_free_form_of_the_paper():
    """On TensorFlow, Keras takes the new point for the old one when it recovers the average: other weights."""
    ours, theirs, v, w = both("ScheduleFreeAdamW", {"warmup_steps": 4, "beta_1": 0.5})
    train(ours, theirs, v, w, 1)
    compare(v, w)
    train(ours, theirs, v, w, 9)
    compare(ours.variables, theirs.variables)  # the points and mean squares, which do not depend on the average


def test_a_scaled_loss():
    ours, theirs, v, w = both("SGD", {"momentum": 0.9})
    ours = optimizers.LossScaleOptimizer(ours, initial_scale=64.0, dynamic_growth_steps=3)
    theirs = keras.optimizers.LossScaleOptimizer(theirs, initial_scale=64.0, dynamic_growth_steps=3)
    train(ours, theirs, v, w, 4)
    broken = [np.full(x.shape, np.inf, "float32") for x in v]
    ours.apply(broken, v)
    theirs.apply([keras.ops.convert_to_tensor(g) for g in broken], w)
    train(ours, theirs, v, w, 2)
    compare(v, w)
    np.testing.assert_allclose(float(ours.scale_loss(2.0)), float(theirs.scale_loss(2.0)))
    compare([x for x in ours.variables if x.name != "learning_rate"], _without_rate(theirs.variables))


def _without_rate(variables):
    return [v for v in variables if v.name != "learning_rate"]


def test_several_optimizers():
    _, _, v, w = both("SGD", {})
    ours, theirs = (
        package.MultiOptimizer(
            package.OptimizerMap(package.Adam(0.1), {"b.*": package.SGD(0.2), "tall": package.Lion()})
        )
        for package in (optimizers, keras.optimizers)
    )
    train(ours, theirs, v, w, 5)
    compare(v, w)
    compare(ours.variables, theirs.variables)
    assert int(ours.iterations) == int(theirs.iterations)
    written = keras.optimizers.serialize(theirs)
    again = optimizers.deserialize(written)
    assert [type(one).__name__ for one in again.optimizers] == ["SGD", "Lion", "Adam"]


NAMES = sorted({name for name, _ in METHODS} | {"ScheduleFreeAdamW"})


@pytest.mark.parametrize("name", NAMES)
def test_configurations_that_keras_writes(name):
    options = {"clipnorm": 0.5, "use_ema": True, "ema_momentum": 0.9, "gradient_accumulation_steps": 2}
    theirs = getattr(keras.optimizers, name)(learning_rate=0.25, **options)
    ours = optimizers.deserialize(keras.optimizers.serialize(theirs))
    assert type(ours).__name__ == name
    assert ours.get_config() == theirs.get_config()


@pytest.mark.parametrize("name", [*NAMES, "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"])
def test_arguments(name):
    """Every argument of Keras' class, in the same place, with the same default."""

    def arguments(cls):
        parameters = inspect.signature(cls).parameters.values()
        return [(p.name, p.default) for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]

    assert arguments(getattr(optimizers, name)) == arguments(getattr(keras.optimizers, name))


SCHEDULES = [
    ("ExponentialDecay", (0.1, 10, 0.5), {"staircase": True}),
    ("ExponentialDecay", (0.1, 10, 0.5), {}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {"staircase": True}),
    ("PiecewiseConstantDecay", ([5, 20], [0.1, 0.2, 0.3]), {}),
    ("PolynomialDecay", (0.1, 10), {"power": 2.0}),
    ("PolynomialDecay", (0.1, 10), {"cycle": True}),
    ("CosineDecay", (0.1, 10), {"alpha": 0.2}),
    ("CosineDecay", (0.1, 10), {"warmup_target": 0.5, "warmup_steps": 5, "alpha": 0.1}),
    ("CosineDecayRestarts", (0.1, 10), {"m_mul": 0.5, "alpha": 0.1}),
    ("CosineDecayRestarts", (0.1, 10), {"t_mul": 1.0, "m_mul": 0.5}),
    ("CosineDecayRestarts", (0.1, 10), {"t_mul": 1.5, "m_mul": 0.9}),
]


@pytest.mark.parametrize(("name", "positional", "arguments"), SCHEDULES)
def test_schedules(name, positional, arguments):
    ours = getattr(optimizers.schedules, name)(*positional, **arguments)
    theirs = getattr(keras.optimizers.schedules, name)(*positional, **arguments)
    for step in (0, 1, 4, 5, 6, 9, 11, 20, 21, 29, 33, 69, 100, 1000):
        np.testing.assert_allclose(ours(step), float(theirs(step)), rtol=1e-6, atol=2e-7)
    written = keras.optimizers.schedules.serialize(theirs)
    assert optimizers.schedules.deserialize(written).get_config() == theirs.get_config()
    optimizer = optimizers.deserialize(keras.optimizers.serialize(keras.optimizers.SGD(theirs)))
    optimizer.iterations.assign(7)
    np.testing.assert_allclose(optimizer.learning_rate, float(theirs(7)), rtol=1e-6)


def test_embeddings_whose_rows_repeat(double, eager, whole_gradients):
    """Gradients of rows used several times are summed before optimizers see them."""
    rng = np.random.default_rng(0)
    numbers, targets = rng.integers(0, 6, (8, 5)), rng.normal(size=(8, 2))
    for name in sorted({name for name, _ in METHODS}):
        models = []
        for k in (keras, juanji):
            x = k.Input((5,), dtype="int32")
            h = k.layers.GlobalAveragePooling1D()(k.layers.Embedding(6, 4, mask_zero=True)(x))
            models.append(k.Model(x, k.layers.Dense(2)(h)))
        start = models[0].get_weights()
        models[1].set_weights(start)
        for k, model in zip((keras, juanji), models):
            model.compile(getattr(k.optimizers, name)(0.01), "mse", jit_compile=False)
            for _ in range(10):
                model.train_on_batch(numbers, targets)
        for before, expected, got in zip(start, *(model.get_weights() for model in models)):
            error, moved = np.linalg.norm(got - expected), np.linalg.norm(expected - before)
            assert error <= 1e-5 * moved, name

"""juanji.optimizers against the formulas over many steps; learning rates, clipping, decay and messages."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from juanji import GradientTape, Tensor, Variable, optimizers
from juanji.optimizers import schedules
from reference import update as reference

SHAPES = [(), (1,), (7,), (3, 5), (2, 3, 4, 5)]

METHODS = {
    "SGD": ({}, reference.Sgd),
    "SGD momentum": ({"momentum": 0.9}, reference.Sgd),
    "SGD nesterov": ({"momentum": 0.9, "nesterov": True}, reference.Sgd),
    "RMSprop": ({}, reference.RMSprop),
    "RMSprop all": ({"rho": 0.8, "momentum": 0.5, "epsilon": 1e-3, "centered": True}, reference.RMSprop),
    "Adam": ({}, reference.Adam),
    "Adamax": ({}, reference.Adamax),
    "Adamax other": ({"beta_1": 0.5, "beta_2": 0.6, "epsilon": 1e-3}, reference.Adamax),
    "Nadam": ({}, reference.Nadam),
    "Nadam other": ({"beta_1": 0.5, "beta_2": 0.6, "epsilon": 1e-3}, reference.Nadam),
    "Adagrad": ({}, reference.Adagrad),
    "Adagrad other": ({"initial_accumulator_value": 0.5, "epsilon": 1e-2}, reference.Adagrad),
    "Adadelta": ({"epsilon": 1e-2}, reference.Adadelta),
    "Lion": ({}, reference.Lion),
    "Lion other": ({"beta_1": 0.3, "beta_2": 0.6}, reference.Lion),
    "Ftrl": ({}, reference.Ftrl),
    "ScheduleFreeAdamW": ({}, reference.ScheduleFree),
    "ScheduleFreeAdamW other": ({"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}, reference.ScheduleFree),
    "Lamb": ({}, reference.Lamb),
    "Adafactor": ({}, reference.Adafactor),
    "Adafactor other": ({"beta_2_decay": -0.5, "epsilon_2": 2.0, "clip_threshold": 0.5}, reference.Adafactor),
    "Muon": ({"weight_decay": None, "adam_weight_decay": None}, lambda rate, **_: reference.Muon(rate)),
    "Adam amsgrad": ({"beta_1": 0.5, "beta_2": 0.7, "epsilon": 1e-3, "amsgrad": True}, reference.Adam),
}


def variables(dtype="float64"):
    rng = np.random.default_rng(0)
    return [Variable(rng.normal(size=s), dtype=dtype, name=f"w{i}") for i, s in enumerate(SHAPES)]


def gradients(step, dtype="float64"):
    rng = np.random.default_rng([1, step])
    return [rng.normal(size=s).astype(dtype) for s in SHAPES]


def agree(trained, expected, c=64):
    for v, e in zip(trained, expected):
        np.testing.assert_allclose(v.numpy(), e, rtol=0, atol=c * np.finfo(v.dtype).eps * max(1.0, np.abs(e).max()))


def make(method, rate=0.05, **kwargs):
    return getattr(optimizers, method.split()[0])(rate, **{**METHODS[method][0], **kwargs})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("method", METHODS)
def test_ten_steps_follow_the_formula(method, dtype):
    arguments, formula = METHODS[method]
    trained = variables(dtype)
    naive = [formula(0.05, **arguments) for _ in trained]
    expected = [v.numpy().astype(np.float64) for v in trained]
    optimizer = make(method)
    for step in range(10):
        given_ = gradients(step, dtype)
        optimizer.apply(given_ if step % 2 else [Tensor(g) for g in given_], trained)
        expected = [n.step(e, g.astype(np.float64)) for n, e, g in zip(naive, expected, given_)]
    agree(trained, expected, 200)
    assert int(optimizer.iterations) == 10
    assert trained[0].dtype == dtype


@pytest.mark.parametrize("method", METHODS)
def test_a_gradient_left_out_leaves_variable_and_state_alone(method):
    arguments, formula = METHODS[method]
    trained = variables()
    naive = [formula(0.05, **arguments) for _ in trained]
    expected = [v.numpy().copy() for v in trained]
    optimizer = make(method)
    for step in range(4):
        given_ = gradients(step)
        for n in naive:
            if hasattr(n, "t"):
                n.t = step  # the number of the step counts for all variables
        missing = step % len(trained)
        for i in range(len(trained)):
            if i != missing:
                expected[i] = naive[i].step(expected[i], given_[i])
        given_[missing] = None
        with pytest.warns(UserWarning, match=f"no gradient for w{missing}; the loss does not depend on them"):
            optimizer.apply(given_, trained)
    agree(trained, expected)


def test_variables_may_come_in_any_order():
    trained, same = variables(), variables()
    a, b = optimizers.Adam(0.1), optimizers.Adam(0.1)
    b.build(same)
    for step in range(3):
        given_ = gradients(step)
        a.apply(given_, trained)
        b.apply_gradients(reversed(list(zip(given_, same))))
    for v, w in zip(trained, same):
        np.testing.assert_array_equal(v.numpy(), w.numpy())


def test_updates_are_in_place():
    v = Variable(np.ones(3))
    before = v.value
    optimizers.Adam().apply([np.ones(3)], [v])
    assert np.shares_memory(v.value, before)
    assert before[0] != 1.0


def test_gradients_of_a_tape():
    w = Variable([1.0, -2.0])
    optimizer = optimizers.SGD(0.25)
    for _ in range(3):
        with GradientTape() as tape:
            loss = w * w
        optimizer.apply(tape.gradient(loss, [w]), [w])
    np.testing.assert_allclose(w.numpy(), [0.125, -0.25])


@pytest.mark.parametrize("method", ["SGD momentum", "Adam"])
def test_weight_decay(method):
    arguments, formula = METHODS[method]
    trained = variables()
    naive = [formula(0.05, **arguments) for _ in trained]
    expected = [v.numpy().copy() for v in trained]
    optimizer = make(method, weight_decay=0.3)
    optimizer.exclude_from_weight_decay([trained[1]], ["w3"])
    for step in range(3):
        given_ = gradients(step)
        optimizer.apply(given_, trained)
        for i, n in enumerate(naive):
            decayed = expected[i] * (1 if i in (1, 3) else 1 - 0.05 * 0.3)
            expected[i] = n.step(decayed, given_[i])
    agree(trained, expected)


def test_adamw_is_adam_with_decay():
    a, b = variables(), variables()
    optimizers.AdamW(0.1, 0.5, 0.8).apply(gradients(0), a)
    optimizers.Adam(0.1, 0.8, weight_decay=0.5).apply(gradients(0), b)
    for v, w in zip(a, b):
        np.testing.assert_array_equal(v.numpy(), w.numpy())
    assert optimizers.AdamW().get_config()["weight_decay"] == 0.004


@pytest.mark.parametrize("kind", ["clipnorm", "clipvalue", "global_clipnorm"])
@pytest.mark.parametrize("limit", [0.01, 1.0, 1e6])
def test_clipping(kind, limit):
    trained, given_ = variables(), gradients(0)
    kept = [g.copy() for g in given_]
    expected = []
    everything = math.sqrt(sum((g**2).sum() for g in given_))
    for v, g in zip(trained, given_):
        if kind == "clipvalue":
            limited = np.minimum(np.maximum(g, -limit), limit)
        else:
            norm = math.sqrt((g**2).sum()) if kind == "clipnorm" else everything
            limited = g * (limit / norm) if norm > limit else g
        expected.append(v.numpy() - 0.1 * limited)
    optimizers.SGD(0.1, **{kind: limit}).apply(given_, trained)
    agree(trained, expected, 16)
    for g, k in zip(given_, kept):
        np.testing.assert_array_equal(g, k)


@pytest.mark.parametrize("kind", ["clipnorm", "global_clipnorm"])
def test_clipping_gives_the_same_bits_at_any_thread_count(kind, threads):
    gradient = np.random.default_rng(0).normal(size=300_001).astype("float32")
    results = []
    for n in (1, 2, 4):
        threads(n)
        v = Variable(np.zeros(gradient.shape), dtype="float32")
        optimizers.Adam(**{kind: 0.5}).apply([gradient], [v])
        results.append(v.numpy())
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_clipping_keeps_zero_and_shows_nan():
    v = Variable(np.ones(2))
    optimizers.SGD(0.1, clipnorm=1.0).apply([np.zeros(2)], [v])
    assert v.numpy().tolist() == [1.0, 1.0]
    w = Variable(np.ones(2))
    optimizers.SGD(0.1, global_clipnorm=1.0).apply([np.array([np.nan, 1.0]), np.ones(2)], [v, w])
    assert np.isnan(w.numpy()).all()


def test_learning_rate_is_settable():
    v = Variable(np.zeros(1))
    optimizer = optimizers.SGD(0.5)
    optimizer.apply([np.ones(1)], [v])
    optimizer.learning_rate = 0.25
    optimizer.apply([np.ones(1)], [v])
    optimizer.learning_rate.assign(1.0)
    optimizer.apply([np.ones(1)], [v])
    optimizer.learning_rate = 2
    optimizer.apply([np.ones(1)], [v])
    assert v.numpy().tolist() == [-3.75]
    assert float(optimizer.learning_rate) == 2.0
    assert [x.name for x in optimizer.variables] == ["iteration", "learning_rate"]


def test_learning_rate_by_function_and_schedule():
    v = Variable(np.zeros(1))
    rates = iter([1.0, 0.5])
    optimizer = optimizers.SGD(lambda: next(rates))
    optimizer.apply([np.ones(1)], [v])
    optimizer.apply([np.ones(1)], [v])
    assert v.numpy().tolist() == [-1.5]
    optimizer = optimizers.SGD(schedules.PiecewiseConstantDecay([1], [1.0, 0.25]))
    for _ in range(3):
        optimizer.apply([np.ones(1)], [v])
    assert v.numpy().tolist() == [-3.75]
    assert optimizer.learning_rate == 0.25
    optimizer.learning_rate = schedules.ExponentialDecay(1.0, 1, 0.5)
    assert optimizer.learning_rate == 0.125
    with pytest.raises(TypeError, match=r"follows a schedule; expected another schedule, got learning_rate=0\.1"):
        optimizer.learning_rate = 0.1


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf, True, "fast", None, [0.1, 0.2]])
def test_wrong_learning_rates(rate):
    message = r"SGD: wrong learning_rate; expected a finite number of at least 0, got learning_rate="
    with pytest.raises(ValueError, match=message):
        optimizers.SGD(rate)
    optimizer = optimizers.SGD(0.1)
    with pytest.raises(ValueError, match=message):
        optimizer.learning_rate = rate
    assert float(optimizer.learning_rate) == 0.1
    v = Variable(np.ones(1))
    with pytest.raises(ValueError, match=message):
        optimizers.SGD(lambda: rate).apply([np.ones(1)], [v])
    assert v.numpy().tolist() == [1.0]


@pytest.mark.parametrize(
    ("make_", "message"),
    [
        (
            lambda: optimizers.SGD(momentum=1.5),
            r"SGD: wrong momentum; expected a number from 0 to 1, got momentum=1\.5",
        ),
        (lambda: optimizers.SGD(momentum=math.nan), r"got momentum=nan"),
        (lambda: optimizers.RMSprop(rho=-0.1), r"RMSprop: wrong rho"),
        (lambda: optimizers.RMSprop(epsilon=-1), r"wrong epsilon"),
        (lambda: optimizers.Adam(beta_1=1.0), r"Adam: wrong beta_1; expected a number at least 0 and below 1"),
        (lambda: optimizers.AdamW(beta_2=2.0), r"AdamW: wrong beta_2"),
        (lambda: optimizers.Adam(weight_decay=-1.0), r"wrong weight_decay"),
        (lambda: optimizers.Adam(clipnorm=1.0, clipvalue=1.0), r"got \{'clipnorm': 1\.0, 'clipvalue': 1\.0\}"),
        (lambda: optimizers.Adam(clipnorm=0), r"wrong clipnorm; expected a positive number, got clipnorm=0"),
        (lambda: optimizers.get("adamm"), r"got identifier='adamm'.*Did you mean 'adam'\?"),
        (lambda: optimizers.get(print), r"not an optimizer; .*got identifier=<built-in"),
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), r"wrong decay_steps; .*got decay_steps=0"),
        (lambda: schedules.PiecewiseConstantDecay([1, 2], [0.1]), r"expected 3 values for 2 boundaries, got 1"),
        (lambda: schedules.CosineDecayRestarts(0.1, 10, t_mul=0.5), r"wrong t_mul"),
    ],
)
def test_wrong_arguments(make_, message):
    with pytest.raises(ValueError, match=message):
        make_()


def test_unknown_arguments():
    with pytest.raises(TypeError, match="lr"):
        optimizers.Adam(lr=0.1)


def test_wrong_gradients_change_nothing():
    v, w = Variable(np.ones(2), name="kernel"), Variable(np.ones(3), name="bias")
    optimizer = optimizers.SGD(0.1)
    with pytest.raises(ValueError, match=r"expected apply\(grads, variables\), or build\(\) first"):
        optimizer.apply([np.ones(2)])
    for grads, trained, message in [
        ([np.ones(2)], [v, w], r"expected 2 gradients, got 1"),
        ([np.ones(2), np.ones(2)], [v, w], r"gradient of the wrong shape for 'bias'; expected \(3,\), got \(2,\)"),
        ([None, None], [v, w], r"expected at least one, got None for kernel, bias"),
    ]:
        with pytest.raises(ValueError, match=message):
            optimizer.apply(grads, trained)
    with pytest.raises(ValueError, match=r"unknown variable; .* got 'other' of shape \(1,\)"):
        optimizer.apply([np.ones(1)], [Variable(np.ones(1), name="other")])
    with pytest.raises(TypeError, match=r"expected juanji.Variable, got ndarray at position 0"):
        optimizers.SGD(0.1).apply([np.ones(2)], [np.ones(2)])
    assert v.numpy().tolist() == [1.0, 1.0]
    assert int(optimizer.iterations) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.apply([], [])
        optimizer.apply([np.ones(2), np.ones(3)])
    assert int(optimizer.iterations) == 1


def test_an_optimizer_without_a_rule_says_so():
    with pytest.raises(TypeError, match=r"expected a method update_step"):
        optimizers.Optimizer(0.1).apply([np.ones(1)], [Variable(np.ones(1))])


def test_own_optimizer_with_state():
    class Mean(optimizers.Optimizer):
        def build(self, variables):
            super().build(variables)
            self.sums = self.add_optimizer_variables(variables, "sum")

        def update_step(self, gradient, variable, learning_rate):
            (total,) = self.state_of(self.sums, [variable])
            total.assign_add(gradient)
            variable.assign_sub(learning_rate * total.numpy() / (int(self.iterations) + 1))

    v = Variable([0.0, 0.0], name="w")
    optimizer = Mean(1.0)
    optimizer.apply([np.array([1.0, 2.0])], [v])
    optimizer.apply([np.array([3.0, 2.0])], [v])
    assert v.numpy().tolist() == [-3.0, -4.0]
    assert [x.name for x in optimizer.variables] == ["iteration", "learning_rate", "w_sum"]


@pytest.mark.parametrize("method", METHODS)
def test_every_optimizer_can_be_made_again(method):
    optimizer = make(method, clipnorm=2.0, weight_decay=0.1, name="mine")
    again = optimizers.get(optimizers.serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()
    a, b = variables(), variables()
    optimizer.apply(gradients(0), a)
    again.apply(gradients(0), b)
    for v, w in zip(a, b):
        np.testing.assert_array_equal(v.numpy(), w.numpy())


@pytest.mark.parametrize("name", ["adam", "Adam", "ADAM", "sgd", "SGD", "rmsprop", "RMSprop", "adamw", "AdamW"])
def test_names_in_any_case(name):
    assert type(optimizers.get(name)).__name__.lower() == name.lower()
    assert optimizers.get(None) is None
    made = optimizers.SGD()
    assert optimizers.get(made) is made


def test_defaults_are_those_of_keras():
    assert optimizers.SGD().get_config()["learning_rate"] == 0.01
    for name in ("adam", "rmsprop"):
        assert optimizers.get(name).get_config()["learning_rate"] == 0.001
    adam = optimizers.Adam().get_config()
    assert (adam["beta_1"], adam["beta_2"], adam["epsilon"], adam["amsgrad"]) == (0.9, 0.999, 1e-7, False)


SCHEDULES = [
    schedules.ExponentialDecay(0.1, 10, 0.5),
    schedules.ExponentialDecay(0.1, 10, 0.5, staircase=True),
    schedules.InverseTimeDecay(0.1, 10, 0.5),
    schedules.InverseTimeDecay(0.1, 10, 0.5, staircase=True),
    schedules.PiecewiseConstantDecay([5, 20], [0.1, 0.2, 0.3]),
    schedules.PolynomialDecay(0.1, 10, 0.01, power=2.0),
    schedules.PolynomialDecay(0.1, 10, 0.01, cycle=True),
    schedules.CosineDecay(0.1, 10, alpha=0.2),
    schedules.CosineDecay(0.1, 10, warmup_target=0.5, warmup_steps=5),
    schedules.CosineDecayRestarts(0.1, 10),
    schedules.CosineDecayRestarts(0.1, 10, t_mul=1.0, m_mul=0.5, alpha=0.1),
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: s.name)
def test_every_schedule_can_be_made_again(schedule):
    optimizer = optimizers.SGD(schedule)
    again = optimizers.get(optimizers.serialize(optimizer))
    for step in (0, 1, 9, 10, 11, 25, 1000):
        assert schedules.deserialize(schedules.serialize(schedule))(step) == schedule(step)
        again.iterations.assign(step)
        assert again.learning_rate == schedule(step)
        assert type(schedule(np.int64(step))) is float


@given(st.integers(0, 10**6))
def test_schedules_stay_within_bounds(step):
    for schedule in SCHEDULES:
        assert 0.0 <= schedule(step) <= 0.5


def test_restarts_start_where_the_lengths_say():
    rate = schedules.CosineDecayRestarts(1.0, 10, t_mul=2.0, m_mul=0.5)
    assert [rate(s) for s in (0, 10, 30, 70)] == [1.0, 0.5, 0.25, 0.125]
    assert rate(29.999999) < 1e-6
    flat = schedules.CosineDecayRestarts(1.0, 10, t_mul=1.0, m_mul=0.5)
    assert [flat(s) for s in (0, 10, 20)] == [1.0, 0.5, 0.25]


@pytest.mark.parametrize("name", ["SGD", "Adam", "Adafactor", "Nadam", "LossScaleOptimizer"])
def test_paths_of_variables_begin_with_the_name_of_the_optimizer(name):
    kind = getattr(optimizers, name)
    optimizer = kind(optimizers.SGD(momentum=0.9), name="mine") if name == "LossScaleOptimizer" else kind(name="mine")
    optimizer.build([Variable(np.ones((2, 2)), name="w")])
    own = optimizer.variables if name != "LossScaleOptimizer" else optimizer.variables[:4]
    assert [v.path for v in own] == [f"mine/{v.name}" for v in own]
    assert own[0].path == "mine/iteration"

"""Optimizer updates against float64 formulas over ten steps; bits over thread counts; refusals."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import _core
from juanji.autograd import Tensor, Variable
from juanji.ops import _update_rules as rules
from juanji.ops._update import adam_update, rmsprop_update, sgd_update
from reference import update as reference

# 16384 is the length of one task; 8 and 16 the widths of vectors.
SHAPES = [(), (0,), (1,), (7,), (8,), (9,), (17, 1), (16384,), (16385,), (3, 5, 2, 7)]
STEPS = 10


def sgd(momentum=0.0, nesterov=False):
    def step(t, w, g, states):
        sgd_update(w, g, states[0] if momentum else None, 0.1, momentum, nesterov)

    return step, lambda: reference.Sgd(0.1, momentum, nesterov), 1 if momentum else 0


def rmsprop(rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    def step(t, w, g, states):
        m = states[1] if momentum else None
        average = states[-1] if centered else None
        rmsprop_update(w, g, states[0], m, average, 0.01, rho, momentum, epsilon, centered)

    return (
        step,
        lambda: reference.RMSprop(0.01, rho, momentum, epsilon, centered),
        1 + bool(momentum) + centered,
    )


def adam(beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False):
    def step(t, w, g, states):
        vhat = states[2] if amsgrad else None
        adam_update(w, g, states[0], states[1], vhat, 0.01, beta_1, beta_2, epsilon, t)

    return step, lambda: reference.Adam(0.01, beta_1, beta_2, epsilon, amsgrad), 2 + amsgrad


def rule(function, formula, states, counts_steps=False, **settings):
    """One of the further rules at rate 0.01: its arguments behind the learning rate are those of the formula."""

    def step(t, w, g, arrays):
        counted = {"step": t} if counts_steps else {}
        if formula is reference.Nadam:
            counted["product"] = np.prod([formula(0.01, **settings).mu(i) for i in range(1, t + 1)])
        function(w, g, *arrays, 0.01, **settings, **counted)

    return step, lambda: formula(0.01, **settings), states


def zero_sums(function, formula, states, **settings):
    """A rule whose sums begin with 0, as states do here."""
    step, _, _ = rule(function, formula, states, **settings)
    initial = "initial" if formula is reference.Ftrl else "initial_accumulator_value"
    return step, lambda: formula(0.01, **settings, **{initial: 0.0}), states


def schedule_free(**settings):
    """z begins with the variables."""
    step, make, states = rule(rules.schedule_free_update, reference.ScheduleFree, 2, True, **settings)

    def first_copied(t, w, g, arrays):
        if t == 1:
            arrays[0] = [np.array(x) for x in w]
        step(t, w, g, arrays)

    return first_copied, make, states


METHODS = {
    "adagrad": zero_sums(rules.adagrad_update, reference.Adagrad, 1, epsilon=0.1),
    "adadelta": rule(rules.adadelta_update, reference.Adadelta, 2, rho=0.7, epsilon=1e-3),
    "adamax": rule(rules.adamax_update, reference.Adamax, 2, True, beta_1=0.8, beta_2=0.6, epsilon=1e-3),
    "nadam": rule(rules.nadam_update, reference.Nadam, 2, True, beta_1=0.8, beta_2=0.9),
    "lion": rule(rules.lion_update, reference.Lion, 1, beta_1=0.7, beta_2=0.8),
    "ftrl": zero_sums(rules.ftrl_update, reference.Ftrl, 2, l1=0.3, l2=0.2, l2_shrinkage=0.1, beta=0.4),
    "ftrl-power": zero_sums(rules.ftrl_update, reference.Ftrl, 2, learning_rate_power=-0.3, beta=0.1),
    "ftrl-no-power": zero_sums(rules.ftrl_update, reference.Ftrl, 2, learning_rate_power=0.0, l1=0.1),
    "schedule-free": schedule_free(beta_1=0.6, beta_2=0.9, epsilon=1e-3),
    "sgd": sgd(),
    "sgd-momentum": sgd(0.9),
    "sgd-nesterov": sgd(0.9, nesterov=True),
    "rmsprop": rmsprop(),
    "rmsprop-momentum": rmsprop(momentum=0.5),
    "rmsprop-centered": rmsprop(epsilon=1e-3, centered=True),
    "rmsprop-all": rmsprop(0.7, 0.8, 1e-3, True),
    "adam": adam(),
    "adam-other": adam(0.5, 0.9, 1e-3),
    "adam-amsgrad": adam(0.8, 0.5, amsgrad=True),
}


def gradients(rng, t, dtype):
    scale = 10.0 ** (t % 3 - 1)
    return [(rng.standard_normal(shape) * scale).astype(dtype) for shape in SHAPES]


def train(method, dtype, make_variable=np.array):
    """Ten steps natively; returns the variables."""
    step, _, state_count = METHODS[method]
    rng = np.random.default_rng(5)
    w = [make_variable(rng.standard_normal(shape).astype(dtype)) for shape in SHAPES]
    states = [[np.zeros(shape, dtype) for shape in SHAPES] for _ in range(state_count)]
    for t in range(1, STEPS + 1):
        step(t, w, gradients(rng, t, dtype), states)
    return w


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 60), ("float64", 60)])
def test_ten_steps_agree_with_the_formula(method, dtype, tolerance):
    got = train(method, dtype)
    rng = np.random.default_rng(5)
    want = [rng.standard_normal(shape).astype(dtype).astype("float64") for shape in SHAPES]
    rules = [METHODS[method][1]() for _ in SHAPES]
    for t in range(1, STEPS + 1):
        for i, g in enumerate(gradients(rng, t, dtype)):
            want[i] = rules[i].step(want[i], g.astype("float64"))
    for w, expected in zip(got, want):
        assert w.dtype == dtype
        assert w.shape == expected.shape
        largest = np.max(np.abs(expected), initial=1.0)
        np.testing.assert_allclose(w, expected, rtol=0, atol=tolerance * np.finfo(dtype).eps * largest)


@pytest.mark.parametrize("method", METHODS)
def test_same_bits_at_any_thread_count(method, threads):
    threads(1)
    want = train(method, "float32")
    for n in (2, 4):
        threads(n)
        for a, b in zip(train(method, "float32"), want):
            assert a.tobytes() == b.tobytes()


def test_variables_are_updated_in_place_from_tensor_gradients():
    got = train("adam", "float32", Variable)
    for a, b in zip(got, train("adam", "float32")):
        assert a.numpy().tobytes() == b.tobytes()
    v = Variable(np.ones(5), dtype="float32")
    memory = v.value
    sgd_update([v], [Tensor(np.ones(5, "float32"))], None, 0.5)
    assert np.shares_memory(v.value, memory)
    np.testing.assert_array_equal(memory, 0.5)


def test_variables_may_differ_in_type_and_gradients_are_converted():
    a, b = np.ones(3, "float32"), np.ones(4, "float64")
    sgd_update([a, b], [np.ones(3, "float64"), np.ones(4, "float32")], None, 0.25)
    np.testing.assert_array_equal(a, np.full(3, 0.75, "float32"))
    np.testing.assert_array_equal(b, np.full(4, 0.75))


def test_nothing_to_update_is_allowed():
    sgd_update([], [], None, 0.1)
    adam_update([], [], [], [], None, 0.1)


@pytest.mark.parametrize("method", METHODS)
def test_nan_stays_where_it_is(method):
    step, _, state_count = METHODS[method]
    w = [np.ones(19, "float32")]
    g = np.ones(19, "float32")
    g[[0, 18]] = np.nan
    states = [[np.zeros(19, "float32")] for _ in range(state_count)]
    step(1, w, [g], states)
    assert np.isnan(w[0][[0, 18]]).all()
    assert np.isfinite(w[0][1:18]).all()
    step(2, w, [np.ones(19, "float32")], states)
    assert np.isnan(w[0][[0, 18]]).all()


def test_blending():
    a, b = np.array([1.0, 2.0, np.nan]), np.array([4.0, np.nan, 6.0])
    rules.blend_update([a], [b], 0.5, 0.25)
    np.testing.assert_array_equal(a, [1.5, np.nan, np.nan])
    rules.blend_update([a], [b], 1.0, 0.0)
    np.testing.assert_array_equal(a, [1.5, np.nan, np.nan])
    rules.blend_update([a], [b], 0.0, 0.5)
    np.testing.assert_array_equal(a, [2.0, np.nan, 3.0])
    rules.blend_update([a], [b], 0.0, 0.0)
    np.testing.assert_array_equal(a, 0.0)
    ones = [np.ones(n, "float32") for n in (1, 7, 16385)]
    rules.blend_update(ones, [np.full(x.shape, 3.0, "float32") for x in ones], 0.5, 2.0)
    for x in ones:
        np.testing.assert_array_equal(x, np.float32(6.5))


def test_one_native_operation_serves_changing_rates_and_steps():
    w, g, m, v = (np.ones(3) for _ in range(4))
    adam_update([w], [g], [m], [v], None, 0.1, step=1)
    from juanji.ops import _update

    before = _update._adam._native.cache_info().misses
    for step in range(2, 50):
        adam_update([w], [g], [m], [v], None, 0.1 / step, step=step)
    assert _update._adam._native.cache_info().misses == before


def test_wrong_gradient_shape_is_refused_before_anything_is_written():
    a, b = np.ones(3), np.ones(3)
    with pytest.raises(ValueError, match=r"sgd_update: gradient 1 has the wrong shape; expected \(3,\), got .*=\(4,\)"):
        sgd_update([a, b], [np.ones(3), np.ones(4)], None, 0.1)
    np.testing.assert_array_equal(a, 1.0)


def test_wrong_counts_are_refused():
    a = np.ones(3)
    with pytest.raises(
        ValueError, match=r"wrong number of grads; expected one per variable \(1\), got grads=a list of 0"
    ):
        sgd_update([a], [], None, 0.1)
    with pytest.raises(ValueError, match=r"wrong number of velocities; .* got velocities=None"):
        sgd_update([a], [a.copy()], None, 0.1, momentum=0.9)
    with pytest.raises(ValueError, match=r"adam_update: wrong number of v; .* got v=a list of 2"):
        adam_update([a], [a.copy()], [a.copy()], [a.copy(), a.copy()], None, 0.1)
    with pytest.raises(ValueError, match=r"wrong number of inputs; expected 4 arrays per variable and one of scalars"):
        _core.AdamUpdate(0.9, 0.999, 1e-7, False)(a, a)
    with pytest.raises(ValueError, match="wrong number of inputs"):
        _core.SgdUpdate(0.0, False)()


def test_values_out_of_range_are_refused():
    a = np.ones(3)
    with pytest.raises(ValueError, match=r"steps count from 1; expected step >= 1, got step=0"):
        adam_update([a], [a.copy()], [a.copy()], [a.copy()], None, 0.1, step=0)
    with pytest.raises(ValueError, match=r"beta_1 is out of range; expected at least 0 and below 1, got beta_1=1"):
        adam_update([a], [a.copy()], [a.copy()], [a.copy()], None, 0.1, beta_1=1.0)
    with pytest.raises(ValueError, match=r"momentum is out of range; expected 0 to 1, got momentum=-0.5"):
        sgd_update([a], [a.copy()], [a.copy()], 0.1, momentum=-0.5)
    with pytest.raises(ValueError, match=r"ftrl_update: learning_rate_power is out of range; expected 0 or below"):
        rules.ftrl_update([a], [a.copy()], [a.copy()], [a.copy()], 0.1, learning_rate_power=0.5)
    for make, message in [
        (lambda: _core.AdadeltaUpdate(1.5, 0.1), "rho"),
        (lambda: _core.AdamaxUpdate(1.0, 0.5, 0.1), "beta_1"),
        (lambda: _core.NadamUpdate(0.5, 1.0, 0.1), "beta_2"),
        (lambda: _core.LionUpdate(0.5, -0.1), "beta_2"),
        (lambda: _core.ScheduleFreeUpdate(0.5, 1.0, 0.1), "beta_2"),
    ]:
        with pytest.raises(ValueError, match=f"{message} is out of range"):
            make()
    with pytest.raises(ValueError, match=r"rho is out of range; expected 0 to 1, got rho=nan"):
        rmsprop_update([a], [a.copy()], [a.copy()], None, None, 0.1, rho=float("nan"))


def test_memory_that_cannot_be_updated_is_refused():
    frozen = np.ones(3)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="is updated in place; expected a writeable, C-contiguous array"):
        sgd_update([frozen], [np.ones(3)], None, 0.1)
    with pytest.raises(ValueError, match="is updated in place"):
        sgd_update([np.ones(6)[::2]], [np.ones(3)], None, 0.1)
    with pytest.raises(TypeError, match="unsupported dtype; expected float32 or float64"):
        sgd_update([np.ones(3, "int32")], [np.ones(3)], None, 0.1)


def test_the_same_variable_twice_is_refused():
    a = np.ones(5)
    with pytest.raises(ValueError, match=r"arrays share memory; .* Pass each variable once"):
        sgd_update([a, a], [np.ones(5), np.ones(5)], None, 0.1)
    with pytest.raises(ValueError, match="share memory"):
        sgd_update([a[:3], a[2:]], [np.ones(3), np.ones(3)], None, 0.1)
    sgd_update([a[:3], a[3:]], [np.ones(3), np.ones(2)], None, 0.5)
    np.testing.assert_array_equal(a, 0.5)


def test_gradient_may_be_the_variable_itself():
    a = np.full(5, 2.0)
    sgd_update([a], [a], None, 0.5)
    np.testing.assert_array_equal(a, 1.0)

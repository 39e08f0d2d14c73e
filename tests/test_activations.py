"""juanji.activations against their formulas, with gradients by finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

import juanji
from juanji import GradientTape, Tensor, activations, ops


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))


def softplus(x):
    return max(x, 0) + math.log1p(math.exp(-abs(x)))


def elu(x, alpha=1.0):
    return x if x > 0 else alpha * math.expm1(x)


def hard_sigmoid(x):
    return min(max(x / 6 + 0.5, 0), 1)


def relu(x, negative_slope=0.0, max_value=math.inf, threshold=0.0):
    if x >= max_value:
        return max_value
    return x if x > threshold else negative_slope * (x - threshold)


def gelu(x):
    return x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


# name, arguments, formula of one number, c of the tolerance c·eps·max(1, |ref|)
CASES = [
    ("linear", {}, lambda x: x, 0),
    ("relu", {}, relu, 0),
    ("relu", {"negative_slope": 0.3}, lambda x: relu(x, 0.3), 2),
    ("relu", {"max_value": 2.0}, lambda x: relu(x, 0.0, 2.0), 0),
    ("relu", {"threshold": 1.0}, lambda x: relu(x, 0.0, math.inf, 1.0), 0),
    ("relu", {"negative_slope": 0.3, "max_value": 2.0, "threshold": 1.0}, lambda x: relu(x, 0.3, 2.0, 1.0), 2),
    ("relu6", {}, lambda x: min(max(x, 0), 6), 0),
    ("leaky_relu", {}, lambda x: relu(x, 0.2), 2),
    ("elu", {"alpha": 0.7}, lambda x: elu(x, 0.7), 4),
    ("selu", {}, lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772), 4),
    ("sigmoid", {}, sigmoid, 4),
    ("hard_sigmoid", {}, hard_sigmoid, 2),
    ("tanh", {}, math.tanh, 4),
    ("hard_tanh", {}, lambda x: min(max(x, -1), 1), 0),
    ("exponential", {}, math.exp, 4),
    ("softplus", {}, softplus, 4),
    ("softsign", {}, lambda x: x / (1 + abs(x)), 2),
    ("silu", {}, lambda x: x * sigmoid(x), 8),
    ("hard_silu", {}, lambda x: x * hard_sigmoid(x), 8),
    ("mish", {}, lambda x: x * math.tanh(softplus(x)), 8),
    ("celu", {"alpha": 0.7}, lambda x: x if x > 0 else 0.7 * math.expm1(x / 0.7), 4),
    ("gelu", {}, lambda x: x * math.erfc(-x / math.sqrt(2)) / 2, 8),
    ("gelu", {"approximate": True}, gelu, 8),
    ("hard_shrink", {"threshold": 0.35}, lambda x: x if abs(x) > 0.35 else 0.0, 0),
    ("soft_shrink", {}, lambda x: math.copysign(max(abs(x) - 0.5, 0), x), 2),
    ("log_sigmoid", {}, lambda x: -softplus(-x), 4),
    ("sparse_plus", {}, lambda x: 0.0 if x <= -1 else x if x >= 1 else (x + 1) ** 2 / 4, 2),
    ("sparse_sigmoid", {}, lambda x: min(max((x + 1) / 2, 0), 1), 2),
    ("squareplus", {"b": 3}, lambda x: (x + math.sqrt(x * x + 3)) / 2, 8),
    ("tanh_shrink", {}, lambda x: x - math.tanh(x), 4),
    ("threshold", {"threshold": 0.5, "default_value": 7.0}, lambda x: x if x > 0.5 else 7.0, 0),
    ("relu", {"max_value": 2.0, "threshold": -1.0}, lambda x: min(max(x, 0), 2) if x > -1 else 0.0, 0),
]
IDS = [f"{name}-{'-'.join(arguments)}" for name, arguments, _, _ in CASES]
# no kink of any of them, and every branch
POINTS = np.array([-7.3, -3.1, -1.7, -0.4, -1e-3, 1e-3, 0.3, 0.9, 1.3, 2.2, 3.3, 6.7])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "arguments", "formula", "c"), CASES, ids=IDS)
def test_values(name, arguments, formula, c, dtype):
    x = np.concatenate([POINTS, [0.0], np.random.default_rng(0).normal(size=131) * 5]).astype(dtype)
    expected = np.array([formula(v) for v in x.tolist()])
    y = activations.get(name)(x, **arguments)
    assert y.dtype == dtype
    limit = c * np.finfo(dtype).eps * np.maximum(1.0, np.abs(expected))
    assert (np.abs(y.astype(np.float64) - expected) <= limit).all()


@pytest.mark.parametrize(("name", "arguments", "formula", "c"), CASES, ids=IDS)
def test_gradients(name, arguments, formula, c):
    x = Tensor(POINTS)
    with GradientTape() as tape:
        tape.watch(x)
        y = activations.get(name)(x, **arguments)
    gradient = tape.gradient(y, x).numpy()
    h = 1e-6
    slopes = [(formula(v + h) - formula(v - h)) / (2 * h) for v in POINTS.tolist()]
    np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["relu6", "leaky_relu", "elu", "selu", "hard_sigmoid", "hard_silu"])
def test_second_derivatives_of_those_that_bend(name):
    formula = next(formula for n, _, formula, _ in CASES if n == name)
    arguments = next(arguments for n, arguments, _, _ in CASES if n == name)
    x, factor = Tensor(POINTS), Tensor(np.linspace(-1, 2, POINTS.size))
    with GradientTape() as outer:
        outer.watch([x, factor])
        with GradientTape() as inner:
            inner.watch(x)
            y = activations.get(name)(x, **arguments)
        first = inner.gradient(y, x, output_gradients=factor)
    bend, slope = outer.gradient(first, [x, factor])
    h = 1e-4
    ends = [[formula(v + d) for v in POINTS.tolist()] for d in (-h, 0, h)]
    below, at, above = (np.array(values) for values in ends)
    if bend is not None:  # none where the function is made of lines
        np.testing.assert_allclose(bend.numpy(), factor.numpy() * (below - 2 * at + above) / h**2, rtol=1e-5, atol=1e-6)
    else:
        np.testing.assert_allclose((below - 2 * at + above) / h**2, 0, atol=1e-6)
    np.testing.assert_allclose(slope.numpy(), (above - below) / (2 * h), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 40_003])
def test_those_that_bend_at_ends_and_on_every_length(size, dtype):
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 3.0, -3.0, 6.0], dtype)
    x = np.resize(special, size)
    for name, formula in (
        ("relu6", lambda v: np.clip(v, 0, 6)),
        ("leaky_relu", lambda v: np.where(v > 0, v, v * v.dtype.type(0.2))),
        ("elu", lambda v: np.where(v > 0, v, np.expm1(np.minimum(v, 0)))),
        ("hard_sigmoid", lambda v: np.clip(v / 6 + 0.5, 0, 1)),
    ):
        expected = formula(x)
        np.testing.assert_allclose(activations.get(name)(x), expected, rtol=1e-6, atol=1e-7, err_msg=name)
    np.testing.assert_array_equal(activations.relu(x, max_value=2.0), np.clip(x, 0, 2))


def test_slopes_that_are_learned_have_a_gradient():
    x, slope = np.array([-2.0, 3.0], "float32"), juanji.Variable(np.float32(0.5))
    with GradientTape() as tape:
        y = juanji.ops.sum(juanji.ops.leaky_relu(x, slope)) + juanji.ops.sum(juanji.ops.elu(x, slope))
    np.testing.assert_allclose(tape.gradient(y, slope).numpy(), -2 + np.expm1(-2.0), rtol=1e-6)


@pytest.mark.parametrize("name", ["softplus", "silu", "mish", "sigmoid", "tanh", "softsign"])
def test_smooth_ones_have_their_slope_at_zero(name):
    x = Tensor(np.zeros(1))
    with GradientTape() as tape:
        tape.watch(x)
        y = activations.get(name)(x)
    slope = {"softplus": 0.5, "silu": 0.5, "mish": 0.6, "sigmoid": 0.25, "tanh": 1.0, "softsign": 1.0}[name]
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), [slope], rtol=1e-12)


@pytest.mark.parametrize(
    "name",
    [
        "elu",
        "selu",
        "softplus",
        "silu",
        "mish",
        "sigmoid",
        "tanh",
        "softsign",
        "relu",
        "relu6",
        "leaky_relu",
        "hard_sigmoid",
        "hard_silu",
    ],
)
def test_far_out_values_and_gradients_are_finite(name):
    x = Tensor(np.array([-1e30, -1e4, 1e4, 1e30], dtype=np.float32))
    with GradientTape() as tape:
        tape.watch(x)
        y = activations.get(name)(x)
    assert np.isfinite(y.numpy()).all()
    assert np.isfinite(tape.gradient(y, x).numpy()).all()


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_softmax_and_its_logarithm(axis):
    x = np.random.default_rng(0).normal(size=(3, 4, 5))
    e = np.exp(x - x.max(axis, keepdims=True))
    expected = e / e.sum(axis, keepdims=True)
    np.testing.assert_allclose(activations.softmax(x, axis), expected, rtol=0, atol=1e-15)
    np.testing.assert_allclose(activations.log_softmax(x, axis), np.log(expected), rtol=0, atol=1e-14)


def nearest_chances(row):
    """The projection onto vectors of probabilities, by trying every number of positive entries."""
    order = sorted(row, reverse=True)
    for k in range(len(row), 0, -1):
        shift = (math.fsum(order[:k]) - 1) / k
        if order[k - 1] > shift:
            return [max(x - shift, 0.0) for x in row]
    raise AssertionError


@pytest.mark.parametrize("axis", [-1, 0])
def test_sparsemax(axis):
    x = np.random.default_rng(0).normal(size=(4, 5))
    expected = np.apply_along_axis(lambda row: nearest_chances(row.tolist()), axis, x)
    np.testing.assert_allclose(activations.sparsemax(x, axis), expected, rtol=0, atol=1e-15)
    variable, direction, h = Tensor(x), np.random.default_rng(1).normal(size=x.shape), 1e-7
    weights = np.random.default_rng(2).normal(size=x.shape)
    with GradientTape() as tape:
        tape.watch(variable)
        y = ops.sum(activations.sparsemax(variable, axis) * weights)
    ends = [
        (np.apply_along_axis(lambda row: nearest_chances(row.tolist()), axis, x + s * direction) * weights).sum()
        for s in (h, -h)
    ]
    slope = (tape.gradient(y, variable).numpy() * direction).sum()
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-6)


def test_gated_linear_unit():
    x = np.random.default_rng(0).normal(size=(3, 4))
    expected = [[row[i] * sigmoid(row[i + 2]) for i in range(2)] for row in x.tolist()]
    np.testing.assert_allclose(activations.glu(x), expected, rtol=1e-14)
    with pytest.raises(ValueError, match=r"glu: .*expected an even size, got x.shape=\(3, 4\) and axis=0"):
        activations.glu(x, axis=0)


def test_names_are_those_of_keras():
    assert "Any" not in dir(activations)
    for name in ("celu", "gelu", "glu", "hard_shrink", "sparsemax", "squareplus", "tanh_shrink", "threshold"):
        assert activations.get(name) is getattr(activations, name)


def test_get():
    assert activations.get(None) is activations.linear
    assert activations.get(math.tanh) is math.tanh
    assert activations.get("swish") is activations.silu
    assert activations.get("hard_swish") is activations.hard_silu
    for name in ("linear", "relu", "softmax", "log_softmax", "sigmoid", "tanh", "exponential"):
        function = activations.get(name)
        assert activations.serialize(function) == name
        assert activations.deserialize(name) is function
    with pytest.raises(ValueError, match=r"juanji.activations.get: .*'elu'.*'relu'.*got identifier='rellu'.*'relu'\?"):
        activations.get("rellu")


def test_fused_names():
    for name in ("relu", "sigmoid", "tanh"):
        assert activations.fused_name(activations.get(name)) == name
        assert activations.fused_name(getattr(ops, name)) == name
    for other in (None, activations.linear, activations.softmax, activations.leaky_relu, lambda x: x):
        assert activations.fused_name(other) is None


def test_integers_and_lists_become_floats():
    assert activations.leaky_relu([-5, 5]).dtype == np.float32
    assert activations.relu(np.array([-5, 5])).tolist() == [0.0, 5.0]

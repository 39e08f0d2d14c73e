"""juanji.regularizers against the sums, with their gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest

from juanji import GradientTape, Variable, regularizers

CASES = [
    (regularizers.L1(0.3), 0.3, 0.0),
    (regularizers.L2(0.2), 0.0, 0.2),
    (regularizers.L1L2(0.3, 0.2), 0.3, 0.2),
    (regularizers.L1L2(), 0.0, 0.0),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("regularizer", "l1", "l2"), CASES)
def test_value_and_gradient(regularizer, l1, l2, dtype):
    w = np.random.default_rng(0).normal(size=(3, 3, 4, 5)).astype(dtype)
    expected = l1 * math.fsum(np.abs(w).ravel().tolist()) + l2 * math.fsum((w.astype(float) ** 2).ravel().tolist())
    eps = float(np.finfo(dtype).eps)
    assert regularizer(w).dtype == dtype
    assert float(regularizer(w)) == pytest.approx(expected, rel=32 * eps)
    v = Variable(w)
    with GradientTape() as tape:
        penalty = regularizer(v)
    gradient = tape.gradient(penalty, v).numpy()
    assert gradient.dtype == dtype
    np.testing.assert_allclose(gradient, l1 * np.sign(w) + 2 * l2 * w, rtol=0, atol=8 * eps)


def test_defaults_and_names():
    assert regularizers.get("l1").get_config() == {"l1": 0.01}
    assert regularizers.get("L2").get_config() == {"l2": 0.01}
    assert regularizers.get("l1_l2").get_config() == regularizers.L1L2().get_config() == {"l1": 0.0, "l2": 0.0}
    assert regularizers.L1(None).l1 == 0.01
    assert regularizers.l1_l2(l1=0.1, l2=None).get_config() == {"l1": 0.1, "l2": 0.0}
    assert regularizers.get(None) is None
    for regularizer, _, _ in CASES:
        again = regularizers.get(regularizers.serialize(regularizer))
        assert type(again) is type(regularizer)
        assert again.get_config() == regularizer.get_config()


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, "much", True])
def test_wrong_factors(value):
    with pytest.raises(ValueError, match=r"L1: wrong l1; expected a finite number of at least 0, got l1="):
        regularizers.L1(value)
    with pytest.raises(ValueError, match=r"L1L2: wrong l2; expected a finite number of at least 0, got l2="):
        regularizers.L1L2(0.1, value)


def mean_cosine(rows):
    units = [[x / math.hypot(*row) for x in row] for row in rows]
    pairs = [(a, b) for i, a in enumerate(units) for b in units[:i]]
    return math.fsum(abs(math.fsum(x * y for x, y in zip(a, b))) for a, b in pairs) / len(pairs)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mode", ["rows", "columns"])
def test_orthogonal(mode, dtype):
    w = np.random.default_rng(0).normal(size=(4, 3)).astype(dtype)
    regularizer = regularizers.OrthogonalRegularizer(0.3, mode)

    def formula(x):
        return 0.3 * mean_cosine((x if mode == "rows" else x.T).astype(float).tolist())

    assert regularizer(w).dtype == dtype
    assert float(regularizer(w)) == pytest.approx(formula(w), rel=16 * float(np.finfo(dtype).eps))
    v = Variable(w.astype(float))
    with GradientTape() as tape:
        penalty = regularizer(v)
    gradient = tape.gradient(penalty, v).numpy()
    for place in np.ndindex(w.shape):
        step = np.zeros(w.shape)
        step[place] = 1e-6
        slope = (formula(w + step) - formula(w - step)) / 2e-6
        assert gradient[place] == pytest.approx(slope, abs=1e-8)


def test_orthogonal_extremes():
    assert float(regularizers.OrthogonalRegularizer()(np.eye(3))) == 0.0
    assert float(regularizers.OrthogonalRegularizer(2.0)(np.ones((3, 2)))) == pytest.approx(2.0)
    assert float(regularizers.OrthogonalRegularizer()(np.ones((1, 4)))) == 0.0
    assert float(regularizers.OrthogonalRegularizer()(np.zeros((2, 2)))) == 0.0
    again = regularizers.get(regularizers.serialize(regularizers.OrthogonalRegularizer(0.2, "columns")))
    assert again.get_config() == {"factor": 0.2, "mode": "columns"}
    assert isinstance(regularizers.get("orthogonal_regularizer"), regularizers.orthogonal_regularizer)
    with pytest.raises(ValueError, match=r"expected 'rows' or 'columns', got mode='cells'"):
        regularizers.OrthogonalRegularizer(mode="cells")
    with pytest.raises(ValueError, match=r"expected rank 2, got shape \(2, 2, 2\)"):
        regularizers.OrthogonalRegularizer()(np.ones((2, 2, 2)))

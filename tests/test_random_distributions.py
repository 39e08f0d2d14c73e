"""Gamma, beta, binomial and categorical numbers: moments, keys, types and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import random
from juanji._gamma import dirichlet_distributed

N = 20000
CASES = {  # call, mean, variance
    "gamma": (lambda **k: random.gamma((N,), 2.5, **k), 2.5, 2.5),
    "beta": (lambda **k: random.beta((N,), 2.0, 3.0, **k), 0.4, 0.04),
    "binomial": (lambda **k: random.binomial((N,), 10, 0.3, **k), 3.0, 2.1),
}


@pytest.mark.parametrize("name", CASES)
def test_moments(name):
    call, mean, variance = CASES[name]
    x = call(seed=3)
    assert x.dtype == "float32"
    assert abs(x.mean() - mean) < 5 * np.sqrt(variance / N)
    assert abs(x.var() / variance - 1) < 0.08
    assert call(seed=3, dtype="float64").dtype == "float64"


@pytest.mark.parametrize("name", CASES)
def test_keys(name):
    call = CASES[name][0]
    np.testing.assert_array_equal(call(seed=1), call(seed=1))
    assert (call(seed=1) != call(seed=2)).any()
    generator = random.SeedGenerator(4)
    assert (call(seed=generator) != call(seed=generator)).any()


@pytest.mark.parametrize("alpha", [0.02, 0.3, 1.0, 2.5, 40.0])
def test_gamma_and_beta_numbers_have_the_distribution_of_those_of_numpy(alpha):
    rng = np.random.default_rng(1)
    pairs = {
        "gamma": (random.gamma((N,), alpha, "float64", seed=5), rng.gamma(alpha, 1.0, N)),
        "beta": (random.beta((N,), alpha, 0.7, "float64", seed=6), rng.beta(alpha, 0.7, N)),
    }
    for ours, theirs in pairs.values():
        assert np.isfinite(ours).all()
        both = np.sort(np.concatenate([ours, theirs]))
        below = [np.searchsorted(np.sort(x), both, side="right") / N for x in (ours, theirs)]
        # the bound of Kolmogorov and Smirnov that is passed once in a thousand
        assert np.abs(below[0] - below[1]).max() < 1.95 * np.sqrt(2 / N)


def test_shares_add_up_to_one():
    shares = dirichlet_distributed(5, 0.3, random.SeedGenerator(3), "float32")
    assert shares.min() >= 0
    assert abs(shares.sum() - 1) < 1e-6


def test_parameters_broadcast():
    assert random.gamma((2, 3), np.array([1.0, 2.0, 3.0]), seed=1).shape == (2, 3)
    x = random.binomial((3, 2), np.array([[0], [5], [9]]), 1.0, seed=1)
    np.testing.assert_array_equal(x, [[0, 0], [5, 5], [9, 9]])
    assert random.beta((0,), 1.0, 1.0).shape == (0,)


def test_categorical():
    shares = np.array([[0.1, 0.6, 0.3], [0.0, 0.5, 0.5]])
    with np.errstate(divide="ignore"):
        x = random.categorical(np.log(shares), N, seed=2)
    assert (x.shape, x.dtype) == ((2, N), "int32")
    for row, expected in zip(x, shares):
        np.testing.assert_allclose(np.bincount(row, minlength=3) / N, expected, atol=5 * np.sqrt(0.25 / N))
    assert random.categorical(np.zeros((1, 2)), 3, dtype="int64").dtype == "int64"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: random.gamma((2,), 0.0), "unusable alpha; expected positive numbers"),
        (lambda: random.beta((2,), 1.0, -1.0), "unusable beta; expected positive numbers"),
        (lambda: random.binomial((2,), -1, 0.5), "unusable counts; expected numbers from 0"),
        (lambda: random.binomial((2,), 1, 1.5), "unusable probabilities; expected numbers from 0 to 1"),
        (lambda: random.gamma((2,), np.ones(3)), r"the parameters do not broadcast to the shape; expected \(2,\)"),
        (lambda: random.gamma((-1,), 1.0), "gamma: not a usable shape"),
        (lambda: random.categorical(np.zeros(3), 2), r"expected logits \(N, classes\), got logits\.shape=\(3,\)"),
    ],
)
def test_errors_say_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()

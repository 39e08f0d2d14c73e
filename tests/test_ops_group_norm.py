"""Normalisation of rows and of groups of channels against the definition, with all gradients."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import _core, ops
from juanji.ops._group_norm import group_norm
from reference import normalization as reference
from reference.gradients import check_gradients, check_second_gradients

EPSILON = 1e-3
# An error e of the mean shows up in y as e / sqrt(variance + EPSILON) · gamma: at most some 32 times as large.
C_OUTPUT = 128
C_GRADIENT = 128
# samples, positions, groups, channels of a group; around vectors, blocks of sums, rows at a time and tasks
ROWS = [(r, 1, 1, n) for r, n in [(1, 1), (3, 2), (7, 7), (8, 8), (9, 9), (17, 31), (65, 32), (5, 33), (4, 256)]]
ROWS += [(3, 1, 1, 257), (5, 1, 1, 2048), (3, 1, 1, 2049), (2, 1, 1, 4096), (1, 1, 1, 4097), (1100, 1, 1, 100)]
GROUPS = [(2, 1, 2, 1), (3, 4, 1, 5), (1, 49, 3, 1), (2, 64, 8, 8), (15, 9, 2, 3), (16, 9, 2, 3), (17, 5, 5, 13)]
GROUPS += [(1, 3000, 3, 11), (2, 700, 1, 3), (1, 130, 4, 150)]


def _arrays(shape, dtype, seed=0):
    samples, positions, groups, width = shape
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, positions, groups * width)) * 2 + rng.normal(size=groups * width) * 3
    gamma, beta = rng.normal(size=(2, groups * width))
    return [a.astype(dtype) for a in (x, gamma, beta, rng.normal(size=x.shape))]


def _close(got, expected, c, scale):
    assert got.shape == expected.shape
    assert np.all(np.abs(got - expected) <= c * np.finfo(got.dtype).eps * np.maximum(scale, 1e-30))


@pytest.mark.parametrize("centered", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", ROWS + GROUPS)
def test_forward_and_gradient(shape, dtype, centered):
    samples, _, groups, _ = shape
    x, gamma, beta, dy = _arrays(shape, dtype)
    y, mean, inverse = _core.GroupNorm(1, groups, EPSILON, centered)(x, gamma, beta)
    got = _core.GroupNormGradient(1, groups, centered)(dy, x, gamma, mean, inverse)
    expected, *wanted = reference.group_norm(x, gamma, beta, dy, samples, groups, EPSILON, centered)
    assert y.dtype == got[0].dtype == got[1].dtype == dtype
    assert mean.shape == inverse.shape == (samples, groups)
    steep = np.abs(inverse).max()
    _close(y, expected, C_OUTPUT, np.abs(expected).max())
    _close(got[0], wanted[0], C_GRADIENT, steep * np.abs(dy).max() * np.abs(gamma).max())
    terms = np.abs(dy).reshape(-1, gamma.size).sum(0).max()
    _close(got[1], wanted[1], C_GRADIENT, terms)
    _close(got[2], wanted[2], C_GRADIENT, terms)


@pytest.mark.parametrize("shape", [(3, 1, 1, 9), (2, 5, 2, 3), (2, 3, 4, 1)])
@pytest.mark.parametrize("centered", [True, False])
def test_gradients_of_gradients(shape, centered):
    _, _, groups, width = shape
    x, gamma, beta, _ = _arrays(shape, "float64")
    channels = (groups * width,)

    def function(x, gamma, beta):
        return group_norm(x, gamma, beta, channels, sample_axes=1, groups=groups, epsilon=EPSILON, centered=centered)

    check_gradients(function, x, gamma, beta)
    check_second_gradients(function, x, gamma, beta)


@pytest.mark.parametrize("shape", [(1500, 1, 1, 90), (2, 5000, 2, 6), (40, 64, 4, 8)])
def test_bits_do_not_depend_on_threads(shape, threads):
    x, gamma, beta, dy = _arrays(shape, "float32")
    results = []
    for number in (1, 2, 5):
        threads(number)
        y, mean, inverse = _core.GroupNorm(1, shape[2], EPSILON, True)(x, gamma, beta)
        results.append((y, *_core.GroupNormGradient(1, shape[2], True)(dy, x, gamma, mean, inverse)))
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)


def test_large_means_do_not_swallow_the_variance():
    rng = np.random.default_rng(1)
    for shape, groups in (((4, 1, 64), 1), ((4, 100, 6), 2)):
        noise = rng.normal(size=shape)
        x = (noise + 1e4).astype("float32")
        y = group_norm(x, None, None, shape[2:], sample_axes=1, groups=groups, epsilon=0.0)
        expected = reference.group_norm(x, np.ones(shape[2]), np.zeros(shape[2]), x, 4, groups, 0.0)[0]
        # the mean is rounded to float32: an error of eps · 1e4 / 2 beside a deviation of 1
        np.testing.assert_allclose(y, expected, rtol=0, atol=1e4 * np.finfo("float32").eps)


def test_nothing_to_normalise():
    for shape in ((0, 3), (2, 0)):
        x = np.zeros(shape, "float32")
        assert ops.layer_normalization(x).shape == shape
        vector = np.ones(shape[1:], "float32")
        y, mean, inverse = _core.GroupNorm(1, 1, EPSILON, True)(x, vector, vector)
        dx, dgamma, dbeta = _core.GroupNormGradient(1, 1, True)(y, x, vector, mean, inverse)
        assert dx.shape == shape
        np.testing.assert_array_equal(dgamma, np.zeros(shape[1:]))
        np.testing.assert_array_equal(dbeta, np.zeros(shape[1:]))


def test_one_nan_spoils_its_own_group_only():
    x = np.random.default_rng(2).normal(size=(3, 4, 6)).astype("float32")
    x[1, 2, 3] = np.nan
    y = np.asarray(group_norm(x, None, None, (6,), sample_axes=1, groups=2, epsilon=EPSILON))
    bad = np.zeros(x.shape, bool)
    bad[1, :, 3:] = True
    np.testing.assert_array_equal(np.isnan(y), bad)
    rows = np.asarray(ops.layer_normalization(x))
    np.testing.assert_array_equal(np.isnan(rows), np.isnan(x).any(-1, keepdims=True) & np.ones(x.shape, bool))


def test_refusals():
    x, vector = np.zeros((2, 3, 6), "float32"), np.ones(6, "float32")
    with pytest.raises(ValueError, match=r"group_norm: the channels cannot be divided .* of 6, got groups=4"):
        _core.GroupNorm(1, 4, EPSILON, True)(x, vector, vector)
    with pytest.raises(ValueError, match=r"group_norm: gamma does not fit x; .* got gamma.shape=\(5,\)"):
        _core.GroupNorm(1, 1, EPSILON, True)(x, vector[:5], vector[:5])
    with pytest.raises(ValueError, match=r"group_norm: gamma does not fit x; .* got gamma.shape=\(2, 3, 6\)"):
        _core.GroupNorm(1, 1, EPSILON, True)(x, x, x)
    with pytest.raises(ValueError, match=r"group_norm: beta has the wrong shape"):
        _core.GroupNorm(1, 1, EPSILON, True)(x, vector, vector[:5])
    with pytest.raises(TypeError, match=r"group_norm"):
        _core.GroupNorm(1, 1, EPSILON, True)(x, vector.astype("float64"), vector)
    with pytest.raises(ValueError, match=r"group_norm_gradient: mean has the wrong shape; expected \(2, 2\)"):
        _core.GroupNormGradient(1, 2, True)(x, x, vector, np.zeros((2, 1), "float32"), np.zeros((2, 2), "float32"))
    for attributes, name in (((-1, 1), "sample_axes"), ((0, 0), "groups")):
        with pytest.raises(ValueError, match=f"group_norm: {name} is out of range"):
            _core.GroupNorm(*attributes, EPSILON, True)

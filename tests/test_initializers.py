"""juanji.initializers: distributions with fixed seeds, fans, seeds and messages."""

from __future__ import annotations

import math

import numpy as np
import pytest

from juanji import Tensor, initializers, random
from juanji.initializers import compute_fans
from juanji.utils import set_random_seed
from juanji.utils.naming import to_snake_case

SHAPE = (200, 300)
N = 200 * 300


def sample(initializer, shape=SHAPE):
    x = initializer(shape, "float64")
    assert x.shape == shape
    assert x.dtype == np.float64
    return x


def moments(x, mean, variance, fourth):
    """Mean and variance within 5 standard errors; ``fourth`` is the kurtosis of the distribution."""
    assert abs(x.mean() - mean) < 5 * math.sqrt(variance / x.size)
    assert abs(x.var() - variance) < 5 * variance * math.sqrt((fourth - 1) / x.size)


# kurtosis of the uniform, the normal, and the normal cut off at two standard deviations
UNIFORM, NORMAL, TRUNCATED = 1.8, 3.0, 2.3657
# variance that is left of a standard normal cut off at ±2: 1 - 4 φ(2) / (Φ(2) - Φ(-2))
TRUNCATED_VARIANCE = 1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2))


def test_normal():
    moments(sample(initializers.RandomNormal(1.0, 0.5, seed=3)), 1.0, 0.25, NORMAL)


def test_uniform():
    x = sample(initializers.RandomUniform(-1.0, 3.0, seed=3))
    moments(x, 1.0, 16 / 12, UNIFORM)
    assert x.min() >= -1.0
    assert x.max() < 3.0
    assert x.min() < -0.999
    assert x.max() > 2.999


def test_truncated_normal():
    x = sample(initializers.TruncatedNormal(1.0, 0.5, seed=3))
    assert np.abs(x - 1.0).max() <= 1.0
    assert np.abs(x - 1.0).max() > 0.99
    moments(x, 1.0, 0.25 * TRUNCATED_VARIANCE, TRUNCATED)


@pytest.mark.parametrize(
    ("name", "scale", "n", "uniform"),
    [
        ("GlorotUniform", 1.0, 250, True),
        ("GlorotNormal", 1.0, 250, False),
        ("HeUniform", 2.0, 200, True),
        ("HeNormal", 2.0, 200, False),
        ("LecunUniform", 1.0, 200, True),
        ("LecunNormal", 1.0, 200, False),
    ],
)
def test_variance_of_the_named_ones(name, scale, n, uniform):
    x = sample(getattr(initializers, name)(seed=5))
    variance = scale / n
    moments(x, 0.0, variance, UNIFORM if uniform else TRUNCATED)
    bound = math.sqrt(3 * variance) if uniform else 2 * math.sqrt(variance / TRUNCATED_VARIANCE)
    assert 0.99 * bound < np.abs(x).max() <= bound * (1 + 1e-12)


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("distribution", ["uniform", "normal", "truncated_normal", "untruncated_normal"])
def test_variance_scaling(mode, distribution):
    shape = (3, 3, 40, 80)
    x = sample(initializers.VarianceScaling(0.5, mode, distribution, seed=7), shape)
    n = {"fan_in": 360, "fan_out": 720, "fan_avg": 540}[mode]
    kurtosis = {"uniform": UNIFORM, "untruncated_normal": NORMAL}.get(distribution, TRUNCATED)
    moments(x, 0.0, 0.5 / n, kurtosis)


@pytest.mark.parametrize(
    ("shape", "fans"),
    [
        ((), (1, 1)),
        ((7,), (7, 7)),
        ((100, 10), (100, 10)),
        ((5, 16, 32), (80, 160)),
        ((3, 3, 16, 32), (144, 288)),
        ((3, 3, 16, 1), (144, 9)),
        ((0, 4), (0, 4)),
    ],
)
def test_fans(shape, fans):
    assert compute_fans(shape) == fans


def test_fans_of_given_axes():
    assert compute_fans((2, 3, 5), (0, 1), (2,)) == (6, 5)
    x = sample(initializers.HeNormal(seed=1, input_axes=[0, 1], output_axes=[2]), (20, 30, 100))
    moments(x, 0.0, 2 / 600, TRUNCATED)


def test_no_fan_is_no_division_by_zero():
    assert initializers.HeNormal(seed=1)((0, 4)).shape == (0, 4)


@pytest.mark.parametrize("shape", [(5, 5), (4, 7), (7, 4), (3, 3, 2, 8), (2, 1)])
def test_orthogonal(shape):
    q = initializers.Orthogonal(gain=2.0, seed=1)(shape, "float64").reshape(-1, shape[-1]) / 2
    rows, columns = q.shape
    gram = q.T @ q if rows >= columns else q @ q.T
    np.testing.assert_allclose(gram, np.eye(min(rows, columns)), atol=1e-14)


def test_constants():
    assert initializers.Zeros()((2, 3)).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert initializers.Ones()((2,), "float64").tolist() == [1.0, 1.0]
    assert initializers.Constant(0.5)((2,)).tolist() == [0.5, 0.5]
    assert initializers.Constant([1, 2])((2, 2)).tolist() == [[1, 2], [1, 2]]
    assert initializers.Identity(3)((2, 3)).tolist() == [[3, 0, 0], [0, 3, 0]]
    for name in ("zeros", "ones", "constant", "identity"):
        assert initializers.get(name)((2, 2)).dtype == np.float32


def test_an_array_gives_itself():
    value = np.array([[1.0, 2.0]])
    for given in (value, Tensor(value)):
        made = initializers.get(given)
        assert made((1, 2)).tolist() == [[1.0, 2.0]]
        assert made((1, 2)).dtype == np.float32
        with pytest.raises(ValueError, match=r"expected shape \(2, 1\), got shape \(1, 2\)"):
            made((2, 1))


RANDOM = [n for n in initializers.__all__ if n[0].isupper() and hasattr(getattr(initializers, n), "draw")]
SECOND_NAMES = ("IdentityInitializer", "OrthogonalInitializer")
CLASSES = [n for n in initializers.__all__ if n[0].isupper() and n not in ("Initializer", *SECOND_NAMES)]


def test_the_list_of_random_ones_is_complete():
    assert set(CLASSES) - set(RANDOM) == {"Zeros", "Ones", "Constant", "Identity"}


def test_second_names():
    for name in initializers.__all__:
        thing = getattr(initializers, name)
        if isinstance(thing, type) and name != "Initializer":
            assert type(initializers.get(name)) is thing
    assert "Any" not in dir(initializers)


@pytest.mark.parametrize("name", RANDOM)
def test_seeds(name):
    cls = getattr(initializers, name)
    fixed = cls(seed=1)
    np.testing.assert_array_equal(fixed((4, 4)), fixed((4, 4)))
    np.testing.assert_array_equal(fixed((4, 4)), cls(seed=1)((4, 4)))
    assert (fixed((4, 4)) != cls(seed=2)((4, 4))).any()
    moving = cls(seed=random.SeedGenerator(1))
    first, second = moving((4, 4)), moving((4, 4))
    assert (first != second).any()
    again = cls(seed=random.SeedGenerator(1))
    np.testing.assert_array_equal(first, again((4, 4)))
    np.testing.assert_array_equal(second, again((4, 4)))


@pytest.mark.parametrize("name", RANDOM)
def test_without_a_seed_the_global_one_decides(name):
    draws = []
    for _ in range(2):
        set_random_seed(3)
        one, other = initializers.get(name), initializers.get(name)
        draws.append((one((4, 4)), other((4, 4))))
    assert (draws[0][0] != draws[0][1]).any()
    np.testing.assert_array_equal(draws[0][0], draws[1][0])
    np.testing.assert_array_equal(draws[0][1], draws[1][1])
    set_random_seed(4)
    assert (initializers.get(name)((4, 4)) != draws[0][0]).any()


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_can_be_made_again(name):
    made = initializers.get(name)
    snake = initializers.get(to_snake_case(name))
    assert type(snake) is type(made)
    again = initializers.get(initializers.serialize(made))
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()
    assert type(made.clone()) is type(made)


@pytest.mark.parametrize("name", RANDOM)
def test_a_seed_survives_the_configuration(name):
    for seed in (7, random.SeedGenerator(7)):
        made = getattr(initializers, name)(seed=seed)
        again = initializers.deserialize(initializers.serialize(made))
        np.testing.assert_array_equal(made((3, 3)), again((3, 3)))


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("glorot_uniform", "GlorotUniform"),
        ("he_normal", "HeNormal"),
        ("zero", "Zeros"),
        ("one", "Ones"),
        ("normal", "RandomNormal"),
        ("uniform", "RandomUniform"),
        ("random_normal", "RandomNormal"),
        ("truncated_normal", "TruncatedNormal"),
        ("orthogonal", "Orthogonal"),
        ("variance_scaling", "VarianceScaling"),
    ],
)
def test_aliases(alias, name):
    assert type(initializers.get(alias)) is getattr(initializers, name)
    assert initializers.get(None) is None


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: initializers.VarianceScaling(0.0), r"wrong scale; expected a positive number, got scale=0\.0"),
        (lambda: initializers.VarianceScaling(math.nan), r"got scale=nan"),
        (lambda: initializers.VarianceScaling(mode="fan"), r"unknown mode; .*'fan_avg', got mode='fan'"),
        (lambda: initializers.VarianceScaling(distribution="flat"), r"unknown distribution; .*got distribution='flat'"),
        (lambda: initializers.Orthogonal()((3,)), r"expected rank 2 or more, got shape=\(3,\)"),
        (lambda: initializers.Identity()((3, 3, 3)), r"expected rank 2, got shape=\(3, 3, 3\)"),
        (lambda: initializers.get("glorot"), r"got identifier='glorot'"),
        (lambda: initializers.get(3), r"got identifier=3"),
    ],
)
def test_messages(compute, message):
    with pytest.raises(ValueError, match=message):
        compute()


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("seed", ["1", 1.5])
def test_wrong_seeds(name, seed):
    with pytest.raises((TypeError, ValueError), match=r"seed"):
        getattr(initializers, name)(seed=seed)((2, 2))

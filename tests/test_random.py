"""Random numbers: element by element against Philox in Python integers, and against their distributions."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import child
from juanji import GradientTape, Tensor, _core, random
from reference import random as reference

DTYPES = ["float32", "float64"]
# 64 words a chunk, 8192 elements a task
SIZES = [0, 1, 31, 32, 33, 63, 64, 65, 8191, 8192, 8193]
PROBES = [0, 1, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 8191, 8192]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", [0, 1, -1, 2**40 + 3])
def test_uniform_is_philox(dtype, seed):
    y = random.uniform((8193,), dtype=dtype, seed=seed)
    for i in PROBES:
        assert y[i] == reference.unit(dtype, seed, 0, i)


@pytest.mark.parametrize("dtype", DTYPES)
def test_normal_is_the_inverse_of_the_distribution_function(dtype):
    y = random.normal((8193,), dtype=dtype, seed=11)
    t = random.truncated_normal((8193,), dtype=dtype, seed=11)
    eps = np.finfo(dtype).eps
    for i in PROBES + list(range(100, 8000, 97)):
        # A float's p near 1/2 has an absolute error of eps, which is what z has there.
        want = reference.normal(dtype, 11, 0, i)
        assert abs(y[i] - want) <= 8 * eps * max(1, abs(want))
        want = reference.normal(dtype, 11, 0, i, low=reference.distribution(-2.0))
        assert abs(t[i] - want) <= 16 * eps * max(1, abs(want))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", [random.uniform, random.normal, random.truncated_normal])
def test_a_shorter_array_is_the_beginning_of_a_longer_one(function, dtype):
    whole = function((10_000,), dtype=dtype, seed=3)
    for n in SIZES:
        part = function((n,), dtype=dtype, seed=3)
        assert part.dtype == dtype
        assert part.tobytes() == whole[:n].tobytes()
    assert function((2, 5, 7), dtype=dtype, seed=3).tobytes() == whole[:70].tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_distributions(dtype):
    n = 1_000_000
    five_sigma = 5 / math.sqrt(n)
    u = np.sort(random.uniform((n,), dtype=dtype, seed=1).astype("float64"))
    z = np.sort(random.normal((n,), dtype=dtype, seed=2).astype("float64"))
    # Kolmogorov and Smirnov: the largest distance exceeds 2.2 / sqrt(n) once in 8,000 times.
    ranks = (np.arange(n) + 0.5) / n
    assert np.abs(u - ranks).max() < 2.2 / math.sqrt(n)
    some = np.arange(0, n, 1000)
    assert max(abs(reference.distribution(z[i]) - ranks[i]) for i in some) < 2.2 / math.sqrt(n)
    assert abs(z.mean()) < five_sigma
    assert abs(z.var() - 1) < five_sigma * math.sqrt(2)
    t = random.truncated_normal((n,), dtype=dtype, seed=3).astype("float64")
    assert np.abs(t).max() <= 2
    assert abs(t.mean()) < five_sigma
    density = math.exp(-2) / math.sqrt(2 * math.pi)
    assert abs(t.var() - (1 - 4 * density / math.erf(math.sqrt(2)))) < five_sigma
    neighbours = np.corrcoef(random.normal((n + 1,), dtype=dtype, seed=4)[[np.arange(n), np.arange(1, n + 1)]])
    assert abs(neighbours[0, 1]) < five_sigma


@pytest.mark.parametrize("dtype", DTYPES)
def test_range_mean_and_deviation(dtype):
    u = random.uniform((100_000,), 5.0, 5.0 + 2**-10, dtype=dtype, seed=1)
    assert u.min() >= 5
    assert u.max() < 5 + 2**-10
    assert (random.uniform((100,), 3.0, 3.0, dtype=dtype, seed=1) == 3).all()
    z = random.normal((1000,), dtype=dtype, seed=1)
    shifted = random.normal((1000,), 10.0, 3.0, dtype=dtype, seed=1)
    np.testing.assert_allclose(shifted, z * 3 + 10, rtol=2 * np.finfo(dtype).eps, atol=0)
    assert (random.normal((9,), 2.0, 0.0, dtype=dtype, seed=1) == 2).all()


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 2), (-3, 4), (0, 2**31 - 1), (-(2**31), 2**31)])
def test_randint_is_the_upper_half_of_a_product(low, high):
    y = random.randint((8193,), low, high, seed=9)
    assert y.dtype == "int32"
    for i in PROBES:
        assert y[i] == low + (reference.word_64(9, 0, i) * (high - low) >> 64)


def test_randint_reaches_every_value_of_every_type():
    for dtype in ("uint8", "int8"):
        limits = np.iinfo(dtype)
        y = random.randint((100_000,), limits.min, limits.max + 1, dtype, seed=1)
        assert y.dtype == dtype
        assert len(np.unique(y)) == 256
    assert random.randint((), 4, 5, "int64", seed=1) == 4


def test_randint_refusals():
    with pytest.raises(ValueError, match=r"the range is empty; expected maxval > minval=3, got maxval=3"):
        random.randint((2,), 3, 3)
    with pytest.raises(ValueError, match=r"uint8 does not hold the range; .* got minval=0, maxval=257"):
        random.randint((2,), 0, 257, "uint8")
    with pytest.raises(TypeError, match="expected an integer type, got dtype=float32"):
        random.randint((2,), 0, 2, "float32")


def test_seeds():
    assert (random.uniform((9,), seed=1) == random.uniform((9,), seed=1)).all()
    assert (random.uniform((9,), seed=1) != random.uniform((9,), seed=2)).any()
    generator = random.SeedGenerator(1)
    first, second = random.uniform((9,), seed=generator), random.uniform((9,), seed=generator)
    assert (first == random.uniform((9,), seed=1)).all()
    assert (first != second).any()
    again = random.SeedGenerator.from_config(generator.get_config())
    assert (random.uniform((9,), seed=again) == first).all()
    again.state = generator.state
    assert (random.uniform((9,), seed=again) == random.uniform((9,), seed=generator)).all()


def test_global_seed():
    def draw():
        return [random.uniform((5,)), random.normal((5,)), random.uniform((5,), seed=random.SeedGenerator())]

    random.set_global_seed(4)
    first = draw()
    later = draw()
    random.set_global_seed(4)
    for a, b, c in zip(draw(), first, later):
        np.testing.assert_array_equal(a, b)
        assert (a != c).any()


@pytest.mark.parametrize("seed", [1.5, "a", True, np.array([1, 2])])
def test_wrong_seed(seed):
    with pytest.raises(ValueError, match="the seed is not an integer; expected an integer, got seed="):
        random.uniform((2,), seed=seed)


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"random\.uniform: not a usable shape; .* got shape=\(2, -1\)"):
        random.uniform((2, -1))
    with pytest.raises(ValueError, match=r"got shape=\(nan,\)"):
        random.normal((float("nan"),))
    with pytest.raises(ValueError, match=r"product below 2\*\*58"):
        random.normal((2**40, 2**40))
    with pytest.raises(TypeError, match="expected float32 or float64, got dtype=int32"):
        random.normal((2,), dtype="int32")
    with pytest.raises(ValueError, match=r"the range is empty; expected maxval >= minval=2, got maxval=1"):
        random.uniform((2,), 2.0, 1.0)
    with pytest.raises(ValueError, match="the standard deviation is negative; expected 0 or more, got stddev=-1"):
        random.normal((2,), stddev=-1.0)
    with pytest.raises(ValueError, match="mean is not finite; expected a number, got mean=nan"):
        random.truncated_normal((2,), mean=float("nan"))


def test_shuffle_permutes():
    x = np.arange(60).reshape(20, 3)
    y = random.shuffle(x, seed=2)
    assert (y != x).any()
    np.testing.assert_array_equal(y[np.argsort(y[:, 0])], x)
    np.testing.assert_array_equal(random.shuffle(x.T, axis=1, seed=2), y.T)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9, 1.0 - 2**-20, 1.0])
def test_dropout_drops_words_below_the_rate(dtype, rate):
    x = np.random.default_rng(0).standard_normal(8193).astype(dtype)
    y = random.dropout(x, rate, seed=6)
    for i in PROBES:
        kept = rate < 1 and reference.word_32(6, 0, i) >= round(rate * 2**32)
        scale = np.dtype(dtype).type(1 / (1 - rate)) if kept else 0
        assert y[i] == x[i] * scale
    assert y.dtype == dtype


def test_dropped_means_zero_even_of_nan():
    y = random.dropout(np.full(1000, np.nan), 0.5, seed=1)
    assert set(np.unique(np.isnan(y))) == {True, False}
    assert (y[~np.isnan(y)] == 0).all()


def test_dropout_keeps_its_share():
    n, rate = 1_000_000, 0.3
    dropped = np.mean(random.dropout(np.ones(n, "float32"), rate, seed=8) == 0)
    assert abs(dropped - rate) < 5 * math.sqrt(rate * (1 - rate) / n)


def test_gradient_of_dropout_has_its_mask():
    x = Tensor(np.random.default_rng(1).standard_normal((40, 9)))
    dy = np.random.default_rng(2).standard_normal((40, 9))
    with GradientTape() as tape:
        tape.watch(x)
        y = random.dropout(x, 0.4, seed=random.SeedGenerator(1))
    mask = y.numpy() / x.numpy()
    np.testing.assert_allclose(tape.gradient(y, x, dy).numpy(), dy * mask, rtol=1e-15)


def test_noise_shape_is_broadcast():
    x = Tensor(np.ones((50, 4, 3)))
    with GradientTape() as tape:
        tape.watch(x)
        y = random.dropout(x, 0.5, noise_shape=(None, 1, 3), seed=1)
    values = y.numpy()
    assert (values == values[:, :1]).all()
    assert set(np.unique(values)) == {0.0, 2.0}
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), values)


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan")])
def test_wrong_rate(rate):
    with pytest.raises(ValueError, match="dropout: rate is out of range; expected 0 to 1, got rate="):
        random.dropout(np.ones(3), rate)


def all_bytes():
    """Everything this module can draw, as bytes."""
    x = np.linspace(-1, 1, 20_001)
    parts = [random.randint((20_001,), 0, 1000, seed=1)]
    for dtype in DTYPES:
        parts.append(random.uniform((20_001,), -0.3, 0.7, dtype=dtype, seed=1))
        parts.append(random.normal((20_001,), 0.1, 0.3, dtype=dtype, seed=2))
        parts.append(random.truncated_normal((20_001,), 0.1, 0.3, dtype=dtype, seed=3))
        parts.append(random.dropout(x.astype(dtype), 0.3, seed=4))
    return b"".join(p.tobytes() for p in parts)


def test_same_bits_at_any_thread_count(threads):
    results = []
    for n in (1, 2, 4):
        threads(n)
        results.append(all_bytes())
    assert results[0] == results[1] == results[2]


def test_same_bits_on_every_instruction_set():
    code = """
        import hashlib, sys
        sys.path.insert(0, {folder!r})
        from test_random import all_bytes
        print(hashlib.sha256(all_bytes()).hexdigest())
    """
    folder = str(Path(__file__).parent)
    digests = {child.run(code.format(folder=folder), JUANJI_ISA=isa).stdout for isa in _core.supported_isas()}
    assert len(digests) == 1

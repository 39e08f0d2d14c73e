"""Histogram equalization against the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from tests.reference import histogram

import juanji
from juanji import _core
from juanji.ops._histogram import clahe, equalize

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bins", [2, 3, 64, 256, 300])
@pytest.mark.parametrize("shape", [(1,), (7, 1), (2, 5, 6, 3), (1, 200, 200, 2)])
def test_equalize(shape: tuple[int, ...], bins: int, dtype: str) -> None:
    # tones in the middle of a bin, so that rounding does not move them to another
    x = ((RNG.integers(0, bins, shape) + 0.5) * 255 / (bins - 1)).clip(0, 255).astype(dtype)
    y = equalize(x, bins)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, histogram.equalize(x, bins))


def test_equalize_of_one_tone_and_of_none() -> None:
    np.testing.assert_array_equal(equalize(np.full((3, 4, 1), 17.5)), 17.5)
    assert equalize(np.zeros((0, 4, 1))).shape == (0, 4, 1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("clip_limit", [0.0, 1.0, 4.0])
@pytest.mark.parametrize("grid", [(1, 1), (2, 3), (8, 8), (20, 1)])
@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 16, 16, 1), (1, 17, 9, 3)])
def test_clahe(shape: tuple[int, ...], grid: tuple[int, int], clip_limit: float, dtype: str) -> None:
    x = RNG.uniform(0, 255, shape).astype(dtype)
    y = clahe(x, clip_limit, grid)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, histogram.clahe(x, clip_limit, grid), rtol=0, atol=64 * 255 * np.finfo(dtype).eps)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -3.0, 1e30])
def test_pixels_out_of_range_count_as_the_nearest(value: float) -> None:
    x = RNG.uniform(0, 255, (1, 8, 8, 1))
    odd = x.copy()
    odd[0, 3, 4, 0] = value
    x[0, 3, 4, 0] = np.clip(np.nan_to_num(value, nan=0.0, posinf=255.0, neginf=0.0), 0, 255)
    np.testing.assert_array_equal(clahe(odd), clahe(x))
    np.testing.assert_array_equal(equalize(odd), equalize(x))


def test_any_number_of_threads_gives_the_same() -> None:
    x = RNG.uniform(0, 255, (4, 120, 100, 3)).astype("float32")
    before, results = _core.num_threads(), []
    try:
        for threads in (1, 2, 5):
            juanji.set_num_threads(threads)
            results.append(equalize(x).tobytes() + clahe(x).tobytes())
    finally:
        juanji.set_num_threads(before)
    assert results[0] == results[1] == results[2]


def test_gradients_are_zero() -> None:
    x = juanji.Tensor(RNG.uniform(0, 255, (1, 4, 4, 1)))
    with juanji.GradientTape() as tape:
        tape.watch(x)
        y = equalize(x) + clahe(x)
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), 0)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="wrong number of bins"):
        equalize(np.zeros((2, 1)), 1)
    with pytest.raises(ValueError, match="wrong number of tiles"):
        clahe(np.zeros((1, 2, 2, 1)), tile_grid_size=(0, 1))
    with pytest.raises(ValueError, match="rank"):
        clahe(np.zeros((2, 2, 1)))

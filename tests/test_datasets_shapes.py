"""The drawn data set: form, repeatability, geometry of the shapes, and that it is not too easy."""

import os
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest

from juanji.datasets import _shape_pictures, shapes
from juanji.datasets._shape_outlines import OUTLINES
from juanji.datasets._shape_randoms import TEST_SPLIT, Randoms
from juanji.datasets._shape_textures import directions, textures

BLOCK = _shape_pictures.BLOCK


def test_form():
    (x_train, y_train), (x_test, y_test) = shapes.load_data(60, 30)
    assert (x_train.shape, y_train.shape) == ((60, 32, 32, 3), (60, 1))
    assert (x_test.shape, y_test.shape) == ((30, 32, 32, 3), (30, 1))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert x_train.flags.c_contiguous
    assert len(set(shapes.class_names)) == len(OUTLINES) == 10
    assert [outline.__name__ for outline in OUTLINES] == list(shapes.class_names)


def test_defaults():
    (x_train, y_train), (x_test, y_test) = shapes.load_data()
    assert (len(x_train), len(x_test)) == (10_000, 2_000)
    assert (np.bincount(y_train[:, 0]) == 1_000).all()
    assert (np.bincount(y_test[:, 0]) == 200).all()
    pictures = {image.tobytes() for image in (*x_train, *x_test)}
    assert len(pictures) == 12_000  # in particular, no test picture is a training picture


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 3])
def test_more_pictures_are_added_at_the_end(count):
    (x_all, y_all), (t_all, u_all) = shapes.load_data(3 * BLOCK, 3 * BLOCK, seed=5)
    (x, y), (t, u) = shapes.load_data(count, count, seed=5)
    for part, whole in ((x, x_all), (y, y_all), (t, t_all), (u, u_all)):
        np.testing.assert_array_equal(part, whole[:count], strict=True)


@pytest.mark.parametrize("count", [1, 9, 10, 57, 213])
def test_balance(count):
    (_, y), _ = shapes.load_data(count, 0)
    counts = np.bincount(y[:, 0], minlength=10)
    assert counts.max() - counts.min() <= 1


def test_training_count_does_not_change_the_test_pictures():
    _, few = shapes.load_data(0, 50)
    _, many = shapes.load_data(500, 50)
    np.testing.assert_array_equal(few[0], many[0])


def test_seeds_and_splits_differ():
    sets = [shapes.load_data(20, 20, seed=seed) for seed in (0, 1, 2**32, 2**64 - 1)]
    pictures = {split[0].tobytes() for dataset in sets for split in dataset}
    assert len(pictures) == 2 * len(sets)


DIGEST = """
import hashlib
from juanji.datasets import shapes
dataset = shapes.load_data(400, 200, seed=3)
print(hashlib.sha256(b"".join(a.tobytes() for split in dataset for a in split)).hexdigest())
"""


def test_same_bytes_without_simd():
    try:
        found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    except (TypeError, KeyError):
        pytest.skip("this NumPy does not say what it uses")
    if not found:
        pytest.skip("this NumPy uses its baseline already")

    def digest(**environment):
        run = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", DIGEST],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stdout

    assert digest() == digest(NPY_DISABLE_CPU_FEATURES=" ".join(found))


@pytest.mark.parametrize("kind", [np.int32, np.uint64])
def test_numpy_integers_are_numbers(kind):
    (x, _), _ = shapes.load_data(kind(3), kind(0), seed=kind(7))
    np.testing.assert_array_equal(x, shapes.load_data(3, 0, seed=7)[0][0])


@pytest.mark.parametrize("name", ["num_train", "num_test", "seed"])
@pytest.mark.parametrize("value", [1.5, "3", None, np.nan])
def test_no_whole_number(name, value):
    with pytest.raises(TypeError, match=f"shapes: {name} is no whole number; expected an int, got {name}="):
        shapes.load_data(**{name: value})


@pytest.mark.parametrize(("name", "value"), [("num_train", -1), ("num_test", -5), ("seed", -1), ("seed", 2**64)])
def test_out_of_range(name, value):
    with pytest.raises(ValueError, match=f"{name} is out of range; expected 0 to .*, got {name}={value}"):
        shapes.load_data(**{name: value})


# Geometry: each outline against the shape's definition in float64.


def inside_polygon(points, corners):
    """Even-odd rule."""
    x, y = points
    inside = np.zeros(x.shape, bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0)):
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def polar(radii, degrees):
    angle = np.radians(degrees)
    return np.stack([radii * np.cos(angle), radii * np.sin(angle)], axis=1)


def star_corners():
    # The inner corner of the folded edge: 0.45 of the way along the ray at 36° from a tip, by construction.
    return polar(np.where(np.arange(10) % 2, 0.45, 1.0), 90 + 36 * np.arange(10))


HEAD = np.array([[0, 0.95], [0.85, 0.1], [-0.85, 0.1]])
INSIDE = {
    "circle": lambda p: np.hypot(*p) < 0.85,
    "ring": lambda p: (np.hypot(*p) > 0.5) & (np.hypot(*p) < 0.95),
    "crescent": lambda p: (np.hypot(*p) < 0.95) & (np.hypot(p[0] - 0.5, p[1]) > 0.8),
    "triangle": lambda p: inside_polygon(p, polar(1.0, np.array([90, 210, 330]))),
    "square": lambda p: (np.abs(p) < 0.72).all(axis=0),
    "cross": lambda p: (np.abs(p).max(axis=0) < 0.95) & (np.abs(p).min(axis=0) < 0.28),
    "star": lambda p: inside_polygon(p, star_corners()),
    "heart": lambda p: inside_heart(np.abs(p[0]) * 0.6, p[1] * 0.6 + 0.55),
    "arrow": lambda p: inside_polygon(p, HEAD) | ((np.abs(p[0]) < 0.26) & (np.abs(p[1] + 0.4) < 0.55)),
    "hourglass": lambda p: (np.abs(p[0]) < np.abs(p[1]) + 0.08) & (np.abs(p[1]) < 0.78),
}


def inside_heart(x, y):
    """A square on its corner with a half disc on each upper side."""
    square = (x < y) & (x + y < 1)
    disc = np.hypot(x - 0.25, y - 0.75) < np.sqrt(2) / 4
    return square | (disc & (x + y >= 1))


@pytest.mark.parametrize("outline", OUTLINES, ids=lambda f: f.__name__)
def test_outline(outline):
    points = np.random.default_rng(0).uniform(-1.4, 1.4, (2, 40_000))
    distance = outline(*points.astype(np.float32))
    assert distance.dtype == np.float32
    clear = np.abs(distance) > 1e-5
    np.testing.assert_array_equal((distance < 0)[clear], INSIDE[outline.__name__](points)[clear])
    assert clear.mean() > 0.999
    assert 0.1 < (distance < 0).sum() / len(distance) * 1.4**2 * 4 / np.pi < 0.95  # share of the unit disc


@pytest.mark.parametrize("outline", OUTLINES, ids=lambda f: f.__name__)
def test_outline_is_a_distance(outline):
    """It changes no faster than the point moves, so anti-aliasing is about one pixel wide."""
    rng = np.random.default_rng(1)
    p = rng.uniform(-1.4, 1.4, (2, 20_000)).astype(np.float32)
    q = p + rng.uniform(-0.05, 0.05, p.shape).astype(np.float32)
    moved = np.hypot(*(p.astype(float) - q))
    assert (np.abs(outline(*p).astype(float) - outline(*q)) <= moved + 1e-6).all()


def test_directions_are_unit_vectors_all_around():
    c, s = directions(Randoms(0, 0), 4_000)
    np.testing.assert_allclose(c.astype(float) ** 2 + s.astype(float) ** 2, 1, atol=4e-7)
    counts = np.histogram(np.arctan2(s, c), 8, (-np.pi, np.pi))[0]
    assert counts.min() > 400
    assert counts.max() < 600


def test_textures_are_between_0_and_1():
    steps = np.arange(32, dtype=np.float32) - 15.5
    texture = textures(Randoms(3, 0), np.tile(steps, 32), np.repeat(steps, 32), 300)
    assert texture.shape == (300, 1024)
    assert texture.min() >= 0
    assert texture.max() <= 1
    kinds = (texture.std(axis=1) > 0.02).mean()
    assert 0.6 < kinds < 0.95  # one kind in five is plain


# Random numbers


def test_randoms_are_raw_philox_bits():
    raw = [int(n) for n in np.random.Philox(key=np.array([9, 4], np.uint64)).random_raw(40)]
    ours = Randoms(9, 4)
    expected = np.array([2 + (n >> 40) * 3 / 2**24 for n in raw[:12]])
    np.testing.assert_allclose(ours.uniform(2, 5, 3, 4).ravel(), expected, rtol=0, atol=5 * 2.0**-23)
    np.testing.assert_array_equal(ours.below(7, 5), [(n >> 32) * 7 >> 32 for n in raw[12:17]])
    expected = b"".join(n.to_bytes(8, "little") for n in raw[17:20])[:21]
    assert ours.bytes(7, 3).tobytes() == expected


def test_splits_have_different_streams():
    blocks = [Randoms(0, block).bytes(64).tobytes() for block in (0, 1, TEST_SPLIT, TEST_SPLIT + 1)]
    assert len(set(blocks)) == 4


# What the data set is for


def test_linear_classifier_stays_below_60_percent():
    """Softmax regression on standardised pixels, trained until the training accuracy keeps rising alone."""
    (x, y), (x_test, y_test) = shapes.load_data(4_000, 1_000)
    x, x_test = (a.reshape(len(a), -1).astype(np.float32) for a in (x, x_test))
    mean, std = x.mean(axis=0), x.std(axis=0)
    x, x_test = (x - mean) / std, (x_test - mean) / std
    target = np.eye(10, dtype=np.float32)[y[:, 0]]
    weights, velocity = np.zeros((x.shape[1], 10), np.float32), np.zeros((x.shape[1], 10), np.float32)
    best = 0.0
    for step in range(100):
        scores = x @ weights
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        velocity = 0.9 * velocity - 0.003 * (x.T @ (shares - target)) / len(x)
        weights += velocity
        if step % 10 == 9:
            best = max(best, float(((x_test @ weights).argmax(axis=1) == y_test[:, 0]).mean()))
    training = float((scores.argmax(axis=1) == y[:, 0]).mean())
    assert training > 0.25  # it did learn what it could
    assert 0.1 < best < 0.6


def test_12000_pictures_take_less_than_3_seconds():
    def run():
        start = time.process_time()
        shapes.load_data(10_000, 2_000)
        return time.process_time() - start

    assert min(run() for _ in range(2)) < 3


def test_memory_beyond_the_result_is_small():
    tracemalloc.start()
    try:
        dataset = shapes.load_data(4_000, 0)
        size, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert dataset[0][0].nbytes < size
    assert peak - size < 24 << 20

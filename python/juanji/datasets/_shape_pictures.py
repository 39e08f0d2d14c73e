"""Drawing pictures of shapes, a block of them at a time."""

import numpy as np

from ._shape_outlines import OUTLINES, Floats, Integers
from ._shape_randoms import TEST_SPLIT, Randoms
from ._shape_textures import SIDE, directions, textures
from ._types import Bytes, Split

CLASSES = len(OUTLINES)
BLOCK = 200
"""Pictures that share a random stream: many enough to keep NumPy busy, few enough to stay in the L2 cache."""

SPOTS = 3
SPOT_REACH = 3
"""Pixels from a spot's centre to the border of its window; no spot and no anti-aliasing reaches further."""

_STEPS = np.arange(SIDE, dtype=np.float32) - np.float32(SIDE / 2 - 0.5)
_X = np.tile(_STEPS, SIDE)
_Y = np.repeat(-_STEPS, SIDE)


def draw(count: int, seed: int, test: bool) -> Split:
    """Draws the first pictures of a split.

    Args:
        count: number of pictures.
        seed: 0 to 2⁶⁴-1.
        test: whether the test split is meant; it has random streams of its own.

    Returns:
        Images (count, 32, 32, 3) and labels (count, 1), uint8.
    """
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    labels = np.empty((count, 1), np.uint8)
    for first in range(0, count, BLOCK):
        planes, classes = _draw_block(Randoms(seed, first // BLOCK + TEST_SPLIT * test))
        target = images[first : first + BLOCK].reshape(-1, SIDE * SIDE, 3)
        for channel in range(3):
            target[..., channel] = planes[: len(target), channel]
        labels[first : first + BLOCK, 0] = classes[: len(target)]
    return images, labels


def _draw_block(randoms: Randoms) -> tuple[Bytes, Bytes]:
    """Draws a block as channel planes (BLOCK, 3, 1024), with its classes (BLOCK,)."""
    # Each ten pictures in a row are one of each class, so that any number of pictures is balanced.
    classes = np.argsort(randoms.uniform(0, 1, BLOCK // CLASSES, CLASSES), axis=1, kind="stable").ravel()
    cover = _shapes(randoms, classes)
    back, front = _colours(randoms)
    texture = textures(randoms, _X, _Y, BLOCK)
    amplitude = randoms.uniform(-0.2, 0.2, BLOCK, 3, 1)
    shade = randoms.uniform(-0.2, 0.2, BLOCK, 3, 1)
    c, s = directions(randoms, BLOCK)
    light = (c * _X + s * _Y) / SIDE

    picture = amplitude * texture[:, None]
    picture += back
    shape = shade * light[:, None]
    shape += front
    shape -= picture
    shape *= cover[:, None]
    picture += shape
    _add_spots(randoms, picture)
    _add_noise(randoms, picture)
    np.clip(picture, 0, 1, out=picture)
    picture *= 255
    picture += np.float32(0.5)
    return picture.astype(np.uint8), classes.astype(np.uint8)


def _shapes(randoms: Randoms, classes: Integers) -> Floats:
    """How much of each pixel the shape covers, 0 to 1, (BLOCK, 1024)."""
    radius = randoms.uniform(8, 14, BLOCK, 1)
    stretch = randoms.uniform(0.88, 1.12, BLOCK, 1)
    blur = randoms.uniform(1, 2, BLOCK, 1)
    room = SIDE / 2 - radius
    centre_x = randoms.uniform(-1, 1, BLOCK, 1) * room
    centre_y = randoms.uniform(-1, 1, BLOCK, 1) * room
    c, s = directions(randoms, BLOCK)

    distance = np.empty((BLOCK, SIDE * SIDE), np.float32)
    for label, outline in enumerate(OUTLINES):
        i = np.flatnonzero(classes == label)
        x, y = _X - centre_x[i], _Y - centre_y[i]
        u, v = (c[i] * x + s[i] * y) / (radius[i] * stretch[i]), (c[i] * y - s[i] * x) / radius[i]
        distance[i] = outline(u, v)
    cover: Floats = np.clip(np.float32(0.5) - distance * (radius / blur), 0, 1)
    return cover


def _colours(randoms: Randoms) -> tuple[Floats, Floats]:
    """Colours of background and shape, (BLOCK, 3, 1).

    One is darker in every channel: mostly the background. If it were so in half of the pictures only, a
    network would need many epochs before it learns anything, because what it sees of a shape averages to
    nothing.
    """
    dark = randoms.uniform(0, 0.5, BLOCK, 3, 1)
    light = dark + randoms.uniform(0.2, 0.7, BLOCK, 3, 1)
    swap = randoms.uniform(0, 1, BLOCK, 1, 1) < np.float32(0.15)
    return np.where(swap, light, dark), np.where(swap, dark, light)


def _add_spots(randoms: Randoms, picture: Floats) -> None:
    """Puts small discs of any colour anywhere, also onto the shape; only a window around each is touched."""
    grid = picture.reshape(BLOCK, 3, SIDE, SIDE)
    number = np.arange(BLOCK)[:, None, None]
    for _ in range(SPOTS):
        x = randoms.uniform(SPOT_REACH, SIDE - SPOT_REACH, BLOCK, 1, 1)
        y = randoms.uniform(SPOT_REACH, SIDE - SPOT_REACH, BLOCK, 1, 1)
        radius = randoms.uniform(0, SPOT_REACH - 1, BLOCK, 1, 1)
        colour = randoms.uniform(0, 1, BLOCK, 1, 1, 3)
        steps = np.arange(-SPOT_REACH, SPOT_REACH)
        columns, rows = x.astype(np.int64) + steps, y.astype(np.int64) + steps[:, None]
        dx = columns.astype(np.float32) + np.float32(0.5) - x
        dy = rows.astype(np.float32) + np.float32(0.5) - y
        cover = np.clip(radius + np.float32(0.5) - np.sqrt(dx * dx + dy * dy), 0, 1)
        old = grid[number, :, rows, columns]
        grid[number, :, rows, columns] = old + (colour - old) * cover[..., None]


def _add_noise(randoms: Randoms, picture: Floats) -> None:
    """Adds the difference of two random bytes, a triangular distribution, scaled for each picture."""
    strength = randoms.uniform(0, 0.16, BLOCK, 1, 1) / 255
    first, second = randoms.bytes(*picture.shape), randoms.bytes(*picture.shape)
    picture += (first.astype(np.int16) - second).astype(np.float32) * strength

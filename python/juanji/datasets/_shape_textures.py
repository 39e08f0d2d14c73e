"""Background textures: how far each pixel is between two background colours, 0 to 1.

Only exactly rounded operations are used, as in `_shape_outlines`: waves are triangles, not sines.
"""

import numpy as np

from ._shape_outlines import Floats
from ._shape_randoms import Randoms

SIDE = 32


def directions(randoms: Randoms, count: int) -> tuple[Floats, Floats]:
    """Cosine and sine of random angles, each (count, 1), without a sine.

    With t = tan(a/2), cos a = (1-t²)/(1+t²) and sin a = 2t/(1+t²) for an eighth of a turn each way; quarter
    turns do the rest.
    """
    t = randoms.uniform(-0.41421356, 0.41421356, count, 1)
    quarter = randoms.below(4, count, 1)
    c, s = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    c, s = np.where(quarter % 2 == 0, c, -s), np.where(quarter % 2 == 0, s, c)
    sign = np.where(quarter < 2, np.float32(1), np.float32(-1))
    cosine: Floats = c * sign
    sine: Floats = s * sign
    return cosine, sine


def _wave(u: Floats, sharpness: Floats) -> Floats:
    """A triangle wave of period 1 in 0..1, cut off to approach a square wave."""
    tent: Floats = 2 * np.abs(u - np.floor(u) - np.float32(0.5))
    wave: Floats = np.clip((tent - np.float32(0.5)) * sharpness + np.float32(0.5), 0, 1)
    return wave


def _clouds(grid: Floats) -> Floats:
    """Value noise: random values on a coarse grid, interpolated with smooth weights."""
    cells = grid.shape[1] - 1
    position = (np.arange(SIDE, dtype=np.float32) + np.float32(0.5)) * np.float32(cells / SIDE)
    cell = position.astype(np.int64)
    part = position - cell.astype(np.float32)
    weight = part * part * (3 - 2 * part)
    rows = grid[:, cell] + (grid[:, cell + 1] - grid[:, cell]) * weight[:, None]
    clouds: Floats = rows[:, :, cell] + (rows[:, :, cell + 1] - rows[:, :, cell]) * weight
    return clouds


def textures(randoms: Randoms, x: Floats, y: Floats, count: int) -> Floats:
    """Draws one texture for each picture: plain, gradient, stripes, checks or clouds.

    Args:
        randoms: the block's stream; the same amount is taken whatever kinds come up.
        x: horizontal pixel coordinates (1024,), 0 in the middle.
        y: vertical ones.
        count: number of pictures.

    Returns:
        float32 (count, 1024) in 0..1.
    """
    kind = randoms.below(5, count)
    c, s = directions(randoms, count)
    frequency = randoms.uniform(0.07, 0.22, count, 1)
    sharpness = randoms.uniform(0.8, 6, count, 1)
    phase_u, phase_v = randoms.uniform(0, 1, count, 1), randoms.uniform(0, 1, count, 1)
    coarse, fine = randoms.uniform(0, 1, count, 5, 5), randoms.uniform(0, 1, count, 10, 10)

    texture = np.zeros((count, SIDE * SIDE), np.float32)
    i = np.flatnonzero(kind == 1)
    texture[i] = np.clip((c[i] * x + s[i] * y) / SIDE + np.float32(0.5), 0, 1)
    i = np.flatnonzero(kind == 2)
    u: Floats = (c[i] * x + s[i] * y) * frequency[i] + phase_u[i]
    texture[i] = _wave(u, sharpness[i])
    i = np.flatnonzero(kind == 3)
    u = (c[i] * x + s[i] * y) * frequency[i] + phase_u[i]
    v: Floats = (c[i] * y - s[i] * x) * frequency[i] + phase_v[i]
    across, along = _wave(u, sharpness[i]), _wave(v, sharpness[i])
    texture[i] = across + along - 2 * across * along
    i = np.flatnonzero(kind == 4)
    mixed = _clouds(coarse[i]) * np.float32(0.65) + _clouds(fine[i]) * np.float32(0.35)
    texture[i] = mixed.reshape(-1, SIDE * SIDE)
    return texture

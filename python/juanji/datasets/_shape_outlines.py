"""The ten shapes as signed distances to their outlines.

Each function takes coordinates x, y (float32, any shape, y upwards) in units of the shape's radius and
returns about the distance to the outline, negative inside. The formulas use only operations that IEEE 754
rounds exactly (+ - × ÷ sqrt min max abs), so their bits do not depend on the machine or on NumPy's version.

Source of the star and the heart: I. Quilez, "2D distance functions",
https://iquilezles.org/articles/distfunctions2d/.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Integers: TypeAlias = npt.NDArray[np.int64]

# NumPy's own annotations of these return Any.
_abs: Callable[[Floats], Floats] = np.abs
_sqrt: Callable[[Floats], Floats] = np.sqrt
_maximum: Callable[[Floats, Floats | np.float32 | int], Floats] = np.maximum
_minimum: Callable[[Floats, Floats], Floats] = np.minimum
_copysign: Callable[[Floats, Floats], Floats] = np.copysign

_HALF_SQRT3 = np.float32(0.8660254)
_HALF_SQRT2 = np.float32(0.70710678)


def _length(x: Floats, y: Floats) -> Floats:
    return _sqrt(x * x + y * y)


def _box(x: Floats, y: Floats, half_width: float, half_height: float) -> Floats:
    return _maximum(_abs(x) - np.float32(half_width), _abs(y) - np.float32(half_height))


def circle(x: Floats, y: Floats) -> Floats:
    """A disc of radius 0.85."""
    distance: Floats = _length(x, y) - np.float32(0.85)
    return distance


def ring(x: Floats, y: Floats) -> Floats:
    """A ring from radius 0.5 to 0.95."""
    distance: Floats = _abs(_length(x, y) - np.float32(0.725)) - np.float32(0.225)
    return distance


def crescent(x: Floats, y: Floats) -> Floats:
    """A disc out of which a second disc is cut."""
    bite = np.float32(0.8) - _length(x - np.float32(0.5), y)
    return _maximum(_length(x, y) - np.float32(0.95), bite)


def triangle(x: Floats, y: Floats) -> Floats:
    """An equilateral triangle that points up."""
    sides = _HALF_SQRT3 * _abs(x) + np.float32(0.5) * y
    distance: Floats = _maximum(sides, -y) - np.float32(0.5)
    return distance


def square(x: Floats, y: Floats) -> Floats:
    """A square of side 1.44."""
    return _box(x, y, 0.72, 0.72)


def cross(x: Floats, y: Floats) -> Floats:
    """A plus sign."""
    return _minimum(_box(x, y, 0.95, 0.28), _box(x, y, 0.28, 0.95))


def star(x: Floats, y: Floats) -> Floats:
    """A star with five points: the plane is folded until one edge is left."""
    cos36, sin36 = np.float32(0.80901699), np.float32(0.58778525)
    x = _abs(x)
    fold = 2 * _maximum(cos36 * x - sin36 * y, 0)
    x, y = x - fold * cos36, y + fold * sin36
    fold = 2 * _maximum(-cos36 * x - sin36 * y, 0)
    x, y = x + fold * cos36, y + fold * sin36
    x, y = _abs(x), y - 1
    edge_x, edge_y = np.float32(0.45 * 0.58778525), np.float32(0.45 * 0.80901699 - 1)
    along = np.clip((x * edge_x + y * edge_y) / (edge_x * edge_x + edge_y * edge_y), 0, 1)
    return _copysign(_length(x - edge_x * along, y - edge_y * along), y * edge_x - x * edge_y)


def heart(x: Floats, y: Floats) -> Floats:
    """A heart with its point down."""
    x, y = _abs(x) * np.float32(0.6), y * np.float32(0.6) + np.float32(0.55)
    lobe = _length(x - np.float32(0.25), y - np.float32(0.75)) - np.float32(0.35355339)
    foot = np.float32(0.5) * _maximum(x + y, 0)
    body = _copysign(_minimum(_length(x, y - 1), _length(x - foot, y - foot)), x - y)
    distance: Floats = np.where(x + y > 1, lobe, body) / np.float32(0.6)
    return distance


def arrow(x: Floats, y: Floats) -> Floats:
    """An arrow that points up."""
    head = _maximum(_HALF_SQRT2 * (_abs(x) + y - np.float32(0.95)), np.float32(0.1) - y)
    return _minimum(head, _box(x, y + np.float32(0.4), 0.26, 0.55))


def hourglass(x: Floats, y: Floats) -> Floats:
    """Two triangles that meet at their points."""
    waist = _HALF_SQRT2 * (_abs(x) - _abs(y) - np.float32(0.08))
    return _maximum(waist, _abs(y) - np.float32(0.78))


OUTLINES: tuple[Callable[[Floats, Floats], Floats], ...] = (
    circle,
    ring,
    crescent,
    triangle,
    square,
    cross,
    star,
    heart,
    arrow,
    hourglass,
)
"""In the order of the labels."""

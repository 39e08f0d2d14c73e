"""Values at points between elements: any points, and those of an elastic deformation."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import _core, random
from juanji.ops._convert import as_array, as_float
from juanji.ops._operation import Call, Operation
from juanji.ops._shape import expand_dims, reshape, stack
from juanji.ops._whole import whole_number
from juanji.ops.image._filtering import gaussian_blur
from juanji.ops.image._layout import choice, is_channels_first, like, same_floats, to_batch
from juanji.ops.image._transform import FILL_MODES, ORDERS

_map = Operation("map_coordinates", _core.MapCoordinates)
_map_gradient = Operation("map_coordinates_gradient", _core.MapCoordinatesGradient)
_map_slope = Operation("map_coordinates_slope", _core.MapCoordinatesSlope)


@_map.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    x, points = call.inputs
    order, fill_mode, fill_value = (call.attributes[name] for name in ("order", "fill_mode", "fill_value"))
    dx = dpoints = None
    if call.needed[0]:
        dx = _map_gradient(dy, points, order=order, fill_mode=fill_mode, size=tuple(x.shape[1:-1]))
    if call.needed[1] and order == 1:
        dpoints = _map_slope(x, points, dy, fill_mode=fill_mode, fill_value=fill_value)
    return dx, dpoints


@_map_gradient.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    dy, points = call.inputs
    order, fill_mode = call.attributes["order"], call.attributes["fill_mode"]
    dpoints = None
    if call.needed[1] and order == 1:
        dpoints = _map_slope(ddx, points, dy, fill_mode=fill_mode, fill_value=0.0)
    return _map(ddx, points, order=order, fill_mode=fill_mode, fill_value=0.0), dpoints


def map_coordinates(
    inputs: Any, coordinates: Any, order: int, fill_mode: str = "constant", fill_value: float = 0
) -> Any:
    """Values of an array at any points, by the nearest element or linear interpolation.

    Args:
        inputs: array of any rank R up to 8.
        coordinates: points (R, ...), counted in elements from the first one. For order 1 the gradient by them flows
            back as well.
        order: 0 for the nearest element (of two equally near the even one), 1 for linear interpolation.
        fill_mode: what is outside an axis ``a b c d``: 'constant' ``k k|a b c d|k k``, 'nearest'
            ``a a|a b c d|d d``, 'wrap' ``c d|a b c d|a b``, 'mirror' ``c b|a b c d|c b`` or 'reflect'
            ``b a|a b c d|d c``.
        fill_value: k in the first mode.

    Returns:
        The shape of ``coordinates`` without the first axis, of the type of ``inputs``; whole numbers are rounded.

    Raises:
        ValueError: for shapes that do not fit, another order and unknown modes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.image.map_coordinates(np.array([[0.0, 1.0], [2.0, 3.0]]), [[0.5, 1.0], [0.5, 0.0]], order=1)
        array([1.5, 2. ])
    """
    op = "map_coordinates"
    x = as_array(inputs)
    floats = as_float(x)
    points = same_floats(floats, coordinates)
    rank = len(x.shape)
    if len(points.shape) < 2 or points.shape[0] != rank or rank == 0:
        raise ValueError(
            f"{op}: coordinates do not fit; expected shape ({rank}, ...) of rank 2 or more for inputs of rank {rank}, "
            f"got coordinates.shape={tuple(points.shape)}."
        )
    if whole_number(op, "order", order) not in (0, 1):
        raise ValueError(
            f"{op}: unknown order of interpolation; expected 0 (nearest) or 1 (linear), got order={order}."
        )
    choice(op, "fill_mode", fill_mode, FILL_MODES)
    y = _map(
        reshape(floats, (1, *x.shape, 1)),
        reshape(points, (1, rank, -1)),
        order=int(order),
        fill_mode=fill_mode,
        fill_value=float(fill_value),
    )
    return like(reshape(y, tuple(points.shape[1:])), x.dtype)


def elastic_transform(
    images: Any,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: int | random.SeedGenerator | None = None,
    data_format: str | None = None,
) -> Any:
    """Images bent like rubber (Simard, Steinkraus and Platt, 2003).

    Each pixel comes from ``alpha`` times a random offset away; offsets are normal numbers of deviation ``sigma``,
    smoothed by a Gaussian filter of deviation ``sigma``, drawn for both directions and each image on its own.

    Args:
        images: (H, W, C) or (N, H, W, C).
        alpha: factor of the offsets, in pixels.
        sigma: deviation of the filter, in pixels, at least 1.
        interpolation: 'nearest' or 'bilinear'.
        fill_mode: what is outside, as in :func:`map_coordinates`.
        fill_value: pixels outside for fill_mode='constant'.
        seed: whole number, ``juanji.random.SeedGenerator`` or None for numbers by the global seed.
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        Images of the same shape and type.

    Raises:
        ValueError: for another rank and unknown names.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.image.elastic_transform(np.ones((2, 8, 8, 3)), seed=1).shape
        (2, 8, 8, 3)
    """
    op = "elastic_transform"
    order = ORDERS[choice(op, "interpolation", interpolation, tuple(ORDERS))]
    choice(op, "fill_mode", fill_mode, FILL_MODES)
    is_channels_first(op, data_format)
    x, restore = to_batch(op, images, data_format)
    floats = as_float(x)
    n, h, w = x.shape[:3]
    size = 6 * int(sigma) | 1
    noise = random.normal((n, h, w, 2), 0.0, float(sigma), dtype=floats.dtype.name, seed=seed)
    offsets = alpha * gaussian_blur(noise, (size, size), (float(sigma), float(sigma)))
    rows, columns = np.indices((h, w), dtype=floats.dtype)
    points = stack([_coordinate(rows, offsets[..., 0]), _coordinate(columns, offsets[..., 1])], 1)
    y = _map(
        floats,
        reshape(points, (n, 2, h * w)),
        order=order,
        fill_mode=fill_mode,
        fill_value=float(fill_value),
    )
    return restore(like(reshape(y, tuple(floats.shape)), x.dtype))


def _coordinate(places: Any, offsets: Any) -> Any:
    return expand_dims(places, 0) + offsets

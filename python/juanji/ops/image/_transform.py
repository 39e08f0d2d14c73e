"""Images moved, turned, stretched and seen in perspective."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import _core
from juanji.autograd import Tensor
from juanji.ops._binary import divide
from juanji.ops._convert import as_float, cast
from juanji.ops._indexing import get_item
from juanji.ops._operation import Call, Operation
from juanji.ops._shape import expand_dims, stack
from juanji.ops.image._layout import choice, like, same_floats, to_batch

ORDERS = {"nearest": 0, "bilinear": 1}
FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")

_project = Operation("affine_transform", _core.Project)
_project_gradient = Operation("affine_transform_gradient", _core.ProjectGradient)


# Linear in the images. As in Keras, nothing flows back to the transform.
@_project.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    order, fill_mode = call.attributes["order"], call.attributes["fill_mode"]
    return _project_gradient(dy, call.inputs[1], order=order, fill_mode=fill_mode), None


@_project_gradient.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    return _project(ddx, call.inputs[1], fill_value=0.0, **call.attributes), None


def affine_transform(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Images under affine (or projective) transforms.

    With the transform ``[a0, a1, a2, b0, b1, b2, c0, c1]``, pixel (x, y) of the output is the input at
    ``((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)``, where ``k = c0 x + c1 y + 1``.

    Args:
        images: (H, W, C) or (N, H, W, C).
        transform: (8,) for all images or (N, 8). No gradient flows back to it.
        interpolation: 'nearest' or 'bilinear'.
        fill_mode: what is outside an image ``a b c d``: 'constant' ``k k|a b c d|k k``, 'nearest'
            ``a a|a b c d|d d``, 'wrap' ``c d|a b c d|a b``, 'mirror' ``c b|a b c d|c b`` or 'reflect'
            ``b a|a b c d|d c``.
        fill_value: k in the first mode.
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        Images of the same shape and type.

    Raises:
        ValueError: for another rank, for a transform that does not fit and for unknown names.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> x = np.arange(4.0).reshape(1, 4, 1)
        >>> ops.image.affine_transform(x, [1, 0, -1, 0, 1, 0, 0, 0], fill_value=9)[0, :, 0]
        array([9., 0., 1., 2.])
    """
    op = "affine_transform"
    order = ORDERS[choice(op, "interpolation", interpolation, tuple(ORDERS))]
    choice(op, "fill_mode", fill_mode, FILL_MODES)
    x, restore = to_batch(op, images, data_format)
    floats = as_float(x)
    transforms = same_floats(floats, transform)
    if len(transforms.shape) == 1:
        transforms = expand_dims(transforms, 0)
    y = _project(floats, transforms, order=order, fill_mode=fill_mode, fill_value=float(fill_value))
    return restore(like(y, x.dtype, rounded=False))


def perspective_transform(
    images: Any,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Images seen in perspective: four points of each move to four others, straight lines stay straight.

    Args:
        images: (H, W, C) or (N, H, W, C).
        start_points: four points (x, y) of the images, no three in line, (4, 2) or (N, 4, 2).
        end_points: where they are in the output, of the same shape.
        interpolation: 'nearest' or 'bilinear'.
        fill_value: what is outside the images.
        data_format: 'channels_last' (default) or 'channels_first'.

    Returns:
        Images of the same shape and type.

    Raises:
        ValueError: for shapes that do not fit and for unknown names.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> corners = np.array([[0, 0], [0, 2], [3, 0], [3, 2]])
        >>> ops.image.perspective_transform(np.arange(12.0).reshape(3, 4, 1), corners, corners + [1, 0])[..., 0]
        array([[ 0.,  0.,  1.,  2.],
               [ 0.,  4.,  5.,  6.],
               [ 0.,  8.,  9., 10.]])
    """
    start, end = (points if isinstance(points, Tensor) else np.asarray(points) for points in (start_points, end_points))
    for name, points in (("start_points", start), ("end_points", end)):
        if len(points.shape) not in (2, 3) or tuple(points.shape[-2:]) != (4, 2):
            raise ValueError(
                f"perspective_transform: {name} has the wrong shape; expected (4, 2) or (N, 4, 2), "
                f"got {name}.shape={tuple(points.shape)}."
            )
    if tuple(start.shape) != tuple(end.shape):
        raise ValueError(
            "perspective_transform: start and end points differ in number; expected one shape, got "
            f"start_points.shape={tuple(start.shape)}, end_points.shape={tuple(end.shape)}."
        )
    transform = homography(start, end)
    return affine_transform(images, transform, interpolation, "constant", fill_value, data_format)


def homography(start: Any, end: Any) -> Any:
    """The transforms, as :func:`affine_transform` takes them, that bring four points of an image to four others.

    With points p as columns (x, y, 1), M = (λ1 p1, λ2 p2, λ3 p3) and M (1, 1, 1)ᵀ = p4 maps a fixed frame of four
    points to p1..p4; what is wanted is M(start) · M(end)⁻¹. Up to a factor, which a transform does not have, λ are
    determinants (Cramer's rule) and the rows of the inverse are cross products.

    Args:
        start: points (..., 4, 2) of the input.
        end: points (..., 4, 2) of the output.

    Returns:
        (..., 8), float64.

    Example:
        >>> import numpy as np
        >>> square = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> homography(square, 2 * square)
        array([0.5, 0. , 0. , 0. , 0.5, 0. , 0. , 0. ])
    """
    to = [_scaled(_factors(start)[i], _point(start, i)) for i in range(3)]
    back = [_scaled(_factors(end)[i], _point(end, i)) for i in range(3)]
    rows = [_cross(back[(i + 1) % 3], back[(i + 2) % 3]) for i in range(3)]
    matrix = [sum(to[i][row] * rows[i][column] for i in range(3)) for row in range(3) for column in range(3)]
    # not -0.0, which would be a surprise to print
    return stack([divide(value, matrix[8]) + 0.0 for value in matrix[:8]], -1)


Vector = tuple[Any, Any, Any]


def _point(points: Any, i: int) -> Vector:
    points = cast(points, np.float64)
    x = get_item(points, (..., i, 0))
    return x, get_item(points, (..., i, 1)), x * 0.0 + 1.0


def _factors(points: Any) -> Vector:
    a, b, c, d = (_point(points, i) for i in range(4))
    return _determinant(d, b, c), _determinant(a, d, c), _determinant(a, b, d)


def _scaled(factor: Any, a: Vector) -> Vector:
    return factor * a[0], factor * a[1], factor * a[2]


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _determinant(a: Vector, b: Vector, c: Vector) -> Any:
    n = _cross(b, c)
    return a[0] * n[0] + a[1] * n[1] + a[2] * n[2]

"""Arrays joined and cut apart, rolled, turned and mirrored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji import ops
from juanji.ops._convert import as_array, operands
from juanji.ops._shape import _part, _split, normalize_axis
from juanji.ops._whole import whole_number, whole_numbers


def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """``x2`` behind ``x1`` along an axis; both in one dimension without one.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.append(np.array([1, 2]), np.array([[3], [4]]))
        array([1, 2, 3, 4])
    """
    a, b = operands(x1, x2)
    if axis is None:
        return ops.concatenate([ops.ravel(a), ops.ravel(b)])
    return ops.concatenate([a, b], axis)


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """``x`` cut into parts along a dimension.

    Args:
        x: array or tensor.
        indices_or_sections: a number of equal parts, or the indices at which parts begin.
        axis: dimension that is cut.

    Raises:
        ValueError: when the dimension cannot be cut into that many equal parts.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> [p.tolist() for p in ops.split(np.arange(5), [2, 4])]
        [[0, 1], [2, 3], [4]]
    """
    x = as_array(x)
    place = normalize_axis("split", axis, len(x.shape))
    size = x.shape[place]
    if isinstance(indices_or_sections, (int, np.integer)):
        parts = int(indices_or_sections)
        if parts < 1 or size % parts:
            raise ValueError(
                f"split: no equal parts; expected a divisor of {size}, got indices_or_sections={parts}. "
                "Pass the indices at which parts begin."
            )
        starts = list(range(0, size, size // parts)) if size else [0] * parts
    else:
        cuts = whole_numbers("split", "indices_or_sections", indices_or_sections)
        starts = [0, *(min(max(i + (size if i < 0 else 0), 0), size) for i in cuts)]
    ends = [*starts[1:], size]
    if starts == sorted(starts):
        return list(_split(x, axis=place, sizes=tuple(end - begin for begin, end in zip(starts, ends))))
    return [_part(x, place, begin, max(begin, end)) for begin, end in zip(starts, ends)]


def array_split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """``x`` cut into parts along an axis, the first ones larger by one where the size is no multiple.

    Args:
        x: array or tensor.
        indices_or_sections: how many parts, or the indices at which parts begin.
        axis: axis that is cut.

    Raises:
        ValueError: for no parts.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> [part.tolist() for part in ops.array_split(np.arange(5), 2)]
        [[0, 1, 2], [3, 4]]
    """
    if not isinstance(indices_or_sections, (int, np.integer)):
        return split(x, indices_or_sections, axis)
    parts = int(indices_or_sections)
    if parts < 1:
        raise ValueError(f"array_split: no parts; expected a number from 1, got indices_or_sections={parts}.")
    x = as_array(x)
    size, longer = divmod(x.shape[normalize_axis("array_split", axis, len(x.shape))], parts)
    return split(x, [i * size + min(i, longer) for i in range(1, parts)], axis)


def _at_least(x: Any, rank: int) -> Any:
    x = as_array(x)
    while len(x.shape) < rank:
        # NumPy's places: a row, then a column behind it
        x = ops.expand_dims(x, -1 if len(x.shape) == 2 else 0)
    return x


def hstack(xs: Sequence[Any]) -> Any:
    """Arrays joined along the second axis, vectors along their only one.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.hstack([np.array([1, 2]), np.array([3])])
        array([1, 2, 3])
    """
    arrays = [_at_least(x, 1) for x in xs]
    return ops.concatenate(arrays, 0 if arrays and len(arrays[0].shape) == 1 else 1)


def vstack(xs: Sequence[Any]) -> Any:
    """Arrays joined along the first axis; vectors become rows.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.vstack([np.array([1, 2]), np.array([3, 4])])
        array([[1, 2],
               [3, 4]])
    """
    return ops.concatenate([_at_least(x, 2) for x in xs], 0)


def dstack(xs: Sequence[Any]) -> Any:
    """Arrays joined along the third axis, which is added where it is missing.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.dstack([np.array([1, 2]), np.array([3, 4])])
        array([[[1, 3],
                [2, 4]]])
    """
    return ops.concatenate([_at_least(x, 3) for x in xs], 2)


def hsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """``x`` cut along the second axis, a vector along its only one.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> [part.tolist() for part in ops.hsplit(np.arange(4), 2)]
        [[0, 1], [2, 3]]
    """
    x = as_array(x)
    return split(x, indices_or_sections, 0 if len(x.shape) == 1 else 1)


def vsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """``x`` cut along the first of two or more axes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> len(ops.vsplit(np.ones((4, 2)), 2))
        2
    """
    return split(_of_rank("vsplit", x, 2), indices_or_sections, 0)


def dsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """``x`` cut along the third axis.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> len(ops.dsplit(np.ones((1, 2, 4)), 2))
        2
    """
    return split(_of_rank("dsplit", x, 3), indices_or_sections, 2)


def _of_rank(op: str, x: Any, rank: int) -> Any:
    x = as_array(x)
    if len(x.shape) < rank:
        raise ValueError(f"{op}: too few axes; expected rank {rank} or more, got x.shape={tuple(x.shape)}.")
    return x


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """The slices along an axis, without that axis.

    Args:
        x: array or tensor.
        num: how many there are, where a check is wanted.
        axis: axis along which is cut.

    Raises:
        ValueError: when there are more or fewer slices than ``num``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> [row.tolist() for row in ops.unstack(np.array([[1, 2], [3, 4]]))]
        [[1, 2], [3, 4]]
    """
    x = as_array(x)
    place = normalize_axis("unstack", axis, len(x.shape))
    size = x.shape[place]
    if num is not None and num != size:
        raise ValueError(f"unstack: another number of slices; expected num={size} for axis {axis}, got num={num}.")
    return [ops.squeeze(part, place) for part in split(x, size, place)] if size else []


def roll(x: Any, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Any:
    """Elements moved along axes; what leaves at one end comes in at the other.

    Args:
        x: array or tensor.
        shift: by how many places, one number for each axis or one for all.
        axis: axes; None to move all elements in row-major order.

    Raises:
        ValueError: when the numbers of shifts and axes differ.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.roll(np.array([1, 2, 3]), 1)
        array([3, 1, 2])
    """
    x = as_array(x)
    if axis is None:
        return ops.reshape(roll(ops.ravel(x), sum(whole_numbers("roll", "shift", shift)), 0), x.shape)
    axes, shifts = whole_numbers("roll", "axis", axis), whole_numbers("roll", "shift", shift)
    shifts = shifts * len(axes) if len(shifts) == 1 else shifts
    axes = axes * len(shifts) if len(axes) == 1 else axes
    if len(axes) != len(shifts):
        raise ValueError(f"roll: expected one shift for each axis, got shift={shift} and axis={axis}.")
    for places, number in zip(shifts, axes):
        along = normalize_axis("roll", number, len(x.shape))
        size = x.shape[along]
        cut = (-places) % size if size else 0
        if cut:
            first, second = split(x, [cut], along)
            x = ops.concatenate([second, first], along)
    return x


def rot90(array: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """``array`` turned by quarters from the first towards the second of two axes.

    Args:
        array: array or tensor of rank 2 or more.
        k: number of quarters.
        axes: the plane that is turned.

    Raises:
        ValueError: for axes that are not two different ones.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.rot90(np.array([[1, 2], [3, 4]]))
        array([[2, 4],
               [1, 3]])
    """
    x = as_array(array)
    places = [normalize_axis("rot90", a, len(x.shape)) for a in whole_numbers("rot90", "axes", tuple(axes))]
    if len(places) != 2 or places[0] == places[1]:
        raise ValueError(f"rot90: expected two different axes, got axes={tuple(axes)}.")
    first, second = places
    quarters = whole_number("rot90", "k", k) % 4
    if quarters == 0:
        return x
    if quarters == 2:
        return ops.flip(x, (first, second))
    if quarters == 1:
        return ops.swapaxes(ops.flip(x, second), first, second)
    return ops.flip(ops.swapaxes(x, first, second), second)


def fliplr(x: Any) -> Any:
    """The elements in reverse order along the second axis.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.fliplr(np.array([[1, 2]]))
        array([[2, 1]])
    """
    return ops.flip(_of_rank("fliplr", x, 2), 1)


def flipud(x: Any) -> Any:
    """The elements in reverse order along the first axis.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.flipud(np.array([1, 2]))
        array([2, 1])
    """
    return ops.flip(_of_rank("flipud", x, 1), 0)


def meshgrid(*x: Any, indexing: str = "xy") -> list[Any]:
    """Coordinates of all points of a grid.

    Args:
        x: coordinates along each axis, vectors.
        indexing: 'xy' puts the first along the second axis, as in pictures; 'ij' along the first.

    Raises:
        ValueError: for another ``indexing``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> columns, rows = ops.meshgrid(np.arange(3), np.arange(2))
        >>> columns.tolist(), rows.tolist()
        ([[0, 1, 2], [0, 1, 2]], [[0, 0, 0], [1, 1, 1]])
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: unknown order; expected indexing='xy' or 'ij', got {indexing!r}.")
    vectors = [ops.ravel(as_array(v)) for v in x]
    order = list(range(len(vectors)))
    if indexing == "xy" and len(order) > 1:
        order[0], order[1] = 1, 0
    shape = [vectors[i].size for i in order]
    grids = []
    for i, vector in enumerate(vectors):
        spread = [-1 if order[place] == i else 1 for place in range(len(order))]
        grids.append(ops.broadcast_to(ops.reshape(vector, spread if vector.size else _empty(spread)), shape))
    return grids


def _empty(spread: list[int]) -> list[int]:
    return [0 if size == -1 else size for size in spread]

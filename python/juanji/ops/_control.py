"""Choices and loops as functions, over nested lists, tuples and dictionaries of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from juanji import ops
from juanji.ops._convert import as_array
from juanji.ops._shape import normalize_axis
from juanji.symbolic.structure import flatten, map_structure, pack


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """What one of two functions returns; the other is not called.

    Args:
        pred: a single truth value.
        true_fn, false_fn: functions without arguments.

    Example:
        >>> from juanji import ops
        >>> ops.cond(True, lambda: 1, lambda: 2)
        1
    """
    return true_fn() if bool(pred) else false_fn()


def switch(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """What one of several functions returns.

    Args:
        index: which one; numbers out of range are brought to the nearest.
        branches: the functions.
        operands: their arguments.

    Example:
        >>> from juanji import ops
        >>> ops.switch(1, [lambda x: x + 1, lambda x: x * 10], 3)
        30
    """
    return branches[min(max(int(index), 0), len(branches) - 1)](*operands)


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """Calls ``body`` again and again, as long as ``cond`` holds.

    Args:
        cond: takes the variables, gives a truth value.
        body: takes the variables, gives their next values.
        loop_vars: first values; a tuple or list for several arguments.
        maximum_iterations: limit of the number of calls.

    Returns:
        The last values.

    Example:
        >>> from juanji import ops
        >>> int(ops.while_loop(lambda i: i < 10, lambda i: i + 4, 0))
        12
    """
    several = isinstance(loop_vars, (tuple, list))
    values = tuple(loop_vars) if several else (loop_vars,)
    values = map_structure(as_array, values)
    count = 0
    while (maximum_iterations is None or count < maximum_iterations) and bool(cond(*values)):
        results = body(*values)
        values = tuple(results) if several else (results,)
        count += 1
    return values if several else values[0]


def fori_loop(lower: int, upper: int, body_fun: Callable[[Any, Any], Any], init_val: Any) -> Any:
    """Calls ``value = body_fun(i, value)`` for each whole number from ``lower`` to ``upper`` (excluded).

    Example:
        >>> from juanji import ops
        >>> ops.fori_loop(0, 4, lambda i, total: total + i, 0)
        6
    """
    value = init_val
    for i in range(int(lower), int(upper)):
        value = body_fun(i, value)
    return value


def _stacked(results: Sequence[Any]) -> Any:
    """Arrays of equal nesting joined along a new first axis."""
    columns = zip(*(flatten(result) for result in results))
    return pack(results[0], [None if column[0] is None else ops.stack(column) for column in columns])


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """Goes through arrays along their first axis, carrying a value along.

    Args:
        f: takes the carried value and a slice, gives the next carried value and a result.
        init: first carried value.
        xs: arrays, nested as wanted; None where there are no slices.
        length: number of steps, where ``xs`` does not tell it.
        reverse: go from the last slice to the first.
        unroll: taken for Keras' sake.

    Returns:
        The last carried value, and the results along a new first axis, in the order of the slices.

    Raises:
        TypeError: when ``f`` cannot be called.
        ValueError: when nothing tells the number of steps, or ``unroll`` is not positive.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> total, sums = ops.scan(lambda total, x: (total + x, total + x), 0.0, np.array([1.0, 2.0, 3.0]))
        >>> float(total), sums
        (6.0, array([1., 3., 6.]))
    """
    if not callable(f):
        raise TypeError(f"scan: f is no function; expected a callable, got f={f!r}.")
    if not isinstance(unroll, bool) and (not isinstance(unroll, int) or unroll < 1):
        raise ValueError(f"scan: expected a positive number or a truth value, got unroll={unroll!r}.")
    if xs is None and length is None:
        raise ValueError("scan: the number of steps is unknown; expected xs or length, got neither.")
    arrays = [as_array(x) for x in flatten(xs)] if xs is not None else []
    count = int(length) if length is not None else int(arrays[0].shape[0])
    columns = [ops.unstack(x) for x in arrays]
    carry, results = init, []
    for i in range(count - 1, -1, -1) if reverse else range(count):
        carry, y = f(carry, None if xs is None else pack(xs, [column[i] for column in columns]))
        results.append(y)
    if not results:
        return carry, None
    return carry, _stacked(results[::-1] if reverse else results)


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """Applies a function to each slice along the first axis.

    Args:
        f: takes a slice of each array, nested as they are.
        xs: arrays, nested as wanted.

    Returns:
        The results along a new first axis.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.map(lambda x: x * 2, np.array([1.0, 2.0]))
        array([2., 4.])
    """
    return scan(lambda carry, x: (carry, f(x)), 0, xs)[1]


def vectorized_map(function: Callable[[Any], Any], elements: Any) -> Any:
    """Applies a function to each slice along the first axis; :func:`map` under another name of Keras.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.vectorized_map(lambda x: x.sum(), np.ones((2, 3)))
        array([3., 3.])
    """
    return map(function, elements)


def associative_scan(f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """Running results of an associative function (Blelloch, 1990), in some 2 log2 n calls with whole slices.

    Args:
        f: takes two slices along the axis, of equal size, and combines them element by element.
        elems: arrays of one size along the axis, nested as wanted.
        reverse: combine from the end.
        axis: axis along which is combined.

    Returns:
        Arrays in the shape of ``elems``: at k, the combination of the elements up to k.

    Raises:
        TypeError: when ``f`` cannot be called.
        ValueError: when the sizes along the axis differ.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.associative_scan(lambda a, b: a + b, np.arange(5))
        array([ 0,  1,  3,  6, 10])
    """
    if not callable(f):
        raise TypeError(f"associative_scan: f is no function; expected a callable, got f={f!r}.")
    arrays = [as_array(x) for x in flatten(elems)]
    places = [normalize_axis("associative_scan", axis, len(x.shape)) for x in arrays]
    if len({x.shape[place] for x, place in zip(arrays, places)}) != 1:
        raise ValueError(
            f"associative_scan: the sizes along axis {axis} differ; expected one size, got "
            f"{', '.join(str(tuple(x.shape)) for x in arrays)}."
        )
    if reverse:
        arrays = [ops.flip(x, place) for x, place in zip(arrays, places)]

    def combine(a: list[Any], b: list[Any]) -> list[Any]:
        return flatten(f(pack(elems, a), pack(elems, b)))

    results = _running(combine, arrays, places)
    if reverse:
        results = [ops.flip(x, place) for x, place in zip(results, places)]
    return pack(elems, results)


def _running(combine: Callable[..., list[Any]], arrays: list[Any], axes: list[int]) -> list[Any]:
    count = arrays[0].shape[axes[0]]
    if count < 2:
        return arrays

    def part(xs: list[Any], begin: int, end: int | None, step: int = 1) -> list[Any]:
        return [x[(slice(None),) * axis + (slice(begin, end, step),)] for x, axis in zip(xs, axes)]

    pairs = combine(part(arrays, 0, count - 1, 2), part(arrays, 1, None, 2))
    odd = _running(combine, pairs, axes)
    even = part(arrays, 0, 1)
    if count > 2:
        rest = combine(part(odd, 0, (count - 1) // 2), part(arrays, 2, None, 2))
        even = [ops.concatenate([a, b], axis) for a, b, axis in zip(even, rest, axes)]
    # the places 0, n, 1, n + 1, ... of the even results in front of the odd ones
    order = np.argsort(np.concatenate([np.arange(0, count, 2), np.arange(1, count, 2)]))
    return [ops.take(ops.concatenate([a, b], axis), order, axis) for a, b, axis in zip(even, odd, axes)]

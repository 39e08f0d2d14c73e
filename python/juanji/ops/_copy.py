"""The native side of operations that pick, repeat or reorder elements by a rule that depends on the shape alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from juanji import _core
from juanji.autograd import Array
from juanji.ops._operation import NATIVE_DTYPES, NativeSide, NumpyFunction, Spec, View

Shape = tuple[int, ...]


class ViewPlan(NamedTuple):
    """Where the elements of a view lie in the dense array it was taken of; strides and offset in elements."""

    shape: Shape
    strides: Shape
    offset: int


def plan_view(function: Callable[[Any], Any], shape: Shape) -> ViewPlan:
    """What a NumPy function that gives views does to a dense array of that shape.

    Example:
        >>> plan_view(lambda x: x[::-1, 1:], (2, 3))
        ViewPlan(shape=(2, 2), strides=(-3, 1), offset=4)
    """
    # An array of bytes whose strides are elements; nothing is read, so that one byte stands for all of them.
    strides = [1] * len(shape)
    for i in range(len(shape) - 1, 0, -1):
        strides[i - 1] = strides[i] * max(shape[i], 1)
    whole = np.lib.stride_tricks.as_strided(np.zeros(1, "int8"), shape, strides)
    part = function(whole)
    offset = part.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    return ViewPlan(part.shape, part.strides, offset if part.size else 0)


class NativeCopy:
    """A NumPy function that gives views, as a native copy of the elements for the types that have one.

    Where the view is the whole array in its own order, nothing is copied.

    Args:
        function: takes one array and gives a view of it.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function
        self._for_shape = lru_cache(maxsize=64)(self._native)

    def _native(self, shape: Shape) -> NativeSide:
        plan = plan_view(self._function, shape)
        if _is_whole(plan, shape):
            return View(self._function)
        return _core.StridedCopy(plan.shape, plan.strides, plan.offset)

    def _side(self, dtype: np.dtype[Any], shape: Shape) -> NativeSide:
        return self._for_shape(shape) if dtype in NATIVE_DTYPES else NumpyFunction(self._function)

    def __call__(self, x: Array) -> Any:
        return self._side(x.dtype, x.shape)(x)

    def native_side(self, specs: list[Spec]) -> NativeSide | None:
        """What a recorded step runs for an input of this type and shape: None for a view."""
        side = self._side(np.dtype(specs[0][0]), specs[0][1])
        return None if isinstance(side, View) else side

    def infer(self, specs: list[Spec]) -> Sequence[Spec]:
        return [(specs[0][0], plan_view(self._function, specs[0][1]).shape)]


def _is_whole(plan: ViewPlan, shape: Shape) -> bool:
    elements = int(np.prod(shape, dtype=np.int64))
    if plan.offset or int(np.prod(plan.shape, dtype=np.int64)) != elements:
        return False
    dense = 1
    for size, stride in zip(plan.shape[::-1], plan.strides[::-1]):
        if size != 1 and stride != dense:
            return elements == 0
        dense *= size
    return True

"""Masks: which steps of a sequence count. An array or tensor carries its mask along, from layer to layer.

A mask is an array of booleans, False where a step is to be passed over; that of a sequence (N, T, ...) is (N, T). A
tensor keeps it in an attribute, as in Keras. NumPy arrays have no room for one, so theirs are in a table, for as long
as the array lives.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from juanji.symbolic.structure import flatten, map_structure

_of_arrays: dict[int, tuple[weakref.ref[Any], Any]] = {}


def get_mask(x: Any) -> Any:
    """The mask an array or tensor carries; None without one.

    Example:
        >>> import numpy as np
        >>> x = np.ones((1, 2, 3))
        >>> set_mask(x, np.array([[True, False]]))
        >>> get_mask(x)
        array([[ True, False]])
    """
    if isinstance(x, np.ndarray):
        entry = _of_arrays.get(id(x)) if _of_arrays else None
        return None if entry is None or entry[0]() is not x else entry[1]
    return getattr(x, "_keras_mask", None)


def set_mask(x: Any, mask: Any) -> None:
    """Makes an array or tensor carry a mask."""
    if isinstance(x, np.ndarray):
        key = id(x)
        _of_arrays[key] = (weakref.ref(x, lambda _: _of_arrays.pop(key, None)), mask)
    else:
        x._keras_mask = mask


def masks_of(inputs: Any) -> Any:
    """The masks that nested arrays and tensors carry, nested alike; None when there is none at all."""
    if not isinstance(inputs, (list, tuple, dict)):
        return get_mask(inputs)
    if not any(get_mask(x) is not None for x in flatten(inputs)):
        return None
    return map_structure(get_mask, inputs)


def carry_masks(masks: Any, x: Any) -> None:
    """Gives nested arrays and tensors the masks of :func:`masks_of`."""
    for one, mask in zip(flatten(x), flatten(masks)):
        if mask is not None and get_mask(one) is None:
            set_mask(one, mask)

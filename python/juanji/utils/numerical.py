"""Conversions of labels and data."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

Array = np.ndarray[Any, Any]


def to_categorical(x: ArrayLike, num_classes: int | None = None) -> Array:
    """Class numbers as one-hot rows.

    Args:
        x: integers from 0 to ``num_classes - 1``, of any shape; a last axis of size 1 is dropped.
        num_classes: how many classes; the largest label plus one by default.

    Returns:
        float64 array of shape ``x.shape + (num_classes,)``.

    Raises:
        ValueError: for labels that are negative, too large or not whole numbers.

    Example:
        >>> from juanji.utils import to_categorical
        >>> to_categorical([0, 2, 1])
        array([[1., 0., 0.],
               [0., 0., 1.],
               [0., 1., 0.]])
        >>> to_categorical([[3], [0]], num_classes=4).shape
        (2, 4)
    """
    labels = _whole_numbers(np.asarray(x))
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    count = _class_count(labels, num_classes)
    flat = labels.reshape(-1)
    wrong = np.flatnonzero((flat < 0) | (flat >= count))
    if wrong.size:
        raise ValueError(
            f"to_categorical: label out of range; expected 0 to {count - 1} for num_classes={count}, got "
            f"{flat[wrong[0]]} at position {wrong[0]}. Number the classes from 0, or raise num_classes."
        )
    rows = np.zeros((flat.size, count))
    rows[np.arange(flat.size), flat] = 1.0
    return rows.reshape(*labels.shape, count)


def _whole_numbers(labels: Array) -> Array:
    if labels.dtype.kind in "iub" or labels.size == 0:
        return labels.astype(np.int64)
    if labels.dtype.kind == "f":
        # NaN and infinity fail the comparison, so the cast below never meets them
        fraction = np.flatnonzero(~(np.isfinite(labels) & (np.trunc(labels) == labels)).reshape(-1))
        if fraction.size == 0:
            return labels.astype(np.int64)
        found = repr(labels.reshape(-1)[fraction[0]].item())
    else:
        found = f"dtype={labels.dtype}"
    raise ValueError(
        f"to_categorical: labels are not whole numbers; expected class numbers 0, 1, 2, ..., got {found}. "
        "Map the classes to integers first."
    )


def _class_count(labels: Array, num_classes: int | None) -> int:
    if num_classes is None:
        if labels.size == 0:
            raise ValueError(
                "to_categorical: no labels to count classes from; expected at least one label, got shape="
                f"{labels.shape}. Pass num_classes."
            )
        return max(int(labels.max()) + 1, 1)
    numeric = isinstance(num_classes, (int, float, np.number)) and not isinstance(num_classes, bool)
    if not numeric or not math.isfinite(num_classes) or int(num_classes) != num_classes or num_classes < 1:
        raise ValueError(
            "to_categorical: not a number of classes; expected an integer of at least 1, got "
            f"num_classes={num_classes!r}."
        )
    return int(num_classes)


def normalize(x: ArrayLike, axis: int = -1, order: float = 2) -> Array:
    """Divides by the norm along an axis; vectors of norm 0 stay 0.

    Args:
        x: array of any shape.
        axis: axis along which the norms are taken.
        order: order of the norm, 2 for the Euclidean one.

    Returns:
        Array of the same shape.

    Example:
        >>> from juanji.utils import normalize
        >>> normalize([[3.0, 4.0], [0.0, 0.0]])
        array([[0.6, 0.8],
               [0. , 0. ]])
    """
    values = np.atleast_1d(np.asarray(x))
    norm = np.linalg.norm(values, order, axis, keepdims=True)
    return np.asarray(values / np.where(norm == 0, 1, norm))

"""The arrays a model is trained on, checked, and cut into batches.

Rows are gathered and converted batch by batch: a memory-mapped or uint8 data set is never converted as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from juanji.ops._rows import take_rows

Array = np.ndarray[Any, Any]
Batch = tuple[Array, Array | None, Array | None]


@dataclass(frozen=True)
class ArrayData:
    """Samples, labels and weights with equally many rows.

    Args:
        x: samples.
        y: labels, None for prediction.
        sample_weight: weight of each sample in the loss, None for ones.
        dtype: float type that batches of floats (and all of ``x``) are converted to.
    """

    x: Array
    y: Array | None
    sample_weight: Array | None
    dtype: str

    def __len__(self) -> int:
        return len(self.x)

    def steps(self, batch_size: int) -> int:
        """Batches needed for all rows; the last may be short."""
        return -(-len(self) // batch_size)

    def batches(self, batch_size: int, order: Array | None = None) -> Iterator[Batch]:
        """Yields (x, y, sample_weight) for each batch.

        Args:
            batch_size: rows per batch.
            order: the row numbers in the order of use; as they are by default.
        """
        for start in range(0, len(self), batch_size):
            stop = min(start + batch_size, len(self))
            rows = np.arange(start, stop) if order is None else order[start:stop]
            in_place = slice(start, stop) if order is None else None
            yield (
                _gather(self.x, rows, in_place, self.dtype),
                None if self.y is None else _gather(self.y, rows, in_place, self._label_dtype),
                None if self.sample_weight is None else _gather(self.sample_weight, rows, in_place, self.dtype),
            )

    def split(self, fraction: float) -> tuple[ArrayData, ArrayData]:
        """The first rows for training and the last ``fraction`` of them for validation."""
        if not isinstance(fraction, (int, float, np.number)) or not 0 < fraction < 1:
            raise ValueError(
                "fit: validation_split is out of range; expected a number between 0 and 1, "
                f"got validation_split={fraction!r}. Pass, for example, 0.2."
            )
        cut = int(len(self) * (1 - fraction))
        if cut in (0, len(self)):
            raise ValueError(
                f"fit: too few samples to split; expected at least one on each side, got {len(self)} samples and "
                f"validation_split={fraction!r}. Pass validation_data instead."
            )
        return self._rows(slice(0, cut)), self._rows(slice(cut, None))

    def _rows(self, rows: slice) -> ArrayData:
        return replace(
            self,
            x=self.x[rows],
            y=None if self.y is None else self.y[rows],
            sample_weight=None if self.sample_weight is None else self.sample_weight[rows],
        )

    @property
    def _label_dtype(self) -> str:
        assert self.y is not None
        return self.dtype if self.y.dtype.kind in "fb" else str(self.y.dtype)


def _gather(data: Array, rows: Array, in_place: slice | None, dtype: str) -> Array:
    if in_place is not None and data.dtype == dtype:
        return np.ascontiguousarray(data[in_place])
    gathered: Array = take_rows(data, rows, dtype)
    return gathered


def array_data(
    owner: str,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    dtype: str = "float32",
) -> ArrayData:
    """Checks what the user passed to ``owner`` ('fit', ...).

    Raises:
        ValueError: for no samples, different numbers of rows, or weights given twice.
        TypeError: for something that is not an array of numbers.
    """
    samples = _numbers(owner, "x", x)
    labels = None if y is None else _numbers(owner, "y", y)
    weights = None if sample_weight is None else _numbers(owner, "sample_weight", sample_weight)
    if len(samples) == 0:
        raise ValueError(f"{owner}: no samples; expected at least one, got x.shape={samples.shape}. Check the data.")
    for name, rows in (("y", labels), ("sample_weight", weights)):
        if rows is not None and len(rows) != len(samples):
            raise ValueError(
                f"{owner}: x and {name} differ in length; expected {len(samples)} rows as in x, "
                f"got {name}.shape={rows.shape}. Pass one row of {name} per sample."
            )
    if class_weight is not None:
        if weights is not None:
            raise ValueError(
                f"{owner}: weights are given twice; expected class_weight or sample_weight, got both. "
                "Multiply them and pass sample_weight."
            )
        if labels is None:
            raise ValueError(f"{owner}: class_weight needs labels; expected y, got None. Pass y.")
        weights = class_weights_of(owner, labels, class_weight, dtype)
    return ArrayData(samples, labels, weights, dtype)


def class_weights_of(owner: str, y: Array, class_weight: Mapping[int, float], dtype: str) -> Array:
    """The weight of each sample from the weight of its class; classes left out have weight 1."""
    if not isinstance(class_weight, Mapping):
        raise TypeError(
            f"{owner}: class_weight has the wrong type; expected a dictionary from class numbers to weights, "
            f"got class_weight={class_weight!r}. Pass, for example, {{0: 1.0, 1: 5.0}}."
        )
    classes = y if y.ndim == 1 else y.reshape(len(y)) if y.shape[1:] == (1,) else np.argmax(y, axis=-1)
    if classes.ndim != 1:
        raise ValueError(
            f"{owner}: class_weight needs one label per sample; expected y of shape (n,), (n, 1) or (n, classes), "
            f"got y.shape={y.shape}. Pass sample_weight instead."
        )
    present, inverse = np.unique(np.round(classes).astype(np.int64), return_inverse=True)
    for key, weight in class_weight.items():
        if not _is_finite_number(key) or not _is_finite_number(weight):
            raise ValueError(
                f"{owner}: class_weight is not clear; expected class numbers with finite weights, got {key!r}: "
                f"{weight!r}. Pass, for example, {{0: 1.0, 1: 5.0}}."
            )
    table = np.array([class_weight.get(int(c), 1.0) for c in present], dtype)
    weights: Array = table[inverse]
    return weights


def _is_finite_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and bool(np.isfinite(value))


def unpack(data: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) from (x,), (x, y), (x, y, sample_weight) or x alone."""
    if not isinstance(data, (tuple, list)):
        return data, None, None
    if 1 <= len(data) <= 3:
        return (*data, None, None)[:3]
    raise ValueError(
        "wrong number of parts; expected (x, y) or (x, y, sample_weight), "
        f"got {len(data)} of them. Pass validation_data=(x_test, y_test)."
    )


def _numbers(owner: str, name: str, value: Any) -> Array:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"{owner}: {name} is not an array; expected rows of equal shape, got {type(value).__name__} ({error}). "
            "Make all rows the same shape."
        ) from None
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"{owner}: {name} holds no numbers; expected an array of numbers, got {type(value).__name__} of "
            f"dtype {array.dtype}. Convert it first, for example with np.asarray({name}, 'float32')."
        )
    if array.ndim == 0:
        raise ValueError(
            f"{owner}: {name} has no axes; expected one row per sample, got {name}={value!r}. Pass an array."
        )
    return array

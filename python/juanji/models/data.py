"""The arrays a model is trained on, checked, and cut into batches.

Rows are gathered and converted batch by batch: a memory-mapped or uint8 data set is never converted as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from juanji.layers.layer import is_nested
from juanji.ops._rows import Rows, rows_of, take_rows
from juanji.symbolic.structure import flatten, map_structure

Array = np.ndarray[Any, Any]
Batch = tuple[Any, Any, Any]


@dataclass(frozen=True)
class ArrayData:
    """Samples, labels and weights with equally many rows.

    Args:
        x: samples, an array or arrays nested in lists, tuples and dictionaries.
        y: labels, None for prediction; nested for several outputs, with None for those without labels.
        sample_weight: weight of each sample in the loss, None for ones; nested like ``y``.
        dtype: float type that batches of floats (and all of ``x``) are converted to.
        x_dtypes: types of the arrays in ``x`` where they are others.
    """

    x: Any
    y: Any
    sample_weight: Any
    dtype: str
    x_dtypes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(flatten(self.x)[0])

    @property
    def input_shapes(self) -> Any:
        """Shapes of the samples, None in the place of their number, nested as they are."""
        return map_structure(lambda x: (None, *x.shape[1:]), self.x)

    def steps(self, batch_size: int) -> int:
        """Batches needed for all rows; the last may be short."""
        return -(-len(self) // batch_size)

    def batches(self, batch_size: int, order: Array | None = None, first: int = 0) -> Iterator[Batch]:
        """Yields (x, y, sample_weight) for each batch; rows of x that are to be converted or picked as :class:`Rows`.

        Args:
            batch_size: rows per batch.
            order: the row numbers in the order of use; as they are by default.
            first: number of the batch to begin with.
        """
        for start in range(first * batch_size, len(self), batch_size):
            stop = min(start + batch_size, len(self))
            rows = np.arange(start, stop) if order is None else order[start:stop]
            in_place = slice(start, stop) if order is None else None
            yield (
                self._gathered(self.x, rows, in_place, self._types, rows_of),
                self._gathered(self.y, rows, in_place, [self._label_dtype(y) for y in flatten(self.y)]),
                self._gathered(self.sample_weight, rows, in_place, [self.dtype] * len(flatten(self.sample_weight))),
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
        x, y, weights = (
            map_structure(lambda array: None if array is None else array[rows], part)
            for part in (self.x, self.y, self.sample_weight)
        )
        return replace(self, x=x, y=y, sample_weight=weights)

    @staticmethod
    def _gathered(
        data: Any, rows: Array, in_place: slice | None, dtypes: Sequence[str], take: Callable[..., Any] = take_rows
    ) -> Any:
        wanted = iter(dtypes)
        return map_structure(lambda array: _gather(array, rows, in_place, next(wanted), take), data)

    @property
    def _types(self) -> Sequence[str]:
        return self.x_dtypes or [self.dtype] * len(flatten(self.x))

    def _label_dtype(self, y: Array | None) -> str:
        return self.dtype if y is None or y.dtype.kind in "fb" else str(y.dtype)


def _gather(data: Array | None, rows: Array, in_place: slice | None, dtype: str, take: Callable[..., Any]) -> Any:
    if data is None:
        return None
    if in_place is not None and data.dtype == dtype:
        return np.ascontiguousarray(data[in_place])
    return take(data, rows, dtype)


def gathered(data: Any) -> Any:
    """Arrays in the place of :class:`Rows` in a batch, nested in tuples, lists and dictionaries."""
    if isinstance(data, Rows):
        return data.array()
    if not isinstance(data, (dict, list, tuple)):
        return data
    before = list(data.values()) if isinstance(data, dict) else data
    parts = [gathered(part) for part in before]
    if all(part is own for part, own in zip(parts, before)):
        return data
    return dict(zip(data, parts)) if isinstance(data, dict) else type(data)(parts)


def array_data(
    owner: str,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    dtype: str = "float32",
    x_dtypes: tuple[str, ...] = (),
    outputs: int | None = None,
) -> ArrayData:
    """Checks what the user passed to ``owner`` ('fit', ...).

    Args:
        owner: for messages.
        x, y, sample_weight, class_weight: the arguments.
        dtype, x_dtypes: as for :class:`ArrayData`.
        outputs: how many outputs the model has; None when that is not known.

    Raises:
        ValueError: for no samples, different numbers of rows, or weights given twice.
        TypeError: for something that is not an array of numbers.
    """
    samples = map_structure(lambda one: _numbers(owner, "x", one), x) if is_nested(x) else _numbers(owner, "x", x)
    arrays = flatten(samples)
    rows = len(arrays[0]) if arrays else 0
    if rows == 0:
        raise ValueError(
            f"{owner}: no samples; expected at least one, got x.shape={np.shape(arrays[0]) if arrays else ()}. "
            "Check the data."
        )
    labels = _per_output(owner, "y", y, rows, outputs)
    weights = _per_output(owner, "sample_weight", sample_weight, rows, outputs)
    for name, given in (("x", samples), ("y", labels), ("sample_weight", weights)):
        for part in flatten(given):
            if part is not None and len(part) != rows:
                raise ValueError(
                    f"{owner}: x and {name} differ in length; expected {rows} rows as in x, "
                    f"got {name}.shape={part.shape}. Pass one row of {name} per sample."
                )
    if class_weight is not None:
        if weights is not None:
            raise ValueError(
                f"{owner}: weights are given twice; expected class_weight or sample_weight, got both. "
                "Multiply them and pass sample_weight."
            )
        if labels is None:
            raise ValueError(f"{owner}: class_weight needs labels; expected y, got None. Pass y.")
        if not isinstance(labels, np.ndarray):
            raise ValueError(
                f"{owner}: class_weight is for models with one output; expected one array y, got "
                f"{len(flatten(labels))} of them. Pass sample_weight for each output."
            )
        weights = class_weights_of(owner, labels, class_weight, dtype)
    return ArrayData(samples, labels, weights, dtype, x_dtypes)


def _per_output(owner: str, name: str, given: Any, rows: int, outputs: int | None) -> Any:
    """Labels or weights as an array, or nested arrays when there is one for each output."""
    if given is None:
        return None
    if isinstance(given, dict):
        several = True
    elif not isinstance(given, (list, tuple)) or not (is_nested(given) or any(part is None for part in given)):
        several = False
    elif outputs is None or outputs > 1:  # rows of one array are never None, and rarely as many as there are samples
        several = outputs is not None or all(part is None or len(np.atleast_1d(part)) == rows for part in given)
    else:
        several = len(given) == 1 != rows
    if not several:
        return _numbers(owner, name, given)
    arrays = map_structure(lambda part: None if part is None else _numbers(owner, name, part), given)
    return flatten(arrays)[0] if outputs == 1 and len(flatten(arrays)) == 1 else arrays


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


def packed(batch: Batch) -> Any:
    """What a step receives: x, (x, y) or (x, y, sample_weight), the parts that there are."""
    x, y, sample_weight = batch
    if sample_weight is not None:
        return batch
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (tuple, list)) else x


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

"""Batches taken apart and put together, data sets split, sequences of one length."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from juanji import tree
from juanji.random import make_default_seed
from juanji.utils.py_dataset import PyDataset

Array = np.ndarray[Any, Any]


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Samples, labels and weights of what ``train_step`` receives; None for those that are not there.

    Args:
        data: x, (x,), (x, y) or (x, y, sample_weight).

    Raises:
        ValueError: for a tuple of another length.

    Example:
        >>> unpack_x_y_sample_weight((1, 2))
        (1, 2, None)
    """
    if not isinstance(data, (tuple, list)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(
            "unpack_x_y_sample_weight: wrong number of parts; expected (x,), (x, y) or (x, y, sample_weight), got "
            f"{len(data)} of them."
        )
    return (*data, None, None)[:3]


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """What ``train_step`` receives: x, (x, y) or (x, y, sample_weight), and (x,) for an x that is a list or tuple.

    Example:
        >>> pack_x_y_sample_weight(1), pack_x_y_sample_weight(1, 2), pack_x_y_sample_weight([1, 2])
        (1, (1, 2), ([1, 2],))
    """
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (tuple, list)) else x


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: float = 0.0,
) -> Array:
    """Sequences of different lengths as the rows of one array.

    Args:
        sequences: lists or arrays; entries of several numbers have to be of one shape.
        maxlen: length of the rows; that of the longest sequence by default.
        dtype: element type of the array.
        padding: 'pre' or 'post': the end at which ``value`` is put.
        truncating: 'pre' or 'post': the end at which longer sequences are cut.
        value: fills what is missing.

    Raises:
        ValueError: for something else than sequences, entries of other shapes, or another word.

    Example:
        >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2)
        array([[0, 1],
               [2, 3],
               [5, 6]], dtype=int32)
    """
    for name, word in (("padding", padding), ("truncating", truncating)):
        if word not in ("pre", "post"):
            raise ValueError(f"pad_sequences: unknown {name}; expected 'pre' or 'post', got {name}={word!r}.")
    try:
        arrays = [np.asarray(one) if len(one) else None for one in sequences]
    except TypeError:
        raise ValueError("pad_sequences: not a list of sequences; expected lists or arrays, got numbers.") from None
    shape = next((array.shape[1:] for array in arrays if array is not None), ())
    length = max((len(one) for one in sequences), default=0) if maxlen is None else maxlen
    rows = np.full((len(arrays), length, *shape), value, dtype=dtype)
    for i, (row, array) in enumerate(zip(rows, arrays)):
        if array is None or not length:
            continue
        if array.shape[1:] != shape:
            raise ValueError(
                f"pad_sequences: entries differ in shape; expected {shape}, got {array.shape[1:]} in sequence {i}."
            )
        kept = array[-length:] if truncating == "pre" else array[:length]
        row[slice(-len(kept), None) if padding == "pre" else slice(len(kept))] = kept
    return rows


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Two parts of a data set, the first rows and the last.

    Args:
        dataset: an array, or arrays nested in lists, tuples and dictionaries, of which the parts have the same form;
            or a :class:`juanji.utils.PyDataset`, which is split by batches.
        left_size, right_size: share of the rows (a number between 0 and 1) or how many; what is missing follows from
            the other.
        shuffle: whether rows are put into a random order before.
        seed: of that order.
        preferred_backend: accepted for Keras scripts; without effect.

    Raises:
        ValueError: for sizes that leave one part empty or are too large together.
        TypeError: for sizes that are no numbers.

    Example:
        >>> import numpy as np
        >>> left, right = split_dataset(np.arange(10), left_size=0.8)
        >>> left.shape, right
        ((8,), array([8, 9]))
    """
    batches = isinstance(dataset, PyDataset)
    arrays = None if batches else tree.map_structure(np.asarray, dataset)
    total = dataset.num_batches if batches else len(tree.flatten(arrays)[0])
    left, right = _sizes(left_size, right_size, total)
    order = np.arange(total)
    if shuffle:
        np.random.Generator(np.random.PCG64(abs(make_default_seed() if seed is None else seed))).shuffle(order)
    if batches:
        return _Part(dataset, order[:left]), _Part(dataset, order[total - right :])
    return (
        tree.map_structure(lambda array: array[order[:left]], arrays),
        tree.map_structure(lambda array: array[order[total - right :]], arrays),
    )


class _Part(PyDataset):
    """Some batches of a data set."""

    def __init__(self, dataset: PyDataset, indices: Iterable[int]) -> None:
        super().__init__(dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size)
        self._dataset = dataset
        self._indices = [int(i) for i in indices]

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> Any:
        return self._dataset[self._indices[index]]


def _sizes(left: float | None, right: float | None, total: int | None) -> tuple[int, int]:
    if total is None or (left is None and right is None):
        raise ValueError(
            f"split_dataset: the sizes are not known; expected left_size or right_size and a data set with an end, got "
            f"{left=}, {right=}, length {total}."
        )
    counts: list[int | None] = []
    for name, size in (("left_size", left), ("right_size", right)):
        if size is not None and (isinstance(size, bool) or not isinstance(size, (int, float))):
            raise TypeError(f"split_dataset: {name} is no number; expected a whole number or a share, got {size!r}.")
        below = total if isinstance(size, int) else 1
        if size is not None and not 0 < size < below:
            raise ValueError(
                f"split_dataset: {name} is out of range; expected a number between 0 and {below}, got {name}={size!r}."
            )
        counts.append(round(size * total) if isinstance(size, float) else size)
    first = total - counts[1] if counts[0] is None and counts[1] is not None else counts[0] or 0
    second = total - first if counts[1] is None else counts[1]
    if first + second > total or not first or not second:
        raise ValueError(
            f"split_dataset: the parts do not fit; expected two parts of {total} rows together, got {first} and "
            f"{second}. Choose other sizes."
        )
    return first, second


class _Windows(PyDataset):
    """Batches of windows of a series."""

    def __init__(
        self, data: Array, targets: Array | None, starts: Array, offsets: Array, batch_size: int | None
    ) -> None:
        super().__init__()
        self._data, self._targets = data, targets
        self._starts, self._offsets = starts, offsets
        self._batch_size = batch_size

    def __len__(self) -> int:
        return math.ceil(len(self._starts) / (self._batch_size or 1))

    def __getitem__(self, index: int) -> Any:
        size = self._batch_size
        starts = self._starts[index] if size is None else self._starts[index * size : (index + 1) * size]
        windows = self._data[np.add.outer(starts, self._offsets)]
        return windows if self._targets is None else (windows, self._targets[starts])


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> PyDataset:
    """Windows that slide over a series, in batches.

    Args:
        data: array whose first axis is time.
        targets: what belongs to the window that begins at the same row; None for windows alone.
        sequence_length: rows of a window.
        sequence_stride: rows from the beginning of one window to that of the next.
        sampling_rate: rows from one entry of a window to the next.
        batch_size: windows of a batch; None for single windows without a batch axis.
        shuffle: whether windows come in a random order.
        seed: of that order.
        start_index, end_index: only rows from the one up to the other are used.
        format: accepted for Keras scripts; without effect.

    Returns:
        A :class:`juanji.utils.PyDataset` of windows, or of windows and targets.

    Raises:
        ValueError: for indices and steps out of range.

    Example:
        >>> import numpy as np
        >>> batches = timeseries_dataset_from_array(np.arange(6), None, sequence_length=3, batch_size=2)
        >>> batches[0]
        array([[0, 1, 2],
               [1, 2, 3]])
    """
    rows = np.asarray(data)
    begin, end = start_index or 0, len(rows) if end_index is None else end_index
    limits = (
        ("start_index", begin, 0, len(rows) - 1),
        ("end_index", end, begin + 1, len(rows) if end_index is None else len(rows) - 1),
        ("sampling_rate", sampling_rate, 1, len(rows) - 1),
        ("sequence_stride", sequence_stride, 1, len(rows) - 1),
        ("sequence_length", sequence_length, 1, len(rows)),
        ("batch_size", 1 if batch_size is None else batch_size, 1, math.inf),
    )
    for name, value, least, most in limits:
        if not least <= value <= most:
            raise ValueError(
                f"timeseries_dataset_from_array: {name} is out of range; expected {least} to {most}, got "
                f"{name}={value}."
            )
    wanted = None if targets is None else np.asarray(targets)[begin : None if end_index is None else end]
    count = end - begin - (sequence_length - 1) * sampling_rate
    if wanted is not None:
        count = min(count, len(wanted))
    starts = np.arange(0, max(count, 0), sequence_stride)
    if shuffle:
        np.random.Generator(np.random.PCG64(abs(make_default_seed() if seed is None else seed))).shuffle(starts)
    offsets = np.arange(sequence_length) * sampling_rate
    return _Windows(rows[begin:end], wanted, starts, offsets, batch_size)

"""Where the batches of fit, evaluate and predict come from: arrays, generators, and objects that make batches."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from juanji.models.data import ArrayData, Batch
from juanji.models.prefetch import Prefetched
from juanji.utils.py_dataset import PyDataset

Array = np.ndarray[Any, Any]
DrawOrder = Callable[[int], Array]  # a random order of so many rows


def makes_batches(x: Any) -> bool:
    """Whether this gives batches, rather than being arrays of samples."""
    if isinstance(x, PyDataset):
        return True
    return isinstance(x, Iterable) and not isinstance(x, (Sequence, Mapping)) and not hasattr(x, "__array__")


class Source(ABC):
    """Batches, checked and converted for a model.

    Attributes:
        steps: batches in one pass; None where that is not known, or where there is no end.
        samples: rows in one pass; None where that is not known.
        batch_size: rows of a batch; None where that is not known.
        repeats: whether a pass can be made again.
    """

    steps: int | None = None
    samples: int | None = None
    batch_size: int | None = None
    repeats: bool = True

    def __init__(self) -> None:
        self._current: Iterator[Batch] | None = None

    @abstractmethod
    def one_pass(self) -> Iterator[Batch]:
        """The batches of one pass. What it opens it closes, also when the iterator is closed half-way."""

    def begin_epoch(self) -> None:
        """Called before each epoch."""
        return

    def end_epoch(self) -> None:
        """Called after each epoch that came to its end."""
        return

    def epoch(self, steps: int | None = None, goes_on: bool = True) -> Iterator[Batch]:
        """The batches of one epoch.

        Args:
            steps: how many; those of one pass by default.
            goes_on: whether an epoch of ``steps`` batches begins where the one before stopped, and goes through the
                data again at their end. Otherwise, as in evaluation, each begins at the front.
        """
        self.begin_epoch()
        whole = self.repeats and (steps is None or not goes_on)
        if whole:
            self.close()
        taken = 0
        restarted = whole or not self.repeats  # two passes without a batch would never end
        while steps is None or taken < steps:
            if self._current is None:
                self._current = self.one_pass()
            batch = next(self._current, None)
            if batch is not None:
                taken += 1
                restarted = whole or not self.repeats
                yield batch
            elif restarted:
                break
            else:
                self._current = None
                restarted = True
        if whole:
            self.close()
        if taken < (steps if steps and goes_on else 1):
            warnings.warn(
                f"the data ran out; expected {steps or 'at least one'} batches in each epoch, got {taken}. Let the "
                "generator go on, or pass something that can be gone through again.",
                stacklevel=2,
            )
        self.end_epoch()

    def close(self) -> None:
        """Ends a pass that is under way, and its threads."""
        current, self._current = self._current, None
        if current is not None and hasattr(current, "close"):
            current.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ArraySource(Source):
    """The rows of arrays.

    Args:
        data: the arrays.
        batch_size: rows of a batch.
        draw_order: gives the order of the rows of each pass; as they are by default.
    """

    def __init__(self, data: ArrayData, batch_size: int, draw_order: DrawOrder | None = None) -> None:
        super().__init__()
        self.data = data
        self.batch_size = batch_size
        self.steps = data.steps(batch_size)
        self.samples = len(data)
        self._draw_order = draw_order

    def one_pass(self) -> Iterator[Batch]:
        order = None if self._draw_order is None else self._draw_order(len(self.data))
        return self.data.batches(self._size, order)

    @property
    def _size(self) -> int:
        return self.batch_size or 1


class IterableSource(Source):
    """A generator, or anything else that can be gone through.

    Args:
        batches: what gives the batches.
        prepare: checks and converts one of them.
    """

    def __init__(self, batches: Iterable[Any], prepare: Callable[[Any], Batch]) -> None:
        super().__init__()
        self._batches = batches
        self._prepare = prepare
        self.repeats = not isinstance(batches, Iterator)
        try:
            self.steps = len(batches) if self.repeats else None  # type: ignore[arg-type]
        except TypeError:  # it has no length
            self.steps = None

    def one_pass(self) -> Iterator[Batch]:
        return map(self._prepare, self._batches)


class DatasetSource(Source):
    """The batches of a PyDataset, made by its worker threads.

    Args:
        dataset: makes the batches.
        prepare: checks and converts one of them.
        draw_order: gives the order of the batches of each pass; as they are by default.
    """

    def __init__(
        self, dataset: PyDataset, prepare: Callable[[Any], Batch], draw_order: DrawOrder | None = None
    ) -> None:
        super().__init__()
        self._dataset = dataset
        self._prepare = prepare
        self._draw_order = draw_order
        self.steps = dataset.num_batches

    def begin_epoch(self) -> None:
        self._dataset.on_epoch_begin()

    def end_epoch(self) -> None:
        self._dataset.on_epoch_end()
        self.steps = self._dataset.num_batches

    def one_pass(self) -> Iterator[Batch]:
        indices = self._indices()
        if self._dataset.workers < 1 or self._dataset.max_queue_size < 1:
            for index in indices:
                yield self._prepare(self._dataset[index])
            return
        with Prefetched(
            self._dataset.__getitem__, indices, self._dataset.workers, self._dataset.max_queue_size
        ) as batches:
            for batch in batches:
                yield self._prepare(batch)

    def _indices(self) -> Iterator[int]:
        number = self._dataset.num_batches
        if number is None:
            return count()
        return iter(range(number)) if self._draw_order is None else iter(self._draw_order(number).tolist())

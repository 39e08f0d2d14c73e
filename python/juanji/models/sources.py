"""Where the batches of fit, evaluate and predict come from: arrays, generators, and objects that make batches."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Any

import numpy as np

from juanji.models.arguments import RandomOrder
from juanji.models.data import ArrayData, Batch
from juanji.models.prefetch import Prefetched
from juanji.utils.py_dataset import PyDataset

Array = np.ndarray[Any, Any]


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

    def __init__(self, draw_order: RandomOrder | None = None) -> None:
        self._draw_order = draw_order
        self._current: Iterator[Batch] | None = None
        self._order: Any = None  # the state of the random order before the pass that is under way
        self._taken = 0  # batches of that pass
        self._first = 0  # the batch that the next pass begins with

    @abstractmethod
    def one_pass(self) -> Iterator[Batch]:
        """The batches of one pass, without the first ``_first``.

        What it opens it closes, also when the iterator is closed half-way.
        """

    def begin_epoch(self) -> None:
        """Called before each epoch."""
        return

    def end_epoch(self) -> None:
        """Called after each epoch that came to its end."""
        return

    @property
    def position(self) -> dict[str, Any]:
        """How far the batches have come, in plain numbers, for :meth:`go_to`."""
        order = self._order if self._current is not None or self._draw_order is None else self._draw_order.state
        return {"taken": self._taken, "order": order}

    def go_to(self, position: Mapping[str, Any]) -> None:
        """Goes on from a :attr:`position`, also of another source of the same data."""
        self.close()
        if self._draw_order is not None and position["order"] is not None:
            self._draw_order.state = position["order"]
        if position["taken"]:
            self._begin_pass(int(position["taken"]))

    def _begin_pass(self, first: int = 0) -> Iterator[Batch]:
        self._order = None if self._draw_order is None else self._draw_order.state
        self._first = self._taken = first
        self._current = self.one_pass()
        return self._current

    def epoch(self, steps: int | None = None, goes_on: bool = True, done: int = 0) -> Iterator[Batch]:
        """The batches of one epoch.

        Args:
            steps: how many; those of one pass by default.
            goes_on: whether an epoch of ``steps`` batches begins where the one before stopped, and goes through the
                data again at their end. Otherwise, as in evaluation, each begins at the front.
            done: how many of them were taken already, before :meth:`go_to`.
        """
        self.begin_epoch()
        whole = self.repeats and (steps is None or not goes_on)
        if whole and not done:
            self.close()
        taken = done
        restarted = whole or not self.repeats  # two passes without a batch would never end
        while steps is None or taken < steps:
            batch = next(self._current or self._begin_pass(), None)
            if batch is not None:
                taken += 1
                self._taken += 1
                restarted = whole or not self.repeats
                yield batch
            elif restarted:
                break
            else:
                self._current, self._taken = None, 0
                restarted = True
        if whole:
            self.close()
        if taken < (steps if steps and goes_on else 1):
            warnings.warn(
                f"the data ran out; expected {f'{steps} batches' if steps else 'at least one batch'} in each "
                f"epoch, got {taken}. Let the generator go on, or pass something that can be gone through again.",
                stacklevel=2,
            )
        self.end_epoch()

    def close(self) -> None:
        """Ends a pass that is under way, and its threads."""
        current, self._current, self._taken = self._current, None, 0
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

    def __init__(self, data: ArrayData, batch_size: int, draw_order: RandomOrder | None = None) -> None:
        super().__init__(draw_order)
        self.data = data
        self.batch_size = batch_size
        self.steps = data.steps(batch_size)
        self.samples = len(data)

    def one_pass(self) -> Iterator[Batch]:
        order = None if self._draw_order is None else self._draw_order(len(self.data))
        return self.data.batches(self._size, order, self._first)

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
        batches = iter(self._batches)
        for _ in islice(batches, self._first):
            pass
        return map(self._prepare, batches)


class DatasetSource(Source):
    """The batches of a PyDataset, made by its worker threads.

    Args:
        dataset: makes the batches.
        prepare: checks and converts one of them.
        draw_order: gives the order of the batches of each pass; as they are by default.
    """

    def __init__(
        self, dataset: PyDataset, prepare: Callable[[Any], Batch], draw_order: RandomOrder | None = None
    ) -> None:
        super().__init__(draw_order)
        self._dataset = dataset
        self._prepare = prepare
        self.steps = dataset.num_batches

    def begin_epoch(self) -> None:
        self._dataset.on_epoch_begin()

    def end_epoch(self) -> None:
        self._dataset.on_epoch_end()
        self.steps = self._dataset.num_batches

    def one_pass(self) -> Iterator[Batch]:
        indices = islice(self._indices(), self._first, None)
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

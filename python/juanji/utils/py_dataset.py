"""Data sets whose batches are made one at a time, by code of the user."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from itertools import count
from typing import Any


class PyDataset:
    """A data set that gives its batches by number; ``fit``, ``evaluate`` and ``predict`` take it for ``x``.

    Override ``__getitem__`` and either ``__len__`` or :attr:`num_batches`. Batches are made by worker threads ahead of
    their use and come in the order of the epoch whatever the threads do; ``fit(shuffle=True)`` draws that order anew
    for each epoch. An error in ``__getitem__`` reaches the caller of ``fit`` with its own trace.

    Args:
        workers: threads that make batches; 0 makes them in the thread that trains.
        use_multiprocessing: accepted for Keras scripts; workers are threads all the same, which share memory and
            work at once wherever they read files or compute in NumPy or juanji.
        max_queue_size: batches that may be ready ahead of their use.

    Raises:
        ValueError: for negative numbers.

    Example:
        >>> import numpy as np, juanji
        >>> class Squares(juanji.utils.PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         x = np.full((4, 1), index, "float32")
        ...         return x, x * x
        >>> model = juanji.Sequential([juanji.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> len(model.fit(Squares(workers=2), epochs=2, verbose=0).history["loss"])
        2
    """

    workers: int = 1
    use_multiprocessing: bool = False
    max_queue_size: int = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        for name, value in (("workers", workers), ("max_queue_size", max_queue_size)):
            if not isinstance(value, int) or value < 0:
                raise ValueError(
                    f"{type(self).__name__}: {name} is out of range; expected a whole number of at least 0, got "
                    f"{name}={value!r}."
                )
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """The batch of that number: ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``. To be overridden."""
        raise TypeError(
            f"{type(self).__name__}: there is no way to make a batch; expected a method __getitem__(self, index), got "
            "none. Write it."
        )

    @property
    def num_batches(self) -> int | None:
        """How many batches make an epoch, ``len(self)`` unless overridden; None for a set without end."""
        if not isinstance(self, Sized):
            raise TypeError(
                f"{type(self).__name__}: the number of batches is not known; expected __len__ or the property "
                "num_batches, got neither. Write one of them; num_batches may give None for a set without end."
            )
        return len(self)

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch; the place to shuffle the samples."""

    def __iter__(self) -> Iterator[Any]:
        number = self.num_batches
        return (self[index] for index in (count() if number is None else range(number)))


Sequence = PyDataset

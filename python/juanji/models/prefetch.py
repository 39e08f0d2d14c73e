"""Batches made ahead of their use by threads, in a fixed order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

_PATIENCE = 30.0  # seconds to wait at the end for a batch that is being made


class Prefetched:
    """The results of ``make(index)`` for each index in turn, made by threads ahead of their use.

    As a context manager it ends its threads, also when the work inside is given up half-way. An error of ``make`` is
    raised where the result would have come.

    Args:
        make: called from the threads.
        indices: what it is called with; may have no end.
        workers: how many threads.
        ahead: how many results may wait to be used.
    """

    def __init__(self, make: Callable[[int], Any], indices: Iterator[int], workers: int, ahead: int) -> None:
        self._make = make
        self._indices = indices
        self._ahead = max(1, ahead)
        self._changed = threading.Condition()
        self._begun = 0  # results that a thread has taken on
        self._used = 0
        self._results: dict[int, tuple[Any, BaseException | None]] = {}
        self._length: int | None = None  # known once the indices have ended
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._work, name=f"juanji-batches-{i}", daemon=True) for i in range(workers)
        ]

    def __enter__(self) -> Prefetched:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._stopped = True
            self._results.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(_PATIENCE)

    def __iter__(self) -> Iterator[Any]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._used in self._results or self._used == self._length)
                if self._used not in self._results:
                    return
                result, error = self._results.pop(self._used)
                self._used += 1
                self._changed.notify_all()
            if error is not None:
                raise error
            yield result

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._begun < self._used + self._ahead)
                if self._stopped or self._length is not None:
                    return
                try:
                    index = next(self._indices)
                except StopIteration:
                    self._length = self._begun
                    self._changed.notify_all()
                    return
                place = self._begun
                self._begun += 1
            result, error = None, None
            try:
                result = self._make(index)
            except BaseException as raised:  # told to the thread that trains
                error = raised
            with self._changed:
                if not self._stopped:
                    self._results[place] = (result, error)
                    self._changed.notify_all()
            result = error = None  # not kept alive while this thread waits

"""A table of the training."""

from __future__ import annotations

import csv
import os
from typing import Any

from juanji.callbacks.base import Callback, Logs


class CSVLogger(Callback):
    """Writes one row per epoch to a CSV file: the epoch's number (from 0), then loss, metrics and validation in
    alphabetical order.

    Each row is on disk when its epoch ends, so an interrupted training keeps its table.

    Args:
        filename: the file; written anew unless ``append``.
        separator: between the columns.
        append: go on with a file that is there.

    Example:
        >>> from juanji.callbacks import CSVLogger
        >>> table = CSVLogger("training.csv")
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self._columns: list[str] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._columns = None
        if self.append and os.path.exists(self.filename):
            with open(self.filename, newline="") as file:
                self._columns = next(csv.reader(file, delimiter=self.separator), None)
        else:
            open(self.filename, "w").close()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        row: dict[str, Any] = {"epoch": epoch, **dict(sorted((logs or {}).items()))}
        with open(self.filename, "a", newline="") as file:
            if self._columns is None:
                self._columns = list(row)
                csv.writer(file, delimiter=self.separator).writerow(self._columns)
            csv.DictWriter(file, self._columns, restval="NA", extrasaction="ignore", delimiter=self.separator).writerow(
                row
            )

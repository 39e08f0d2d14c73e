"""The record of a training."""

from __future__ import annotations

from typing import Any

from juanji.callbacks.base import Callback, Logs


class History(Callback):
    """Loss and metrics of every epoch; what ``fit`` returns.

    Attributes:
        history: lists of one number per epoch: 'loss', the metrics, and 'val_...' of the validation data.
        epoch: the numbers of these epochs.

    Example:
        >>> import numpy as np, juanji
        >>> model = juanji.Sequential([juanji.layers.Dense(1)])
        >>> model.compile(loss="mse")
        >>> model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=2, verbose=0).epoch
        [0, 1]
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch = []
        self.history = {}
        self.model.history = self  # at the beginning, so that an interrupted training keeps its record

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

"""Stopping when nothing gets better."""

from __future__ import annotations

from typing import Any

from juanji.callbacks.base import Logs
from juanji.callbacks.monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Ends training when the watched number has not become better for ``patience`` epochs.

    Args:
        monitor: the number to watch, for example 'val_loss' or 'val_accuracy'.
        min_delta: smallest change that counts as better.
        patience: epochs without improvement that are tolerated.
        verbose: 1 to print a line when training is stopped.
        mode: 'min', 'max', or 'auto' to go by the name.
        baseline: value that has to be beaten before waiting starts anew.
        restore_best_weights: put the weights of the best epoch back at the end.
        start_from_epoch: epochs at the beginning that are not watched.

    Example:
        >>> from juanji.callbacks import EarlyStopping
        >>> stop = EarlyStopping(monitor="val_accuracy", patience=3, restore_best_weights=True)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.monitored(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.is_improvement(value, self.best) or (self.restore_best_weights and self.best_weights is None):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.is_improvement(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping", flush=True)
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print(f"Weights of the best epoch, {self.best_epoch + 1}, restored", flush=True)
            self.model.set_weights(self.best_weights)

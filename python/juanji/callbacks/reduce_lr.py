"""Smaller steps when nothing gets better."""

from __future__ import annotations

from typing import Any

from juanji.callbacks.base import Logs
from juanji.callbacks.monitor import MonitorCallback


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by ``factor`` when the watched number has not become better for some epochs.

    Args:
        monitor: the number to watch, for example 'val_loss' or 'val_accuracy'.
        factor: what the learning rate is multiplied by, below 1.
        patience: epochs without improvement that are tolerated.
        verbose: 1 to print a line for each change.
        mode: 'min', 'max', or 'auto' to go by the name.
        min_delta: smallest change that counts as better.
        cooldown: epochs after a change that are not counted.
        min_lr: the learning rate does not fall below.

    Raises:
        ValueError: for a factor of 1 or more.

    Example:
        >>> from juanji.callbacks import ReduceLROnPlateau
        >>> slower = ReduceLROnPlateau(monitor="val_loss", factor=0.2, patience=5, min_lr=1e-5)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        if not 0 <= factor < 1:
            raise ValueError(
                f"ReduceLROnPlateau: wrong factor; expected a number of at least 0 and below 1, got factor={factor!r}."
            )
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.on_train_begin()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best = None
        self.wait = 0
        self.cooldown_counter = 0

    def in_cooldown(self) -> bool:
        """Whether epochs are not counted at the moment."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = {} if logs is None else logs
        several = getattr(self.model.optimizer, "optimizers", None)
        optimizers = [self.model.optimizer] if several is None else several
        for one in optimizers:
            logs["learning_rate" if several is None else f"learning_rate_{one.name}"] = float(one.learning_rate)
        value = self.monitored(logs)
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_improvement(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and sum(self._reduce(one, epoch) for one in optimizers):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def _reduce(self, optimizer: Any, epoch: int) -> bool:
        before = float(optimizer.learning_rate)
        if before <= self.min_lr:
            return False
        optimizer.learning_rate = max(before * self.factor, self.min_lr)
        if self.verbose > 0:
            print(f"Epoch {epoch + 1}: learning rate reduced to {float(optimizer.learning_rate):g}", flush=True)
        return True

"""Saving weights during training."""

from __future__ import annotations

import os
from typing import Any

from juanji.callbacks.base import Logs
from juanji.callbacks.monitor import MonitorCallback


class ModelCheckpoint(MonitorCallback):
    """Saves the weights after each epoch, or only when they are the best so far.

    Args:
        filepath: name ending in .safetensors; may contain fields such as '{epoch:02d}' and '{val_loss:.2f}'.
        monitor: the number that decides which weights are the best.
        verbose: 1 to print a line for each file.
        save_best_only: keep the file when the number has not become better.
        save_weights_only: accepted for Keras scripts; the file always holds the weights.
        mode: 'min', 'max', or 'auto' to go by the name.
        save_freq: 'epoch', or a number of batches.
        initial_value_threshold: value that the first saved weights have to beat.

    Raises:
        ValueError: for another file type, or a field in the name that is not among the logs.

    Example:
        >>> from juanji.callbacks import ModelCheckpoint
        >>> keep = ModelCheckpoint("best.safetensors", monitor="val_accuracy", save_best_only=True)
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath = os.fspath(filepath)
        if not self.filepath.endswith(".safetensors"):
            raise ValueError(
                "ModelCheckpoint: unknown file type; expected a name ending in .safetensors, "
                f"got filepath={self.filepath!r}. Weights are saved in that format."
            )
        if save_freq != "epoch" and not (isinstance(save_freq, int) and save_freq > 0):
            raise ValueError(
                f"ModelCheckpoint: unknown save_freq; expected 'epoch' or a number of batches, got {save_freq!r}."
            )
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.best = initial_value_threshold
        self._epoch = 0
        self._batches = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.save_freq != "epoch":
            self._batches += 1
            if self._batches % int(self.save_freq) == 0:
                self._save(self._epoch, {"batch": batch + 1, **(logs or {})})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, logs or {})

    def _save(self, epoch: int, logs: dict[str, Any]) -> None:
        if self.save_best_only:
            value = self.monitored(logs)
            if value is None or not self.is_improvement(value, self.best):
                return
            self.best = value
        path = self._path(epoch, logs)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        self.model.save_weights(path)
        if self.verbose > 0:
            print(f"Epoch {epoch + 1}: weights saved to {path}", flush=True)

    def _path(self, epoch: int, logs: dict[str, Any]) -> str:
        try:
            return self.filepath.format(epoch=epoch + 1, **logs)
        except KeyError as error:
            raise ValueError(
                f"ModelCheckpoint: unknown field in the file name; expected epoch, {', '.join(logs)}, "
                f"got {error} in filepath={self.filepath!r}."
            ) from None

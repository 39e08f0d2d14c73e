"""Saving models during training."""

from __future__ import annotations

import os
from typing import Any

from juanji.callbacks.base import Logs
from juanji.callbacks.monitor import MonitorCallback

_ENDINGS = {False: (".safetensors", ".keras", ".h5"), True: (".safetensors", ".weights.h5")}


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after each epoch, or only when it is the best so far.

    Args:
        filepath: name ending in .safetensors, .keras or .h5 (weights alone: .safetensors or .weights.h5); may
            contain fields such as '{epoch:02d}' and '{val_loss:.2f}'.
        monitor: the number that decides which model is the best.
        verbose: 1 to print a line for each file.
        save_best_only: keep the file when the number has not become better.
        save_weights_only: save weights alone, without architecture, compile arguments and optimizer.
        mode: 'min', 'max', or 'auto' to go by the name.
        save_freq: 'epoch', or a number of batches.
        initial_value_threshold: value that the first saved model has to beat.

    Raises:
        ImportError: for files of Keras without h5py.
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
        endings = _ENDINGS[bool(save_weights_only)]
        if not self.filepath.endswith(endings):
            raise ValueError(
                f"ModelCheckpoint: unknown file type; expected a name ending in {' or '.join(endings)}, "
                f"got filepath={self.filepath!r}, save_weights_only={save_weights_only}. Change the ending."
            )
        if save_freq != "epoch" and not (isinstance(save_freq, int) and save_freq > 0):
            raise ValueError(
                f"ModelCheckpoint: unknown save_freq; expected 'epoch' or a number of batches, got {save_freq!r}."
            )
        if not self.filepath.endswith(".safetensors"):
            from juanji.saving.hdf5 import h5py  # here: saving needs models, which need callbacks

            h5py("ModelCheckpoint")  # rather now than after the first epoch
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
            value = self.monitored(logs)  # without it every model is saved
            if value is not None and not self.is_improvement(value, self.best):
                return
            self.best = self.best if value is None else value
        path = self._path(epoch, logs)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        if self.verbose > 0:
            what = "weights" if self.save_weights_only else "model"
            print(f"Epoch {epoch + 1}: {what} saved to {path}", flush=True)

    def _path(self, epoch: int, logs: dict[str, Any]) -> str:
        try:
            return self.filepath.format(epoch=epoch + 1, **logs)
        except KeyError as error:
            raise ValueError(
                f"ModelCheckpoint: unknown field in the file name; expected epoch, {', '.join(logs)}, "
                f"got {error} in filepath={self.filepath!r}."
            ) from None

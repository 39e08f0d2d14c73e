"""Trainings that survive being killed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from juanji.callbacks.base import Callback, Logs

_NAME = "training.safetensors"
_PREVIOUS = "training.previous.safetensors"


class BackupAndRestore(Callback):
    """Stores the state of a training, and goes on from it when the same script is started again.

    A training that was killed and started again ends with the bits of one that was not: weights, the optimizer,
    metrics, the order of the samples, and random numbers (Dropout's, Python's and NumPy's) go on where they were. What
    other callbacks remember does not; give this one as the last, so that it stores what they have changed.

    Args:
        backup_dir: folder of the stored state; for this training alone.
        save_freq: 'epoch' to store after each epoch, or a number of batches.
        double_checkpoint: keep the state before the latest one, in case that cannot be read.
        delete_checkpoint: delete the stored state when the training has come to its end.

    Raises:
        ValueError: for another ``save_freq``, no folder, a model that is not built, or a state that does not fit.

    Example:
        >>> from juanji.callbacks import BackupAndRestore
        >>> survive = BackupAndRestore("backup", save_freq=500)
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not os.fspath(backup_dir):
            raise ValueError("BackupAndRestore: no folder; expected a path, got backup_dir=''.")
        whole = isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq > 0
        if save_freq != "epoch" and not whole:
            raise ValueError(
                f"BackupAndRestore: unknown save_freq; expected 'epoch' or a number of batches, got {save_freq!r}."
            )
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._epoch = 0
        self._batches = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not self.model.built:
            raise ValueError(
                "BackupAndRestore: the model is not built; expected one with weights, so that stored ones can be put "
                f"back, got {self.model.name!r}. Call model.build(input_shape), or use it on a batch, before fit."
            )
        self._batches = 0
        latest, previous = self._path(_NAME), self._path(_PREVIOUS)
        for path in (latest, previous):
            if path.is_file():
                try:
                    self._restore(path)
                    return
                except ValueError:
                    if path is previous or not previous.is_file():
                        raise

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.save_freq != "epoch":
            self._batches += 1
            if self._batches >= int(self.save_freq):
                self._batches = 0
                self._store(self._epoch, batch + 1, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._store(epoch + 1, 0, None)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint and os.path.isdir(self.backup_dir):
            for path in Path(self.backup_dir).glob("*training*.safetensors*"):  # with what a killed process left
                path.unlink()
            if not os.listdir(self.backup_dir):
                os.rmdir(self.backup_dir)

    def _path(self, name: str) -> Path:
        return Path(self.backup_dir) / name

    def _store(self, epoch: int, batch: int, logs: Logs | None) -> None:
        from juanji.models.progress import metric_state
        from juanji.saving import arrays
        from juanji.saving.files import write_at_once
        from juanji.utils.seed import random_state

        form, sums = metric_state(self.model)
        found = _state_of(self.model)
        found |= {f"~metrics/{i}": value for i, value in enumerate(sums)}
        state = {
            "epoch": epoch,
            "batch": batch,
            "batches": self._batches,
            "logs": None if logs is None else {key: np.asarray(value).tolist() for key, value in logs.items()},
            "position": self.model._progress.source.position,
            "metrics": form,
            "random": random_state(),
        }
        os.makedirs(self.backup_dir, exist_ok=True)
        latest = self._path(_NAME)
        if self.double_checkpoint and latest.is_file():
            os.replace(latest, self._path(_PREVIOUS))
        write_at_once(latest, arrays.to_bytes(found, {"format": "juanji", "training": json.dumps(state)}))

    def _restore(self, path: Path) -> None:
        from juanji.saving import arrays
        from juanji.utils.seed import restore_random_state

        stored, metadata = arrays.read("BackupAndRestore", path)
        if "training" not in metadata:
            raise ValueError(
                f"BackupAndRestore: {str(path)!r} holds no training; expected a file that this callback wrote, got "
                "another. Choose another backup_dir."
            )
        state = json.loads(metadata["training"])
        _put_back(self.model, path, stored)
        count = sum(name.startswith("~metrics/") for name in stored)
        sums = [stored[f"~metrics/{i}"] for i in range(count)]
        self._batches = state["batches"]
        logs = state["logs"] and {key: np.array(x) if isinstance(x, list) else x for key, x in state["logs"].items()}
        place = (state["epoch"], state["batch"], logs, state["position"])
        self.model._progress.resume(*place, (state["metrics"], sums))
        restore_random_state(state["random"])


def _state_of(model: Any) -> dict[str, Any]:
    """Weights by their names, the optimizer's state and the random sequences of layers behind a '~'."""
    from juanji.saving.names import named_generators, named_weights

    found = {name: variable.value for name, variable in named_weights(model)}
    found |= {f"~random/{name}": generator.state for name, generator in named_generators(model)}
    own: dict[str, Any] = {}
    model.optimizer.save_own_variables(own)
    return found | {f"~optimizer/{name}": value for name, value in own.items()}


def _put_back(model: Any, path: Path, stored: dict[str, Any]) -> None:
    """Gives the model what :func:`_state_of` took."""
    from juanji.saving.names import named_generators
    from juanji.saving.weights import assign_weights

    assign_weights("BackupAndRestore", model, path, {name: x for name, x in stored.items() if name[0] != "~"})
    for name, generator in named_generators(model):
        if f"~random/{name}" in stored:
            generator.state = stored[f"~random/{name}"]
    own = {name[len("~optimizer/") :]: x for name, x in stored.items() if name.startswith("~optimizer/")}
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    model.optimizer.load_own_variables(own)

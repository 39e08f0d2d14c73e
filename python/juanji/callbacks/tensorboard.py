"""Curves, histograms and the model's description for TensorBoard, written through tensorboardX."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from juanji.callbacks.base import Callback, Logs

Array = np.ndarray[Any, Any]


class TensorBoard(Callback):
    """Writes what TensorBoard shows: curves of loss and metrics, histograms and pictures of weights, the architecture.

    It needs the package tensorboardX: ``pip install juanji[tensorboard]``. Files of the training are in ``train`` below
    ``log_dir``, those of validation in ``validation``.

    Args:
        log_dir: folder of the files.
        histogram_freq: write histograms of all weights every so many epochs; 0 for never.
        write_graph: write a table of the layers and the architecture as text.
        write_images: with the histograms, write the weights as pictures.
        write_steps_per_second: write the number of training steps per second.
        update_freq: 'epoch', 'batch', or a number of batches after which loss and metrics are written, too.
        profile_batch: 0; :func:`juanji.profile` shows the time of each operation.
        embeddings_freq: write the matrices of Embedding layers every so many epochs; 0 for never.
        embeddings_metadata: file with one label per row of an embedding, or a dictionary of such files by the names
            of layers.

    Raises:
        ImportError: without tensorboardX.
        ValueError: for another ``update_freq``, or a ``profile_batch`` other than 0.

    Example:
        >>> from juanji.callbacks import TensorBoard
        >>> curves = TensorBoard("logs", histogram_freq=1)
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: int = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        if update_freq not in ("epoch", "batch") and not (isinstance(update_freq, int) and update_freq > 0):
            raise ValueError(
                "TensorBoard: unknown update_freq; expected 'epoch', 'batch' or a number of batches, got "
                f"update_freq={update_freq!r}."
            )
        if profile_batch:
            raise ValueError(
                f"TensorBoard: batches cannot be profiled here; expected profile_batch=0, got {profile_batch!r}. "
                "juanji.profile(model, x, y) shows the time of each operation."
            )
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq: str | int = 1 if update_freq == "batch" else update_freq
        self.profile_batch = profile_batch
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._writers: dict[str, Any] = {}
        self._steps = 0
        self._epoch_steps = 0
        self._epoch_start = 0.0
        self._batch_start = 0.0

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        _summary_writer()  # a missing package is told before the training

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._steps = 0

    def on_train_end(self, logs: Logs | None = None) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch_steps, self._epoch_start = self._steps, time.perf_counter()

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._batch_start = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._steps += 1
        if self._steps == 1 and self.write_graph:  # from here on every model has been built
            _write_architecture(self._writer("train"), self.model)
        if self.update_freq == "epoch" or self._steps % int(self.update_freq):
            return
        values = dict(logs) if isinstance(logs, dict) else {}
        if self.write_steps_per_second:
            values["steps_per_second"] = 1.0 / max(time.perf_counter() - self._batch_start, 1e-9)
        self._write("train", "batch", values, self._steps)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        training = {name: value for name, value in logs.items() if not name.startswith("val_")}
        training |= self._learning_rates()
        if self.write_steps_per_second:
            seconds = max(time.perf_counter() - self._epoch_start, 1e-9)
            training["steps_per_second"] = (self._steps - self._epoch_steps) / seconds
        self._write("train", "epoch", training, epoch)
        validation = {name[4:]: value for name, value in logs.items() if name.startswith("val_")}
        if validation:
            self._write("validation", "epoch", validation, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            _write_weights(self._writer("train"), self.model, epoch, self.write_images)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            _write_embeddings(self._writer("train"), self.model, epoch, self.embeddings_metadata)
        for writer in self._writers.values():
            writer.flush()

    def on_test_end(self, logs: Logs | None = None) -> None:
        optimizer = self.model.optimizer
        step = 0 if optimizer is None else int(optimizer.iterations)
        for name, value in (logs or {}).items():
            self._writer("validation").add_scalar(f"evaluation_{name}_vs_iterations", value, step)
        self._writer("validation").flush()

    def _learning_rates(self) -> dict[str, float]:
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        several = getattr(optimizer, "optimizers", None)
        if several is None:
            return {"learning_rate": float(optimizer.learning_rate)}
        return {f"learning_rate_{one.name}": float(one.learning_rate) for one in several}

    def _write(self, part: str, prefix: str, values: dict[str, Any], step: int) -> None:
        for name, value in values.items():
            if np.ndim(value) == 0:
                self._writer(part).add_scalar(f"{prefix}_{name}", value, step)

    def _writer(self, part: str) -> Any:
        if part not in self._writers:
            self._writers[part] = _summary_writer()(os.path.join(self.log_dir, part))
        return self._writers[part]


def _summary_writer() -> Any:
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise ImportError(
            "TensorBoard: the package tensorboardX is missing; expected it to write files for TensorBoard. Install it "
            "with: pip install juanji[tensorboard]"
        ) from error
    return SummaryWriter


def _write_architecture(writer: Any, model: Any) -> None:
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    writer.add_text("summary", "\n".join(f"    {line}" for text in lines for line in str(text).splitlines()), 0)
    try:
        text = model.to_json()
    except Exception:  # a model of parts that have no configuration has only the table
        return
    writer.add_text("architecture", f"    {text}", 0)


def _write_weights(writer: Any, model: Any, epoch: int, images: bool) -> None:
    from juanji.saving import named_weights

    for name, weight in named_weights(model):
        value = weight.numpy()
        writer.add_histogram(f"{name}/histogram", value, epoch)
        pictures = _pictures(value) if images else None
        if pictures is not None:
            writer.add_images(f"{name}/image", pictures, epoch, dataformats="NHWC")


def _pictures(weight: Array) -> Array | None:
    """A weight as pictures N,H,W,C: one of a bias or matrix, one per kernel of a convolution; None for other shapes."""
    x = np.squeeze(weight)
    if x.ndim in (1, 2):
        x = np.atleast_2d(x)
        x = (x.T if x.shape[0] > x.shape[1] else x)[None, :, :, None]
    elif x.ndim == 3:
        x = np.moveaxis(x, 2, 0)[..., None]
    if x.ndim != 4 or x.shape[-1] not in (1, 3, 4):
        return None
    low, high = float(x.min()), float(x.max())
    scaled: Array = ((x - low) / (high - low) if high > low else np.zeros_like(x)).astype("float32")
    return scaled


def _write_embeddings(writer: Any, model: Any, epoch: int, metadata: Any) -> None:
    for layer in model.layers:
        if type(layer).__name__ == "Embedding":
            file = metadata.get(layer.name) if isinstance(metadata, dict) else metadata
            labels = None
            if file is not None:
                with open(file, encoding="utf-8") as lines:
                    labels = lines.read().splitlines()
            writer.add_embedding(layer.weights[0].numpy(), metadata=labels, tag=layer.name, global_step=epoch)

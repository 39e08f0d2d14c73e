"""``juanji train``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from juanji.callbacks import Callback, CSVLogger
from juanji.cli.parser import UsageError

Array = np.ndarray[Any, Any]
Dataset = tuple[tuple[Array, Array], tuple[Array, Array]]

WEIGHTS = "weights.safetensors"
TABLE = "training.csv"
PLOT = "training.png"


def run(options: argparse.Namespace) -> int:
    """Trains, evaluates and saves. Returns the exit code."""
    from juanji import config, utils
    from juanji.cli.network import picture_classifier

    if options.threads is not None:
        config.set_num_threads(options.threads)
    utils.set_random_seed(options.seed)
    (x_train, y_train), (x_test, y_test) = _load(options.data)
    folder = results_folder(options.out, options.data, options.overwrite)
    model = picture_classifier(x_train.shape[1:], classes=10)
    model.summary()
    print(f"{len(x_train):,} images to train with, {len(x_test):,} to test with, {config.num_threads()} threads")
    watch = _Stopwatch()
    finished = True
    try:
        model.fit(
            x_train,
            y_train,
            batch_size=options.batch_size,
            epochs=options.epochs,
            validation_data=(x_test, y_test),
            callbacks=[CSVLogger(folder / TABLE), watch],
        )
    except KeyboardInterrupt:
        finished = False
        print("Interrupted; the weights so far are kept.", file=sys.stderr)
    model.save_weights(folder / WEIGHTS)
    _draw(folder, model.history)
    if finished:
        accuracy = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]
        print(f"Test accuracy: {accuracy:.4f} ({accuracy * 100:.2f} %)")
        print(f"Training speed: {len(x_train) * watch.epochs / watch.seconds:,.0f} images/s")
    print(f"Results: {folder}/ ({', '.join(n for n in (WEIGHTS, TABLE, PLOT) if (folder / n).exists())})")
    return 0 if finished else 130


def results_folder(out: str | None, data: str, overwrite: bool) -> Path:
    """Creates the folder for the results; never one that already holds some, unless told to."""
    if out is None:
        name = Path(data).name.split(".")[0] or "data"
        number = 1
        while True:
            folder = Path("runs") / f"{name}-{number}"
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                number += 1
            except OSError as error:
                raise UsageError(f"cannot create {folder}: {error.strerror}. Choose a folder with --out.") from None
            else:
                return folder
    folder = Path(out)
    there = [name for name in (WEIGHTS, TABLE, PLOT) if (folder / name).exists()]
    if there and not overwrite:
        raise UsageError(
            f"{folder} already holds results ({', '.join(there)}). Choose another folder, or pass --overwrite."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in there:
            (folder / name).unlink()
        (folder / TABLE).touch()
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}. Choose another folder.") from None
    return folder


class _Stopwatch(Callback):
    """Seconds spent training, without validation."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.epochs = 0
        self._start = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._start = time.perf_counter()

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.seconds += time.perf_counter() - self._start
        self.epochs += 1


def _load(data: str) -> Dataset:
    """The data set that the argument names, pixels scaled to 0..1."""
    from juanji.datasets import cifar10, shapes

    if data == "shapes":
        found = shapes.load_data()
    elif data == "cifar10" or Path(data).expanduser().exists():
        try:
            found = cifar10.load_data() if data == "cifar10" else cifar10.load_data(Path(data).expanduser())
        except (OSError, ValueError) as error:
            raise UsageError(str(error)) from None
    else:
        raise UsageError(f"no such data: {data!r}. Expected 'shapes', 'cifar10', or an existing folder or archive.")
    (x_train, y_train), (x_test, y_test) = found
    scale = np.float32(255)
    return (x_train / scale, y_train), (x_test / scale, y_test)


def _draw(folder: Path, history: Any) -> None:
    """Loss and accuracy over the epochs as a picture, where matplotlib is installed."""
    if history is None or not history.epoch:
        return
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.5), constrained_layout=True)
    epochs = [epoch + 1 for epoch in history.epoch]
    for plot, name in zip(axes, ("loss", "accuracy")):
        for key, label in ((name, "training"), (f"val_{name}", "test")):
            if len(history.history.get(key, ())) == len(epochs):
                plot.plot(epochs, history.history[key], marker="o", label=label)
        plot.set(xlabel="epoch", ylabel=name)
        plot.legend()
    figure.savefig(folder / PLOT, dpi=120)
    pyplot.close(figure)

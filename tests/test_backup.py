"""Trainings that are killed and started again end with the bits of those that are not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import juanji
from child import PACKAGE_PARENT
from juanji import Sequential, callbacks, layers, optimizers
from juanji.utils import PyDataset

SCRIPT = """
import hashlib, os, signal, sys
import numpy as np
import juanji
from juanji import callbacks, layers, optimizers

folder, frequency, seed, kill = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
juanji.utils.set_random_seed(seed)
rng = np.random.default_rng(0)
x, y = rng.standard_normal((50, 6, 6, 2)).astype("float32"), rng.integers(0, 3, 50)
model = juanji.Sequential([
    layers.Input((6, 6, 2)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.4),
    layers.Flatten(), layers.GaussianNoise(0.1), layers.Dense(3, activation="softmax"),
])
optimizer = optimizers.Adam(0.01, use_ema=True, gradient_accumulation_steps=2, clipnorm=1.0)
model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])

class Killer(callbacks.Callback):
    steps = 0
    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.steps == kill:
            os.kill(os.getpid(), signal.SIGKILL)

backup = callbacks.BackupAndRestore(folder, save_freq=frequency if frequency == "epoch" else int(frequency))
history = model.fit(x, y, batch_size=8, epochs=4, validation_split=0.2, verbose=0, callbacks=[backup, Killer()]).history
state = b"".join(v.numpy().tobytes() for v in (*model.weights, *model.optimizer.variables))
print(hashlib.sha256(state).hexdigest(), [history[name][-1] for name in sorted(history)], np.random.rand())
"""


def run(folder: Path, frequency: str, seed: int, kill: int) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([PACKAGE_PARENT, os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(folder), frequency, str(seed), str(kill)]
    return subprocess.run(command, env=env, timeout=120, capture_output=True, text=True, check=False)


def test_killed_trainings_end_with_the_same_bits(tmp_path: Path) -> None:
    unbroken = run(tmp_path / "unbroken", "epoch", 1, 0)
    assert unbroken.returncode == 0, unbroken.stderr
    assert not (tmp_path / "unbroken").exists()
    for frequency, kill in (("epoch", 13), ("3", 11)):  # of 5 batches an epoch
        folder = tmp_path / frequency
        killed = run(folder, frequency, 1, kill)
        assert killed.returncode == -signal.SIGKILL
        again = run(folder, frequency, 2, 0)  # another seed: all that counts has been stored
        assert again.returncode == 0, again.stderr
        assert again.stdout == unbroken.stdout
        assert not folder.exists()


class KilledError(Exception):
    """In the place of a kill."""


class Stop(callbacks.Callback):
    """Raises behind the given batch, counted over all epochs from 1."""

    def __init__(self, batch: int) -> None:
        super().__init__()
        self.left = batch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if self.left == 0:
            raise KilledError


RNG = np.random.default_rng(0)
X = RNG.standard_normal((20, 3)).astype("float32")
Y = RNG.integers(0, 2, (20, 2)).astype("float32")


def model_of(metrics: Any = ("mae", "R2Score", "f1_score"), **options: Any) -> Any:
    model = Sequential(
        [layers.Input((3,)), layers.Dense(4), layers.Dropout(0.3), layers.Dense(2, activation="sigmoid")]
    )
    model.compile(optimizers.SGD(0.1, momentum=0.9), "mse", metrics=list(metrics), **options)
    return model


def batches() -> Any:
    while True:
        order = np.random.permutation(20)  # noqa: NPY002 - as scripts do
        for start in range(0, 20, 5):
            yield X[order[start : start + 5]], Y[order[start : start + 5]]


class Rows(PyDataset):
    def __init__(self, workers: int) -> None:
        super().__init__(workers=workers)

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        return X[5 * index : 5 * index + 5], Y[5 * index : 5 * index + 5]


DATA: dict[str, Any] = {
    "arrays": lambda: {"x": X, "y": Y, "batch_size": 5},
    "arrays in order": lambda: {"x": X, "y": Y, "batch_size": 6, "shuffle": False},
    "parts of a pass": lambda: {"x": X, "y": Y, "batch_size": 6, "steps_per_epoch": 3},
    "generator": lambda: {"x": batches(), "steps_per_epoch": 4},
    "dataset": lambda: {"x": Rows(0)},
    "dataset with workers": lambda: {"x": Rows(2), "shuffle": True},
}


@pytest.mark.parametrize(("frequency", "stop"), [("epoch", 1), ("epoch", 6), (1, 4), (1, 6), (2, 9)])
@pytest.mark.parametrize("data", DATA)
def test_every_kind_of_data_goes_on(tmp_path: Path, data: str, frequency: Any, stop: int) -> None:
    def train(*others: Any, seed: int = 1) -> Any:
        juanji.utils.set_random_seed(seed)
        model = model_of()
        if data == "generator":
            juanji.utils.set_random_seed(3)  # the generator draws from NumPy: it begins as it began
        history = model.fit(**DATA[data](), epochs=3, verbose=0, callbacks=list(others)).history
        return [w.tobytes() for w in model.get_weights()], {
            name: np.asarray(values[-1]).tolist() for name, values in history.items()
        }

    unbroken = train()
    backup = callbacks.BackupAndRestore(tmp_path / "b", save_freq=frequency)
    with pytest.raises(KilledError):
        train(backup, Stop(stop))
    seed = 2 if (tmp_path / "b").exists() else 1  # another seed: all that counts has been stored
    restarted = train(callbacks.BackupAndRestore(tmp_path / "b", save_freq=frequency), seed=seed)
    assert restarted == unbroken
    assert not (tmp_path / "b").exists()


def test_what_is_kept_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("mine")
    keep = callbacks.BackupAndRestore(tmp_path, save_freq=2, double_checkpoint=True, delete_checkpoint=False)
    model_of().fit(X, Y, batch_size=5, epochs=2, verbose=0, callbacks=[keep])
    assert sorted(os.listdir(tmp_path)) == ["own", "training.previous.safetensors", "training.safetensors"]
    model = model_of()
    model.fit(X, Y, batch_size=5, epochs=2, verbose=0, callbacks=[callbacks.BackupAndRestore(tmp_path)])
    assert int(model.optimizer.iterations) == 8  # nothing was left to do
    assert os.listdir(tmp_path) == ["own"]


def test_a_damaged_state_gives_way_to_the_one_before(tmp_path: Path) -> None:
    def keep() -> Any:
        return callbacks.BackupAndRestore(tmp_path, save_freq=1, double_checkpoint=True)

    with pytest.raises(KilledError):
        model_of().fit(X, Y, batch_size=5, epochs=2, verbose=0, callbacks=[keep(), Stop(6)])
    (tmp_path / "training.safetensors").write_bytes(b"torn")
    seen: list[int] = []
    model = model_of()
    count = callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: seen.append(batch))
    model.fit(X, Y, batch_size=5, epochs=2, verbose=0, callbacks=[keep(), count])
    assert seen == [1, 2, 3]
    assert int(model.optimizer.iterations) == 8
    tmp_path.mkdir()
    (tmp_path / "training.safetensors").write_bytes(b"torn")
    with pytest.raises(ValueError, match=r"BackupAndRestore: .* cannot be read"):
        model_of().fit(X, Y, verbose=0, callbacks=[keep()])


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown save_freq; expected 'epoch' or a number of batches, got 0"):
        callbacks.BackupAndRestore(tmp_path, save_freq=0)
    with pytest.raises(ValueError, match="no folder; expected a path"):
        callbacks.BackupAndRestore("")
    unbuilt = Sequential([layers.Dense(1)])
    unbuilt.compile("sgd", "mse")
    with pytest.raises(ValueError, match="the model is not built"):
        unbuilt.fit(batches(), steps_per_epoch=1, verbose=0, callbacks=[callbacks.BackupAndRestore(tmp_path)])
    with pytest.raises(KilledError):
        model_of().fit(X, Y, batch_size=5, verbose=0, callbacks=[callbacks.BackupAndRestore(tmp_path, 1), Stop(2)])
    with pytest.warns(UserWarning, match="the metrics cannot go on"):
        model_of(["mae"]).fit(X, Y, batch_size=5, verbose=0, callbacks=[callbacks.BackupAndRestore(tmp_path)])
    with pytest.raises(KilledError):
        model_of().fit(X, Y, verbose=0, epochs=2, callbacks=[callbacks.BackupAndRestore(tmp_path), Stop(2)])
    other = Sequential([layers.Input((3,)), layers.Dense(2)])
    other.compile("sgd", "mse")
    with pytest.raises(ValueError, match="BackupAndRestore"):
        other.fit(X, Y, verbose=0, callbacks=[callbacks.BackupAndRestore(tmp_path)])

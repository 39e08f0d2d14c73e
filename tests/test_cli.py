"""The command juanji: what it prints, writes and refuses."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import juanji
from juanji import _core, datasets
from juanji.cli import main, train
from juanji.cli.network import picture_classifier


@pytest.fixture
def few_pictures(monkeypatch, tmp_path):
    """Makes the shapes data set small and runs in an empty folder."""
    whole = datasets.shapes.load_data
    monkeypatch.setattr(datasets.shapes, "load_data", lambda: whole(200, 100))
    monkeypatch.chdir(tmp_path)
    before = _core.num_threads()
    yield tmp_path
    _core.set_num_threads(before)


def run(*arguments, cwd=None):
    """Runs the command in a process of its own, with the package that these tests import."""
    return subprocess.run(
        [sys.executable, "-m", "juanji", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path(juanji.__file__).parent.parent)},
    )


def test_train_writes_weights_and_a_table(few_pictures, capsys):
    assert main(["train", "--epochs", "2", "--batch-size", "50", "--threads", "1", "--seed", "3"]) == 0
    out = capsys.readouterr().out
    assert 'Model: "picture_classifier"' in out
    assert "Total params: 1,147,466" in out
    assert "200 images to train with, 100 to test with, 1 threads" in out
    assert "Epoch 2/2 - " in out
    assert "Test accuracy: 0." in out
    assert "Training speed: " in out
    assert "Results: runs/shapes-1/" in out
    with open("runs/shapes-1/training.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert list(rows[0]) == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    model = picture_classifier((32, 32, 3), 10)
    model.load_weights("runs/shapes-1/weights.safetensors")
    _, (x, y) = datasets.shapes.load_data()
    accuracy = model.evaluate(x / np.float32(255), y, verbose=0)[1]
    assert f"Test accuracy: {accuracy:.4f}" in out


def test_the_same_seed_gives_the_same_weights_in_another_folder(few_pictures):
    assert main(["train", "--epochs", "1", "--threads", "1"]) == 0
    assert main(["train", "--epochs", "1", "--threads", "2"]) == 0
    first, second = (few_pictures / f"runs/shapes-{i}/weights.safetensors" for i in (1, 2))
    assert first.read_bytes() == second.read_bytes()


def test_results_are_never_overwritten_silently(few_pictures, capsys):
    (few_pictures / "mine").mkdir()
    kept = few_pictures / "mine" / "weights.safetensors"
    kept.write_text("precious")
    assert main(["train", "--epochs", "1", "--out", "mine"]) == 2
    assert "mine already holds results (weights.safetensors)" in capsys.readouterr().err
    assert kept.read_text() == "precious"
    assert main(["train", "--epochs", "1", "--out", "mine", "--overwrite"]) == 0
    assert kept.stat().st_size > 1e6
    assert main(["train", "--epochs", "1", "--out", "fresh/deep"]) == 0
    assert (few_pictures / "fresh/deep/training.csv").exists()


def test_an_interrupted_training_keeps_what_there_is(few_pictures, capsys, monkeypatch):
    def interrupt(self, epoch, logs=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(train._Stopwatch, "on_epoch_end", interrupt, raising=False)
    assert main(["train", "--epochs", "3"]) == 130
    assert "Interrupted; the weights so far are kept." in capsys.readouterr().err
    assert (few_pictures / "runs/shapes-1/weights.safetensors").exists()
    assert len((few_pictures / "runs/shapes-1/training.csv").read_text().splitlines()) == 2


def test_a_picture_of_the_training_where_matplotlib_is(few_pictures):
    pytest.importorskip("matplotlib")
    assert main(["train", "--epochs", "1"]) == 0
    assert (few_pictures / "runs/shapes-1/training.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--epochs", "0"], "argument --epochs: expected a whole number of at least 1, got '0'"),
        (["train", "--epochs", "x"], "argument --epochs: expected a whole number of at least 1, got 'x'"),
        (["train", "--batch-size", "-3"], "argument --batch-size: expected a whole number of at least 1, got '-3'"),
        (["train", "--threads", "0"], "argument --threads: expected a whole number from 1 to 1024, got '0'"),
        (["train", "--threads", "1025"], "argument --threads: expected a whole number from 1 to 1024"),
        (["train", "--seed", "-1"], "argument --seed: expected a whole number from 0 to 4294967295, got '-1'"),
        (["train", "--seed", "4294967296"], "argument --seed: expected a whole number from 0 to 4294967295"),
        (["train", "--speed"], "unrecognized arguments: --speed"),
        (["tarin"], "invalid choice: 'tarin'"),
        (["train", "no/such/folder"], "no such data: 'no/such/folder'. Expected 'shapes', 'cifar10', or an existing"),
        (["train", "."], "cifar"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_two(arguments, message, tmp_path):
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("juanji")
    assert ": error: " in result.stderr
    assert result.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_a_file_in_the_way_is_told(few_pictures, capsys):
    (few_pictures / "runs").write_text("")
    assert main(["train", "--epochs", "1"]) == 2
    assert "cannot create runs/shapes-1" in capsys.readouterr().err


def test_info(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("JUANJI_DATA", str(tmp_path))
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    for part in ("juanji ", "instruction set", "threads", "CPU", "memory", "CIFAR-10"):
        assert part in out


def test_help_and_version():
    result = run("--help")
    assert result.returncode == 0
    assert "train a small convolutional network" in result.stdout
    for option in ("--epochs", "--batch-size", "--threads", "--seed", "--out"):
        assert option in run("train", "--help").stdout
    assert run("--version").stdout.startswith("juanji ")
    without = run()
    assert without.returncode == 2
    assert "train" in without.stdout

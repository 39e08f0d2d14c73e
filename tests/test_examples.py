"""The examples run from their first line to their last, on a few pictures."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from juanji import datasets, layers, utils

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def few_pictures(monkeypatch):
    """CIFAR-10 that needs no files: shapes, which has the same form."""
    monkeypatch.setattr(datasets.cifar10, "load_data", lambda path=None: datasets.shapes.load_data(128, 64))
    utils.set_random_seed(0)


def test_cifar10_cnn(few_pictures, capsys):
    variables = runpy.run_path(str(EXAMPLES / "cifar10_cnn.py"))
    out = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"Accuracy: \d+\.\d\d", out[-1])
    assert out[-1] == f"Accuracy: {variables['accuracy'] * 100:.2f}"
    assert sum(line.startswith("Epoch ") for line in out) == 10
    assert variables["model"].count_params() == 1_147_466
    losses = variables["model"].history.history["loss"]
    assert losses[-1] < 0.9 * losses[0]


def run(name, monkeypatch, *arguments):
    """Runs an example as a script; gives its variables."""
    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    return runpy.run_path(str(EXAMPLES / name), run_name="__main__")


def sheet(path, rows, columns, size, header=28):
    """The pictures of a sheet, (rows, columns, size, size, 3), and its width; labels stand to the left."""
    pixels = np.asarray(utils.load_img(path))
    assert pixels.shape[0] == header + rows * (size + 4)
    tiles = pixels[header:, -columns * (size + 4) :].reshape(rows, size + 4, columns, size + 4, 3)
    return tiles.transpose(0, 2, 1, 3, 4)[:, :, :size, :size], pixels.shape[1]


def test_autoencoders(few_pictures, monkeypatch, capsys, tmp_path):
    picture = tmp_path / "pairs.png"
    run("autoencoders.py", monkeypatch, "--epochs", 2, "--batch-size", 16, "--picture", picture)
    found = re.findall(r"(\w+): [\d,]+ parameters, mean squared error (\S+) -> (\S+)", capsys.readouterr().out)
    assert [name for name, _, _ in found] == ["dense", "convolutional"]
    assert all(float(after) < 0.9 * float(before) for _, before, after in found)
    tiles, width = sheet(picture, rows=3, columns=10, size=3 * 32)
    assert width < 1300
    shown = datasets.shapes.load_data(128, 64)[1][0][:10]
    np.testing.assert_array_equal(tiles[0], shown.repeat(3, axis=1).repeat(3, axis=2))
    assert 0 < np.abs(tiles[1:] - tiles[:1].astype(float)).mean() < 128


def test_dcgan(few_pictures, monkeypatch, capsys, tmp_path):
    picture = tmp_path / "drawn.png"
    run("dcgan.py", monkeypatch, "--epochs", 2, "--batch-size", 32, "--picture", picture)
    assert re.search(r"d_loss: \d+\.\d+ - g_loss: \d+\.\d+", capsys.readouterr().out)
    tiles, _ = sheet(picture, rows=2, columns=10, size=3 * 32)
    assert not np.array_equal(tiles[0], tiles[1])


def test_resnet20(few_pictures, monkeypatch, capsys):
    variables = run("resnet20.py", monkeypatch, "--epochs", 1, "--batch-size", 64)
    assert re.fullmatch(r"Accuracy: \d+\.\d\d", capsys.readouterr().out.splitlines()[-1])
    model = variables["resnet20"]()
    assert model.count_params() == 267_696 + 2_752 + 650  # convolutions, normalisations, dense layer
    assert sum(isinstance(layer, layers.Conv2D) for layer in model.layers) == 19


def test_regularization(few_pictures, monkeypatch, capsys):
    run("regularization.py", monkeypatch, "--epochs", 1)
    table = capsys.readouterr().out.splitlines()[-5:]
    kinds = ["none", "dropout", "batch normalisation", "L1", "L2"]
    assert [line[:20].strip() for line in table] == kinds
    assert all(len(re.findall(r"-?\d\.\d{3}", line)) == 4 for line in table)


def test_convlstm_moving_shapes(monkeypatch, capsys, tmp_path):
    picture = tmp_path / "films.png"
    small = ("--films", 40, "--frames", 5, "--size", 16, "--filters", 6, "--epochs", 8, "--batch-size", 8)
    variables = run("convlstm_moving_shapes.py", monkeypatch, *small, "--picture", picture)
    out = capsys.readouterr().out
    assert re.search(r"mean squared error of the last frame: 0\.\d{4}, of copying: 0\.\d{4}", out)
    losses = [float(loss) for loss in re.findall(r" - loss: (\S+)", out)]
    assert losses[-1] < 0.9 * losses[0]
    tiles, _ = sheet(picture, rows=6, columns=6, size=4 * 16, header=48)
    assert set(np.unique(tiles[:, :5])) == {0, 255}  # the frames that were drawn; the last is a prediction
    films = variables["films"](3, 9, 16, np.random.default_rng(0))
    assert films.shape == (3, 9, 16, 16, 1)
    assert (films.min(), films.max()) == (0, 1)
    assert np.abs(np.diff(films, axis=1)).max((2, 3, 4)).min() == 1  # something moves at every step


def test_every_example_is_tested():
    tested = {
        "autoencoders.py",
        "cifar10_cnn.py",
        "convlstm_moving_shapes.py",
        "dcgan.py",
        "regularization.py",
        "resnet20.py",
    }
    assert {path.name for path in EXAMPLES.glob("*.py")} == {*tested, "sheets.py"}

"""The examples run from their first line to their last, on a few pictures."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from juanji import datasets, utils

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


def test_every_example_is_tested():
    assert {path.name for path in EXAMPLES.glob("*.py")} == {"cifar10_cnn.py"}

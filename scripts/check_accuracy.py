"""Trains the article's network on CIFAR-10 for two epochs and fails below the accuracy it has to reach.

Usage: ``python scripts/check_accuracy.py FOLDER_WITH_CIFAR10``
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

EPOCHS = 2
LEAST = 0.62  # validation accuracy after the last epoch


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "juanji", "train", sys.argv[1]]
        subprocess.run([*command, "--epochs", str(EPOCHS), "--seed", "0", "--out", folder], check=True)
        with (Path(folder) / "training.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
    accuracies = [float(row["val_accuracy"]) for row in rows]
    if len(accuracies) != EPOCHS or accuracies[-1] < LEAST:
        sys.exit(f"validation accuracy: expected {EPOCHS} epochs and at least {LEAST} after the last, got {accuracies}")
    print(f"validation accuracy {accuracies[-1]:.4f}, at least {LEAST} expected")


if __name__ == "__main__":
    main()

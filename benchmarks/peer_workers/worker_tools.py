"""What a worker measures with: pictures, and the memory of the process."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import numpy as np
from networks.recipes import RECIPES


def images(network: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of the right size and type, and one-hot labels: what they show does not change the speed."""
    recipe = RECIPES[network]
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (count, recipe.size, recipe.size, 3), "uint8").astype("float32")
    x /= 255
    return x, np.eye(recipe.classes, dtype="float32")[rng.integers(0, recipe.classes, count)]


def memory() -> dict[str, int]:
    """Bytes of this process: the most so far (``peak``) and at present (``now``)."""
    status = Path("/proc/self/status")
    if status.exists():
        rows = dict(row.split(":", 1) for row in status.read_text().splitlines())
        return {"peak": int(rows["VmHWM"].split()[0]) * 1024, "now": int(rows["VmRSS"].split()[0]) * 1024}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"peak": peak, "now": peak}

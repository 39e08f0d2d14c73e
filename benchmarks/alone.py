"""What is measured of one process alone: memory, the time of an import, the roofline of a network."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from typing import Any

from comparison import TASKS
from peer_process import PeerError, PeerProcess

from peers import start_process

MEMORY_TASK = TASKS[0]
FIRST_STEP, LAST_STEP = 10, 2000
IMPORTS = {
    "juanji": "import juanji",
    "juanji, its models, layers and optimizers": (
        "from juanji.models import Sequential; from juanji.layers import Conv2D; from juanji.optimizers import Adam"
    ),
}


def asked(process: PeerProcess, command: dict[str, Any]) -> dict[str, Any]:
    """The answer; raises PeerError when there is none."""
    reply = process.ask(command)
    if "error" in reply:
        raise PeerError(f"{process.name}: {reply['error']}")
    return reply


def peak_memory(name: str, arguments: argparse.Namespace) -> int | None:
    """Most resident bytes of a fresh process that trains the article's network; None if it cannot."""
    process = start_process(name, arguments)
    if process.error:
        return None
    try:
        modes = process.description["fit"]
        if not modes:
            return None
        asked(process, {**asdict(MEMORY_TASK), "mode": modes[0]})
        return int(asked(process, {"do": "memory"})["peak"])
    except PeerError as death:
        print(f"without the memory of {name}: {death}", file=sys.stderr)
        return None
    finally:
        process.close()


def memory_growth(arguments: argparse.Namespace, last: int = LAST_STEP, batch: int = 16) -> int:
    """Resident bytes that training adds between step 10 and the last."""
    process = start_process("juanji", arguments)
    try:
        command = {"do": "growth", "network": "article", "batch": batch, "first": FIRST_STEP, "last": last}
        return int(asked(process, command)["bytes"])
    finally:
        process.close()


def import_seconds(statement: str, repeats: int, interpreter: str = sys.executable) -> float:
    """Median seconds of an import in a fresh process that has loaded NumPy and finds bytecode, as pip writes it."""
    program = f"import time, numpy; start = time.perf_counter()\n{statement}\nprint(time.perf_counter() - start)"
    command = [interpreter, "-c", program]
    with tempfile.TemporaryDirectory() as folder:
        settings = {**os.environ, "PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}
        runs = [
            subprocess.run(command, capture_output=True, text=True, check=True, env=settings)
            for _ in range(1 + repeats)  # the first writes it
        ]
    return statistics.median(float(run.stdout) for run in runs[1:])


def rooflines(own: PeerProcess, batch: int, repeats: int) -> dict[str, Any]:
    """The profiles of predicting and training a batch with the article's network."""
    command = {"do": "profile", "network": "article", "batch": batch, "repeats": repeats}
    return {
        "batch": batch,
        "predict": asked(own, {**command, "training": False}),
        "fit": asked(own, {**command, "training": True}),
    }

"""One framework in one process: reads commands as JSON lines, answers each with one JSON line.

Started by ``peer_process.py`` as ``python worker.py NAME THREADS SECONDS``. Between commands it waits for input and
uses no CPU. Commands:

- ``{"do": "describe"}``: version and modes;
- ``{"do": "fit" or "predict", "network": n, "batch": b, "mode": m}``: images a second;
- ``{"do": "outputs", "network": n}``: what the network makes of two pictures, to compare frameworks;
- ``{"do": "memory"}``: bytes of this process, the most so far and at present;
- ``{"do": "growth", ...}`` and ``{"do": "profile", ...}``: see with_juanji.py.

``with_<name>.py`` has a class ``Framework(threads)`` with ``fit_modes``, ``predict_modes``, ``version()``,
``outputs(network, x)``, ``fitter(network, mode, x, y, batch)`` and ``predictor(network, mode, x, batch)``. The last two
prepare what can be prepared and return a function that works through ``x`` once and returns its length.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from networks.recipes import RECIPES
from worker_tools import images, memory

FIT_STEPS = {"article": 50, "mobilenet": 10, "resnet20": 5}  # some second's work; 2 for others
PREDICT_STEPS = 64
PREDICT_PIXELS = 2048 * 32 * 32  # but no more than this, and one batch at least

Work = Callable[[], int]


def repeated(work: Work, seconds: float) -> dict[str, float]:
    """Calls ``work``, which returns the images it handled, for at least so long."""
    done, start = 0, time.perf_counter()
    while True:
        done += work()
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return {"images": done, "seconds": elapsed, "rate": done / elapsed}


class Server:
    """Answers commands with a framework; what was prepared and warmed up is kept."""

    def __init__(self, framework: Any, seconds: float) -> None:
        self._framework = framework
        self._seconds = seconds
        self._works: dict[str, Work] = {}

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        do, framework = command.pop("do"), self._framework
        if do == "describe":
            return {"version": framework.version(), "fit": framework.fit_modes, "predict": framework.predict_modes}
        if do == "memory":
            return memory()
        if do in ("fit", "predict"):
            key = json.dumps([do, command])
            if key not in self._works:
                self._works[key] = getattr(self, f"_{do}")(**command)
                self._works[key]()
            return repeated(self._works[key], self._seconds)
        if do == "outputs":
            result = framework.outputs(command["network"], images(command["network"], 2)[0])
            return {"outputs": np.asarray(result, "float64").tolist()}
        return dict(getattr(framework, do)(**command))

    def _fit(self, network: str, batch: int, mode: str) -> Work:
        steps = max(2, round(FIT_STEPS.get(network, 2) * self._seconds))
        x, y = images(network, batch * steps)
        return self._framework.fitter(network, mode, x, y, batch)

    def _predict(self, network: str, batch: int, mode: str) -> Work:
        most = int(min(PREDICT_STEPS, PREDICT_PIXELS // RECIPES[network].size ** 2 // batch) * min(1, self._seconds))
        steps = max(1, most)
        return self._framework.predictor(network, mode, images(network, batch * steps)[0], batch)


def main() -> None:
    name, threads, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    # Libraries print to standard output; only answers may go to the pipe.
    pipe = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    warnings.simplefilter("ignore")

    def send(message: dict[str, Any]) -> None:
        pipe.write(json.dumps(message) + "\n")

    try:
        server = Server(importlib.import_module(f"with_{name}").Framework(threads), seconds)
    except Exception as error:
        send({"error": f"{type(error).__name__}: {error}"[:300]})
        return
    send({"ready": name})
    for line in sys.stdin:
        try:
            send(server.answer(json.loads(line)))
        except Exception as error:  # a mode that does not work here is a result, not the end
            send({"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300]})


if __name__ == "__main__":
    main()

"""One framework in one process: reads commands as JSON lines, answers each with one JSON line.

Started by ``benchmarks/peers.py`` as ``python worker.py NAME THREADS SECONDS``. Between commands it waits for input and
uses no CPU. Commands: ``{"do": "describe"}``, ``{"do": "fit", "mode": m}`` and
``{"do": "predict", "mode": m, "batch": n}``.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

BATCH = 64
FIT_IMAGES = 50 * BATCH
PREDICT_IMAGES = 2048


def images(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of the right size and type, and one-hot labels: what they show does not change the speed."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (count, 32, 32, 3)).astype("float32") / np.float32(255)
    y = np.eye(10, dtype="float32")[rng.integers(0, 10, count)]
    return x, y


def repeated(work: Callable[[], int], seconds: float) -> dict[str, float]:
    """Calls ``work``, which returns the images it handled, for at least so long; after one call to warm up."""
    work()
    done, calls, start = 0, 0, time.perf_counter()
    while True:
        done += work()
        calls += 1
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return {"images": done, "seconds": elapsed, "rate": done / elapsed}


def serve(framework: Any, seconds: float, answer: Callable[[dict[str, Any]], None]) -> None:
    """Answers commands until the input ends."""
    x, y = images(max(FIT_IMAGES, PREDICT_IMAGES))
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if command["do"] == "describe":
                answer({"version": framework.version(), "fit": framework.fit_modes, "predict": framework.predict_modes})
            elif command["do"] == "fit":
                fit = framework.fitter(command["mode"], x[:FIT_IMAGES], y[:FIT_IMAGES])
                answer(repeated(fit, seconds))
            else:
                batch = command["batch"]
                count = max(batch, min(PREDICT_IMAGES, batch * 64))
                predict = framework.predictor(command["mode"], x[:count], batch)
                answer(repeated(predict, seconds))
        except Exception as error:  # a mode that does not work here is a result, not the end
            answer({"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300]})


def main() -> None:
    name, threads, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    # Libraries print to standard output; only answers may go to the pipe.
    pipe = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    warnings.simplefilter("ignore")

    def answer(message: dict[str, Any]) -> None:
        pipe.write(json.dumps(message) + "\n")

    try:
        framework = importlib.import_module(f"with_{name}").Framework(threads)
    except Exception as error:
        answer({"error": f"{type(error).__name__}: {error}"[:300]})
        return
    answer({"ready": name})
    serve(framework, seconds, answer)


if __name__ == "__main__":
    main()

"""The article's network in ONNX Runtime; inference only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnxruntime
from onnx_network import onnx_network


class Framework:
    """See worker.py for what is asked of it."""

    fit_modes = ()
    predict_modes = ("run",)

    def __init__(self, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(onnx_network(), options, providers=["CPUExecutionProvider"])

    def version(self) -> str:
        return f"ONNX Runtime {onnxruntime.__version__}"

    def predictor(self, mode: str, x: np.ndarray, batch: int) -> Callable[[], int]:
        pictures = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        batches = [pictures[i : i + batch] for i in range(0, len(x), batch)]

        def predict() -> int:
            for part in batches:
                self.session.run(None, {"x": part})
            return len(x)

        return predict

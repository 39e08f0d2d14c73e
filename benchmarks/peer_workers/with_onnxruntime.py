"""The networks in ONNX Runtime; inference only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnxruntime
from networks.onnx_graph import OnnxBuilder
from networks.recipes import build


class Framework:
    """See worker.py for what is asked of it."""

    fit_modes = ()
    predict_modes = ("run",)

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._sessions: dict[str, onnxruntime.InferenceSession] = {}

    def version(self) -> str:
        return f"ONNX Runtime {onnxruntime.__version__}"

    def session(self, network: str) -> onnxruntime.InferenceSession:
        if network not in self._sessions:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self._threads
            options.inter_op_num_threads = 1
            model = build(network, OnnxBuilder())
            self._sessions[network] = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        return self._sessions[network]

    def outputs(self, network: str, x: np.ndarray) -> np.ndarray:
        return self.session(network).run(None, {"x": np.ascontiguousarray(x.transpose(0, 3, 1, 2))})[0]

    def predictor(self, network: str, mode: str, x: np.ndarray, batch: int) -> Callable[[], int]:
        session = self.session(network)
        pictures = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        batches = [pictures[i : i + batch] for i in range(0, len(x), batch)]

        def predict() -> int:
            for part in batches:
                session.run(None, {"x": part})
            return len(x)

        return predict

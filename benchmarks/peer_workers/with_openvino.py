"""The article's network in OpenVINO with float32 arithmetic; inference only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino
from onnx_network import onnx_network


class Framework:
    """See worker.py for what is asked of it."""

    fit_modes = ()
    predict_modes = ("static shape",)

    def __init__(self, threads: int) -> None:
        self.settings = {
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
        }
        self.compiled: dict[int, Any] = {}

    def version(self) -> str:
        return f"OpenVINO {openvino.__version__.split('-')[0]}"

    def request(self, batch: int) -> Any:
        if batch not in self.compiled:
            core = openvino.Core()
            model = core.read_model(model=onnx_network(), weights=b"")
            model.reshape({"x": [batch, 3, 32, 32]})
            self.compiled[batch] = core.compile_model(model, "CPU", self.settings).create_infer_request()
        return self.compiled[batch]

    def predictor(self, mode: str, x: np.ndarray, batch: int) -> Callable[[], int]:
        request = self.request(batch)
        pictures = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        batches = [pictures[i : i + batch] for i in range(0, len(x), batch)]

        def predict() -> int:
            for part in batches:
                request.infer({"x": part}, share_inputs=True)
            return len(x)

        return predict

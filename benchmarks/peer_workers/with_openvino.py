"""The networks in OpenVINO with float32 arithmetic; inference only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino
from networks.onnx_graph import OnnxBuilder
from networks.recipes import RECIPES, build


class Framework:
    """See worker.py for what is asked of it."""

    fit_modes = ()
    predict_modes = ("static shape",)

    def __init__(self, threads: int) -> None:
        self._settings = {
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
        }
        self._requests: dict[tuple[str, int], Any] = {}

    def version(self) -> str:
        return f"OpenVINO {openvino.__version__.split('-')[0]}"

    def request(self, network: str, batch: int) -> Any:
        key = (network, batch)
        if key not in self._requests:
            core = openvino.Core()
            model = core.read_model(model=build(network, OnnxBuilder()), weights=b"")
            size = RECIPES[network].size
            model.reshape({"x": [batch, 3, size, size]})
            self._requests[key] = core.compile_model(model, "CPU", self._settings).create_infer_request()
        return self._requests[key]

    def outputs(self, network: str, x: np.ndarray) -> np.ndarray:
        pictures = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        return self.request(network, len(x)).infer({"x": pictures})[0]

    def predictor(self, network: str, mode: str, x: np.ndarray, batch: int) -> Callable[[], int]:
        request = self.request(network, batch)
        pictures = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        batches = [pictures[i : i + batch] for i in range(0, len(x), batch)]

        def predict() -> int:
            for part in batches:
                request.infer({"x": part}, share_inputs=True)
            return len(x)

        return predict

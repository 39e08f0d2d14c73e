"""What juanji and Keras have in common: names. The same lines train and run both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from networks.keras_names import KerasBuilder
from networks.recipes import build


class KerasLike:
    """The part of ``Framework`` (see worker.py) that is alike.

    Args:
        keras: the module ``keras`` or the module ``juanji``.
        compile_arguments: per mode, further arguments of ``compile``.
    """

    def __init__(self, keras: Any, compile_arguments: dict[str, dict[str, Any]]) -> None:
        self._keras = keras
        self._compile_arguments = compile_arguments
        self._models: dict[tuple[str, str], Any] = {}
        self.fit_modes = self.predict_modes = tuple(compile_arguments)

    def model(self, network: str, mode: str) -> Any:
        """The compiled model, made at the first call."""
        key = (network, mode)
        if key not in self._models:
            model = build(network, KerasBuilder(self._keras))
            arguments = {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]}
            model.compile(**arguments, **self._compile_arguments[mode])
            self._models[key] = model
        return self._models[key]

    def outputs(self, network: str, x: np.ndarray) -> np.ndarray:
        model = build(network, KerasBuilder(self._keras))
        model.predict_on_batch(x)
        return np.asarray(model.predict_on_batch(x))  # the second call of a shape is the one that is measured

    def fitter(self, network: str, mode: str, x: np.ndarray, y: np.ndarray, batch: int) -> Callable[[], int]:
        model = self.model(network, mode)

        def fit() -> int:
            model.fit(x, y, batch_size=batch, epochs=1, verbose=0)
            return len(x)

        return fit

    def predictor(self, network: str, mode: str, x: np.ndarray, batch: int) -> Callable[[], int]:
        model = self.model(network, mode)
        batches = [x[i : i + batch] for i in range(0, len(x), batch)]

        def predict() -> int:
            for part in batches:
                model.predict_on_batch(part)
            return len(x)

        return predict

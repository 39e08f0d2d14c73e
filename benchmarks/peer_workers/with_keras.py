"""The article's network in Keras on TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from keras.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D


class Framework:
    """See worker.py for what is asked of it."""

    fit_modes = ("default", "jit_compile=True", "jit_compile=False")
    predict_modes = ("default", "jit_compile=True", "jit_compile=False")

    def __init__(self, threads: int) -> None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        self.models: dict[str, Any] = {}

    def version(self) -> str:
        return f"Keras {keras.__version__} on TensorFlow {tf.__version__}"

    def model(self, mode: str) -> Any:
        if mode not in self.models:
            layers = [Input((32, 32, 3))]
            for filters in (32, 64, 128):
                layers += [Conv2D(filters, (3, 3), padding="same", activation="relu"), MaxPooling2D((2, 2))]
            layers += [Flatten(), Dense(512, activation="relu"), Dense(10, activation="softmax")]
            model = keras.Sequential(layers)
            jit = {"default": "auto", "jit_compile=True": True, "jit_compile=False": False}[mode]
            model.compile("adam", "categorical_crossentropy", metrics=["accuracy"], jit_compile=jit)
            self.models[mode] = model
        return self.models[mode]

    def fitter(self, mode: str, x: np.ndarray, y: np.ndarray) -> Callable[[], int]:
        model = self.model(mode)

        def fit() -> int:
            model.fit(x, y, batch_size=64, epochs=1, verbose=0)
            return len(x)

        return fit

    def predictor(self, mode: str, x: np.ndarray, batch: int) -> Callable[[], int]:
        model = self.model(mode)
        batches = [x[i : i + batch] for i in range(0, len(x), batch)]

        def predict() -> int:
            for part in batches:
                model.predict_on_batch(part)
            return len(x)

        return predict

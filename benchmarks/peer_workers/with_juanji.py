"""The article's network in juanji."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import juanji
from juanji import _core
from juanji.layers import Conv2D, Dense, Flatten, MaxPooling2D
from juanji.models import Sequential


class Framework:
    """See worker.py for what is asked of it."""

    fit_modes = ("fit",)
    predict_modes = ("predict",)

    def __init__(self, threads: int) -> None:
        juanji.set_num_threads(threads)
        self.model = Sequential()
        self.model.add(Conv2D(32, (3, 3), padding="same", activation="relu", input_shape=(32, 32, 3)))
        self.model.add(MaxPooling2D((2, 2)))
        self.model.add(Conv2D(64, (3, 3), padding="same", activation="relu"))
        self.model.add(MaxPooling2D((2, 2)))
        self.model.add(Conv2D(128, (3, 3), padding="same", activation="relu"))
        self.model.add(MaxPooling2D((2, 2)))
        self.model.add(Flatten())
        self.model.add(Dense(512, activation="relu"))
        self.model.add(Dense(10, activation="softmax"))
        self.model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])

    def version(self) -> str:
        return f"juanji {juanji.__version__} ({_core.active_isa()}, {_core.num_threads()} threads)"

    def fitter(self, mode: str, x: np.ndarray, y: np.ndarray) -> Callable[[], int]:
        def fit() -> int:
            self.model.fit(x, y, batch_size=64, epochs=1, verbose=0)
            return len(x)

        return fit

    def predictor(self, mode: str, x: np.ndarray, batch: int) -> Callable[[], int]:
        batches = [x[i : i + batch] for i in range(0, len(x), batch)]

        def predict() -> int:
            for part in batches:
                self.model.predict_on_batch(part)
            return len(x)

        return predict

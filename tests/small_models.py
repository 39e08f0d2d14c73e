"""Two small compiled models and data for them."""

from __future__ import annotations

import numpy as np

from juanji import Sequential, layers

RNG = np.random.default_rng(0)
X = RNG.standard_normal((50, 4)).astype("float32")
Y = RNG.standard_normal((50, 1)).astype("float32")
LABELS = RNG.integers(0, 3, 50)


def linear(**compiled):
    model = Sequential([layers.Input((4,)), layers.Dense(1)])
    model.compile(**({"optimizer": "sgd", "loss": "mse"} | compiled))
    return model


def classifier(**compiled):
    model = Sequential([layers.Input((4,)), layers.Dense(8, activation="relu"), layers.Dense(3, activation="softmax")])
    model.compile(
        **({"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]} | compiled)
    )
    return model

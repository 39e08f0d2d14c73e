"""Compiled models of many parts, and data for them, that are written to files."""

from __future__ import annotations

import numpy as np

from juanji import Input, Model, Sequential, layers, losses, optimizers

RNG = np.random.default_rng(0)


def images_model():
    model = Sequential(
        [
            Input((6, 6, 3)),
            layers.Conv2D(4, 3, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, RNG.normal(size=(12, 6, 6, 3)), RNG.integers(0, 2, 12)


def branched_model():
    a, b, inside = Input((4,), name="a"), Input((4,), name="b"), Input((4,))
    inner = Model(inside, layers.Dense(3)(inside), name="inner")
    shared = layers.Dense(4, name="shared")
    x = shared(a) + shared(b) * 2.0
    outputs = [inner(x), layers.Dense(1, name="head")(layers.Concatenate()([inner(a), x[:, :2]]))]
    model = Model({"a": a, "b": b}, outputs)
    rate = optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    model.compile(optimizers.SGD(rate, momentum=0.9), ["mse", losses.MeanAbsoluteError()], [1.0, 0.5], [["mae"], None])
    data = {"a": RNG.normal(size=(12, 4)), "b": RNG.normal(size=(12, 4))}
    return model, data, [RNG.normal(size=(12, 3)), RNG.normal(size=(12, 1))]

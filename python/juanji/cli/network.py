"""The network that ``juanji train`` trains."""

from __future__ import annotations

from juanji.layers import Conv2D, Dense, Flatten, MaxPooling2D
from juanji.models import Sequential


def picture_classifier(input_shape: tuple[int, int, int], classes: int) -> Sequential:
    """Three convolutions with pooling, then two dense layers; compiled with Adam and cross-entropy."""
    model = Sequential(name="picture_classifier")
    model.add(Conv2D(32, (3, 3), padding="same", activation="relu", input_shape=input_shape))
    model.add(MaxPooling2D((2, 2)))
    model.add(Conv2D(64, (3, 3), padding="same", activation="relu"))
    model.add(MaxPooling2D((2, 2)))
    model.add(Conv2D(128, (3, 3), padding="same", activation="relu"))
    model.add(MaxPooling2D((2, 2)))
    model.add(Flatten())
    model.add(Dense(512, activation="relu"))
    model.add(Dense(classes, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

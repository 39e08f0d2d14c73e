"""Films: a network for each picture (TimeDistributed), a GRU over them with masks, beside a ConvLSTM."""

import numpy as np
from tools import images, labels, set_weights, trained


def run(keras):
    layers = keras.layers
    extractor = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3, activation="relu"), layers.GlobalAveragePooling2D()]
    )
    frames = keras.Input((4, 8, 8, 3))
    mask_input = keras.Input((4,), dtype="bool")
    x = layers.TimeDistributed(extractor)(frames)
    x = layers.GRU(6, return_sequences=True)(x, mask=mask_input)
    x = layers.GRU(4)(x)
    film = layers.ConvLSTM2D(3, 3, return_sequences=True, padding="same")(frames)
    film = layers.TimeDistributed(layers.GlobalMaxPooling2D())(layers.BatchNormalization()(film))
    x = layers.concatenate([x, layers.Flatten()(film)])
    output = layers.Dense(3, activation="softmax")(layers.Dense(8, activation="relu")(x))
    model = set_weights(keras.Model([frames, mask_input], output))
    model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.SGD(0.05), metrics=["accuracy"])
    masks = np.arange(4) < np.array([4, 3, 2, 4, 1, 4])[:, None]
    return trained(model, [images(6, 4, 8, 8, 3), masks], labels(6, 3), batch_size=3)

"""Gradient ascent in pixels towards what a filter answers to."""

import numpy as np
from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops
    inputs = keras.Input((14, 14, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="one")(inputs)
    x = layers.Conv2D(6, 3, activation="relu", name="two")(x)
    model = set_weights(keras.Model(inputs, x))
    feature_extractor = keras.Model(inputs=model.inputs, outputs=model.get_layer(name="two").output)

    def gradient_ascent_step(img, filter_index, learning_rate):
        with keras.GradientTape() as tape:
            tape.watch(img)
            activation = feature_extractor(img)
            loss = ops.mean(activation[:, 2:-2, 2:-2, filter_index])
        grads = ops.normalize(tape.gradient(loss, img))
        return loss, img + learning_rate * grads

    found = {}
    for filter_index in range(2):
        img = ops.convert_to_tensor((images(1, 14, 14, 3) - 0.5) * 0.25)
        for _ in range(4):
            loss, img = gradient_ascent_step(img, filter_index, 1.0)
        picture = np.array(img[0])
        picture = (picture - picture.mean()) / (picture.std() + 1e-5) * 0.15
        found.update({f"loss {filter_index}": loss, f"image {filter_index}": np.clip(picture + 0.5, 0, 1)})
    return found

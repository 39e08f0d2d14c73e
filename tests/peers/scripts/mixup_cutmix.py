"""Mixed pictures and labels, with amounts and boxes drawn by NumPy; soft labels in the loss and the metrics."""

import numpy as np
from tools import images, labels, set_weights, trained


def run(keras):
    layers, ops = keras.layers, keras.ops
    rng = np.random.default_rng(0)
    x_one, x_two = images(8, 10, 10, 3), images(8, 10, 10, 3, seed=2)
    y_one = ops.one_hot(labels(8, 3), 3)
    y_two = keras.utils.to_categorical(labels(8, 3, seed=2), 3)
    amounts = rng.beta(0.4, 0.4, 8).astype("float32")
    x_l, y_l = ops.reshape(amounts, (8, 1, 1, 1)), ops.reshape(amounts, (8, 1))
    mixed = x_one * x_l + x_two * (1 - x_l)
    mixed_labels = y_one * y_l + y_two * (1 - y_l)
    target_h, target_w, top, left = 4, 5, 2, 3
    crop = ops.image.crop_images(
        x_two, top_cropping=top, left_cropping=left, target_height=target_h, target_width=target_w
    )
    patch = ops.image.pad_images(crop, top_padding=top, left_padding=left, target_height=10, target_width=10)
    hole = ops.image.crop_images(
        x_one, top_cropping=top, left_cropping=left, target_height=target_h, target_width=target_w
    )
    hole = ops.image.pad_images(hole, top_padding=top, left_padding=left, target_height=10, target_width=10)
    cut = x_one - hole + patch
    share = 1 - (target_h * target_w) / 100
    cut_labels = share * y_one + (1 - share) * y_two
    model = keras.Sequential(
        [
            layers.Input((10, 10, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    set_weights(model)
    model.compile(
        keras.optimizers.SGD(0.05), "categorical_crossentropy", metrics=["categorical_accuracy", "kl_divergence"]
    )
    x = np.concatenate([np.asarray(mixed), np.asarray(cut)])
    y = np.concatenate([np.asarray(mixed_labels), np.asarray(cut_labels)])
    return {**trained(model, x, y), "x": x, "y": y}

"""Squeeze-and-excitation and stochastic-free inverted residuals, with weights of samples."""

import numpy as np
from tools import images, labels, set_weights, trained


def run(keras):
    layers = keras.layers

    def squeeze_excite(x, ratio=2):
        filters = x.shape[-1]
        se = layers.GlobalAveragePooling2D(keepdims=True)(x)
        se = layers.Conv2D(filters // ratio, 1, activation="relu")(se)
        se = layers.Conv2D(filters, 1, activation="hard_sigmoid")(se)
        return layers.Multiply()([x, se])

    def inverted_residual(x, filters, stride):
        shortcut = x
        x = layers.Conv2D(2 * x.shape[-1], 1, use_bias=False)(x)
        x = layers.BatchNormalization(epsilon=1e-3, momentum=0.9)(x)
        x = layers.Activation("hard_swish")(x)
        if stride == 2:
            x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
        x = layers.DepthwiseConv2D(3, strides=stride, padding="same" if stride == 1 else "valid", use_bias=False)(x)
        x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
        x = layers.Conv2D(filters, 1, use_bias=False)(squeeze_excite(x))
        x = layers.BatchNormalization()(x)
        return layers.Add()([shortcut, x]) if stride == 1 and shortcut.shape[-1] == filters else x

    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu6")(inputs)
    x = inverted_residual(x, 4, 1)
    x = inverted_residual(x, 6, 2)
    outputs = layers.Dense(3)(layers.Flatten()(layers.AveragePooling2D(3)(x)))
    model = set_weights(keras.Model(inputs, outputs))
    model.compile(
        keras.optimizers.SGD(0.02, momentum=0.9, clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        weighted_metrics=["sparse_categorical_crossentropy"],
    )
    return trained(model, images(8, 12, 12, 3), labels(8, 3), sample_weight=np.linspace(0.5, 2, 8).astype("float32"))

"""ConvMixer: a patch convolution, depthwise and pointwise blocks with GELU and batch normalisation."""

from tools import images, labels, set_weights, trained


def run(keras):
    layers = keras.layers

    def activation_block(x):
        x = layers.Activation("gelu")(x)
        return layers.BatchNormalization()(x)

    def conv_mixer_block(x, filters, kernel_size):
        x0 = x
        x = layers.DepthwiseConv2D(kernel_size=kernel_size, padding="same")(x)
        x = layers.Add()([activation_block(x), x0])
        return activation_block(layers.Conv2D(filters, kernel_size=1)(x))

    inputs = keras.Input((12, 12, 3))
    x = layers.Rescaling(scale=1.0 / 255)(inputs)
    x = activation_block(layers.Conv2D(8, kernel_size=2, strides=2)(x))
    for _ in range(2):
        x = conv_mixer_block(x, 8, 5)
    outputs = layers.Dense(4, activation="softmax")(layers.GlobalAvgPool2D()(x))
    model = set_weights(keras.Model(inputs, outputs))
    model.compile(optimizer=keras.optimizers.SGD(0.02), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return trained(model, images(8, 12, 12, 3) * 255, labels(8, 4))

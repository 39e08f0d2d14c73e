"""A resizer that is trained with the classifier behind it."""

from tools import images, labels, set_weights, trained


def run(keras):
    layers = keras.layers

    def conv_block(x, filters, kernel_size, strides, activation=layers.LeakyReLU(0.2)):  # noqa: B008
        x = layers.Conv2D(filters, kernel_size, strides, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        return activation(x) if activation else x

    def res_block(x):
        inputs = x
        x = conv_block(x, 4, 3, 1)
        x = conv_block(x, 4, 3, 1, activation=None)
        return layers.Add()([inputs, x])

    inputs = layers.Input(shape=[None, None, 3])
    naive_resize = layers.Resizing(8, 8, interpolation="bilinear")(inputs)
    x = layers.Conv2D(filters=4, kernel_size=7, strides=1, padding="same")(inputs)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(filters=4, kernel_size=1, strides=1, padding="same")(x)
    x = layers.BatchNormalization()(layers.LeakyReLU(0.2)(x))
    bottleneck = layers.Resizing(8, 8, interpolation="bilinear")(x)
    x = res_block(bottleneck)
    x = layers.Conv2D(filters=4, kernel_size=3, strides=1, padding="same", use_bias=False)(x)
    x = layers.Add()([bottleneck, layers.BatchNormalization()(x)])
    x = layers.Conv2D(filters=3, kernel_size=7, strides=1, padding="same")(x)
    resizer = keras.Model(inputs, layers.Add()([naive_resize, x]), name="learnable_resizer")
    backbone = keras.Sequential([layers.Input((8, 8, 3)), layers.Conv2D(4, 3, activation="swish"), layers.Flatten()])
    pictures = layers.Input((14, 12, 3))
    x = layers.Rescaling(scale=1.0 / 255)(pictures)
    model = keras.Model(pictures, layers.Dense(2, activation="softmax")(backbone(resizer(x))))
    set_weights(model)
    model.compile(
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        optimizer=keras.optimizers.SGD(0.02),
        metrics=["accuracy"],
    )
    data = images(8, 14, 12, 3) * 255
    return {
        **trained(model, data, keras.utils.to_categorical(labels(8, 2), 2)),
        "resized": resizer(data / 255.0, training=False),
    }

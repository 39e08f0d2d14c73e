"""U-Net-like network for the class of each pixel, with mean intersection over union."""

from tools import images, labels, set_weights, trained


def run(keras):
    layers = keras.layers
    inputs = keras.Input(shape=(16, 16, 3))
    x = layers.Conv2D(6, 3, strides=2, padding="same")(inputs)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    skip = x
    x = layers.SeparableConv2D(8, 3, padding="same")(layers.Activation("relu")(x))
    x = layers.BatchNormalization()(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = layers.Conv2DTranspose(6, 3, padding="same")(layers.Activation("relu")(x))
    x = layers.UpSampling2D(2)(x)
    x = layers.Concatenate()([x, layers.Conv2D(6, 1, padding="same")(skip)])
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    outputs = layers.Conv2D(3, 3, activation="softmax", padding="same")(x)
    model = set_weights(keras.Model(inputs, outputs))
    model.compile(
        optimizer=keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy", keras.metrics.MeanIoU(3, sparse_y_pred=False, name="iou")],
    )
    return trained(model, images(8, 16, 16, 3), labels((8, 16, 16, 1), 3))

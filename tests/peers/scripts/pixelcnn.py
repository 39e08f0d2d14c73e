"""PixelCNN: convolutions whose kernels are masked, and pixels drawn one after the other from given numbers."""

import numpy as np
from tools import images, set_weights, trained


def run(keras):
    layers, ops = keras.layers, keras.ops

    class PixelConvLayer(layers.Layer):
        def __init__(self, mask_type, **kwargs):
            super().__init__()
            self.mask_type = mask_type
            self.conv = layers.Conv2D(**kwargs)

        def build(self, input_shape):
            self.conv.build(input_shape)
            kernel_shape = ops.shape(self.conv.kernel)
            self.mask = np.zeros(shape=kernel_shape, dtype="float32")
            self.mask[: kernel_shape[0] // 2, ...] = 1.0
            self.mask[kernel_shape[0] // 2, : kernel_shape[1] // 2, ...] = 1.0
            if self.mask_type == "B":
                self.mask[kernel_shape[0] // 2, kernel_shape[1] // 2, ...] = 1.0

        def call(self, inputs):
            self.conv.kernel.assign(self.conv.kernel * self.mask)
            return self.conv(inputs)

    class ResidualBlock(layers.Layer):
        def __init__(self, filters, **kwargs):
            super().__init__(**kwargs)
            self.conv1 = layers.Conv2D(filters=filters, kernel_size=1, activation="relu")
            self.pixel_conv = PixelConvLayer("B", filters=4, kernel_size=3, activation="relu", padding="same")
            self.conv2 = layers.Conv2D(filters=filters, kernel_size=1, activation="relu")

        def call(self, inputs):
            return layers.add([inputs, self.conv2(self.pixel_conv(self.conv1(inputs)))])

    inputs = keras.Input(shape=(6, 6, 1), batch_size=4)
    x = PixelConvLayer(mask_type="A", filters=8, kernel_size=5, activation="relu", padding="same")(inputs)
    x = ResidualBlock(filters=8)(x)
    out = layers.Conv2D(1, kernel_size=1, activation="sigmoid", padding="valid")(x)
    pixel_cnn = set_weights(keras.Model(inputs, out))
    pixel_cnn.compile(optimizer=keras.optimizers.SGD(0.1), loss="binary_crossentropy")
    data = np.where(images(8, 6, 6, 1) < 0.5, 0, 1).astype("float32")
    found = trained(pixel_cnn, data, data)
    pixels, drawn = np.zeros((4, 6, 6, 1), "float32"), images(4, 6, 6, 1, seed=7)
    for row in range(2):
        for col in range(6):
            probs = pixel_cnn.predict(pixels, verbose=0)[:, row, col, :]
            pixels[:, row, col, :] = ops.ceil(probs - drawn[:, row, col, :])
    return {**found, "pixels": pixels}

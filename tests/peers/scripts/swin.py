"""Windows of a Swin transformer: shifted windows, relative positions, a mask between regions."""

import numpy as np
from tools import images, labels, set_weights, trained


def run(keras):
    layers, ops = keras.layers, keras.ops
    size, shift, dim, side = 2, 1, 8, 4

    def window_partition(x):
        _, height, width, channels = x.shape
        x = ops.reshape(x, (-1, height // size, size, width // size, size, channels))
        return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, size * size, channels))

    def window_reverse(windows):
        x = ops.reshape(windows, (-1, side // size, side // size, size, size, dim))
        return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, side, side, dim))

    class ShiftedAttention(layers.Layer):
        def build(self, input_shape):
            self.qkv = layers.Dense(3 * dim)
            self.qkv.build((None, size * size, dim))
            self.table = self.add_weight(shape=((2 * size - 1) ** 2, 2), initializer="zeros", name="table")
            grid = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij")).reshape(2, -1)
            relative = (grid[:, :, None] - grid[:, None, :]).transpose(1, 2, 0) + size - 1
            self.index = (relative[..., 0] * (2 * size - 1) + relative[..., 1]).reshape(-1)
            regions = np.zeros((1, side, side, 1))
            for i, h in enumerate((slice(0, -size), slice(-size, -shift), slice(-shift, None))):
                for j, w in enumerate((slice(0, -size), slice(-size, -shift), slice(-shift, None))):
                    regions[:, h, w, :] = 3 * i + j
            windows = regions.reshape(1, side // size, size, side // size, size).transpose(0, 1, 3, 2, 4)
            windows = windows.reshape(-1, size * size)
            self.mask = np.where(windows[:, None] != windows[:, :, None], -100.0, 0.0).astype("float32")

        def call(self, x):
            windows = window_partition(ops.roll(x, shift=[-shift, -shift], axis=[1, 2]))
            qkv = ops.reshape(self.qkv(windows), (-1, size * size, 3, 2, dim // 2))
            q, k, v = ops.unstack(ops.transpose(qkv, (2, 0, 3, 1, 4)), axis=0)
            attention = (q * (dim // 2) ** -0.5) @ ops.transpose(k, (0, 1, 3, 2))
            bias = ops.reshape(ops.take(self.table, self.index, axis=0), (size * size, size * size, 2))
            attention = attention + ops.expand_dims(ops.transpose(bias, (2, 0, 1)), 0)
            attention = ops.reshape(attention, (-1, 4, 2, 4, 4)) + self.mask[None, :, None]
            attention = keras.activations.softmax(ops.reshape(attention, (-1, 2, 4, 4)), axis=-1)
            x = ops.reshape(ops.transpose(attention @ v, (0, 2, 1, 3)), (-1, size * size, dim))
            return ops.roll(window_reverse(x), shift=[shift, shift], axis=[1, 2])

    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(dim, 2, strides=2)(inputs)
    x = x + ShiftedAttention()(layers.LayerNormalization(epsilon=1e-5)(x))
    model = set_weights(keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x))))
    model.compile(keras.optimizers.SGD(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return trained(model, images(8, 8, 8, 3), labels(8, 3))

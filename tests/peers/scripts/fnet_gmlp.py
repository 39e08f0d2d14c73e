"""Token mixing without attention: the Fourier transform of FNet, and the gate of gMLP."""

from tools import images, labels, set_weights, trained


def run(keras):
    layers, ops = keras.layers, keras.ops

    class FNetLayer(layers.Layer):
        def __init__(self, embedding_dim, **kwargs):
            super().__init__(**kwargs)
            self.ffn = keras.Sequential([layers.Dense(embedding_dim, activation="gelu"), layers.Dense(embedding_dim)])
            self.normalize1 = layers.LayerNormalization(epsilon=1e-6)
            self.normalize2 = layers.LayerNormalization(epsilon=1e-6)

        def call(self, inputs):
            real_part = inputs
            im_part = ops.zeros_like(inputs)
            x = ops.fft2((real_part, im_part))[0]
            x = self.normalize1(x + inputs)
            return self.normalize2(self.ffn(x) + x)

    class GatedLayer(layers.Layer):
        def __init__(self, num_patches, embedding_dim, **kwargs):
            super().__init__(**kwargs)
            self.channel_projection1 = layers.Dense(embedding_dim * 2, activation="gelu")
            self.channel_projection2 = layers.Dense(embedding_dim)
            self.spatial_projection = layers.Dense(num_patches, bias_initializer="Ones")
            self.normalize1 = layers.LayerNormalization(epsilon=1e-6)
            self.normalize2 = layers.LayerNormalization(epsilon=1e-6)

        def spatial_gating_unit(self, x):
            u, v = ops.split(x, indices_or_sections=2, axis=2)
            v = ops.transpose(self.normalize2(v), axes=(0, 2, 1))
            return u * ops.transpose(self.spatial_projection(v), axes=(0, 2, 1))

        def call(self, inputs):
            x = self.channel_projection1(self.normalize1(inputs))
            return inputs + self.channel_projection2(self.spatial_gating_unit(x))

    inputs = keras.Input((8, 8, 3))
    x = layers.Reshape((16, 6))(layers.Conv2D(6, 2, strides=2)(inputs))
    x = GatedLayer(16, 6)(FNetLayer(6)(x))
    model = set_weights(keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x))))
    model.compile(keras.optimizers.SGD(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return trained(model, images(8, 8, 8, 3), labels(8, 3))

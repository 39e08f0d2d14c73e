"""MLP-Mixer: patches, mixing over patches and over channels, AdamW."""

from tools import images, labels, set_weights, trained


def run(keras):
    layers, ops = keras.layers, keras.ops

    class Patches(layers.Layer):
        def __init__(self, patch_size, **kwargs):
            super().__init__(**kwargs)
            self.patch_size = patch_size

        def call(self, x):
            patches = ops.image.extract_patches(x, self.patch_size)
            batch_size = ops.shape(patches)[0]
            num_patches = ops.shape(patches)[1] * ops.shape(patches)[2]
            patch_dim = ops.shape(patches)[3]
            return ops.reshape(patches, (batch_size, num_patches, patch_dim))

    class MLPMixerLayer(layers.Layer):
        def __init__(self, num_patches, hidden_units, **kwargs):
            super().__init__(**kwargs)
            self.mlp1 = keras.Sequential(
                [layers.Dense(units=num_patches, activation="gelu"), layers.Dense(num_patches)]
            )
            self.mlp2 = keras.Sequential(
                [layers.Dense(units=num_patches, activation="gelu"), layers.Dense(hidden_units)]
            )
            self.normalize = layers.LayerNormalization(epsilon=1e-6)

        def build(self, input_shape):
            return super().build(input_shape)

        def call(self, inputs):
            x = self.normalize(inputs)
            x_channels = ops.transpose(x, axes=(0, 2, 1))
            mlp1_outputs = ops.transpose(self.mlp1(x_channels), axes=(0, 2, 1))
            x = mlp1_outputs + inputs
            return x + self.mlp2(self.normalize(x))

    inputs = layers.Input(shape=(12, 12, 3))
    x = layers.Dense(units=8)(Patches(4)(inputs))
    x = x + layers.Embedding(9, 8, embeddings_initializer="ones")(ops.arange(0, 9))
    x = keras.Sequential([MLPMixerLayer(9, 8) for _ in range(2)])(x)
    representation = layers.GlobalAveragePooling1D()(x)
    model = keras.Model(inputs, layers.Dense(3)(layers.Dropout(rate=0.0)(representation)))
    set_weights(model)
    model.compile(
        optimizer=keras.optimizers.AdamW(learning_rate=0.005, weight_decay=0.001, epsilon=1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseTopKCategoricalAccuracy(2, name="top2")],
    )
    return trained(model, images(8, 12, 12, 3), labels(8, 3))

"""External attention: two small memories in the place of self-attention, normalised twice."""

from tools import images, labels, set_weights, trained


def run(keras):
    layers, ops = keras.layers, keras.ops

    class PatchExtract(layers.Layer):
        def __init__(self, patch_size, **kwargs):
            super().__init__(**kwargs)
            self.patch_size = patch_size

        def call(self, x):
            B, C = ops.shape(x)[0], ops.shape(x)[-1]
            x = ops.image.extract_patches(x, self.patch_size)
            return ops.reshape(x, (B, -1, self.patch_size * self.patch_size * C))

    class PatchEmbedding(layers.Layer):
        def __init__(self, num_patch, embed_dim, **kwargs):
            super().__init__(**kwargs)
            self.num_patch = num_patch
            self.proj = layers.Dense(embed_dim)
            self.pos_embed = layers.Embedding(input_dim=num_patch, output_dim=embed_dim)

        def call(self, patch):
            return self.proj(patch) + self.pos_embed(ops.arange(start=0, stop=self.num_patch, step=1))

    def external_attention(x, dim, num_heads):
        _, num_patch, _ = x.shape
        x = layers.Dense(dim * 2)(x)
        x = ops.reshape(x, (-1, num_patch, num_heads * 2, dim // num_heads))
        x = ops.transpose(x, axes=[0, 2, 1, 3])
        attn = layers.Dense(6)(x)
        attn = layers.Softmax(axis=2)(attn)
        attn = layers.Lambda(
            lambda attn: ops.divide(attn, ops.convert_to_tensor(1e-9) + ops.sum(attn, axis=-1, keepdims=True)),
            output_shape=tuple(attn.shape[1:]),
        )(attn)
        x = layers.Dense(dim // num_heads)(attn)
        x = ops.transpose(x, axes=[0, 2, 1, 3])
        x = ops.reshape(x, [-1, num_patch, dim * 2])
        return layers.Dense(dim)(x)

    inputs = layers.Input(shape=(8, 8, 3))
    x = PatchEmbedding(4, 8)(PatchExtract(4)(inputs))
    for _ in range(2):
        x = layers.add([x, external_attention(layers.LayerNormalization(epsilon=1e-5)(x), 8, 2)])
        x = layers.add([x, layers.Dense(8, activation=ops.gelu)(layers.LayerNormalization(epsilon=1e-5)(x))])
    model = set_weights(keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling1D()(x))))
    model.compile(
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        optimizer=keras.optimizers.AdamW(0.001, weight_decay=0.01, epsilon=1e-3),
        metrics=[
            keras.metrics.CategoricalAccuracy(name="accuracy"),
            keras.metrics.TopKCategoricalAccuracy(2, name="top"),
        ],
    )
    return trained(model, images(8, 8, 8, 3), keras.utils.to_categorical(labels(8, 3), 3))

"""Masked autoencoder: some patches are hidden by a learnt token; the loss counts those alone."""

import numpy as np
from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops
    patches_in, dim, masked = 9, 8, 6

    class PatchEncoder(layers.Layer):
        def build(self, input_shape):
            (_, self.num_patches, self.patch_area) = input_shape
            self.mask_token = self.add_weight(
                shape=(1, self.patch_area), initializer="ones", trainable=True, name="token"
            )
            self.projection = layers.Dense(units=dim)
            self.projection.build(input_shape)
            self.position_embedding = layers.Embedding(input_dim=self.num_patches, output_dim=dim)
            self.position_embedding.build(None)

        def call(self, patches, order):
            positions = ops.expand_dims(ops.arange(0, self.num_patches), 0)
            places = ops.tile(self.position_embedding(positions), (ops.shape(patches)[0], 1, 1))
            encoded = self.projection(patches) + places
            hidden, shown = order[:, :masked], order[:, masked:]
            visible = ops.take_along_axis(encoded, shown[..., None], axis=1)
            tokens = ops.repeat(ops.repeat(self.mask_token, masked, axis=0)[None], ops.shape(patches)[0], axis=0)
            hidden_places = ops.take_along_axis(places, hidden[..., None], axis=1)
            return visible, self.projection(tokens) + hidden_places

    def block(x, heads):
        h = layers.LayerNormalization()(x)
        h = layers.Add()([x, layers.MultiHeadAttention(heads, dim // heads)(h, h)])
        return layers.Add()([h, layers.Dense(dim, activation="gelu")(layers.LayerNormalization()(h))])

    encoder_in, decoder_in = keras.Input((patches_in - masked, dim)), keras.Input((patches_in, dim))
    encoder = set_weights(keras.Model(encoder_in, block(encoder_in, 2)))
    decoder = set_weights(
        keras.Model(decoder_in, layers.Dense(48)(layers.Flatten()(block(decoder_in, 2))), name="d"), 1
    )
    patch_layer = PatchEncoder()
    picture = images(4, 12, 12, 3)
    patches = ops.reshape(ops.image.extract_patches(picture, 4), (4, patches_in, 48))
    patch_layer.build((None, patches_in, 48))
    set_weights(patch_layer, 2)
    rng = np.random.default_rng(0)
    optimizer = keras.optimizers.AdamW(0.005, weight_decay=0.01, epsilon=1e-3)
    weights, found = [v for m in (patch_layer, encoder, decoder) for v in m.trainable_variables], {}
    for step in range(3):
        order = np.stack([rng.permutation(patches_in) for _ in range(4)])
        with keras.GradientTape() as tape:
            visible, hidden = patch_layer(patches, order)
            decoded = decoder(ops.concatenate([encoder(visible), hidden], axis=1))
            target = ops.mean(ops.take_along_axis(patches, order[:, :masked, None], axis=1), axis=1)
            loss = ops.mean(keras.losses.mean_squared_error(target, decoded))
        grads = tape.gradient(loss, weights)
        optimizer.apply_gradients(zip(grads, weights))
        found.update({f"loss {step}": loss, f"token {step}": grads[0]})
    return {**found, "decoded": decoded}

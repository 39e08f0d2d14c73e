"""Vector-quantised autoencoder: nearest codes, gradients passed straight through, losses added by the layer."""

from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops

    class VectorQuantizer(layers.Layer):
        def __init__(self, num_embeddings, embedding_dim, beta=0.25, **kwargs):
            super().__init__(**kwargs)
            self.embedding_dim, self.num_embeddings, self.beta = embedding_dim, num_embeddings, beta
            self.embeddings = self.add_weight(
                initializer="random_uniform",
                shape=(embedding_dim, num_embeddings),
                trainable=True,
                name="embeddings_vqvae",
            )

        def call(self, x):
            input_shape = ops.shape(x)
            flattened = ops.reshape(x, [-1, self.embedding_dim])
            encodings = ops.one_hot(self.get_code_indices(flattened), self.num_embeddings)
            quantized = ops.matmul(encodings, ops.transpose(self.embeddings))
            quantized = ops.reshape(quantized, input_shape)
            commitment_loss = ops.mean((ops.stop_gradient(quantized) - x) ** 2)
            codebook_loss = ops.mean((quantized - ops.stop_gradient(x)) ** 2)
            self.add_loss(self.beta * commitment_loss + codebook_loss)
            return x + ops.stop_gradient(quantized - x)

        def get_code_indices(self, flattened_inputs):
            similarity = ops.matmul(flattened_inputs, self.embeddings)
            distances = (
                ops.sum(flattened_inputs**2, axis=1, keepdims=True)
                + ops.sum(ops.convert_to_tensor(self.embeddings) ** 2, axis=0)
                - 2 * similarity
            )
            return ops.argmin(distances, axis=1)

    quantizer = VectorQuantizer(8, 4, name="vector_quantizer")
    inputs = keras.Input(shape=(8, 8, 1))
    x = layers.Conv2D(6, 3, activation="relu", strides=2, padding="same")(inputs)
    quantized = quantizer(layers.Conv2D(4, 1, padding="same")(x))
    x = layers.Conv2DTranspose(6, 3, activation="relu", strides=2, padding="same")(quantized)
    vqvae = set_weights(keras.Model(inputs, layers.Conv2DTranspose(1, 3, padding="same")(x), name="vq_vae"))
    vqvae.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")
    data = images(8, 8, 8, 1)
    history = vqvae.fit(data, data, epochs=3, batch_size=4, shuffle=False, verbose=0).history
    encoder = keras.Model(vqvae.input, vqvae.layers[2].output)
    flat = ops.reshape(encoder.predict(data, verbose=0), (-1, 4))
    return {**history, "codes": quantizer.get_code_indices(flat), "book": quantizer.embeddings, "losses": vqvae.losses}

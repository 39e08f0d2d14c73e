"""Convolutional variational autoencoder; the noise comes with the data, so that both libraries see the same."""

from tools import images, normal, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops
    encoder_inputs = keras.Input(shape=(8, 8, 1))
    x = layers.Conv2D(8, 3, activation="relu", strides=2, padding="same")(encoder_inputs)
    x = layers.Flatten()(x)
    x = layers.Dense(8, activation="relu")(x)
    encoder = keras.Model(encoder_inputs, [layers.Dense(2, name="z_mean")(x), layers.Dense(2, name="z_log_var")(x)])
    latent_inputs = keras.Input(shape=(2,))
    x = layers.Dense(4 * 4 * 8, activation="relu")(latent_inputs)
    x = layers.Reshape((4, 4, 8))(x)
    x = layers.Conv2DTranspose(8, 3, activation="relu", strides=2, padding="same")(x)
    decoder = keras.Model(latent_inputs, layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same")(x))

    class VAE(keras.Model):
        def __init__(self, encoder, decoder, **kwargs):
            super().__init__(**kwargs)
            self.encoder, self.decoder = encoder, decoder
            self.trackers = [keras.metrics.Mean(name=name) for name in ("loss", "reconstruction_loss", "kl_loss")]

        @property
        def metrics(self):
            return self.trackers

        def train_step(self, data):
            (data, epsilon) = data
            with keras.GradientTape() as tape:
                z_mean, z_log_var = self.encoder(data)
                reconstruction = self.decoder(z_mean + ops.exp(0.5 * z_log_var) * epsilon)
                losses = keras.losses.binary_crossentropy(data, reconstruction)
                reconstruction_loss = ops.mean(ops.sum(losses, axis=(1, 2)))
                kl_loss = -0.5 * (1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var))
                kl_loss = ops.mean(ops.sum(kl_loss, axis=1))
                total_loss = reconstruction_loss + kl_loss
            grads = tape.gradient(total_loss, self.trainable_weights)
            self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
            for tracker, value in zip(self.trackers, (total_loss, reconstruction_loss, kl_loss)):
                tracker.update_state(value)
            return {m.name: m.result() for m in self.metrics}

    vae = VAE(set_weights(encoder), set_weights(decoder, seed=1))
    vae.compile(optimizer=keras.optimizers.Adam(0.01, epsilon=1e-3))
    history = vae.fit(images(8, 8, 8, 1), normal(8, 2), epochs=3, batch_size=4, shuffle=False, verbose=0).history
    return {
        **history,
        "picture": decoder(normal(2, 2, seed=3)),
        "code": encoder.predict(images(4, 8, 8, 1), verbose=0)[0],
    }

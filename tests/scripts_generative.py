"""Generative models as Keras scripts define them; ``keras`` and its tape are arguments, so both libraries run them."""

from __future__ import annotations

import numpy as np


def variational_autoencoder(keras, GradientTape):
    """A convolutional VAE with a sampling layer, trackers and its own train_step."""
    layers, ops = keras.layers, keras.ops

    class Sampling(layers.Layer):
        """Uses (z_mean, z_log_var) to sample z."""

        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.seed_generator = keras.random.SeedGenerator(1337)

        def call(self, inputs):
            z_mean, z_log_var = inputs
            batch = ops.shape(z_mean)[0]
            dim = ops.shape(z_mean)[1]
            epsilon = keras.random.normal(shape=(batch, dim), seed=self.seed_generator)
            return z_mean + ops.exp(0.5 * z_log_var) * epsilon

    latent_dim = 2
    encoder_inputs = keras.Input(shape=(8, 8, 1))
    x = layers.Conv2D(4, 3, activation="relu", strides=2, padding="same")(encoder_inputs)
    x = layers.Flatten()(x)
    x = layers.Dense(16, activation="relu")(x)
    z_mean = layers.Dense(latent_dim, name="z_mean")(x)
    z_log_var = layers.Dense(latent_dim, name="z_log_var")(x)
    z = Sampling()([z_mean, z_log_var])
    encoder = keras.Model(encoder_inputs, [z_mean, z_log_var, z], name="encoder")

    latent_inputs = keras.Input(shape=(latent_dim,))
    x = layers.Dense(4 * 4 * 4, activation="relu")(latent_inputs)
    x = layers.Reshape((4, 4, 4))(x)
    x = layers.Conv2DTranspose(4, 3, activation="relu", strides=2, padding="same")(x)
    decoder_outputs = layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same")(x)
    decoder = keras.Model(latent_inputs, decoder_outputs, name="decoder")

    class VAE(keras.Model):
        def __init__(self, encoder, decoder, **kwargs):
            super().__init__(**kwargs)
            self.encoder = encoder
            self.decoder = decoder
            self.total_loss_tracker = keras.metrics.Mean(name="total_loss")
            self.reconstruction_loss_tracker = keras.metrics.Mean(name="reconstruction_loss")
            self.kl_loss_tracker = keras.metrics.Mean(name="kl_loss")

        @property
        def metrics(self):
            return [self.total_loss_tracker, self.reconstruction_loss_tracker, self.kl_loss_tracker]

        def train_step(self, data):
            with GradientTape() as tape:
                z_mean, z_log_var, z = self.encoder(data)
                reconstruction = self.decoder(z)
                reconstruction_loss = ops.mean(
                    ops.sum(keras.losses.binary_crossentropy(data, reconstruction), axis=(1, 2))
                )
                kl_loss = -0.5 * (1 + z_log_var - ops.square(z_mean) - ops.exp(z_log_var))
                kl_loss = ops.mean(ops.sum(kl_loss, axis=1))
                total_loss = reconstruction_loss + kl_loss
            grads = tape.gradient(total_loss, self.trainable_weights)
            self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
            self.total_loss_tracker.update_state(total_loss)
            self.reconstruction_loss_tracker.update_state(reconstruction_loss)
            self.kl_loss_tracker.update_state(kl_loss)
            return {
                "loss": self.total_loss_tracker.result(),
                "reconstruction_loss": self.reconstruction_loss_tracker.result(),
                "kl_loss": self.kl_loss_tracker.result(),
            }

    vae = VAE(encoder, decoder)
    vae.compile(optimizer=keras.optimizers.Adam())
    return vae


def generative_adversarial_network(keras, GradientTape):
    """A DCGAN whose train_step trains two networks in turn, with two optimizers."""
    layers, ops = keras.layers, keras.ops
    discriminator = keras.Sequential(
        [
            keras.Input(shape=(8, 8, 1)),
            layers.Conv2D(4, kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(8, kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="discriminator",
    )
    latent_dim = 6
    generator = keras.Sequential(
        [
            keras.Input(shape=(latent_dim,)),
            layers.Dense(2 * 2 * 4),
            layers.Reshape((2, 2, 4)),
            layers.Conv2DTranspose(4, kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2DTranspose(4, kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(1, kernel_size=5, padding="same", activation="sigmoid"),
        ],
        name="generator",
    )

    class GAN(keras.Model):
        def __init__(self, discriminator, generator, latent_dim):
            super().__init__()
            self.discriminator = discriminator
            self.generator = generator
            self.latent_dim = latent_dim
            self.seed_generator = keras.random.SeedGenerator(1337)

        def compile(self, d_optimizer, g_optimizer, loss_fn):
            super().compile()
            self.d_optimizer = d_optimizer
            self.g_optimizer = g_optimizer
            self.loss_fn = loss_fn
            self.d_loss_metric = keras.metrics.Mean(name="d_loss")
            self.g_loss_metric = keras.metrics.Mean(name="g_loss")

        @property
        def metrics(self):
            return [self.d_loss_metric, self.g_loss_metric]

        def train_step(self, real_images):
            batch_size = ops.shape(real_images)[0]
            random_latent_vectors = keras.random.normal(shape=(batch_size, self.latent_dim), seed=self.seed_generator)
            generated_images = self.generator(random_latent_vectors)
            combined_images = ops.concatenate([generated_images, real_images], axis=0)
            labels = ops.concatenate([ops.ones((batch_size, 1)), ops.zeros((batch_size, 1))], axis=0)
            labels += 0.05 * keras.random.uniform(ops.shape(labels), seed=self.seed_generator)

            with GradientTape() as tape:
                predictions = self.discriminator(combined_images)
                d_loss = self.loss_fn(labels, predictions)
            grads = tape.gradient(d_loss, self.discriminator.trainable_weights)
            self.d_optimizer.apply_gradients(zip(grads, self.discriminator.trainable_weights))

            random_latent_vectors = keras.random.normal(shape=(batch_size, self.latent_dim), seed=self.seed_generator)
            misleading_labels = ops.zeros((batch_size, 1))
            with GradientTape() as tape:
                predictions = self.discriminator(self.generator(random_latent_vectors))
                g_loss = self.loss_fn(misleading_labels, predictions)
            grads = tape.gradient(g_loss, self.generator.trainable_weights)
            self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights))

            self.d_loss_metric.update_state(d_loss)
            self.g_loss_metric.update_state(g_loss)
            return {"d_loss": self.d_loss_metric.result(), "g_loss": self.g_loss_metric.result()}

    gan = GAN(discriminator=discriminator, generator=generator, latent_dim=latent_dim)
    gan.compile(
        d_optimizer=keras.optimizers.Adam(learning_rate=0.0001),
        g_optimizer=keras.optimizers.Adam(learning_rate=0.0001),
        loss_fn=keras.losses.BinaryCrossentropy(),
    )
    return gan


def autoencoder(keras, GradientTape=None):
    """Encoder and decoder as attributes of a subclass, compiled with an ordinary loss."""
    layers = keras.layers

    class Autoencoder(keras.models.Model):
        def __init__(self, latent_dim, shape):
            super().__init__()
            self.latent_dim = latent_dim
            self.encoder = keras.Sequential([layers.Flatten(), layers.Dense(latent_dim, activation="relu")])
            self.decoder = keras.Sequential(
                [layers.Dense(int(np.prod(shape)), activation="sigmoid"), layers.Reshape(shape)]
            )

        def call(self, x):
            encoded = self.encoder(x)
            return self.decoder(encoded)

    model = Autoencoder(4, (8, 8, 1))
    model.compile(optimizer="adam", loss=keras.losses.MeanSquaredError())
    model(np.zeros((1, 8, 8, 1), "float32"))
    return model


def denoising_diffusion(keras, GradientTape):
    """A small denoiser with an exponential moving average of its weights and overridden train_step and test_step."""
    layers, ops = keras.layers, keras.ops

    def network():
        noisy = keras.Input((8, 8, 1))
        level = keras.Input((1, 1, 1))
        x = layers.Concatenate()([noisy, layers.UpSampling2D(size=8, interpolation="nearest")(level)])
        skip = x = layers.Conv2D(4, 3, padding="same", activation="swish")(x)
        x = layers.AveragePooling2D(pool_size=2)(x)
        x = layers.Conv2D(4, 3, padding="same", activation="swish")(x)
        x = layers.UpSampling2D(size=2, interpolation="bilinear")(x)
        x = layers.Add()([x, skip])
        return keras.Model([noisy, level], layers.Conv2D(1, 1, kernel_initializer="zeros")(x), name="denoiser")

    class DiffusionModel(keras.Model):
        def __init__(self):
            super().__init__()
            self.network = network()
            self.ema_network = keras.models.clone_model(self.network)
            self.ema_network.set_weights(self.network.get_weights())
            self.noise_loss_tracker = keras.metrics.Mean(name="n_loss")
            self.seed_generator = keras.random.SeedGenerator(3)

        @property
        def metrics(self):
            return [self.noise_loss_tracker]

        def noised(self, images):
            size = ops.shape(images)[0]
            noises = keras.random.normal(shape=(size, 8, 8, 1), seed=self.seed_generator)
            times = keras.random.uniform(shape=(size, 1, 1, 1), minval=0.0, maxval=1.0, seed=self.seed_generator)
            signal, noise = ops.cos(times), ops.sin(times)
            return noises, signal * images + noise * noises, noise

        def train_step(self, images):
            noises, noisy_images, noise_rates = self.noised(images)
            with GradientTape() as tape:
                pred_noises = self.network([noisy_images, noise_rates**2], training=True)
                noise_loss = self.loss(noises, pred_noises)
            gradients = tape.gradient(noise_loss, self.network.trainable_weights)
            self.optimizer.apply_gradients(zip(gradients, self.network.trainable_weights))
            self.noise_loss_tracker.update_state(noise_loss)
            for weight, ema_weight in zip(self.network.weights, self.ema_network.weights):
                ema_weight.assign(0.9 * ema_weight + (1 - 0.9) * weight)
            return {m.name: m.result() for m in self.metrics}

        def test_step(self, images):
            noises, noisy_images, noise_rates = self.noised(images)
            pred_noises = self.ema_network([noisy_images, noise_rates**2], training=False)
            self.noise_loss_tracker.update_state(self.loss(noises, pred_noises))
            return {m.name: m.result() for m in self.metrics}

    model = DiffusionModel()
    model.compile(
        optimizer=keras.optimizers.AdamW(learning_rate=1e-3, weight_decay=1e-4),
        loss=keras.losses.MeanAbsoluteError(),
    )
    return model

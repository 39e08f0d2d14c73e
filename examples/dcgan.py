"""A DCGAN: two networks that learn from each other, in a training step of one's own.

Run it with ``python examples/dcgan.py``. The generator learns to draw pictures like those of CIFAR-10, the
discriminator to tell them from real ones; dcgan.png shows what the generator has drawn after each epoch, from the same
random numbers.

Source: A. Radford, L. Metz and S. Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks", 2015, arXiv:1511.06434.
"""

import argparse

import numpy as np
from sheets import write_sheet

from juanji import GradientTape, Model, Sequential, callbacks, layers, losses, metrics, ops, optimizers, random, utils
from juanji.datasets import cifar10


def make_discriminator():
    return Sequential(
        [
            layers.Input((32, 32, 3)),
            layers.Conv2D(32, 4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(64, 4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(128, 4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(1),
        ],
        name="discriminator",
    )


def make_generator(noise):
    return Sequential(
        [
            layers.Input((noise,)),
            layers.Dense(4 * 4 * 128),
            layers.Reshape((4, 4, 128)),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(64, 4, strides=2, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(32, 4, strides=2, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="tanh"),
        ],
        name="generator",
    )


class DCGAN(Model):
    """Trains the discriminator and then the generator with each batch of real pictures."""

    def __init__(self, noise=64):
        super().__init__()
        self.noise = noise
        self.discriminator = make_discriminator()
        self.generator = make_generator(noise)
        self.seed_generator = random.SeedGenerator(1)
        self.d_loss_metric = metrics.Mean(name="d_loss")
        self.g_loss_metric = metrics.Mean(name="g_loss")

    def compile(self, d_optimizer, g_optimizer, loss_fn, **kwargs):
        super().compile(**kwargs)
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn

    @property
    def metrics(self):
        return [self.d_loss_metric, self.g_loss_metric]

    def train_step(self, real):
        size = ops.shape(real)[0]
        noise = random.normal((size, self.noise), seed=self.seed_generator)
        ones, zeros = np.ones((size, 1), "float32"), np.zeros((size, 1), "float32")

        drawn = self.generator(noise, training=True)
        with GradientTape() as tape:
            d_loss = self.loss_fn(0.9 * ones, self.discriminator(real, training=True)) + self.loss_fn(
                zeros, self.discriminator(drawn, training=True)
            )
        variables = self.discriminator.trainable_variables
        self.d_optimizer.apply(tape.gradient(d_loss, variables), variables)

        with GradientTape() as tape:
            judged = self.discriminator(self.generator(noise, training=True), training=True)
            g_loss = self.loss_fn(ones, judged)
        variables = self.generator.trainable_variables
        self.g_optimizer.apply(tape.gradient(g_loss, variables), variables)

        self.d_loss_metric.update_state(d_loss)
        self.g_loss_metric.update_state(g_loss)
        return {metric.name: metric.result() for metric in self.metrics}


class Draw(callbacks.Callback):
    """Adds a row of ten pictures to a sheet after each epoch."""

    def __init__(self, path, noise):
        super().__init__()
        self.path = path
        self.numbers = np.random.default_rng(0).standard_normal((10, noise), dtype="float32")
        self.rows = {}

    def on_epoch_end(self, epoch, logs=None):
        pictures = np.asarray(self.model.generator(self.numbers, training=False))
        self.rows[f"epoch {epoch + 1}"] = (pictures + 1) / 2
        write_sheet(self.path, "What the generator draws from the same ten lists of random numbers", self.rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--picture", default="dcgan.png")
    options = parser.parse_args()
    utils.set_random_seed(0)
    (x_train, _), _ = cifar10.load_data()
    gan = DCGAN()
    gan.compile(
        d_optimizer=optimizers.Adam(2e-4, beta_1=0.5),
        g_optimizer=optimizers.Adam(2e-4, beta_1=0.5),
        loss_fn=losses.BinaryCrossentropy(from_logits=True),
    )
    draw = Draw(options.picture, gan.noise)
    gan.fit(x_train / np.float32(127.5) - 1, batch_size=options.batch_size, epochs=options.epochs, callbacks=[draw])
    print(f"Wrote {options.picture}")


if __name__ == "__main__":
    main()

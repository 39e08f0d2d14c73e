"""Denoising diffusion, small: noise rates, sinusoidal embedding, averages of the weights, reverse steps."""

import math

import numpy as np
from tools import images, normal, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops

    @keras.saving.register_keras_serializable(package="ddim")
    def sinusoidal_embedding(x):
        frequencies = ops.exp(ops.linspace(ops.log(1.0), ops.log(100.0), 4))
        angular_speeds = ops.cast(2.0 * math.pi * frequencies, "float32")
        return ops.concatenate([ops.sin(angular_speeds * x), ops.cos(angular_speeds * x)], axis=3)

    noisy_images, noise_variances = keras.Input(shape=(8, 8, 3)), keras.Input(shape=(1, 1, 1))
    e = layers.Lambda(sinusoidal_embedding, output_shape=(1, 1, 8))(noise_variances)
    e = layers.UpSampling2D(size=8, interpolation="nearest")(e)
    x = layers.Concatenate()([layers.Conv2D(6, kernel_size=1)(noisy_images), e])
    x = layers.BatchNormalization(center=False, scale=False)(x)
    x = layers.Conv2D(6, kernel_size=3, padding="same", activation="swish")(x)
    outputs = layers.Conv2D(3, kernel_size=1, kernel_initializer="zeros")(x)
    network = set_weights(keras.Model([noisy_images, noise_variances], outputs, name="residual_unet"))
    ema_network = keras.models.clone_model(network)
    ema_network.set_weights(network.get_weights())
    normalizer = layers.Normalization()
    normalizer.adapt(images(8, 8, 8, 3))

    def diffusion_schedule(diffusion_times):
        start_angle, end_angle = ops.cast(ops.arccos(0.95), "float32"), ops.cast(ops.arccos(0.2), "float32")
        angles = start_angle + diffusion_times * (end_angle - start_angle)
        return ops.sin(angles), ops.cos(angles)

    pictures, found = normalizer(images(4, 8, 8, 3)), {}
    optimizer = keras.optimizers.SGD(0.05)
    for step in range(3):
        noises, times = normal(4, 8, 8, 3, seed=step), images(4, 1, 1, 1, seed=step)
        noise_rates, signal_rates = diffusion_schedule(times)
        noisy = signal_rates * pictures + noise_rates * noises
        with keras.GradientTape() as tape:
            pred_noises = network([noisy, noise_rates**2], training=True)
            noise_loss = ops.mean(keras.losses.mean_absolute_error(noises, pred_noises))
        gradients = tape.gradient(noise_loss, network.trainable_weights)
        optimizer.apply_gradients(zip(gradients, network.trainable_weights))
        for weight, ema_weight in zip(network.weights, ema_network.weights):
            ema_weight.assign(0.9 * ema_weight + (1 - 0.9) * weight)
        found[f"loss {step}"] = noise_loss
    x = ops.convert_to_tensor(normal(2, 8, 8, 3, seed=9))
    for step in range(3):
        times = ops.ones((2, 1, 1, 1)) - step / 3
        noise_rates, signal_rates = diffusion_schedule(times)
        pred_noises = ema_network([x, noise_rates**2], training=False)
        pred_images = (x - noise_rates * pred_noises) / signal_rates
        next_noise, next_signal = diffusion_schedule(times - 1 / 3)
        x = next_signal * pred_images + next_noise * pred_noises
    pictures = ops.clip(normalizer.mean + pred_images * normalizer.variance**0.5, 0.0, 1.0)
    return {**found, "pictures": np.asarray(pictures)}

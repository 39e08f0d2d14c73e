"""Wasserstein GAN: a gradient of gradients for the penalty."""

from tools import images, normal, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops
    critic = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(6, 3, padding="same", activation="tanh"),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    generator = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(16, activation="tanh"),
            layers.Reshape((4, 4, 1)),
            layers.UpSampling2D(),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )
    set_weights(critic)
    set_weights(generator, seed=1)
    optimizer = keras.optimizers.SGD(0.05)
    real, found = images(4, 8, 8, 1), {}
    for step in range(3):
        fake = generator(normal(4, 4, seed=step))
        alpha = images(4, 1, 1, 1, seed=step)
        with keras.GradientTape() as tape:
            interpolated = ops.convert_to_tensor(real + alpha * (fake - real))
            with keras.GradientTape() as gp_tape:
                gp_tape.watch(interpolated)
                pred = critic(interpolated, training=True)
            grads = gp_tape.gradient(pred, [interpolated])[0]
            norm = ops.sqrt(ops.sum(ops.square(grads), axis=[1, 2, 3]))
            penalty = ops.mean((norm - 1.0) ** 2)
            loss = ops.mean(critic(fake)) - ops.mean(critic(real)) + 10.0 * penalty
        gradient = tape.gradient(loss, critic.trainable_variables)
        optimizer.apply_gradients(zip(gradient, critic.trainable_variables))
        found.update({f"loss {step}": loss, f"penalty {step}": penalty, f"gradient {step}": gradient[0]})
    return found

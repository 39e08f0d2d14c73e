"""Generator and discriminator that are told the class; both train in one step."""

from tools import images, labels, normal, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops
    discriminator = keras.Sequential(
        [
            keras.layers.InputLayer((8, 8, 1 + 3)),
            layers.Conv2D(8, (3, 3), strides=(2, 2), padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.GlobalMaxPooling2D(),
            layers.Dense(1),
        ],
        name="discriminator",
    )
    generator = keras.Sequential(
        [
            keras.layers.InputLayer((4 + 3,)),
            layers.Dense(4 * 4 * 7),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Reshape((4, 4, 7)),
            layers.Conv2DTranspose(8, (4, 4), strides=(2, 2), padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(1, (5, 5), padding="same", activation="sigmoid"),
        ],
        name="generator",
    )
    set_weights(discriminator)
    set_weights(generator, seed=1)
    d_optimizer, g_optimizer = keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)
    loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
    real, classes = images(6, 8, 8, 1), ops.one_hot(labels(6, 3), 3)
    planes = ops.reshape(ops.repeat(classes, repeats=[8 * 8]), (-1, 8, 8, 3))
    found = {"planes": planes}
    for step in range(3):
        random_vector_labels = ops.concatenate([normal(6, 4, seed=step), classes], axis=1)
        generated = generator(random_vector_labels)
        fake_and_labels = ops.concatenate([generated, planes], -1)
        combined = ops.concatenate([fake_and_labels, ops.concatenate([real, planes], -1)], axis=0)
        targets = ops.concatenate([ops.ones((6, 1)), ops.zeros((6, 1))], axis=0)
        with keras.GradientTape() as tape:
            d_loss = loss_fn(targets, discriminator(combined))
        grads = tape.gradient(d_loss, discriminator.trainable_weights)
        d_optimizer.apply_gradients(zip(grads, discriminator.trainable_weights))
        with keras.GradientTape() as tape:
            fake = ops.concatenate([generator(random_vector_labels), planes], -1)
            g_loss = loss_fn(ops.zeros((6, 1)), discriminator(fake))
        grads = tape.gradient(g_loss, generator.trainable_weights)
        g_optimizer.apply_gradients(zip(grads, generator.trainable_weights))
        found.update({f"d {step}": d_loss, f"g {step}": g_loss})
    return {**found, "fake": generator(random_vector_labels)}

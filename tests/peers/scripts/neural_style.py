"""Neural style transfer: Gram matrices, total variation, an optimizer over pixels with a schedule."""

from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="block1")(inputs)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(6, 3, activation="relu", name="block2")(x)
    model = set_weights(keras.Model(inputs, x))
    extractor = keras.Model(inputs=model.inputs, outputs={one.name: one.output for one in model.layers[1:]})

    def gram_matrix(x):
        x = ops.transpose(x, (2, 0, 1))
        features = ops.reshape(x, (ops.shape(x)[0], -1))
        return ops.matmul(features, ops.transpose(features))

    def style_loss(style, combination):
        return ops.sum(ops.square(gram_matrix(style) - gram_matrix(combination))) / (4.0 * (3**2) * (144**2))

    def total_variation_loss(x):
        a = ops.square(x[:, : 12 - 1, : 12 - 1, :] - x[:, 1:, : 12 - 1, :])
        b = ops.square(x[:, : 12 - 1, : 12 - 1, :] - x[:, : 12 - 1, 1:, :])
        return ops.sum(ops.power(a + b, 1.25))

    def compute_loss(combination_image, base_image, style_image):
        features = extractor(ops.concatenate([base_image, style_image, combination_image], axis=0))
        content = features["block2"]
        loss = 0.25 * ops.sum(ops.square(content[2] - content[0]))
        for name in ("block1", "block2"):
            loss = loss + style_loss(features[name][1], features[name][2]) / 2
        return loss + 1e-3 * total_variation_loss(combination_image)

    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, decay_steps=2, decay_rate=0.96)
    optimizer = keras.optimizers.SGD(schedule)
    base, style = images(1, 12, 12, 3), images(1, 12, 12, 3, seed=1)
    picture, found = keras.Variable(base + 0.1), {}
    for i in range(4):
        with keras.GradientTape() as tape:
            loss = compute_loss(picture.value, base, style)
        optimizer.apply_gradients([(tape.gradient(loss, picture), picture)])
        found[f"loss {i}"] = loss
    return {**found, "picture": picture.numpy(), "rate": optimizer.learning_rate}

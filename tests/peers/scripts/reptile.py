"""Reptile: inner training from a copy of the weights, then a step towards what it found."""

from tools import images, labels, set_weights


def run(keras):
    layers = keras.layers

    def conv_bn(x):
        x = layers.Conv2D(filters=4, kernel_size=3, strides=2, padding="same")(x)
        return layers.ReLU()(layers.BatchNormalization()(x))

    inputs = layers.Input(shape=(12, 12, 1))
    x = layers.Flatten()(conv_bn(conv_bn(inputs)))
    model = set_weights(keras.Model(inputs=inputs, outputs=layers.Dense(3, activation="softmax")(x)))
    optimizer, found = keras.optimizers.SGD(learning_rate=0.05), {}
    for meta_iter in range(2):
        meta_step_size = 0.25 * (1 - meta_iter / 2)
        old_vars = model.get_weights()
        for inner in range(2):
            pictures, targets = images(6, 12, 12, 1, seed=inner), labels(6, 3, seed=inner)
            with keras.GradientTape() as tape:
                preds = model(pictures, training=True)
                loss = keras.losses.sparse_categorical_crossentropy(targets, preds)
            grads = tape.gradient(loss, model.trainable_weights)
            optimizer.apply_gradients(zip(grads, model.trainable_weights))
        new_vars = model.get_weights()
        for var in range(len(new_vars)):
            new_vars[var] = old_vars[var] + ((new_vars[var] - old_vars[var]) * meta_step_size)
        model.set_weights(new_vars)
        found[f"loss {meta_iter}"] = loss
    return {**found, **{f"weight {i}": w for i, w in enumerate(model.get_weights())}}

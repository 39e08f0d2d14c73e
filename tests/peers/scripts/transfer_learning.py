"""A frozen base below a new head, then fine-tuning of the whole with a small rate; batch normalisation stays frozen."""

from tools import images, labels, set_weights, trained


def run(keras):
    layers = keras.layers
    base_model = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(6, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Conv2D(8, 3, strides=2, activation="relu"),
        ],
        name="base",
    )
    base_model.trainable = False
    inputs = keras.Input(shape=(12, 12, 3))
    x = layers.Rescaling(scale=1 / 127.5, offset=-1)(inputs)
    x = base_model(x, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(3)(x)
    model = set_weights(keras.Model(inputs, outputs))
    x, y = images(8, 12, 12, 3) * 255, labels(8, 3)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=loss, metrics=[keras.metrics.SparseCategoricalAccuracy()])
    first = trained(model, x, y)
    base_model.trainable = True
    for layer in base_model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    model.compile(optimizer=keras.optimizers.SGD(1e-2), loss=loss, metrics=["accuracy"])
    second = trained(model, x, y)
    counts = [len(model.trainable_weights), len(model.non_trainable_weights)]
    return {**first, **{f"tuned {key}": value for key, value in second.items()}, "counts": counts}

"""An optimizer of one's own that takes the mean out of each gradient before RMSprop uses it."""

from tools import images, labels, set_weights, trained


def run(keras):
    layers, ops = keras.layers, keras.ops

    class GCRMSprop(keras.optimizers.RMSprop):
        def apply(self, grads, trainable_variables=None):
            centred = []
            for grad in grads:
                if len(grad.shape) > 1:
                    axis = list(range(len(grad.shape) - 1))
                    grad = grad - ops.mean(grad, axis=axis, keepdims=True)
                centred.append(grad)
            super().apply(centred, trainable_variables)

    model = keras.Sequential(
        [
            keras.Input((10, 10, 3)),
            layers.Conv2D(6, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(8, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    set_weights(model).compile(
        loss="binary_crossentropy", optimizer=GCRMSprop(learning_rate=1e-3, epsilon=1e-3), metrics=["accuracy"]
    )
    return trained(model, images(8, 10, 10, 3), labels(8, 2).astype("float32"))

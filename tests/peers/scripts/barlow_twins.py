"""Barlow Twins: the correlations between two views of a batch become the identity."""

from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops

    class BarlowLoss(keras.losses.Loss):
        def __init__(self, batch_size):
            super().__init__(name="barlow_loss")
            self.lambda_amt, self.batch_size = 5e-3, batch_size

        def get_off_diag(self, c):
            return c - ops.diag(ops.diagonal(c))

        def normalize(self, output):
            return (output - ops.mean(output, axis=0)) / (ops.std(output, axis=0) + 1e-4)

        def call(self, z_a, z_b):
            c = ops.matmul(ops.transpose(self.normalize(z_a)), self.normalize(z_b)) / self.batch_size
            on_diag = ops.sum(ops.square(ops.diagonal(c) - 1))
            return on_diag + self.lambda_amt * ops.sum(ops.square(self.get_off_diag(c)))

    class BarlowModel(keras.Model):
        def __init__(self, model):
            super().__init__()
            self.model = model
            self.loss_tracker = keras.metrics.Mean(name="loss")

        @property
        def metrics(self):
            return [self.loss_tracker]

        def train_step(self, batch):
            with keras.GradientTape() as tape:
                z_a, z_b = self.model(batch[0], training=True), self.model(batch[1], training=True)
                loss = self.loss(z_a, z_b)
            grads = tape.gradient(loss, self.model.trainable_variables)
            self.optimizer.apply_gradients(zip(grads, self.model.trainable_variables))
            self.loss_tracker.update_state(loss)
            return {"loss": self.loss_tracker.result()}

    network = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(6, 3, activation="relu"),
            layers.GlobalAvgPool2D(),
            layers.Dense(8, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dense(5),
        ]
    )
    bm = BarlowModel(set_weights(network))
    bm.compile(optimizer=keras.optimizers.SGD(0.02), loss=BarlowLoss(8))
    views = images(16, 8, 8, 3), images(16, 8, 8, 3, seed=1)
    history = bm.fit(*views, epochs=3, batch_size=8, shuffle=False, verbose=0).history
    return {**history, "weights": network.get_weights()[0], "mean": network.layers[3].moving_mean}

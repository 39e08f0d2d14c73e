"""Real NVP: coupling layers whose logarithms of determinants enter the likelihood, both directions."""

import math

import numpy as np
from tools import normal, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops

    def coupling():
        inputs = keras.layers.Input(shape=(2,))
        options = {"kernel_regularizer": keras.regularizers.l2(0.01)}
        t = layers.Dense(2)(layers.Dense(8, activation="relu", **options)(inputs))
        s = layers.Dense(2, activation="tanh", **options)(layers.Dense(8, activation="relu", **options)(inputs))
        return keras.Model(inputs=inputs, outputs=[s, t])

    class RealNVP(keras.Model):
        def __init__(self, num_coupling_layers):
            super().__init__()
            self.num_coupling_layers = num_coupling_layers
            self.masks = np.array([[0, 1], [1, 0]] * (num_coupling_layers // 2), dtype="float32")
            self.loss_tracker = keras.metrics.Mean(name="loss")
            self.layers_list = [set_weights(coupling(), seed=i) for i in range(num_coupling_layers)]

        @property
        def metrics(self):
            return [self.loss_tracker]

        def call(self, x, training=True):
            log_det_inv, direction = 0, -1 if training else 1
            for i in range(self.num_coupling_layers)[::direction]:
                x_masked, reversed_mask = x * self.masks[i], 1 - self.masks[i]
                s, t = (one * reversed_mask for one in self.layers_list[i](x_masked))
                gate = (direction - 1) / 2
                x = reversed_mask * (x * ops.exp(direction * s) + direction * t * ops.exp(gate * s)) + x_masked
                log_det_inv += gate * ops.sum(s, axis=1)
            return x, log_det_inv

        def log_loss(self, x):
            y, logdet = self(x)
            log_likelihood = -0.5 * ops.sum(ops.square(y), axis=1) - math.log(2 * math.pi) + logdet
            return -ops.mean(log_likelihood)

        def train_step(self, data):
            with keras.GradientTape() as tape:
                loss = self.log_loss(data) + ops.sum(ops.stack(self.losses))
            g = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(g, self.trainable_variables))
            self.loss_tracker.update_state(loss)
            return {"loss": self.loss_tracker.result()}

        def test_step(self, data):
            self.loss_tracker.update_state(self.log_loss(data))
            return {"loss": self.loss_tracker.result()}

    model = RealNVP(num_coupling_layers=4)
    model.compile(optimizer=keras.optimizers.SGD(0.02))
    data = normal(12, 2)
    history = model.fit(data, batch_size=4, epochs=2, verbose=0, shuffle=False, validation_data=(data,)).history
    z, logdet = model(data)
    x, _ = model(normal(6, 2, seed=3), training=False)
    return {**history, "z": z, "logdet": logdet, "x": x}

"""Uncertainty from several passes: masks that are drawn outside stand for dropout, layers are told training=True."""

import numpy as np
from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops

    class GivenDropout(layers.Layer):
        def __init__(self, rate, **kwargs):
            super().__init__(**kwargs)
            self.rate, self.numbers = rate, np.random.default_rng(0)

        def call(self, inputs, training=False):
            if not training:
                return inputs
            kept = self.numbers.random(tuple(inputs.shape)) >= self.rate
            return ops.where(kept, inputs / (1 - self.rate), 0.0)

    class MCModel(keras.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [layers.Conv2D(4, 3, activation="relu"), GivenDropout(0.3), layers.Flatten()]
            self.head = layers.Dense(3, activation="softmax")

        def call(self, inputs, training=False):
            x = inputs
            for block in self.blocks:
                x = block(x, training=training) if isinstance(block, GivenDropout) else block(x)
            return self.head(x)

    model, x = MCModel(), images(4, 8, 8, 1)
    model(x)
    set_weights(model)
    passes = ops.stack([model(x, training=True) for _ in range(6)])
    mean = ops.mean(passes, axis=0)
    entropy = -ops.sum(mean * ops.log(mean + 1e-9), axis=-1)
    off = layers.Dropout(0.5)
    return {
        "passes": passes,
        "variance": ops.var(passes, axis=0),
        "entropy": entropy,
        "plain": model.predict(x, verbose=0),
        "off": off(x, training=False),
    }

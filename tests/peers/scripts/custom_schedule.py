"""Warm-up and cosine decay as a schedule of one's own, and the schedules that Keras brings."""

import math

from tools import images, labels, set_weights, trained


def run(keras):
    layers, ops = keras.layers, keras.ops

    class WarmUpCosine(keras.optimizers.schedules.LearningRateSchedule):
        def __init__(self, base, total_steps, warmup_rate, warmup_steps):
            super().__init__()
            self.base, self.total_steps = base, total_steps
            self.warmup_rate, self.warmup_steps = warmup_rate, warmup_steps

        def __call__(self, step):
            step = ops.cast(step, "float32")
            cosine = ops.cos(math.pi * (step - self.warmup_steps) / (self.total_steps - self.warmup_steps))
            rate = 0.5 * self.base * (1 + cosine)
            slope = (self.base - self.warmup_rate) / self.warmup_steps
            rate = ops.where(step < self.warmup_steps, slope * step + self.warmup_rate, rate)
            return ops.where(step > self.total_steps, 0.0, rate)

        def get_config(self):
            return {"base": self.base, "total_steps": self.total_steps, "warmup_rate": self.warmup_rate,
                    "warmup_steps": self.warmup_steps}  # fmt: skip

    model = set_weights(keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(3)]))
    schedule = WarmUpCosine(0.1, 8, 0.01, 3)
    model.compile(
        keras.optimizers.SGD(schedule, momentum=0.5), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    found = trained(model, images(8, 6, 6, 1), labels(8, 3), epochs=3)
    schedules = keras.optimizers.schedules
    built_in = [
        schedules.CosineDecay(0.1, 10, alpha=0.1, warmup_target=0.2, warmup_steps=3),
        schedules.CosineDecayRestarts(0.1, 4),
        schedules.PiecewiseConstantDecay([3, 6], [1.0, 0.5, 0.1]),
        schedules.PolynomialDecay(0.1, 8, power=2.0, cycle=True),
        schedules.InverseTimeDecay(0.1, 2, 0.5, staircase=True),
    ]
    for one in built_in:
        found[type(one).__name__] = [float(one(step)) for step in range(12)]
    return {**found, "own": [float(schedule(step)) for step in range(10)], "rate": model.optimizer.learning_rate}

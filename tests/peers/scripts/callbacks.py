"""Callbacks that Keras brings and one of one's own, and what they leave in the history."""

import csv
import tempfile
from pathlib import Path

import numpy as np
from tools import images, labels, set_weights


def run(keras):
    layers = keras.layers

    class LossAndErrors(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.events, self.losses = [], []

        def on_train_begin(self, logs=None):
            self.events.append(self.params["epochs"])

        def on_epoch_begin(self, epoch, logs=None):
            self.events.append(100 + epoch)

        def on_train_batch_end(self, batch, logs=None):
            self.losses.append(logs["loss"])

        def on_epoch_end(self, epoch, logs=None):
            self.events.append(sorted(logs).index("val_loss"))
            if epoch == 4:
                self.model.stop_training = True

    model = set_weights(keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(3)]))
    model.compile(
        keras.optimizers.SGD(0.5), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    own = LossAndErrors()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.csv"
        callbacks = [
            own,
            keras.callbacks.EarlyStopping("loss", patience=3, min_delta=1e-3, restore_best_weights=True),
            keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.3, patience=0, min_delta=0.01, cooldown=1),
            keras.callbacks.LearningRateScheduler(lambda epoch, lr: lr * 0.9 if epoch else lr),
            keras.callbacks.CSVLogger(str(log)),
            keras.callbacks.ModelCheckpoint(
                str(Path(folder) / "m.weights.h5"), save_weights_only=True, save_best_only=True
            ),
            keras.callbacks.TerminateOnNaN(),
            keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: own.events.append(epoch)),
        ]
        history = model.fit(
            images(12, 6, 6, 1), labels(12, 3), batch_size=4, epochs=8, shuffle=False, validation_split=0.34,
            callbacks=callbacks, verbose=0,
        ).history  # fmt: skip
        rows = [[float(v) for v in row.values()] for row in csv.DictReader(log.open())]
        rate = float(model.optimizer.learning_rate)
        model.load_weights(Path(folder) / "m.weights.h5")
    found = {**history, "events": own.events, "losses": own.losses, "csv": np.array(rows)}
    return {**found, "weights": model.get_weights()[0], "rate": rate}

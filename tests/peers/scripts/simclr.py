"""Contrastive learning: two views, a projection head, normalised temperature-scaled cross-entropy."""

from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops

    class ContrastiveModel(keras.Model):
        def __init__(self):
            super().__init__()
            self.temperature = 0.1
            self.encoder = keras.Sequential(
                [
                    layers.Conv2D(6, 3, strides=2, activation="relu"),
                    layers.Flatten(),
                    layers.Dense(8, activation="relu"),
                ]
            )
            self.projection_head = keras.Sequential(
                [keras.Input(shape=(8,)), layers.Dense(8, activation="relu"), layers.Dense(6)]
            )

        def compile(self, contrastive_optimizer, **kwargs):
            super().compile(**kwargs)
            self.contrastive_optimizer = contrastive_optimizer
            self.loss_tracker = keras.metrics.Mean(name="c_loss")
            self.accuracy = keras.metrics.SparseCategoricalAccuracy(name="c_acc")

        @property
        def metrics(self):
            return [self.loss_tracker, self.accuracy]

        def contrastive_loss(self, projections_1, projections_2):
            projections_1 = ops.normalize(projections_1, axis=1)
            projections_2 = ops.normalize(projections_2, axis=1)
            similarities = ops.matmul(projections_1, ops.transpose(projections_2)) / self.temperature
            labels, loss = ops.arange(ops.shape(projections_1)[0]), 0.0
            for logits in (similarities, ops.transpose(similarities)):
                self.accuracy.update_state(labels, logits)
                loss += keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
            return loss / 2

        def train_step(self, data):
            with keras.GradientTape() as tape:
                views = [ops.flip(data, axis=2), data * 0.8 + 0.1]
                projected = [self.projection_head(self.encoder(view, training=True)) for view in views]
                loss = self.contrastive_loss(*projected)
            weights = self.encoder.trainable_weights + self.projection_head.trainable_weights
            self.contrastive_optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
            self.loss_tracker.update_state(loss)
            return {m.name: m.result() for m in self.metrics}

    model = ContrastiveModel()
    x = images(8, 10, 10, 3)
    model.encoder(x)
    set_weights(model.encoder)
    set_weights(model.projection_head, seed=1)
    model.compile(contrastive_optimizer=keras.optimizers.SGD(0.01))
    history = model.fit(x, epochs=3, batch_size=4, shuffle=False, verbose=0).history
    return {**history, "features": model.encoder.predict(x, verbose=0)}

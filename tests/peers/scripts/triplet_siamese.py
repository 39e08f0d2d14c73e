"""Anchor, positive and negative picture: a model with a distance layer and a train_step of its own."""

from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops

    class DistanceLayer(layers.Layer):
        def call(self, anchor, positive, negative):
            ap_distance = ops.sum(ops.square(anchor - positive), -1)
            an_distance = ops.sum(ops.square(anchor - negative), -1)
            return (ap_distance, an_distance)

    class SiameseModel(keras.Model):
        def __init__(self, siamese_network, margin=0.5):
            super().__init__()
            self.siamese_network = siamese_network
            self.margin = margin
            self.loss_tracker = keras.metrics.Mean(name="loss")

        def call(self, inputs):
            return self.siamese_network(inputs)

        def train_step(self, data):
            with keras.GradientTape() as tape:
                ap_distance, an_distance = self.siamese_network(data)
                loss = ops.mean(ops.maximum(ap_distance - an_distance + self.margin, 0.0))
            gradients = tape.gradient(loss, self.siamese_network.trainable_weights)
            self.optimizer.apply_gradients(zip(gradients, self.siamese_network.trainable_weights))
            self.loss_tracker.update_state(loss)
            return {"loss": self.loss_tracker.result()}

        @property
        def metrics(self):
            return [self.loss_tracker]

    embedding = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(6)]
    )
    ends = [layers.Input(name=name, shape=(8, 8, 3)) for name in ("anchor", "positive", "negative")]
    network = set_weights(keras.Model(ends, DistanceLayer()(*[embedding(x) for x in ends])))
    model = SiameseModel(network)
    model.compile(optimizer=keras.optimizers.SGD(0.02))
    data = [images(8, 8, 8, 3, seed=i) for i in range(3)]
    history = model.fit(data, epochs=3, batch_size=4, shuffle=False, verbose=0).history
    similarity = keras.metrics.CosineSimilarity()
    return {
        **history,
        "weights": embedding.get_weights()[-2],
        "cosine": similarity(embedding(data[0]), embedding(data[1])),
    }

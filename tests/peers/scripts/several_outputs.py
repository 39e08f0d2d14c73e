"""Two inputs and two outputs from a PyDataset: loss weights, weights of samples, metrics for each output."""

import math

from tools import images, labels, normal, set_weights


def run(keras):
    layers = keras.layers

    class Batches(keras.utils.PyDataset):
        def __init__(self, n, batch_size, **kwargs):
            super().__init__(**kwargs)
            self.batch_size = batch_size
            self.x = {"picture": images(n, 8, 8, 3), "row": normal(n, 4)}
            self.y = {"kind": labels(n, 3), "price": normal(n, 1, seed=5)}
            self.weights = images(n, seed=6)

        def __len__(self):
            return math.ceil(len(self.weights) / self.batch_size)

        def __getitem__(self, idx):
            part = slice(idx * self.batch_size, (idx + 1) * self.batch_size)
            x, y = ({key: value[part] for key, value in d.items()} for d in (self.x, self.y))
            return x, y, {"kind": self.weights[part], "price": self.weights[part] + 1}

    picture, row = keras.Input((8, 8, 3), name="picture"), keras.Input((4,), name="row")
    x = layers.GlobalMaxPooling2D()(layers.Conv2D(6, 3, activation="relu")(picture))
    x = layers.concatenate([x, layers.Dense(4, activation="tanh")(row)])
    outputs = {
        "kind": layers.Dense(3, activation="softmax", name="kind")(x),
        "price": layers.Dense(1, name="price", kernel_regularizer="l2")(x),
    }
    model = set_weights(keras.Model({"picture": picture, "row": row}, outputs))
    model.compile(
        keras.optimizers.SGD(0.05, momentum=0.9),
        loss={"kind": "sparse_categorical_crossentropy", "price": keras.losses.Huber()},
        loss_weights={"kind": 1.0, "price": 0.2},
        metrics={"kind": ["accuracy"], "price": ["mae", keras.metrics.RootMeanSquaredError()]},
    )
    data = Batches(10, 4)
    history = model.fit(data, epochs=2, shuffle=False, verbose=0, validation_data=Batches(6, 3)).history

    def generator():
        for i in range(len(data)):
            yield data[i]

    found = model.evaluate(generator(), steps=3, verbose=0, return_dict=True)
    predicted = model.predict(data.x, verbose=0)
    batch = model.train_on_batch(*data[0], return_dict=True)
    return {**history, **{f"evaluated {k}": v for k, v in found.items()}, **predicted,
            **{f"batch {k}": v for k, v in batch.items()}}  # fmt: skip

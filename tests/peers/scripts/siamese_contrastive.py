"""Pairs of pictures through one tower, their distance, and a contrastive loss."""

from tools import images, labels, set_weights, trained


def run(keras):
    layers, ops = keras.layers, keras.ops

    def euclidean_distance(vects):
        x, y = vects
        return ops.sqrt(ops.maximum(ops.sum(ops.square(x - y), axis=1, keepdims=True), keras.backend.epsilon()))

    def contrastive_loss(y_true, y_pred, margin=1.0):
        square_pred = ops.square(y_pred)
        margin_square = ops.square(ops.maximum(margin - y_pred, 0))
        return ops.mean((1 - y_true) * square_pred + y_true * margin_square)

    inputs = layers.Input((10, 10, 1))
    x = layers.Conv2D(4, (5, 5), activation="tanh")(inputs)
    x = layers.AveragePooling2D(pool_size=(2, 2))(x)
    x = layers.Flatten()(x)
    tower = keras.Model(inputs, layers.Dense(10, activation="tanh")(x))
    input_1, input_2 = layers.Input((10, 10, 1)), layers.Input((10, 10, 1))
    merged = layers.Lambda(euclidean_distance, output_shape=(1,))([tower(input_1), tower(input_2)])
    outputs = layers.Dense(1, activation="sigmoid")(layers.BatchNormalization()(merged))
    model = set_weights(keras.Model(inputs=[input_1, input_2], outputs=outputs))
    model.compile(loss=contrastive_loss, optimizer=keras.optimizers.RMSprop(0.001, epsilon=1e-3), metrics=["accuracy"])
    pairs = [images(8, 10, 10, 1), images(8, 10, 10, 1, seed=2)]
    return trained(model, pairs, labels(8, 2).astype("float32"))

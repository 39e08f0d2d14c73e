"""Convolutions and LSTMs that read characters, with a CTC loss as a layer, and greedy decoding."""

import numpy as np
from tools import images, set_weights


def run(keras):
    layers, ops = keras.layers, keras.ops

    class CTCLayer(layers.Layer):
        def call(self, y_true, y_pred):
            batch_len = ops.shape(y_true)[0]
            input_length = ops.full((batch_len,), ops.shape(y_pred)[1], dtype="int32")
            label_length = ops.full((batch_len,), ops.shape(y_true)[1], dtype="int32")
            loss = ops.nn.ctc_loss(y_true, ops.log(y_pred + 1e-7), label_length, input_length, mask_index=0)
            self.add_loss(ops.mean(loss))
            return y_pred

    input_img = layers.Input(shape=(16, 8, 1), name="image")
    targets = layers.Input(name="label", shape=(3,), dtype="int32")
    x = layers.Conv2D(4, (3, 3), activation="relu", padding="same", name="Conv1")(input_img)
    x = layers.MaxPooling2D((2, 2), name="pool1")(x)
    x = layers.Reshape(target_shape=(8, 16), name="reshape")(x)
    x = layers.Dense(8, activation="relu", name="dense1")(x)
    x = layers.Bidirectional(layers.LSTM(6, return_sequences=True, dropout=0.0))(x)
    x = layers.Dense(6, activation="softmax", name="dense2")(x)
    model = keras.models.Model(inputs=[input_img, targets], outputs=CTCLayer(name="ctc_loss")(targets, x))
    set_weights(model)
    model.compile(optimizer=keras.optimizers.SGD(0.02))
    data = {"image": images(6, 16, 8, 1), "label": np.random.default_rng(1).integers(1, 6, (6, 3)).astype("int32")}
    history = model.fit(data, epochs=2, batch_size=3, shuffle=False, verbose=0).history
    prediction_model = keras.models.Model(model.inputs[0], model.get_layer(name="dense2").output)
    preds = prediction_model.predict(data["image"], verbose=0)
    lengths = np.full(6, preds.shape[1], "int32")
    decoded, scores = ops.nn.ctc_decode(np.log(preds), lengths, strategy="greedy", mask_index=0)
    return {**history, "predictions": preds, "decoded": decoded, "scores": scores}

"""Next-frame prediction with stacked ConvLSTM2D and Conv3D."""

from tools import images, set_weights, trained


def run(keras):
    layers = keras.layers
    inp = layers.Input(shape=(None, 8, 8, 1))
    x = inp
    for size in (5, 3):
        x = layers.ConvLSTM2D(4, (size, size), padding="same", return_sequences=True, activation="relu")(x)
        x = layers.BatchNormalization()(x)
    x = layers.Conv3D(filters=1, kernel_size=(3, 3, 3), activation="sigmoid", padding="same")(x)
    model = set_weights(keras.models.Model(inp, x))
    model.compile(loss=keras.losses.binary_crossentropy, optimizer=keras.optimizers.SGD(0.05))
    films = images(4, 5, 8, 8, 1)
    return trained(model, films[:, :-1], films[:, 1:], batch_size=2)

"""Dropout, batch normalisation, L1 and L2 compared in one run, on the network of cifar10_cnn.py.

Run it with ``python examples/regularization.py``. Each network is trained from the same initial weights on the same
batches; the table at the end tells how far accuracy on pictures trained on and on others lie apart. All ten epochs give

    ==================== ========== ====== ===== =====
    network              trained on others gap   best
    ==================== ========== ====== ===== =====
    none                 0.962      0.740  0.222 0.747
    dropout              0.803      0.737  0.067 0.737
    batch normalisation  0.892      0.745  0.147 0.745
    L1                   0.938      0.743  0.195 0.746
    L2                   0.850      0.749  0.101 0.749
    ==================== ========== ====== ===== =====
"""

import argparse

from juanji import Sequential, layers, regularizers, utils
from juanji.datasets import cifar10

KINDS = ("none", "dropout", "batch normalisation", "L1", "L2")


def network(kind):
    penalty = {"L1": regularizers.L1(1e-5), "L2": regularizers.L2(5e-4)}.get(kind)
    model = Sequential(name=kind.replace(" ", "_"))
    model.add(layers.Input((32, 32, 3)))
    for filters in (32, 64, 128):
        model.add(layers.Conv2D(filters, 3, padding="same", kernel_regularizer=penalty))
        if kind == "batch normalisation":
            model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
        model.add(layers.MaxPooling2D())
        if kind == "dropout":
            model.add(layers.Dropout(0.25))
    model.add(layers.Flatten())
    model.add(layers.Dense(512, activation="relu", kernel_regularizer=penalty))
    if kind == "dropout":
        model.add(layers.Dropout(0.5))
    model.add(layers.Dense(10, activation="softmax"))
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=64)
    options = parser.parse_args()
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255
    results = []
    for kind in KINDS:
        utils.set_random_seed(0)
        model = network(kind)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        print(f"\n{kind}")
        history = model.fit(
            x_train, y_train, batch_size=options.batch_size, epochs=options.epochs, validation_data=(x_test, y_test)
        ).history
        known = model.evaluate(x_train[:10000], y_train[:10000], verbose=0)[1]
        results.append((kind, known, history["val_accuracy"][-1], max(history["val_accuracy"])))
    print(f"\n{'':<20} trained on   others    gap   best")
    for kind, known, other, best in results:
        print(f"{kind:<20} {known:10.3f} {other:8.3f} {known - other:6.3f} {best:6.3f}")


if __name__ == "__main__":
    main()

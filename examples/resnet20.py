"""ResNet-20 for CIFAR-10 with the functional API, batch normalisation and augmentation.

Run it with ``python examples/resnet20.py``. Pictures are mirrored and shifted at random while training; the learning
rate rises during the first epoch and then falls to zero along a cosine. After the 15 epochs of the defaults 83.9% of the
test pictures are classified correctly.

Source: K. He, X. Zhang, S. Ren and J. Sun, "Deep Residual Learning for Image Recognition", 2015, arXiv:1512.03385,
section 4.2.
"""

import argparse

from juanji import Input, Model, layers, losses, ops, optimizers, regularizers, utils
from juanji.datasets import cifar10

DECAY = 1e-4  # factor of the squared weights in the loss


def convolution(x, filters, strides=1):
    x = layers.Conv2D(
        filters, 3, strides=strides, padding="same", use_bias=False, kernel_initializer="he_normal",
        kernel_regularizer=regularizers.L2(DECAY),
    )(x)
    return layers.BatchNormalization()(x)


def block(x, filters, strides):
    """Two convolutions and a way around them."""
    y = layers.ReLU()(convolution(x, filters, strides))
    y = convolution(y, filters)
    if strides > 1:  # the way around is thinned out, and widened with zeros
        missing = filters - x.shape[-1]
        x = layers.MaxPooling2D(1, strides=strides)(x)
        x = ops.pad(x, ((0, 0), (0, 0), (0, 0), (missing // 2, missing - missing // 2)))
    return layers.ReLU()(layers.Add()([x, y]))


def resnet20(classes=10):
    inputs = Input((32, 32, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    x = layers.RandomFlip("horizontal")(x)
    x = layers.RandomTranslation(4 / 32, 4 / 32, fill_mode="constant", interpolation="nearest")(x)
    x = layers.ReLU()(convolution(x, 16))
    for stage, filters in enumerate((16, 32, 64)):
        for i in range(3):
            x = block(x, filters, strides=2 if stage and not i else 1)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(classes, kernel_initializer="he_normal", kernel_regularizer=regularizers.L2(DECAY))(x)
    return Model(inputs, outputs, name="resnet20")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch-size", type=int, default=128)
    options = parser.parse_args()
    utils.set_random_seed(0)
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    model = resnet20()
    steps = -(-len(x_train) // options.batch_size)  # in an epoch
    rate = optimizers.schedules.CosineDecay(
        0.01, decay_steps=max(options.epochs - 1, 1) * steps, warmup_target=0.1, warmup_steps=steps
    )
    model.compile(
        optimizer=optimizers.SGD(rate, momentum=0.9),
        loss=losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(
        x_train, y_train, batch_size=options.batch_size, epochs=options.epochs, validation_data=(x_test, y_test)
    )
    accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    print(f"Accuracy: {100 * accuracy:.2f}")


if __name__ == "__main__":
    main()

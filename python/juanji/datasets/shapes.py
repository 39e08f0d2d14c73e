"""Shapes: pictures of 32×32 pixels in ten classes, drawn by program, in the form of CIFAR-10.

The data set for a machine without files and without a network, for tests and for first steps.
"""

import operator

from ._types import Dataset

class_names = (
    "circle",
    "ring",
    "crescent",
    "triangle",
    "square",
    "cross",
    "star",
    "heart",
    "arrow",
    "hourglass",
)
"""Name of each label 0..9."""


def load_data(num_train: int = 10_000, num_test: int = 2_000, seed: int = 0) -> Dataset:
    """Draws the data set.

    Each picture shows one shape of random size, rotation, position, stretch and colour in front of a plain,
    shaded, striped, checked or cloudy background, with small spots and noise over it. The label is the kind
    of shape; nothing else about a picture depends on it, so a linear classifier gets some 20% right while a
    small convolutional network learns it within a few epochs.

    The same seed gives the same bytes on every machine: the random numbers are raw Philox output, and the
    drawing uses exactly rounded operations only. The pictures of a split depend on the seed and their place
    alone: asking for more pictures adds to the end. Training and test pictures come from different random
    streams. Any ten consecutive pictures (from a multiple of ten) are one of each class.

    Args:
        num_train: number of training pictures, 0 or more.
        num_test: number of test pictures, 0 or more.
        seed: which data set, 0 to 2⁶⁴-1.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, uint8: images (num_train, 32, 32, 3) and (num_test, 32, 32, 3)
        in 0..255, labels (num_train, 1) and (num_test, 1) in 0..9, see `class_names`.

    Raises:
        TypeError: an argument is no whole number.
        ValueError: an argument is out of range.

    Example:
        >>> from juanji.datasets import shapes
        >>> (x_train, y_train), (x_test, y_test) = shapes.load_data(num_train=20, num_test=10)
        >>> x_train.shape, y_train.shape, x_test.shape
        ((20, 32, 32, 3), (20, 1), (10, 32, 32, 3))
        >>> len({shapes.class_names[label] for label in y_test[:, 0]})
        10
    """
    from ._shape_pictures import draw

    num_train = _whole("num_train", num_train, 1 << 62)
    num_test = _whole("num_test", num_test, 1 << 62)
    seed = _whole("seed", seed, 1 << 64)
    return draw(num_train, seed, test=False), draw(num_test, seed, test=True)


def _whole(name: str, value: int, limit: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"shapes: {name} is no whole number; expected an int, got {name}={value!r}. Convert it by int()."
        ) from None
    if not 0 <= number < limit:
        raise ValueError(
            f"shapes: {name} is out of range; expected 0 to {limit - 1}, got {name}={number}. "
            "Choose a number in this range."
        )
    return number

"""Data sets in the form Keras returns them: `((x_train, y_train), (x_test, y_test))`.

`cifar10`, `cifar100`, `mnist` and `fashion_mnist` read (or download) pictures; `shapes` draws a set of the
form of `cifar10` by program, so it needs neither a file nor a network.
"""

from . import cifar10, cifar100, fashion_mnist, mnist, shapes

__all__ = ["cifar10", "cifar100", "fashion_mnist", "mnist", "shapes"]

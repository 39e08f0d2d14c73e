"""Data sets in the form Keras returns them: `((x_train, y_train), (x_test, y_test))`.

`cifar10` reads (or downloads) the CIFAR-10 photographs; `shapes` draws a set of the same form
by program, so it needs neither a file nor a network.
"""

from . import cifar10, shapes

__all__ = ["cifar10", "shapes"]

"""CIFAR-10: 60,000 photographs of 32×32 pixels in ten classes, as Keras returns them.

Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009,
https://www.cs.toronto.edu/~kriz/cifar.html.
"""

import os

from ._types import Dataset

class_names = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""Name of each label 0..9."""

URLS: tuple[str, ...] = (
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
)
"""Addresses to download from, tried in order; the environment variable JUANJI_CIFAR10_URLS replaces them."""


def load_data(path: str | os.PathLike[str] | None = None) -> Dataset:
    """Loads CIFAR-10 from this machine, or downloads it once (170 MB).

    It looks, in this order, at

    1. `path`; if given, nothing else is looked at
    2. the environment variable `JUANJI_DATA`; if set (and not empty), nothing else is looked at
    3. the cache folder, `$XDG_CACHE_HOME/juanji` or `~/.cache/juanji`
    4. Keras' folder, `$KERAS_HOME/datasets` or `~/.keras/datasets`

    Each of them may be a copy itself or a folder that holds one: the folder `cifar-10-batches-bin` or
    `cifar-10-batches-py`, or the archive `cifar-10-binary.tar.gz` or `cifar-10-python.tar.gz`. A place that
    you name must hold the data: a mistyped folder is an error, never a silent download or another copy. A
    damaged copy is an error too; nothing is overwritten or deleted.

    If 1 to 4 give nothing, an archive is downloaded into the cache folder from the addresses in the
    environment variable `JUANJI_CIFAR10_URLS` (separated by spaces or commas) or else in `cifar10.URLS`. An
    interrupted download goes on where it stopped. What arrives must have the MD5 of one of the two official
    archives.

    Args:
        path: folder or archive to read; `~` is expanded.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, uint8: images (50000, 32, 32, 3) and (10000, 32, 32, 3) in
        0..255, labels (50000, 1) and (10000, 1) in 0..9, see `class_names`.

    Raises:
        FileNotFoundError: the place that was named holds no copy.
        ValueError: a file is truncated or damaged, or has labels out of range.
        OSError: the data is not on this machine and could not be downloaded.
        TypeError: `path` is no path.

    Example:
        >>> from juanji.datasets import cifar10
        >>> cifar10.load_data("/no/such/folder")
        Traceback (most recent call last):
        ...
        FileNotFoundError: cifar10: path does not exist; expected cifar-10-batches-bin, ...
    """
    from ._cifar_layout import OFFICIAL
    from ._cifar_load import load

    return load(path, URLS, OFFICIAL)

"""MNIST: 70,000 handwritten digits of 28×28 pixels, as Keras returns them.

Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86(11), 1998.
"""

import os

import numpy as np

from ._copies import Copies, find_or_download
from ._digits import checked
from ._types import Dataset

_LIMIT = 1 << 27  # bytes an array may unpack to: three times the largest

COPIES = Copies(
    "mnist",
    ("mnist.npz",),
    ("https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",),
    {"731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1": "mnist.npz"},
)


def load_data(path: str | os.PathLike[str] | None = "mnist.npz") -> Dataset:
    """Loads MNIST from this machine, or downloads it once (11 MB).

    It looks in `path`, or else in the folder `$JUANJI_DATA`, or else in the cache folder (`$XDG_CACHE_HOME/juanji` or
    `~/.cache/juanji`) and in Keras' folder (`~/.keras/datasets`). A place that you name must hold the data.

    Args:
        path: the file, or the folder it is in; the usual name stands for the places above.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, uint8: images (60000, 28, 28) and (10000, 28, 28) in 0..255, labels
        (60000,) and (10000,) in 0..9.

    Raises:
        FileNotFoundError: the place that was named holds no copy.
        ValueError: the file is damaged.
        OSError: the data is not on this machine and could not be downloaded.
        TypeError: `path` is no path.

    Example:
        >>> from juanji.datasets import mnist
        >>> mnist.load_data("/no/such/folder")
        Traceback (most recent call last):
        ...
        FileNotFoundError: mnist: path does not exist; expected mnist.npz, or a folder with it, ...
    """
    usual = path is None or (path == "mnist.npz" and not os.path.exists(path))
    return _read(find_or_download(COPIES, None if usual else path))


def _read(file: str) -> Dataset:
    import zipfile  # here: the package imports fast

    try:
        with zipfile.ZipFile(file) as archive:
            large = [entry.filename for entry in archive.infolist() if entry.file_size > _LIMIT]
        if large:
            raise ValueError(f"{large[0]} is too large")
        with np.load(file, allow_pickle=False) as arrays:
            parts = [arrays[name] for name in ("x_train", "y_train", "x_test", "y_test")]
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise ValueError(
            f"mnist: {file} cannot be read; expected the arrays x_train, y_train, x_test and y_test, got: {error}. "
            "Replace it by a good copy."
        ) from None
    return checked("mnist", file, "train", *parts[:2]), checked("mnist", file, "test", *parts[2:])

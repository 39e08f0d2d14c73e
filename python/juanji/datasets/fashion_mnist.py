"""Fashion-MNIST: 70,000 pictures of clothes of 28×28 pixels, as Keras returns them.

Source: H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
Algorithms", 2017, https://github.com/zalandoresearch/fashion-mnist.
"""

import os

import numpy as np

from ._copies import Copies, find_or_download
from ._digits import checked
from ._types import Bytes, Dataset

class_names = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
"""Name of each label 0..9."""

URLS: tuple[str, ...] = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
)
"""Folders to download from, tried in order."""

FILES = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
"""The MD5 of each of the four files."""

_LIMIT = 1 << 27  # bytes a file may unpack to: three times the largest


def load_data(path: str | os.PathLike[str] | None = None) -> Dataset:
    """Loads Fashion-MNIST from this machine, or downloads it once (30 MB in four files).

    It looks in `path`, or else in the folder `$JUANJI_DATA`, or else in the cache folder (`$XDG_CACHE_HOME/juanji` or
    `~/.cache/juanji`) and in Keras' folder (`~/.keras/datasets/fashion-mnist`). A place that you name must hold the
    data.

    Args:
        path: the folder with the four files.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, uint8: images (60000, 28, 28) and (10000, 28, 28) in 0..255, labels
        (60000,) and (10000,) in 0..9, see `class_names`.

    Raises:
        FileNotFoundError: the place that was named holds no copy.
        ValueError: a file is damaged.
        OSError: the data is not on this machine and could not be downloaded.
        TypeError: `path` is no path.

    Example:
        >>> from juanji.datasets import fashion_mnist
        >>> fashion_mnist.load_data("/no/such/folder")
        Traceback (most recent call last):
        ...
        FileNotFoundError: fashion_mnist: path does not exist; expected train-images-idx3-ubyte.gz or ...
    """
    files = []
    for name, digest in FILES.items():
        known = (name, f"fashion-mnist/{name}", f"datasets/fashion-mnist/{name}")
        copies = Copies("fashion_mnist", known, tuple(url + name for url in URLS), {digest: name})
        files.append(find_or_download(copies, path))
    arrays = [_read(file) for file in files]
    return (
        checked("fashion_mnist", files[0], "train", *arrays[:2]),
        checked("fashion_mnist", files[2], "test", *arrays[2:]),
    )


def _read(file: str) -> Bytes:
    """An array of bytes in the IDX format: two zeros, the type 8, the rank, big-endian sizes, then the values."""
    import gzip  # here: the package imports fast
    import zlib

    try:
        with gzip.open(file) as stream:
            body = stream.read(_LIMIT)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(
            f"fashion_mnist: {file} cannot be read; expected a complete .gz file, got: {error}. Replace it by a good "
            "copy."
        ) from None
    rank = body[3] if body[:3] == b"\x00\x00\x08" and len(body) > 3 else 0
    begin = 4 + 4 * rank
    shape = tuple(int.from_bytes(body[i : i + 4], "big") for i in range(4, begin, 4))
    count = 1
    for size in shape:
        count *= size
    if rank not in (1, 3) or len(body) != begin + count:
        raise ValueError(
            f"fashion_mnist: {file} is damaged; expected an IDX file of bytes, got {len(body)} bytes for shape {shape}"
            ". Replace it by a good copy."
        )
    return np.frombuffer(body, np.uint8, offset=begin).reshape(shape)

"""CIFAR-100: 60,000 photographs of 32×32 pixels in a hundred classes, as Keras returns them.

Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009,
https://www.cs.toronto.edu/~kriz/cifar.html.
"""

import os
from typing import IO

import numpy as np

from ._copies import Copies, find_or_download
from ._types import Dataset, Split

SIDE = 32
PIXELS = 3 * SIDE * SIDE
RECORDS = {"train": 50_000, "test": 10_000}
CLASSES = {"fine": 100, "coarse": 20}

COPIES = Copies(
    "cifar100",
    (
        "cifar-100-python",
        "cifar-100-python.tar.gz",
        # Keras 3: the unpacked folder, and the archive it came from
        "cifar-100-python-target_extracted/cifar-100-python",
        "cifar-100-python-target/cifar-100-python",
        "cifar-100-python-target",
    ),
    ("https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",),
    {"85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7": "cifar-100-python.tar.gz"},
)


def load_data(label_mode: str = "fine", path: str | os.PathLike[str] | None = None) -> Dataset:
    """Loads CIFAR-100 from this machine, or downloads it once (169 MB).

    It looks in `path`, or else in the folder `$JUANJI_DATA`, or else in the cache folder (`$XDG_CACHE_HOME/juanji` or
    `~/.cache/juanji`) and in Keras' folder (`~/.keras/datasets`). A place that you name must hold the data: the folder
    `cifar-100-python` or the archive `cifar-100-python.tar.gz`. Files are read without running any code in them.

    Args:
        label_mode: 'fine' for the hundred classes, 'coarse' for the twenty groups of them.
        path: folder or archive to read.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, uint8: images (50000, 32, 32, 3) and (10000, 32, 32, 3) in 0..255,
        labels (50000, 1) and (10000, 1).

    Raises:
        FileNotFoundError: the place that was named holds no copy.
        ValueError: another `label_mode`, or a file is damaged.
        OSError: the data is not on this machine and could not be downloaded.
        TypeError: `path` is no path.

    Example:
        >>> from juanji.datasets import cifar100
        >>> cifar100.load_data("super")
        Traceback (most recent call last):
        ...
        ValueError: cifar100: unknown labels; expected 'fine' or 'coarse', got label_mode='super'.
    """
    if label_mode not in CLASSES:
        raise ValueError(f"cifar100: unknown labels; expected 'fine' or 'coarse', got label_mode={label_mode!r}.")
    source = find_or_download(COPIES, path)
    found: dict[str, Split] = {}

    def visit(name: str, size: int, stream: IO[bytes]) -> None:
        found[name] = _split(name, stream, size, source, label_mode)

    if os.path.isdir(source):
        for name in RECORDS:
            file = os.path.join(source, name)
            if os.path.isfile(file):
                with open(file, "rb") as stream:
                    visit(name, os.fstat(stream.fileno()).st_size, stream)
    else:
        from ._archive import visit_members

        visit_members("cifar100", source, set(RECORDS), visit)
    missing = [name for name in RECORDS if name not in found]
    if missing:
        raise ValueError(
            f"cifar100: the copy in {source} is not complete; expected the files train and test, got none named "
            f"{' or '.join(missing)}. Replace it by a complete copy."
        )
    return found["train"], found["test"]


def _split(name: str, stream: IO[bytes], size: int, source: str, label_mode: str) -> Split:
    from ._unpickle import UnsafePickleError, load_plain

    count, where = RECORDS[name], f"{name} in {source}"
    most = count * 5 * (PIXELS + 100) + (1 << 16)  # no pickle of such a batch is larger
    if not count * PIXELS <= size <= most:
        raise ValueError(
            f"cifar100: {where} has the wrong size; expected {count * PIXELS} to {most} bytes, got size={size}. The "
            "file is truncated or damaged: replace it by a good copy."
        )
    try:
        batch = load_plain(stream.read(size))
    except UnsafePickleError as error:
        raise ValueError(
            f"cifar100: {where} is refused; expected a pickle of plain data, got one with: {error}. Replace it by a "
            "good copy."
        ) from None
    fields = batch if isinstance(batch, dict) else {}
    named = {key.decode("latin-1") if isinstance(key, bytes) else key: value for key, value in fields.items()}
    images, labels = named.get("data"), named.get(f"{label_mode}_labels")
    good_images = isinstance(images, np.ndarray) and images.dtype == np.uint8 and images.shape == (count, PIXELS)
    numbers = labels if isinstance(labels, list) else []
    highest = CLASSES[label_mode]
    if not good_images or len(numbers) != count or not all(type(n) is int and 0 <= n < highest for n in numbers):
        raise ValueError(
            f"cifar100: {where} holds the wrong data; expected {count} images of {PIXELS} bytes and as many "
            f"{label_mode}_labels in 0..{highest - 1}, got something else. Replace it by a good copy."
        )
    planes = np.asarray(images).reshape(count, 3, SIDE, SIDE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), np.array(numbers, np.uint8)[:, None]

"""How CIFAR-10 is laid out in files, and the arrays that the six files fill.

Source: A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html, "Dataset layout". Both layouts have five
training files and one test file. A binary record is one label byte and 3072 pixel bytes: a red, a green and a
blue plane of 32 rows of 32 pixels. A Python file is a pickled dict with `data`, an array (n, 3072) of such
planes, and `labels`, a list of n numbers.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ._types import Bytes, Dataset

CLASSES = 10
SIDE = 32
PLANE = SIDE * SIDE
PIXELS = 3 * PLANE
RECORD = 1 + PIXELS
STEMS = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch")


class Layout(NamedTuple):
    """What a complete copy consists of.

    Args:
        records: images in each of the six files.
        archives: file name of each accepted archive by its MD5 (32 hexadecimal digits).
    """

    records: int
    archives: Mapping[str, str]


OFFICIAL = Layout(
    records=10_000,
    archives={
        "c32a1d4ab5d03f1284b67883e8d87530": "cifar-10-binary.tar.gz",
        "c58f30108f718f92721af3b95e74349a": "cifar-10-python.tar.gz",
    },
)


class Images:
    """The four arrays of the data set, filled file by file in any order.

    Args:
        records: images in each of the six files.
    """

    def __init__(self, records: int) -> None:
        self.records = records
        train = (len(STEMS) - 1) * records
        self._x = (np.empty((train, SIDE, SIDE, 3), np.uint8), np.empty((records, SIDE, SIDE, 3), np.uint8))
        self._y = (np.empty((train, 1), np.uint8), np.empty((records, 1), np.uint8))
        self._seen: set[str] = set()

    def begin(self, stem: str, where: str) -> None:
        """Notes that a file is about to be stored.

        Raises:
            ValueError: the file came before.
        """
        if stem in self._seen:
            raise ValueError(
                f"cifar10: a file comes twice; expected each of the {len(STEMS)} once, got a second {where}. "
                "Use an archive that holds one layout only."
            )
        self._seen.add(stem)

    def put(self, stem: str, first: int, planes: Bytes, labels: Bytes, where: str) -> None:
        """Stores consecutive images of a file.

        Args:
            stem: which file, one of `STEMS`.
            first: number of the first image in that file.
            planes: pixels (n, 3072), channel planes one after the other.
            labels: class numbers (n,).
            where: the file's name for messages.

        Raises:
            ValueError: a label is not in 0..9.
        """
        wrong = np.flatnonzero(labels >= CLASSES)
        if wrong.size:
            raise ValueError(
                f"cifar10: a label is out of range in {where}; expected 0..{CLASSES - 1}, got "
                f"label={labels[wrong[0]]} in record {first + wrong[0]}. "
                "The file is damaged: replace it by a good copy."
            )
        test = stem == STEMS[-1]
        start = first if test else first + STEMS.index(stem) * self.records
        self._y[test][start : start + len(labels), 0] = labels
        target = self._x[test][start : start + len(labels)]
        for channel in range(3):
            plane = planes[:, channel * PLANE : (channel + 1) * PLANE]
            target[..., channel] = plane.reshape(-1, SIDE, SIDE)

    def complete(self, where: str) -> Dataset:
        """Returns the data set once all six files are in.

        Raises:
            ValueError: a file is missing.
        """
        missing = [stem for stem in STEMS if stem not in self._seen]
        if missing:
            raise ValueError(
                f"cifar10: the copy in {where} is not complete; expected {len(STEMS)} files, "
                f"got {len(self._seen)} without {', '.join(missing)}. Replace it by a complete copy."
            )
        return (self._x[0], self._y[0]), (self._x[1], self._y[1])

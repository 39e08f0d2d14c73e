"""Small copies of CIFAR-10 for the tests of its loader, and the data sets they must read as."""

import io
import pickle
import tarfile

import numpy as np

from juanji.datasets._cifar_layout import STEMS, Layout
from juanji.datasets._cifar_load import load

RECORDS = 7
LAYOUT = Layout(RECORDS, {})
BINARY, PYTHON = "cifar-10-batches-bin", "cifar-10-batches-py"


class Source:
    """Random images and labels of six small files, and the data set they must read as."""

    def __init__(self, seed=0, records=RECORDS):
        rng = np.random.default_rng(seed)
        self.images = rng.integers(0, 256, (6, records, 3, 32, 32), dtype=np.uint8)
        self.labels = rng.integers(0, 10, (6, records), dtype=np.uint8)

    def binary(self):
        pairs = zip(self.labels, self.images)
        return [b"".join(bytes([n]) + im.tobytes() for n, im in zip(labels, images)) for labels, images in pairs]

    def pickled(self, protocol=2, keys=str, labels=lambda row: row.tolist()):
        records = self.images.shape[1]
        return [
            pickle.dumps(
                {keys("data"): self.images[i].reshape(records, 3072), keys("labels"): labels(self.labels[i])},
                protocol=protocol,
            )
            for i in range(6)
        ]

    def expected(self):
        x = self.images.transpose(0, 1, 3, 4, 2)
        return (
            (x[:5].reshape(-1, 32, 32, 3), self.labels[:5].reshape(-1, 1)),
            (x[5], self.labels[5].reshape(-1, 1)),
        )


def write_folder(folder, bodies, end):
    folder.mkdir(parents=True, exist_ok=True)
    for stem, body in zip(STEMS, bodies):
        (folder / (stem + end)).write_bytes(body)
    (folder / "batches.meta.txt").write_text("airplane\n")
    return folder


def tar_bytes(members):
    """A .tar.gz of (name, body) pairs or ready (TarInfo, body) pairs."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for member, body in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            if info.isreg():
                info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return out.getvalue()


def binary_members(bodies, folder=BINARY + "/"):
    return [(f"{folder}{stem}.bin", body) for stem, body in zip(STEMS, bodies)]


def assert_same(dataset, expected):
    for got, want in zip((*dataset[0], *dataset[1]), (*expected[0], *expected[1])):
        assert got.dtype == np.uint8
        assert got.flags.c_contiguous
        assert got.flags.writeable
        np.testing.assert_array_equal(got, want, strict=True)


def read(path):
    """Reads a small copy; there are no addresses, so nothing is downloaded."""
    return load(path, (), LAYOUT)

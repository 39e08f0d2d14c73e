"""Reading a copy of CIFAR-10 from a folder or from an archive, in the binary or the Python layout."""

import os
from typing import IO

import numpy as np

from ._cifar_layout import PIXELS, RECORD, STEMS, Images
from ._types import Bytes, Dataset

PIECE = 256 * RECORD
"""Bytes read at once: few enough to be still in the cache when they are transposed."""

# Even protocol 0, with four characters for a byte, stays below this; a file above it is not a batch.
PICKLE_LIMIT_PER_RECORD = 5 * RECORD
PICKLE_LIMIT_BASE = 1 << 16


def read(source: str, records: int) -> Dataset:
    """Reads the copy in a folder or in a gzipped tar archive.

    Args:
        source: the folder that holds the six files, or the archive.
        records: images in each file.

    Raises:
        ValueError: a file is missing, truncated, damaged or not what its name says.
        OSError: a file cannot be opened.
    """
    images = Images(records)
    if os.path.isdir(source):
        _read_folder(source, images)
    else:
        _read_archive(source, images)
    return images.complete(source)


def _read_folder(folder: str, images: Images) -> None:
    """Reads the binary layout if the folder has a file of it, else the Python layout."""
    names = {stem: stem + ".bin" for stem in STEMS}
    if not any(os.path.isfile(os.path.join(folder, name)) for name in names.values()):
        names = {stem: stem for stem in STEMS}
    for name in names.values():
        file = os.path.join(folder, name)
        if os.path.isfile(file):
            with open(file, "rb") as stream:
                _read_file(name, stream, os.fstat(stream.fileno()).st_size, file, images)


def _read_archive(archive: str, images: Images) -> None:
    from ._archive import visit_members

    wanted = {*STEMS, *(stem + ".bin" for stem in STEMS)}

    def visit(name: str, size: int, stream: IO[bytes]) -> None:
        _read_file(name, stream, size, f"{name} in {archive}", images)

    visit_members("cifar10", archive, wanted, visit)


def _read_file(name: str, stream: IO[bytes], size: int, where: str, images: Images) -> None:
    stem = name.removesuffix(".bin")
    images.begin(stem, where)
    if stem != name:
        _read_binary(stem, stream, size, where, images)
    else:
        planes, labels = _pickled(stream, size, where, images.records)
        images.put(stem, 0, planes, labels, where)


def _read_binary(stem: str, stream: IO[bytes], size: int, where: str, images: Images) -> None:
    """Reads piece by piece; the size is checked before the first and found again at a premature end."""
    expected = images.records * RECORD
    done = 0
    while size == expected and done < expected:
        body = stream.read(min(PIECE, expected - done))
        if len(body) % RECORD or not body:
            size = done + len(body)
            break
        table = np.frombuffer(body, np.uint8).reshape(-1, RECORD)
        images.put(stem, done // RECORD, table[:, 1:], table[:, 0], where)
        done += len(body)
    if size != expected:
        raise ValueError(
            f"cifar10: {where} has the wrong size; expected {expected} bytes "
            f"({images.records} records of {RECORD}), got size={size}. "
            "The file is truncated or damaged: replace it by a good copy."
        )


def _pickled(stream: IO[bytes], size: int, where: str, records: int) -> tuple[Bytes, Bytes]:
    from ._unpickle import UnsafePickleError, load_plain

    least, most = records * PIXELS, records * PICKLE_LIMIT_PER_RECORD + PICKLE_LIMIT_BASE
    if not least <= size <= most:
        raise ValueError(
            f"cifar10: {where} has the wrong size; expected {least} to {most} bytes "
            f"(a pickle of {records} images), got size={size}. "
            "The file is truncated or damaged: replace it by a good copy."
        )
    try:
        batch = load_plain(stream.read(size))
    except UnsafePickleError as error:
        raise ValueError(
            f"cifar10: {where} is refused; expected a pickle of arrays, bytes, strings, numbers, lists "
            f"and dicts, got size={size} bytes with: {error}. Replace it by a good copy."
        ) from None
    return _batch_arrays(batch, where, records)


def _batch_arrays(batch: object, where: str, records: int) -> tuple[Bytes, Bytes]:
    fields = {}
    if isinstance(batch, dict):
        for key, value in batch.items():
            fields[key.decode("latin-1") if isinstance(key, bytes) else key] = value
    data, labels = fields.get("data"), fields.get("labels")
    if not (isinstance(data, np.ndarray) and data.dtype == np.uint8 and data.shape == (records, PIXELS)):
        got = f"{data.dtype} {data.shape}" if isinstance(data, np.ndarray) else type(data).__name__
        raise ValueError(
            f"cifar10: {where} holds the wrong pixels; expected uint8 ({records}, {PIXELS}) under 'data', "
            f"got data={got}. Replace it by a good copy."
        )
    numbers = labels.ravel().tolist() if isinstance(labels, np.ndarray) else labels
    if not (isinstance(numbers, list) and len(numbers) == records and all(type(n) is int for n in numbers)):
        got = f"{len(numbers)} values" if isinstance(numbers, list) else type(numbers).__name__
        raise ValueError(
            f"cifar10: {where} holds the wrong labels; expected a list of {records} whole numbers under "
            f"'labels', got labels={got}. Replace it by a good copy."
        )
    outside = next((n for n in numbers if not 0 <= n <= 255), None)
    if outside is not None:
        raise ValueError(
            f"cifar10: a label is out of range in {where}; expected 0..9, got label={outside}. "
            "The file is damaged: replace it by a good copy."
        )
    return data, np.array(numbers, np.uint8)

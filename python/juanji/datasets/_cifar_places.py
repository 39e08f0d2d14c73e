"""Where a copy of CIFAR-10 may already be."""

import os
from typing import NoReturn

from ._cifar_layout import STEMS

KNOWN_NAMES = (
    "cifar-10-batches-bin",
    "cifar-10-binary.tar.gz",
    "cifar-10-batches-py",
    "cifar-10-python.tar.gz",
    # Keras 3: the unpacked folder, and the archive it came from, which Keras gives no suffix
    "cifar-10-batches-py-target/cifar-10-batches-py",
    "cifar-10-batches-py-target_archive",
    # Keras 2
    "cifar-10-batches-py.tar.gz",
)
EXPECTED = "cifar-10-batches-bin, cifar-10-binary.tar.gz, cifar-10-batches-py or cifar-10-python.tar.gz"


def cache_folder() -> str:
    """The user's cache folder for juanji: `$XDG_CACHE_HOME/juanji`, or `~/.cache/juanji`.

    A relative `$XDG_CACHE_HOME` is ignored, as the XDG Base Directory Specification demands.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "juanji")


def keras_folder() -> str:
    """The folder where Keras keeps its data sets: `$KERAS_HOME/datasets`, or `~/.keras/datasets`."""
    base = os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
    return os.path.join(os.path.expanduser(base), "datasets")


def locate(path: str | os.PathLike[str] | None) -> str | None:
    """Finds the copy to read: in `path`, else `$JUANJI_DATA`, else the cache folder and Keras' folder.

    Returns:
        A folder of the six files or an archive; None if there is none and it was not asked for by name.

    Raises:
        TypeError: `path` is no path.
        FileNotFoundError: `path`, or else `$JUANJI_DATA`, is given and holds no copy.
    """
    if path is not None:
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(
                f"cifar10: path is not a path; expected a string or os.PathLike, got path={path!r}. "
                "Give the folder or the archive, or leave it out."
            )
        return _named(os.fspath(path), "path")
    place = os.environ.get("JUANJI_DATA")
    if place:
        return _named(place, "JUANJI_DATA")
    return _find(cache_folder()) or _find(keras_folder())


def _named(place: str, origin: str) -> str:
    found = _find(os.path.expanduser(place)) if place else None
    if found is None:
        _refuse(place, origin)
    return found


def _refuse(place: str, origin: str) -> NoReturn:
    state = "holds no CIFAR-10" if os.path.isdir(os.path.expanduser(place)) else "does not exist"
    other = "leave path out" if origin == "path" else "unset JUANJI_DATA or pass path="
    raise FileNotFoundError(
        f"cifar10: {origin} {state}; expected {EXPECTED}, or a folder with one of them, "
        f"got {origin}={place!r}. Put the data there, {other}, or use juanji.datasets.shapes.load_data()."
    )


def _find(place: str) -> str | None:
    """The place itself if it is a copy, else the first known name inside it.

    A regular file counts, whatever is in it: a damaged copy must be reported, not skipped.
    """
    for candidate in (place, *(os.path.join(place, name) for name in KNOWN_NAMES)):
        if os.path.isfile(candidate) or _has_batches(candidate):
            return candidate
    return None


def _has_batches(folder: str) -> bool:
    return any(os.path.isfile(os.path.join(folder, stem + end)) for stem in STEMS for end in (".bin", ""))

"""Finding a copy of a data set on this machine, or downloading one."""

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ._cifar_places import cache_folder, keras_folder


class Copies(NamedTuple):
    """Where a data set may be, and where it comes from.

    Args:
        name: of the data set, for messages.
        known: paths of files or folders that are a copy, relative to a folder that holds one.
        urls: addresses to download from, tried in order.
        files: file name of each accepted download by its MD5 or SHA-256.
    """

    name: str
    known: Sequence[str]
    urls: Sequence[str]
    files: Mapping[str, str]


def find_or_download(copies: Copies, path: str | os.PathLike[str] | None) -> str:
    """The copy to read: in `path`, else `$JUANJI_DATA`, else the cache folder and Keras' folder, else a download.

    Raises:
        TypeError: `path` is no path.
        FileNotFoundError: `path`, or else `$JUANJI_DATA`, is given and holds no copy.
        OSError: there is none, and none can be downloaded.
    """
    for origin, place in (("path", path), ("JUANJI_DATA", os.environ.get("JUANJI_DATA") or None)):
        if place is not None:
            return _named(copies, origin, place)
    return _find(copies, cache_folder()) or _find(copies, keras_folder()) or _downloaded(copies)


def _named(copies: Copies, origin: str, place: str | os.PathLike[str]) -> str:
    if not isinstance(place, (str, os.PathLike)):
        raise TypeError(
            f"{copies.name}: path is not a path; expected a string or os.PathLike, got path={place!r}. Give the file "
            "or its folder, or leave it out."
        )
    folder = os.path.expanduser(os.fspath(place))
    found = folder if os.path.isfile(folder) else _find(copies, folder)
    if found is None:
        state = "holds no copy" if os.path.isdir(folder) else "does not exist"
        raise FileNotFoundError(
            f"{copies.name}: {origin} {state}; expected {' or '.join(copies.known)}, or a folder with it, got "
            f"{origin}={os.fspath(place)!r}. Put the data there, or name another place."
        )
    return found


def _find(copies: Copies, folder: str) -> str | None:
    for name in copies.known:
        candidate = os.path.join(folder, name)
        if os.path.exists(candidate) and name not in ("", "."):
            return candidate
    return None


def _downloaded(copies: Copies) -> str:
    from ._download import DownloadError, fetch

    folder = cache_folder()
    reasons: Sequence[str]
    try:
        return fetch(copies.urls, folder, copies.files)
    except DownloadError as error:
        reasons = error.reasons
    except OSError as error:
        reasons = [f"{folder}: cannot be written to ({error})"]
    raise OSError(
        f"{copies.name}: the data is not on this machine and cannot be downloaded; expected one address to deliver it, "
        "got\n" + "".join(f"  {reason}\n" for reason in reasons) + f"Put {copies.known[0]} into {folder}, or name the "
        f"place of a copy: {copies.name}.load_data(path=...) or the environment variable JUANJI_DATA."
    )

"""Loading CIFAR-10: find a copy or download one, then read it."""

import os
import re
from collections.abc import Sequence

from ._cifar_layout import Layout
from ._cifar_places import EXPECTED, cache_folder, locate
from ._cifar_read import read
from ._types import Dataset


def load(path: str | os.PathLike[str] | None, urls: Sequence[str], layout: Layout) -> Dataset:
    """Loads a copy of the given layout; see `cifar10.load_data`."""
    source = locate(path) or download(addresses(urls), cache_folder(), layout)
    return read(source, layout.records)


def addresses(urls: Sequence[str]) -> tuple[str, ...]:
    """The addresses in JUANJI_CIFAR10_URLS, separated by spaces or commas, or else the given ones."""
    configured = tuple(re.findall(r"[^\s,]+", os.environ.get("JUANJI_CIFAR10_URLS", "")))
    return configured or ((urls,) if isinstance(urls, str) else tuple(urls))


def download(urls: Sequence[str], folder: str, layout: Layout) -> str:
    """Downloads an archive into the folder.

    Returns:
        The archive's file name.

    Raises:
        OSError: one message with what every address said and the ways out.
    """
    from ._download import DownloadError, fetch

    reasons: Sequence[str]
    try:
        return fetch(urls, folder, layout.archives)
    except DownloadError as error:
        reasons = error.reasons
    except OSError as error:
        reasons = [f"{folder}: cannot be written to ({error})"]
    raise OSError(
        "cifar10: the data is not on this machine and cannot be downloaded; "
        "expected one address to deliver it, got\n"
        + "".join(f"  {reason}\n" for reason in reasons)
        + "There are three ways out:\n"
        f"  1. put {EXPECTED} into {folder}\n"
        "  2. name the place of a copy: cifar10.load_data(path=...) or the environment variable JUANJI_DATA\n"
        "  3. use pictures that need no file: juanji.datasets.shapes.load_data()"
    )

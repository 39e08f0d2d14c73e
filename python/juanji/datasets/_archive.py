"""Reading chosen files straight out of a gzipped tar archive.

Nothing is written, so a member's path, link or device can reach nothing outside. The archive is read as one
stream from front to back: no more than one member is in memory, and gzip's checksum at the end is checked.
"""

import gzip
import posixpath
import tarfile
import zlib
from collections.abc import Callable, Collection
from typing import IO

UNPACKED_LIMIT = 1 << 30
"""Bytes an archive may unpack to: five times CIFAR-10. It stops gzip bombs."""


class _Limited:
    """The unpacked stream, cut off with an error at a byte limit."""

    def __init__(self, stream: gzip.GzipFile, limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, size: int) -> bytes:
        """Reads up to `size` bytes."""
        body = self._stream.read(size)
        self._left -= len(body)
        if self._left < 0:
            raise tarfile.ReadError("it unpacks to more than the limit")
        return body


def visit_members(
    op: str,
    archive: str,
    wanted: Collection[str],
    visit: Callable[[str, int, IO[bytes]], None],
    limit: int = UNPACKED_LIMIT,
) -> None:
    """Shows the visitor each regular file of the archive whose last name is wanted.

    Args:
        op: who asks, for messages.
        archive: file name of a gzipped tar archive.
        wanted: last names of the members to visit, whatever folder of the archive they are in.
        visit: called with a member's last name, its size in bytes and its open stream.
        limit: bytes the whole archive may unpack to.

    Raises:
        ValueError: not a gzipped tar archive, truncated, damaged, too large, or a wanted name is a link, a
            device, or has a path that leads out of the archive.
        OSError: the archive cannot be opened.
    """
    with open(archive, "rb") as packed, gzip.GzipFile(fileobj=packed) as unpacked:
        stream = _Limited(unpacked, limit)
        try:
            with tarfile.open(fileobj=stream, mode="r|") as tar:  # type: ignore[call-overload]
                for member in tar:
                    name = posixpath.basename(member.name)
                    if name in wanted:
                        _check_member(op, member, archive)
                        visit(name, member.size, tar.extractfile(member))
            while stream.read(1 << 20):
                pass
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            raise ValueError(
                f"{op}: the archive cannot be read; expected a complete .tar.gz, "
                f"got {archive} with: {error}. Replace it by a good copy."
            ) from None


def _check_member(op: str, member: tarfile.TarInfo, archive: str) -> None:
    parts = member.name.split("/")
    if member.isreg() and not member.issparse() and not member.name.startswith("/") and ".." not in parts:
        return
    kind = "file" if member.isreg() else "link or device"
    raise ValueError(
        f"{op}: a member is refused; expected a plain file inside the archive, "
        f"got a {kind} {member.name!r} in {archive}. Replace it by a good copy."
    )

"""Downloading one file that is known by its MD5 or SHA-256, from the first of several addresses that delivers it.

The body goes into a `.part` file that survives an interruption, so the next try asks for the rest only (HTTP
Range, RFC 9110 section 14). Only a body with the right digest gets its final name, by an atomic rename. Every
wait has a time-out, and a lock keeps two processes from downloading at once.
"""

import contextlib
import hashlib
import http.client
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple

from tqdm import tqdm

CHUNK = 1 << 16


class Limits(NamedTuple):
    """When a download gives up.

    Args:
        timeout: seconds to wait for a connection or for the next bytes.
        window: seconds in which at least `least` bytes must come, against servers that drip.
        least: bytes that count as progress.
        tries: interruptions in a row without progress before an address is given up.
        pause: seconds before going on after an interruption.
        lock_wait: seconds to wait for another process that downloads.
        largest: bytes a body may have.
    """

    timeout: float = 20.0
    window: float = 60.0
    least: int = 1 << 16
    tries: int = 5
    pause: float = 1.0
    lock_wait: float = 900.0
    largest: int = 1 << 30


class DownloadError(Exception):
    """No address delivered the file.

    Args:
        reasons: one line for each address.
    """

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)


class _AddressError(Exception):
    """This address is of no use."""


class _InterruptionError(Exception):
    """The transfer stopped on its way; it may go on."""


def fetch(
    urls: Sequence[str], folder: str, archives: Mapping[str, str], limits: Limits | None = None, again: bool = False
) -> str:
    """Downloads one of the archives into a folder.

    Args:
        urls: addresses, tried in order; each may deliver any of the archives.
        folder: target folder, made if need be.
        archives: file name of each wanted archive by its MD5 or SHA-256; '' for one whose digest is not known.
        limits: when to give up; `Limits()` by default.
        again: whether to download even if an archive is there.

    Returns:
        File name of the archive. An archive that is there already is returned as it is.

    Raises:
        DownloadError: no address delivered one of the archives.
        OSError: the folder cannot be written to.
    """
    limits = limits or Limits()
    os.makedirs(folder, exist_ok=True)
    reasons = []
    with _locked(folder, limits):
        for name in () if again else archives.values():
            if os.path.isfile(os.path.join(folder, name)):
                return os.path.join(folder, name)
        for url in urls:
            try:
                archive = _fetch_from(url, folder, archives, limits)
            except _AddressError as error:
                reasons.append(f"{url}: {error}")
                continue
            for other in urls:
                _remove(_part_name(other, folder))
            return archive
    raise DownloadError(reasons or ["no address is configured"])


@contextlib.contextmanager
def _locked(folder: str, limits: Limits) -> Iterator[None]:
    """Holds the folder's lock; the system frees it when the process ends, however it ends."""
    import fcntl

    deadline, told = time.monotonic() + limits.lock_wait, False
    with open(os.path.join(folder, ".download.lock"), "ab") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise DownloadError([f"{lock.name}: another process holds it for too long"]) from None
                if not told:
                    print(f"juanji: waiting for another process that downloads to {folder}", file=sys.stderr)
                    told = True
                time.sleep(0.1)
            except OSError:
                break  # a file system without locks: the MD5 and the atomic rename still protect the result
        yield


def _fetch_from(url: str, folder: str, archives: Mapping[str, str], limits: Limits) -> str:
    if not re.match("https?://", url):
        raise _AddressError("not a http or https address")
    part = _part_name(url, folder)
    print(f"juanji: downloading {url} to {folder}", file=sys.stderr)
    while True:
        resumed = _size(part) > 0
        _transfer(url, part, limits)
        size = _size(part)
        for digest, name in archives.items():
            if has_digest(part, digest):
                archive = os.path.join(folder, name)
                os.replace(part, archive)
                return archive
        digits = max(map(len, archives))
        found = _digest(part, digits)
        _remove(part)
        if not resumed:  # what was left from another day may have been to blame, a whole body is not
            raise _AddressError(
                f"it delivered the wrong file; expected {'SHA-256' if digits == 64 else 'MD5'} "
                f"{' or '.join(archives)}, got {'sha256' if digits == 64 else 'md5'}={found}, size={size} bytes"
            )


def _transfer(url: str, part: str, limits: Limits) -> None:
    """Brings the part file to its full size, going on after interruptions.

    Raises:
        _AddressError: refused, never reached, or interrupted too often without progress.
    """
    promising = False
    best, failures = _size(part), 0
    while True:
        before = _size(part)
        try:
            _request(url, part, limits)
            return
        except _InterruptionError as error:
            size = _size(part)
            # An address that gave nothing is not asked again, unless it only made us drop a useless part.
            promising = promising or size != before
            failures = 0 if size >= best + limits.least else failures + 1
            best = max(best, size)
            if not promising or failures >= limits.tries:
                raise _AddressError(str(error)) from None
        time.sleep(limits.pause)


def _request(url: str, part: str, limits: Limits) -> None:
    """Asks once for what the part file lacks and appends it."""
    offset = _size(part)
    headers = {"User-Agent": "juanji", "Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    try:
        request = urllib.request.Request(url, headers=headers)
        response = urllib.request.urlopen(request, timeout=limits.timeout)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and offset:
                _judge_unsatisfied(error.headers.get("Content-Range", ""), offset, part)
                return
            raise _AddressError(f"HTTP {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise _InterruptionError(f"no connection ({error.reason})") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _InterruptionError(f"no answer ({type(error).__name__}: {error})") from None
    with response:
        offset, total = _body_range(response, offset, part)
        if total is not None and total > limits.largest:
            raise _AddressError(f"the file is too large; expected at most {limits.largest} bytes, got {total}")
        with open(part, "ab" if offset else "wb") as file:
            _save(response, file, offset, total, limits)
            os.fsync(file.fileno())


def _judge_unsatisfied(content_range: str, offset: int, part: str) -> None:
    """416: either everything is here already, or what is here belongs to a longer file than the server's."""
    if content_range.strip() != f"bytes */{offset}":
        _remove(part)
        raise _InterruptionError("the size at the server changed")


def _body_range(response: Any, offset: int, part: str) -> tuple[int, int | None]:
    """Where the body starts in the file and how long the whole file is, if the server says so."""
    if response.status == 200:  # the whole file, whether or not a range was asked for
        length = response.headers.get("Content-Length", "")
        return 0, int(length) if re.fullmatch("[0-9]{1,18}", length) else None
    if response.status != 206 or not offset:
        raise _AddressError(f"HTTP {response.status}, which was not asked for")
    given = response.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)", given)
    if not match or int(match[1]) != offset:
        _remove(part)
        raise _InterruptionError("the server sent another range than asked for")
    return offset, None if match[2] == "*" else int(match[2])


def _save(response: Any, file: IO[bytes], size: int, total: int | None, limits: Limits) -> None:
    name = os.path.basename(urllib.parse.urlsplit(response.url).path)
    mark_time, mark_size = time.monotonic(), size
    with tqdm(desc=name, initial=size, total=total, unit="B", unit_scale=True, disable=None) as bar:
        while True:
            try:
                body = response.read1(CHUNK)
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise _InterruptionError(f"cut after {size} bytes ({error or type(error).__name__})") from None
            if not body:
                break
            file.write(body)
            size += len(body)
            bar.update(len(body))
            if size > limits.largest:
                _remove(file.name)
                raise _AddressError(f"the file is too large; expected at most {limits.largest} bytes")
            if time.monotonic() - mark_time > limits.window:
                if size - mark_size < limits.least:
                    raise _InterruptionError(f"too slow: {size - mark_size} bytes in {limits.window:g} s")
                mark_time, mark_size = time.monotonic(), size
    if total is not None and size != total:
        raise _InterruptionError(f"cut after {size} of {total} bytes")


def _part_name(url: str, folder: str) -> str:
    """One part file for each address: two addresses need not deliver the same file."""
    return os.path.join(folder, f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.part")


def _size(file: str) -> int:
    try:
        return os.stat(file).st_size
    except FileNotFoundError:
        return 0


def _remove(file: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.remove(file)


def has_digest(file: str, digest: str) -> bool:
    """Whether a file has this MD5 (32 hexadecimal digits) or SHA-256 (64); any file has ''."""
    return not digest or _digest(file, len(digest)) == digest


def _digest(file: str, digits: int) -> str:
    digest = hashlib.sha256() if digits == 64 else hashlib.md5(usedforsecurity=False)
    with open(file, "rb") as stream:
        while body := stream.read(1 << 20):
            digest.update(body)
    return digest.hexdigest()

"""Downloaded files, kept in a cache folder."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from typing import IO, Any
from urllib.parse import unquote, urlsplit


def get_file(
    fname: str | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | Sequence[str] | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """The path of a file in the cache folder, which is downloaded when it is not there.

    A file appears complete or not at all; an interrupted download goes on where it stopped.

    Args:
        fname: name of the file; that in ``origin`` by default.
        origin: its address, http or https.
        untar: older form of ``extract``.
        md5_hash: older form of ``file_hash``.
        file_hash: MD5 or SHA-256 of the file in hexadecimal digits; a file that has another is downloaded again.
        cache_subdir: folder inside the cache folder, or any absolute folder.
        hash_algorithm: 'md5', 'sha256', or 'auto', which tells by the number of digits.
        extract: whether to unpack a tar or zip archive.
        archive_format: 'tar', 'zip', a list of them, or 'auto' for both.
        cache_dir: in place of ``$KERAS_HOME`` or ``~/.keras``.
        force_download: whether to download in any case.

    Returns:
        The path of the file, or of the folder it was unpacked into.

    Raises:
        ValueError: without an address, for a wrong hash, or an archive that cannot be unpacked safely.
        OSError: when the file cannot be downloaded.
    """
    if origin is None:
        raise ValueError("get_file: the address is missing; expected origin='https://...', got None. Pass it.")
    name = os.fspath(fname) if fname else os.path.basename(unquote(urlsplit(origin).path))
    if not name or os.path.basename(name.rstrip("/")) != name.rstrip("/") or name in (".", ".."):
        raise ValueError(f"get_file: not a file name; expected a name without folders, got {fname=!r}. Pass fname.")
    base = os.fspath(cache_dir) if cache_dir is not None else os.environ.get("KERAS_HOME") or "~/.keras"
    folder = os.path.join(os.path.expanduser(base), cache_subdir)
    digest = _digest_wanted(file_hash or md5_hash, hash_algorithm)
    file = _downloaded(origin, folder, name, digest, force_download)
    if not (extract or untar):
        return file
    return _unpacked(file, ("tar",) if untar else _formats(archive_format), force_download)


def _digest_wanted(digest: str | None, algorithm: str) -> str:
    digits = {"md5": 32, "sha256": 64}
    lengths = list(digits.values()) if algorithm == "auto" else [digits.get(algorithm, 0)]
    if digest is not None and len(digest) not in lengths:
        raise ValueError(
            f"get_file: not a hash; expected {' or '.join(map(str, lengths))} hexadecimal digits, got "
            f"file_hash={digest!r} for hash_algorithm={algorithm!r}. Use 'md5' or 'sha256'."
        )
    return (digest or "").lower()


def _downloaded(origin: str, folder: str, name: str, digest: str, again: bool) -> str:
    from juanji.datasets._download import DownloadError, fetch, has_digest

    file = os.path.join(folder, name)
    present = os.path.isfile(file)
    if present and not again and has_digest(file, digest):
        return file
    try:
        return fetch([origin], folder, {digest: name}, again=present)
    except DownloadError as error:
        kind = ValueError if "wrong file" in str(error) else OSError
        raise kind(f"get_file: the file cannot be downloaded; expected {name}, got {error}") from None


def _formats(archive_format: str | Sequence[str] | None) -> tuple[str, ...]:
    if archive_format == "auto":
        return ("tar", "zip")
    return (archive_format,) if isinstance(archive_format, str) else tuple(archive_format or ())


def _unpacked(file: str, formats: Sequence[str], again: bool) -> str:
    """Unpacks into a folder beside the archive, which appears complete or not at all."""
    target = f"{file}_extracted"
    if os.path.isdir(target) and not again and os.path.getmtime(target) >= os.path.getmtime(file):
        return target
    scratch = tempfile.mkdtemp(dir=os.path.dirname(file), prefix=".unpacking-")
    try:
        if "tar" in formats and tarfile.is_tarfile(file):
            with tarfile.open(file) as tar:
                for member in tar:
                    if member.isdir():
                        os.makedirs(_inside(scratch, member.name), exist_ok=True)
                    elif member.isreg():
                        _write(tar.extractfile(member), _inside(scratch, member.name))
                    else:
                        _refuse(file, member.name)
        elif "zip" in formats and zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                for entry in archive.infolist():
                    if entry.is_dir():
                        os.makedirs(_inside(scratch, entry.filename), exist_ok=True)
                    else:
                        _write(archive.open(entry), _inside(scratch, entry.filename))
        else:
            raise ValueError(f"get_file: no archive; expected {' or '.join(formats)}, got {file}. Leave extract out.")
        shutil.rmtree(target, ignore_errors=True)
        os.replace(scratch, target)
        os.utime(target)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return target


def _inside(folder: str, name: str) -> str:
    path = os.path.normpath(os.path.join(folder, name))
    if os.path.isabs(name) or not (path + os.sep).startswith(folder + os.sep):
        _refuse(folder, name)
    return path


def _refuse(archive: str, name: str) -> Any:
    raise ValueError(
        f"get_file: a member of the archive is refused; expected files and folders inside it, got {name!r} in "
        f"{archive}. Replace it by a good archive."
    )


def _write(stream: IO[bytes] | None, path: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if stream is not None:
        with stream, open(path, "wb") as file:
            shutil.copyfileobj(stream, file)

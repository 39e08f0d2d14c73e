"""Paths and atomic writes."""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_hex


def checked_path(method: str, filepath: str | os.PathLike[str], endings: tuple[str, ...]) -> Path:
    """The path, if it ends as it should.

    Args:
        method: for messages.
        filepath: string or path.
        endings: what the name may end with.
    """
    try:
        path = Path(filepath)
    except TypeError:
        raise TypeError(
            f"{method}: filepath is not a path; expected a string or os.PathLike, got filepath={filepath!r}."
        ) from None
    if not path.name.endswith(endings):
        raise ValueError(
            f"{method}: unknown file type; expected a name ending in {' or '.join(endings)}, got "
            f"filepath={str(path)!r}. Use {str(path.with_suffix(endings[0]))!r}."
        )
    return path


def require_writable(method: str, path: Path, overwrite: bool) -> None:
    """Raises FileExistsError for a file that shall not be replaced, FileNotFoundError where there is no folder."""
    if path.exists() and not overwrite:
        raise FileExistsError(
            f"{method}: the file exists; expected a new name, got filepath={str(path)!r}. "
            "Choose another, or pass overwrite=True."
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"{method}: no such folder; expected an existing one, got filepath={str(path)!r}. Create "
            f"{str(path.parent)!r} first."
        )


def require_file(method: str, path: Path, wanted: str) -> None:
    """Raises FileNotFoundError where there is no file."""
    if not path.is_file():
        raise FileNotFoundError(f"{method}: no such file; expected {wanted} in {str(path)!r}. Check the path.")


def write_at_once(path: Path, data: bytes) -> None:
    """Writes a neighbouring file first, so that ``path`` is never half written; of a link, the file it points to."""
    path = path.resolve()
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{token_hex(4)}.part")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

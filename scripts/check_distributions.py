"""Checks the sdist and the wheel in a folder: what is in them, what is not, and the wheel's size.

Usage: ``python scripts/check_distributions.py build/dist``
"""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

WHEEL_LIMIT = 3_000_000  # bytes
SOURCES = ("CMakeLists.txt", "pyproject.toml", "README.md", "LICENSE", "python/juanji/__init__.py", "tests/test_isa.py")


def check_wheel(path: Path) -> None:
    """Exits with a message unless the wheel is small and holds the package and nothing else."""
    names = zipfile.ZipFile(path).namelist()
    modules = [n for n in names if n.startswith("juanji/_core.") and n.endswith(".so")]
    if len(modules) != 1 or not {"juanji/py.typed", "juanji/_core.pyi"} <= set(names):
        sys.exit(f"{path.name}: the module, py.typed or _core.pyi is missing; got {names}")
    package = [n for n in names if not n.startswith("juanji-")]
    strangers = [
        n for n in package if not n.startswith("juanji/") or not n.endswith((".py", ".pyi", ".so", "py.typed"))
    ]
    if strangers:
        sys.exit(f"{path.name}: expected the package only, got {strangers}")
    size = path.stat().st_size
    if size > WHEEL_LIMIT:
        sys.exit(f"{path.name}: expected at most {WHEEL_LIMIT} bytes, got {size}")
    print(f"{path.name}: {size / 1e6:.2f} MB, {len(names)} files")


def check_sdist(path: Path) -> None:
    """Exits with a message unless the sdist holds the sources and no build products or data."""
    with tarfile.open(path) as archive:
        names = [n.split("/", 1)[1] for n in archive.getnames() if "/" in n]
    missing = [n for n in SOURCES if n not in names]
    strangers = [n for n in names if n.startswith("build/") or n.endswith((".so", ".o", ".bin", ".npz", ".pyc"))]
    if missing or strangers:
        sys.exit(f"{path.name}: missing {missing}, unexpected {strangers}")
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, {len(names)} files")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (wheel,) = folder.glob("*.whl")
    (sdist,) = folder.glob("*.tar.gz")
    check_wheel(wheel)
    check_sdist(sdist)

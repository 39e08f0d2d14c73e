"""Writes python/juanji/_core.pyi from the compiled module.

Run it after binding something, with the module built: ``PYTHONPATH=python python scripts/make_stubs.py``. It needs
pybind11-stubgen and ruff. ``python -m mypy.stubtest juanji._core`` then checks the result against the module.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "python" / "juanji" / "_core.pyi"

# What pybind11 writes → what strict checking wants. The native functions take any integer type; ours are ints.
REPLACEMENTS = [
    (r"typing\.SupportsInt \| typing\.SupportsIndex", "int"),
    (r"typing\.SupportsFloat \| typing\.SupportsIndex", "float"),
    (r"typing\.SupportsInt", "int"),
    (r"typing\.SupportsFloat", "float"),
    (r"\*args\)", "*args: typing.Any)"),
    (r"\*\*kwargs\)", "**kwargs: typing.Any)"),
    (r"list\[tuple\[str, tuple\]\]", "list[tuple[str, tuple[int, ...]]]"),
    (r"\btuple(?!\[)\b(?= *[\],:)|])", "tuple[typing.Any, ...]"),
    (r"\blist(?!\[)\b(?= *[\],:)|])", "list[typing.Any]"),
    (r"\bnumpy\.ndarray(?!\[)", "numpy.typing.NDArray[typing.Any]"),
    (r"^__all__.*\n", ""),
    # Root classes have pybind11's metaclass, which has no name that a stub could import.
    (r"^class (\w+):$", r"class \1(metaclass=_NativeType):"),
    (r"^(class Operation.*)$", "@typing.type_check_only\nclass _NativeType(type): ...\n\n\\1"),
    # The base class cannot be constructed; at run time that shows as a constructor that takes anything.
    (r"^(    def __call__)", r"    def __init__(self, *args: typing.Any, **kwargs: typing.Any) -> None: ...\n\1"),
]


def generate() -> str:
    """The stub's text."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pybind11_stubgen", "juanji._core", "-o", folder, "--exit-code"]
        subprocess.run(command, check=True)
        text = (Path(folder) / "juanji" / "_core.pyi").read_text()
    for pattern, replacement in REPLACEMENTS:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    if "numpy.typing." in text and "import numpy.typing" not in text:
        text = text.replace("import typing\n", "import typing\n\nimport numpy.typing\n", 1)
    for arguments in (["check", "--select", "I,UP", "--fix", "--quiet"], ["format", "--quiet"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", str(TARGET), "-"]
        text = subprocess.run(command, input=text, check=True, capture_output=True, text=True).stdout
    return text


if __name__ == "__main__":
    TARGET.write_text(generate())
    print(f"wrote {TARGET}")

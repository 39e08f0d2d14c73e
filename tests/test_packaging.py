"""The package as it is installed, and the native code in it."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import statistics
import subprocess
from pathlib import Path

import pytest

import child
import juanji

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(juanji.__file__).resolve().parent
INSTALLED = "site-packages" in PACKAGE.parts
WHEEL_LIMIT = 3_000_000
IMPORT_LIMIT = 0.150  # seconds over NumPy's


def test_version_is_that_of_the_metadata() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert re.search(r'^version = "(.*)"$', text, re.MULTILINE).group(1) == juanji.__version__
    if INSTALLED:
        assert importlib.metadata.version("juanji") == juanji.__version__


@pytest.mark.parametrize("name", ["py.typed", "_core.pyi", "__init__.py"])
def test_package_has(name: str) -> None:
    assert (PACKAGE / name).is_file()


@pytest.mark.skipif(not INSTALLED, reason="runs from the source folder")
def test_installed_files() -> None:
    files = [str(f) for f in importlib.metadata.files("juanji") or []]
    modules = [f for f in files if f.startswith("juanji/_core.") and f.endswith(".so")]
    assert len(modules) == 1
    strangers = [
        f for f in files if f.startswith("juanji/") and not f.endswith((".py", ".pyc", ".pyi", ".so", "py.typed"))
    ]
    assert strangers == []
    outside = [f for f in files if not f.startswith(("juanji/", "juanji-", "../"))]
    assert outside == []


@pytest.mark.skipif(not INSTALLED, reason="runs from the source folder, where the module is not stripped")
def test_native_module_is_small() -> None:
    (module,) = PACKAGE.glob("_core*.so")
    assert module.stat().st_size < 2 * WHEEL_LIMIT  # it compresses to well under half


def test_import_time(tmp_path: Path) -> None:
    """CPU time of importing juanji after NumPy, compiled before: wall time would measure what else the machine does."""
    code = """
        import time
        import numpy
        before = time.process_time()
        import juanji
        print(time.process_time() - before)
    """
    keep = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path)}
    times = [float(child.run(code, **keep).stdout) for _ in range(6)][1:]
    assert statistics.median(times) <= IMPORT_LIMIT, times


def test_import_needs_no_extras() -> None:
    code = """
        import sys
        import juanji
        heavy = {"matplotlib", "PIL", "pandas", "h5py", "onnx", "sklearn", "tensorflow", "torch", "keras"}
        print(sorted(heavy & set(sys.modules)))
    """
    assert child.run(code).stdout.strip() == "[]"


def test_continuous_integration_runs_the_readme_command() -> None:
    commands = re.findall(r"^python3 -m venv .*$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(commands) == 2
    ci = (ROOT / ".ci" / "run").read_text()
    assert f"\n  {commands[1]}\n" in ci


# --- build ---------------------------------------------------------------------------------------------------------

# Flags that tie a build to the machine it was made on, or that relax arithmetic in ways nobody asked for.
FORBIDDEN = re.compile(r"-march=|-mtune=native|-mcpu=native|-ffast-math|-Ofast|-funsafe-math|-ffinite-math")


def build_folders() -> list[Path]:
    return sorted(path.parent for path in ROOT.glob("build/*/build.ninja"))


def test_no_flag_ties_the_build_to_this_machine() -> None:
    files = [ROOT / "CMakeLists.txt", ROOT / "CMakePresets.json", ROOT / "pyproject.toml"]
    files += [*ROOT.glob("*/CMakeLists.txt"), *ROOT.glob("tests/*/CMakeLists.txt")]
    files += [folder / "build.ninja" for folder in build_folders()]
    assert [str(f) for f in files if FORBIDDEN.search(f.read_text())] == []


def test_only_kernels_get_instruction_set_flags() -> None:
    """In build.ninja every object has a line 'FLAGS = ...'; kernels are in folders named ..._<isa>.dir."""
    for folder in build_folders():
        target = ""
        for line in (folder / "build.ninja").read_text().splitlines():
            if line.startswith("build "):
                target = line.split()[1].rstrip(":")
            elif line.lstrip().startswith("FLAGS =") and re.search(r"\s-m(avx|fma|sse)", line):
                assert re.search(r"kernels_(avx2|avx512)\.dir", target), (target, line)


def kernel_objects() -> list[Path]:
    return [o for folder in build_folders() for o in folder.rglob("*kernels_*.dir/**/*.o")]


@pytest.mark.skipif(not kernel_objects(), reason="no build folder with object files")
@pytest.mark.skipif(shutil.which("nm") is None, reason="nm is missing")
def test_kernel_objects_define_only_their_own_names() -> None:
    """A weak or global symbol outside its namespace, such as std::min, could replace everyone's copy when linking."""
    for path in kernel_objects():
        isa = re.search(r"kernels_(\w+)\.dir", str(path)).group(1)
        symbols = subprocess.run(
            ["nm", "-C", "--defined-only", path], check=True, capture_output=True, text=True
        ).stdout
        for line in symbols.splitlines():
            kind, name = line.split(maxsplit=2)[1:]
            if kind in "VvWwuiTDBRGSC":
                assert f"juanji::kernels::{isa}::" in name, (str(path), line)

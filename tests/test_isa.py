"""Which instruction set runs, and what JUANJI_ISA does."""

from __future__ import annotations

import os

import pytest

import child
from juanji import _core

ALL = ["baseline", "avx2", "avx512"]
PRINT = "from juanji import _core; print(_core.active_isa())"


def test_baseline_is_always_there() -> None:
    supported = _core.supported_isas()
    assert supported == ALL[: len(supported)]
    assert supported[0] == "baseline"


@pytest.mark.skipif(bool(os.environ.get("JUANJI_ISA")), reason="an instruction set is forced")
def test_the_fastest_is_the_default() -> None:
    assert _core.active_isa() == _core.supported_isas()[-1]


def test_a_forced_one_runs_these_tests() -> None:
    assert _core.active_isa() == (os.environ.get("JUANJI_ISA") or _core.supported_isas()[-1])


@pytest.mark.parametrize("isa", _core.supported_isas())
def test_forced(isa: str) -> None:
    assert child.run(PRINT, JUANJI_ISA=isa).stdout.strip() == isa


def test_empty_means_unset() -> None:
    assert child.run(PRINT, JUANJI_ISA="").stdout.strip() == _core.supported_isas()[-1]


@pytest.mark.parametrize("name", ["sse9", "AVX2", "avx2 ", "native"])
def test_unknown_fails_at_import(name: str) -> None:
    result = child.run(PRINT, check=False, JUANJI_ISA=name)
    assert result.returncode == 1
    assert "unknown instruction set; expected one of baseline" in result.stderr
    assert f"got JUANJI_ISA={name}. Unset it to let juanji choose." in result.stderr


@pytest.mark.skipif(_core.supported_isas() == ALL, reason="this CPU can run them all")
def test_unsupported_fails_at_import() -> None:
    missing = ALL[-1]
    result = child.run(PRINT, check=False, JUANJI_ISA=missing)
    assert result.returncode == 1
    expected = f"this CPU cannot run that instruction set; expected one of {', '.join(_core.supported_isas())}"
    assert f"JUANJI_ISA: {expected}, got JUANJI_ISA={missing}." in result.stderr


def test_show_config_names_it() -> None:
    printed = child.run("import juanji; juanji.show_config()", JUANJI_ISA="baseline").stdout
    assert "instruction set  baseline" in printed
    assert ", ".join(_core.supported_isas()) in printed

"""The examples in docstrings, in whichever copy of the package is imported (installed or in the source folder)."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import juanji

NO_CODE_AT_IMPORT = {"juanji.__main__"}
MODULES = sorted(m.name for m in pkgutil.walk_packages(juanji.__path__, "juanji.") if m.name not in NO_CODE_AT_IMPORT)


@pytest.mark.parametrize("name", ["juanji", *MODULES])
def test_examples_run(name: str) -> None:
    module = importlib.import_module(name)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for example in doctest.DocTestFinder().find(module, name):
        runner.run(example, out=report.append)
    assert runner.failures == 0, "".join(report)


def test_some_examples_exist() -> None:
    found = [doctest.DocTestFinder().find(importlib.import_module(name)) for name in MODULES]
    assert any(test.examples for tests in found for test in tests)

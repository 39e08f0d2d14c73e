"""Public modules show their public names and nothing else, and each has a description."""

from __future__ import annotations

import importlib
import inspect

import pytest

from child import run

MODULES = (
    "activations", "backend", "callbacks", "config", "constraints", "datasets", "dtype_policies", "initializers",
    "layers", "losses", "metrics", "mixed_precision", "models", "ops.image", "ops.linalg", "ops.nn", "optimizers",
    "optimizers.schedules", "random", "regularizers", "saving", "tree", "utils",
)  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_names(name):
    module = importlib.import_module(f"juanji.{name}")
    shown = {n for n in dir(module) if n[0] != "_"}
    assert shown == set(module.__all__)
    assert len(module.__all__) == len(shown)
    for public in shown:
        thing = getattr(module, public)
        if inspect.isclass(thing) or inspect.isroutine(thing):
            assert inspect.getdoc(thing), public


IMPORTS = """
import os, numpy
for name in {names}:
    child = os.fork()
    if not child:
        try:
            __import__(name)
        except ImportError as error:
            print(name, error, flush=True)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
"""


def test_each_can_be_what_a_script_imports_first():
    names = [f"juanji.{name}" for name in ("backend", "layers", "models", "ops", "saving", "utils")]
    assert run(IMPORTS.format(names=names)).stdout == ""

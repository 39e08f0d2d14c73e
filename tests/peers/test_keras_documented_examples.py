"""The examples in Keras' documentation: what runs in Keras runs here after its imports are changed."""

from __future__ import annotations

import contextlib
import doctest
import inspect
import io
import re
import textwrap
import types

import numpy as np
import pytest

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

import juanji  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="some examples are for TensorFlow"),
]
FAMILIES = [
    "layers", "losses", "optimizers", "optimizers.schedules", "metrics", "callbacks", "initializers", "regularizers",
    "constraints", "activations", "models", "random", "ops", "ops.image", "ops.nn",
]  # fmt: skip
NOT_HERE = {  # what an example has (regular expressions), and why it cannot run
    "Hashing": "hashing", "HashedCrossing": "hashing", "Lookup": "look-ups of strings", "TextVectorization": "text",
    "Spectrogram": "sound", "STFT": "sound", "stft": "sound", "TFSMLayer": "a wrapper", "JaxLayer": "a wrapper",
    "FlaxLayer": "a wrapper", "TorchModuleWrapper": "a wrapper", "quantiz": "quantisers", r"\dj\b": "complex numbers",
    r"keras\.src": "Keras' inner parts", r"\btf\.": "TensorFlow",
    "tensorflow": "TensorFlow", r"\bexport": "TensorFlow", "Orbax": "a format of JAX", "jax": "JAX", "torch": "PyTorch",
    "get_file": "downloads", "load_data": "downloads", "applications": "downloads", "gpu": "devices",
    r'\.keras"': "file names, which the test would change", r"max\(x\)\.numpy": "operations on arrays give arrays",
}  # fmt: skip


def family(library, name):
    for part in name.split("."):
        library = getattr(library, part)
    return library


def documented(owner):
    """(name, text) of everything public in a module, with the methods of its classes."""
    for name in dir(owner):
        thing = getattr(owner, name)
        if name.startswith("_") or isinstance(thing, (types.ModuleType, int, float, str)):
            continue
        yield name, inspect.getdoc(thing) or ""
        if inspect.isclass(thing):
            for method in vars(thing):
                if not method.startswith("_") and callable(getattr(thing, method, None)):
                    yield f"{name}.{method}", inspect.getdoc(getattr(thing, method)) or ""


def examples(text):
    """Code of an interactive session, and of blocks."""
    session = doctest.DocTestParser().get_examples(text)
    if session:
        yield "".join(one.source for one in session)
    for block in re.findall(r"```(?:python|py)?\n(.*?)```", text, re.DOTALL):
        if ">>>" not in block:
            yield textwrap.dedent(block)


def run(library, code):
    """Runs the code, and gives what it raised or None."""
    names = {"keras": keras, "juanji": juanji, "np": np, "__name__": "example", "ops": library.ops}
    names |= {"layers": library.layers, "models": library.models, "Dense": library.layers.Dense}
    library.utils.clear_session(free_memory=False)  # a collection per example takes most of the time
    library.utils.set_random_seed(0)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(code, "example", "exec"), names)
    except Exception as error:  # whatever an example raises
        return f"{type(error).__name__}: {error}"
    return None


@pytest.mark.parametrize("name", FAMILIES)
def test_documented_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen, failures = set(), []
    for subject, text in documented(family(keras, name)):
        for code in examples(text):
            if code in seen or any(re.search(pattern, code) for pattern in NOT_HERE):
                continue
            seen.add(code)
            if run(keras, code) is None and (error := run(juanji, re.sub(r"\bkeras\b", "juanji", code))):
                failures.append(f"{subject}: {error}\n{code}")
    assert seen, "no examples: has the form of the documentation changed?"
    assert not failures, "\n".join(failures)

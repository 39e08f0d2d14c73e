"""Scripts as users write them (scripts/), run under Keras and here: every array that they give is the same."""

from __future__ import annotations

import sys
import types
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

import juanji  # noqa: E402

FOLDER = Path(__file__).parent / "scripts"
sys.path.insert(0, str(FOLDER))
pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.usefixtures("eager")]
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "tools")
TOLERANCE = 1e-4  # of the largest element of each array


class WithTape(types.SimpleNamespace):
    """Keras with the tape of its backend where juanji has its own."""

    GradientTape = tf.GradientTape

    def __getattr__(self, name):
        return getattr(keras, name)


def test_there_are_forty_scripts():
    assert len(SCRIPTS) >= 40


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(name):
    script = import_module(name)
    expected, got = script.run(WithTape()), script.run(juanji)
    assert set(expected) == set(got)
    assert expected
    for key in expected:
        theirs, ours = np.asarray(expected[key]), np.asarray(got[key])
        assert ours.shape == theirs.shape, key
        largest = float(np.max(np.abs(theirs), initial=0.0))
        assert np.isfinite(largest), key
        error = TOLERANCE * max(largest, 1e-3)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=error, err_msg=key)

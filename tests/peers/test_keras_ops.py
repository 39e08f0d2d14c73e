"""Every function of keras.ops next to Keras on TensorFlow: numbers, types and shapes."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from keras_ops_cases import PARAMETERS

from juanji import ops
from juanji.symbolic.structure import flatten

if importlib.util.find_spec("tensorflow") is None or importlib.util.find_spec("keras") is None:
    pytest.skip("Keras and TensorFlow are not installed", allow_module_level=True)

# what is tested elsewhere, by what defines the results (vectors have signs, orders are free), or by calls of functions
OTHERWISE = {
    "argpartition",
    "associative_scan",
    "cond",
    "custom_gradient",
    "eig",
    "eigh",
    "fori_loop",
    "is_tensor",
    "jvp",
    "lu_factor",
    "map",
    "qr",
    "scan",
    "switch",
    "vectorize",
    "vectorized_map",
    "while_loop",
    "ctc_decode",
    "ctc_loss",
    "image",
    "linalg",
    "nn",
    "numpy",
}
# Keras' sum over the sorted support counts running sums in the place of elements, so that its results do not sum to 1.
KNOWN = {"sparsemax"}
UNTYPED = {"ndim", "shape", "size"}  # Python numbers
LOOSE = {"cholesky_inverse": 1e-3, "inv": 1e-3, "logdet": 1e-3, "pinv": 1e-3, "lstsq": 1e-3, "solve": 1e-3}


def as_numpy(y):
    y = y.numpy() if hasattr(y, "numpy") else y
    return np.asarray(y)


def test_every_function_is_compared():
    import keras

    names = {name for name in dir(keras.ops) if not name.startswith("_")}
    missing = names - {name for name, _, _ in PARAMETERS}
    assert missing - OTHERWISE - KNOWN == set()
    assert {name for name in names if not hasattr(ops, name)} == set()


@pytest.mark.parametrize(("name", "args", "kwargs"), PARAMETERS, ids=[f"{i}-{p[0]}" for i, p in enumerate(PARAMETERS)])
def test_numbers_and_types(name, args, kwargs):
    import keras

    inputs = (keras.ops.convert_to_tensor(args[0]), *args[1:]) if name.startswith("adaptive") else args
    theirs = flatten(getattr(keras.ops, name)(*inputs, **kwargs))
    ours = flatten(getattr(ops, name)(*args, **kwargs))
    assert len(ours) == len(theirs)
    for got, wanted in zip(ours, theirs):
        if isinstance(wanted, str) or wanted is None:
            assert got == wanted
            continue
        got, wanted = as_numpy(got), as_numpy(wanted)
        assert got.shape == wanted.shape
        if name not in UNTYPED:
            assert got.dtype == wanted.dtype
        tolerance = LOOSE.get(name, 1e-4)
        scale = np.abs(wanted[np.isfinite(wanted)]).max(initial=1e-3) if wanted.dtype != bool else 1
        np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance * 0.1 * scale)

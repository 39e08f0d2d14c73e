"""Gradients where a function has no derivative: at equal extremes, at zero, at the ends of ranges.

Not here is where TensorFlow and JAX differ from each other (relu6, hard_sigmoid and hard_silu at their ends, selu at
zero), and the norm of zeros, whose gradient is NaN in both and zero here.
"""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

import juanji  # noqa: E402

ROWS = np.array([[1.0, 1.0, 0.0], [2.0, 2.0, 2.0]])
IMAGE = np.ones((1, 4, 4, 2))
V, U = np.array([0.0, -1.0, 2.0, 0.0]), np.array([0.0, -1.0, 1.0, 1.0])
CASES = {
    "max": (lambda k, x: k.ops.max(x, axis=-1), ROWS),
    "amax of all": (lambda k, x: k.ops.amax(x), ROWS),
    "amin": (lambda k, x: k.ops.amin(x, axis=0), ROWS),
    "maximum": (lambda k, x: k.ops.maximum(x, U.astype(getattr(x.dtype, "name", x.dtype))), V),
    "maximum, second": (lambda k, x: k.ops.maximum(U.astype(getattr(x.dtype, "name", x.dtype)), x), V),
    "minimum": (lambda k, x: k.ops.minimum(x, U.astype(getattr(x.dtype, "name", x.dtype))), V),
    "maximum with zero": (lambda k, x: k.ops.maximum(x, 0.0), V),
    "max_pool": (lambda k, x: k.ops.max_pool(x, 2, 2), IMAGE),
    "max_pool, overlapping": (lambda k, x: k.ops.max_pool(x, 3, 1), IMAGE),
    "max_pool, padded": (lambda k, x: k.ops.max_pool(x, 3, 2, padding="same"), IMAGE),
    "GlobalMaxPooling1D": (
        lambda k, x: k.layers.GlobalMaxPooling1D(dtype=str(np.dtype(getattr(x.dtype, "name", x.dtype))))(x),
        IMAGE[0],
    ),
    "GlobalMaxPooling2D": (
        lambda k, x: k.layers.GlobalMaxPooling2D(dtype=str(np.dtype(getattr(x.dtype, "name", x.dtype))))(x),
        IMAGE,
    ),
    "GlobalMaxPooling3D": (
        lambda k, x: k.layers.GlobalMaxPooling3D(dtype=str(np.dtype(getattr(x.dtype, "name", x.dtype))))(x),
        IMAGE[None],
    ),
    "abs": (lambda k, x: k.ops.abs(x), V),
    "relu": (lambda k, x: k.ops.relu(x), V),
    "leaky_relu": (lambda k, x: k.ops.leaky_relu(x), V),
    "elu": (lambda k, x: k.ops.elu(x), V),
    "hard_tanh": (lambda k, x: k.ops.hard_tanh(x), U),
    "clip": (lambda k, x: k.ops.clip(x, -1.0, 1.0), U),
    "sqrt": (lambda k, x: k.ops.sqrt(x), np.array([0.0, 1.0])),
    "1-norm": (lambda k, x: k.ops.norm(x, ord=1), V),
    "largest norm": (lambda k, x: k.ops.norm(x, ord=np.inf), np.array([1.0, -1.0, 0.0])),
    "top_k": (lambda k, x: k.ops.top_k(x, 1)[0], ROWS),
    "sort": (lambda k, x: k.ops.sort(x, axis=-1) ** 2, ROWS),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
def test_gradients(name, dtype):
    function, values = CASES[name]
    found = []
    for library, variable, tape_class in ((keras, tf.Variable, tf.GradientTape), (juanji, juanji.Variable, None)):
        x = variable(values.astype(dtype))
        with (tape_class or juanji.GradientTape)() as tape:
            x_in = tf.identity(x) if library is keras else x
            y = library.ops.sum(function(library, x_in))
        found.append(np.asarray(tf.convert_to_tensor(tape.gradient(y, x)) if library is keras else tape.gradient(y, x)))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6, atol=0)

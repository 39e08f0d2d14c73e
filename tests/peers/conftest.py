"""Fixtures for comparisons of trainings with Keras."""

from __future__ import annotations

import pytest


@pytest.fixture
def double():
    """Float64 on both sides: Adam enlarges rounding errors, and what remains then are differences of meaning."""
    use("float64")
    yield
    use("float32")


def use(dtype):
    keras, juanji = pytest.importorskip("keras"), pytest.importorskip("juanji")
    for library in (keras, juanji):
        library.config.set_floatx(dtype)
        library.config.set_dtype_policy(dtype)


@pytest.fixture
def eager():
    """TensorFlow step by step: a few steps take less time than making graphs of them."""
    tf = pytest.importorskip("tensorflow")
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def whole_gradients(monkeypatch):
    """Keras' optimizers receive an embedding's gradient as an array, on TensorFlow as on its other backends.

    TensorFlow hands it over as rows and their numbers; Keras squares each row by itself, also where rows share a
    number, so that optimizers with second moments differ there from Keras on JAX and on PyTorch.
    """
    keras, tf = pytest.importorskip("keras"), pytest.importorskip("tensorflow")
    apply = keras.optimizers.Optimizer.apply

    def apply_arrays(self, grads, trainable_variables=None):
        arrays = [g if g is None else tf.convert_to_tensor(g) for g in grads]
        return apply(self, arrays, trainable_variables)

    monkeypatch.setattr(keras.optimizers.Optimizer, "apply", apply_arrays)

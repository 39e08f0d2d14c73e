"""Functional models with operations in their graphs, in files both ways."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import juanji  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")
X = np.random.default_rng(0).uniform(0.1, 0.9, (2, 4, 4, 3)).astype("float32")
KERNEL = np.full((2, 2, 3, 2), 0.1, "float32")

CALLS = {
    "arithmetic": lambda k, x: 1.0 / (abs(-x) + 2 * x**2 - x) @ k.transpose(x, (0, 1, 3, 2)),
    "elementwise": lambda k, x: k.square(x) + k.sqrt(x) + k.exp(x) + k.log(x) + k.rsqrt(x) + k.erf(x),
    "comparison": lambda k, x: k.where(k.logical_and(x > 0.2, x < 0.7), x, k.maximum(x, 0.5)),
    "reductions": lambda k, x: (
        k.mean(x, axis=(1, 2), keepdims=True) + k.sum(x, -1)[..., None] + k.var(x, axis=1)[:, None]
    ),
    "indexing": lambda k, x: x[:, 1:3, ..., 0] + x[:, :2, ::-1, -1],
    "shape": lambda k, x: k.squeeze(k.expand_dims(k.reshape(x, (-1, 16, 3)), 1), 1),
    "joining": lambda k, x: k.concatenate([k.stack([x, -x], axis=1)[:, 1], k.split(x, 2, axis=-3)[0]], axis=1),
    "padding": lambda k, x: k.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="constant", constant_values=2.0),
    "moving": lambda k, x: k.moveaxis(
        k.swapaxes(k.flip(k.repeat(k.tile(x, (1, 2, 1, 1)), 2, axis=1), axis=1), 1, 2), 3, 1
    ),
    "choosing": lambda k, x: k.take(k.sort(x, axis=-1), [0, 2], axis=-1) + k.top_k(x, 2)[0],
    "types": lambda k, x: k.cast(k.cast(x * 10, "int32"), "float32") + k.one_hot(k.argmax(x, axis=-1), 3),
    "products": lambda k, x: (
        k.einsum("bijc,bijd->bcd", x, x) + k.tensordot(x, np.ones((3, 3), "float32"), axes=1)[:, 0, :3]
    ),
    "activations": lambda k, x: k.gelu(k.leaky_relu(x - 0.5, 0.1), approximate=False) + k.log_softmax(k.silu(x)),
    "networks": lambda k, x: k.max_pool(k.conv(x, KERNEL, padding="same"), 2, 2) + k.average_pool(x, 2)[..., :2],
    "weights": lambda k, x: (
        k.average(x, axis=1, weights=np.array([1.0, 2, 3, 4], "float32")) + k.normalize(x, axis=-1)[:, 0]
    ),
    "two results": lambda k, x: k.moments(x, axes=[1, 2])[1],
}


def model(k, call):
    x = k.Input((4, 4, 3))
    return k.Model(x, call(k.ops, x))


@pytest.mark.parametrize("name", CALLS)
def test_operations_in_files_both_ways(name, tmp_path):
    theirs, ours = model(keras, CALLS[name]), model(juanji, CALLS[name])
    theirs.save(tmp_path / "theirs.keras")
    ours.save(tmp_path / "ours.keras")
    expected = theirs(X)
    np.testing.assert_allclose(juanji.saving.load_model(tmp_path / "theirs.keras")(X), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(keras.saving.load_model(tmp_path / "ours.keras")(X), expected, rtol=1e-4, atol=1e-5)

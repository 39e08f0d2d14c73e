"""Attention, embeddings and dense layers over any axes, in Keras and here."""

from __future__ import annotations

import json

import numpy as np
import pytest

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

import juanji  # noqa: E402

TOLERANCE = 2e-5  # float32, relative to the largest value
RNG = np.random.default_rng(0)
QUERY, VALUE, KEY = (RNG.normal(size=shape).astype("float32") for shape in ((2, 3, 4), (2, 5, 4), (2, 5, 4)))
QUERY_MASK = np.array([[1, 1, 0], [1, 1, 1]], bool)
VALUE_MASK = np.array([[1, 0, 1, 1, 1], [1, 1, 1, 0, 0]], bool)
SOME = np.concatenate([np.ones((2, 3, 1), bool), RNG.random((2, 3, 4)) > 0.5], -1)


def close(got, wanted):
    wanted = np.asarray(wanted)
    assert got.shape == wanted.shape
    bound = TOLERANCE * max(1.0, np.abs(wanted).max(initial=0))
    np.testing.assert_allclose(np.asarray(got), wanted, rtol=0, atol=bound)


def listed(y):
    return list(y) if isinstance(y, (list, tuple)) else [y]


def compare(theirs, ours, call, *arrays):
    """Outputs, gradients for the same random gradient of each output, and layers made from Keras' configuration."""
    call(theirs, *arrays), call(ours, *arrays)
    rng = np.random.default_rng(1)
    weights = [rng.normal(scale=0.5, size=w.shape).astype("float32") for w in theirs.get_weights()]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    assert [v.name for v in ours.weights] == [v.name for v in theirs.weights]
    with tf.GradientTape() as tape:
        sources = [tf.convert_to_tensor(x) for x in arrays]
        tape.watch(sources)
        wanted = listed(call(theirs, *sources))
        arriving = [rng.normal(size=y.shape).astype("float32") for y in wanted]
        total = sum(tf.reduce_sum(y * dy) for y, dy in zip(wanted, arriving))
    expected = tape.gradient(total, [*sources, *(w.value for w in theirs.weights)])
    with juanji.GradientTape() as tape:
        sources = [juanji.Tensor(x) for x in arrays]
        tape.watch(sources)
        got = listed(call(ours, *sources))
    for a, b in zip(got, wanted, strict=True):
        close(a, b)
    gradients = tape.gradient(got, [*sources, *ours.weights], output_gradients=arriving)
    for a, b in zip(gradients, expected, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            close(a, tf.convert_to_tensor(b))
    again = type(ours).from_config(json.loads(json.dumps(theirs.get_config())))
    call(again, *arrays)
    again.set_weights(weights)
    for a, b in zip(listed(call(again, *arrays)), listed(call(ours, *arrays)), strict=True):
        np.testing.assert_array_equal(a, b)
    assert set(theirs.get_config()) <= set(ours.get_config()) | {"quantization_config"}


@pytest.mark.parametrize("mask", [None, [QUERY_MASK, VALUE_MASK], [None, VALUE_MASK]])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Attention", {}),
        ("Attention", {"use_scale": True, "score_mode": "concat"}),
        ("Attention", {"score_mode": "concat"}),
        ("AdditiveAttention", {}),
        ("AdditiveAttention", {"use_scale": False}),
    ],
)
def test_attention_agrees(name, options, causal, mask):
    theirs, ours = (getattr(k.layers, name)(**options) for k in (keras, juanji))

    def call(layer, *arrays):
        given = {} if mask is None else {"mask": mask}
        return layer(list(arrays), return_attention_scores=True, use_causal_mask=causal, **given)

    compare(theirs, ours, call, QUERY, VALUE, KEY)


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize(
    "given",
    [{}, {"use_causal_mask": True}, {"value_mask": VALUE_MASK}, {"attention_mask": SOME, "use_causal_mask": True}],
)
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("MultiHeadAttention", {"num_heads": 3, "key_dim": 2}),
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "value_dim": 5, "output_shape": 6, "use_gate": True}),
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "use_bias": False, "sliding_window": 2}),
        ("GroupQueryAttention", {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}),
        ("GroupQueryAttention", {"head_dim": 3, "num_query_heads": 2, "num_key_value_heads": 1, "use_gate": True}),
    ],
)
def test_attention_with_heads_agrees(name, options, given, scores):
    theirs, ours = (getattr(k.layers, name)(**options) for k in (keras, juanji))

    def call(layer, query, value, key):
        return layer(query, value, key=key, return_attention_scores=scores, **given)

    compare(theirs, ours, call, QUERY, VALUE, KEY)


def test_attention_over_other_axes_agrees():
    theirs, ours = (k.layers.MultiHeadAttention(2, 3, attention_axes=(2,)) for k in (keras, juanji))
    x = RNG.normal(size=(2, 3, 4, 5)).astype("float32")
    compare(theirs, ours, lambda layer, x: layer(x, x, return_attention_scores=True), x)


def test_masks_that_tensors_carry_agree():
    x = QUERY.copy()
    x[0, 2] = 0
    results = []
    for k in (keras, juanji):
        masked = k.layers.Masking()(x)
        layer = k.layers.MultiHeadAttention(2, 3)
        layer(masked, masked)
        layer.set_weights([np.random.default_rng(i).normal(size=w.shape) for i, w in enumerate(layer.get_weights())])
        masked = k.layers.Masking()(x)  # Keras has taken the mask off the other one
        results.append(layer(masked, masked))
    close(results[1], results[0])
    np.testing.assert_array_equal(juanji._masks.get_mask(results[1]), results[0]._keras_mask)


@pytest.mark.parametrize(
    ("equation", "shape", "bias_axes", "taken"),
    [
        ("ab,bc->ac", (7,), None, (2, 3)),
        ("abc,cd->abd", (None, 5), "d", (2, 3, 4)),
        ("abcd,cde->abe", (None, 6), "e", (2, 3, 4, 5)),
        ("abc,bd->adc", (6, 4), "d", (2, 3, 4)),
        ("...x,xy->...y", 6, "y", (2, 3, 4)),
        ("ab...,bc->ac...", (6,), "c", (2, 3, 2, 4)),
    ],
)
def test_einsum_dense_agrees(equation, shape, bias_axes, taken):
    theirs, ours = (k.layers.EinsumDense(equation, shape, "tanh", bias_axes) for k in (keras, juanji))
    compare(theirs, ours, lambda layer, x: layer(x), RNG.normal(size=taken).astype("float32"))


@pytest.mark.parametrize("inner", ["Dense", "Conv2D"])
def test_spectral_normalization_agrees(inner):
    theirs, ours = (
        k.layers.SpectralNormalization(getattr(k.layers, inner)(*((4,) if inner == "Dense" else (4, 3))), 2)
        for k in (keras, juanji)
    )
    x = RNG.normal(size=(2, 5, 5, 3)).astype("float32")
    theirs(x), ours(x)
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]
    ours.set_weights(theirs.get_weights())
    for training in (True, True, False):
        close(ours(x, training=training), theirs(x, training=training))
    for a, b in zip(ours.get_weights(), theirs.get_weights()):
        close(a, b)


@pytest.mark.parametrize("options", [{}, {"mask_zero": True}])
@pytest.mark.parametrize("name", ["Embedding", "ReversibleEmbedding"])
def test_embeddings_agree(name, options):
    theirs, ours = (getattr(k.layers, name)(6, 3, **options) for k in (keras, juanji))
    numbers = np.array([[1, 0, 5], [2, 2, 0]])
    theirs(numbers), ours(numbers)
    ours.set_weights(theirs.get_weights())
    close(ours(numbers), theirs(numbers))
    assert set(theirs.get_config()) <= set(ours.get_config()) | {"quantization_config"}
    again = type(ours).from_config(json.loads(json.dumps(theirs.get_config())))
    again(numbers)
    if name == "ReversibleEmbedding":
        x = RNG.normal(size=(2, 3, 3)).astype("float32")
        close(ours(x, reverse=True), theirs(x, reverse=True))

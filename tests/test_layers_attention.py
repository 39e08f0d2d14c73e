"""Attention, embeddings and dense layers over any axes, against the sums that define them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from juanji import GradientTape, Input, Model, Sequential, layers
from juanji._masks import get_mask
from recordings import all_recorded
from reference.gradients import check_gradients

RNG = np.random.default_rng(0)
EPS = np.finfo(np.float64).eps
N, T, S, D = 2, 3, 5, 4
QUERY_MASK = np.array([[1, 1, 0], [1, 1, 1]], bool)
VALUE_MASK = np.array([[1, 0, 1, 1, 1], [1, 1, 1, 0, 0]], bool)


def close(got, expected, factor=64):
    assert got.shape == np.shape(expected)
    np.testing.assert_allclose(got, expected, rtol=0, atol=factor * EPS * max(1.0, np.abs(expected).max()))


def softmax(x, axes=(-1,)):
    e = np.exp(x - x.max(axes, keepdims=True))
    return e / e.sum(axes, keepdims=True)


def inputs(*more):
    return [RNG.normal(size=shape) for shape in ((N, T, D), (N, S, D), *more)]


def made_again(layer, *call):
    """From its configuration as text, with the same weights."""
    again = type(layer).from_config(json.loads(json.dumps(layer.get_config())))
    again(*call)
    again.set_weights(layer.get_weights())
    return again


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", ["dot", "dot scaled", "concat", "concat scaled", "additive", "additive plain"])
def test_attention_is_its_formula(kind, masked, causal):
    q, v, k = inputs((N, S, D))
    if kind.startswith("additive"):
        layer = layers.AdditiveAttention(use_scale=kind == "additive", dtype="float64")
    else:
        layer = layers.Attention("scaled" in kind, kind.split()[0], dtype="float64")
    layer.build([q.shape, v.shape, k.shape])
    weights = [RNG.normal(size=w.shape) for w in layer.get_weights()]
    layer.set_weights(weights)
    sums = q[:, :, None] + k[:, None]
    if kind.startswith("dot"):
        scores = np.einsum("ntd,nsd->nts", q, k) * (weights[0] if weights else 1)
    elif kind.startswith("concat"):
        scores = weights[-1] * np.tanh(sums * (weights[0] if len(weights) == 2 else 1)).sum(-1)
    else:
        scores = (np.tanh(sums) * (weights[0] if weights else 1)).sum(-1)
    kept = np.ones((N, T, S), bool)
    if masked:
        kept &= VALUE_MASK[:, None]
    if causal:
        kept &= np.arange(T)[:, None] >= np.arange(S)
    attended = softmax(np.where(kept, scores, scores - 1e9))
    expected = attended @ v * (QUERY_MASK[..., None] if masked else 1)
    mask = [QUERY_MASK, VALUE_MASK] if masked else None
    y, got = layer([q, v, k], mask=mask, return_attention_scores=True, use_causal_mask=causal)
    close(y, expected)
    close(got, attended)
    assert (get_mask(y) is not None) == masked
    again = made_again(layer, [q, v, k])
    np.testing.assert_array_equal(again([q, v, k]), layer([q, v, k]))
    check_gradients(lambda q, v, k: layer.call([q, v, k], mask=mask, use_causal_mask=causal), q, v, k)


def test_attention_drops_and_carries_masks():
    q, v = inputs()
    layer = layers.Attention(dropout=0.5, seed=1, dtype="float64")
    assert not np.array_equal(layer([q, v], training=True), layer([q, v]))
    masked = layers.Masking(dtype="float64")(np.where(QUERY_MASK[..., None], q, 0))
    np.testing.assert_array_equal(layer([masked, v])[0, 2], np.zeros(D))
    np.testing.assert_array_equal(get_mask(layer([masked, v])), QUERY_MASK)
    y, scores = layers.Attention()([Input((None, D)), Input((S, D))], return_attention_scores=True)
    assert (y.shape, scores.shape) == ((None, None, D), (None, None, S))
    with pytest.raises(ValueError, match=r"it takes several inputs; expected a list \[query, value\]"):
        layers.Attention()(q)
    with pytest.raises(ValueError, match="unknown score_mode"):
        layers.Attention(score_mode="max")
    with pytest.raises(ValueError, match="the masks are not clear"):
        layers.Attention()([q, v], mask=QUERY_MASK)


def headed(layer, q, v, k, kept, gate=None):
    """Attention with heads, one head at a time; the output and the attention weights."""
    (wq, bq), (wk, bk), (wv, bv), (wo, bo) = (
        [np.asarray(w) for w in dense.weights]
        for dense in (layer._query_dense, layer._key_dense, layer._value_dense, layer._output_dense)
    )
    heads, shared = wq.shape[1], wk.shape[1]
    y, weights = bo, []
    for h in range(heads):
        g = h * shared // heads
        a, b, c = q @ wq[:, h] + bq[h], k @ wk[:, g] + bk[g], v @ wv[:, g] + bv[g]
        attended = softmax(np.where(kept, a @ b.swapaxes(-1, -2) / np.sqrt(wq.shape[2]), -1e300))
        part = attended @ c
        if gate is not None:
            part = part / (1 + np.exp(-(q @ gate[0][:, h] + gate[1][h])))
        y = y + part @ wo[h]
        weights.append(attended)
    return y, np.stack(weights, 1)


HEADS = {
    "multi": lambda **options: layers.MultiHeadAttention(3, 2, **options),
    "multi value": lambda **options: layers.MultiHeadAttention(2, 3, value_dim=5, output_shape=6, **options),
    "group": lambda **options: layers.GroupQueryAttention(3, 4, 2, **options),
}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("way", ["plain", "causal", "masks", "all", "window", "gate"])
def test_attention_with_heads_is_its_formula(name, way):
    options = {"sliding_window": 2} if way == "window" else {"use_gate": way == "gate"}
    layer = HEADS[name](dtype="float64", bias_initializer="glorot_uniform", **options)
    q, v, k = inputs((N, S, D))
    kept = np.ones((N, T, S), bool)
    given = {}
    distance = np.arange(T)[:, None] - np.arange(S)
    if way in ("causal", "all"):
        given["use_causal_mask"] = True
        kept &= distance >= 0
    if way in ("masks", "all"):
        given["value_mask"] = VALUE_MASK
        kept &= VALUE_MASK[:, None]
    if way == "all":
        given |= {"attention_mask": RNG.random((N, T, S)) > 0.3, "key_mask": ~VALUE_MASK | (np.arange(S) < 3)}
        given["attention_mask"][..., 0] = True
        kept = kept & given["attention_mask"] & given["key_mask"][:, None]
    if way == "window":
        kept &= abs(distance) < 2
    y = layer(q, v, key=k, **given)
    gate = [np.asarray(w) for w in layer._gate_dense.weights] if way == "gate" else None
    expected, weights = headed(layer, q, v, k, kept, gate)
    close(y, expected)
    both = layer(q, v, k, return_attention_scores=True, **given)
    close(both[0], expected)
    close(both[1], weights)
    again = made_again(layer, q, v, k)
    np.testing.assert_array_equal(again(q, v, k), layer(q, v, k))
    assert layer.compute_output_shape((None, T, D), (None, S, D)) == (None, *y.shape[1:])
    check_gradients(lambda q, v, k: layer.call(q, v, k, **given), q, v, k)


def test_heads_drop_and_carry_masks():
    q, v = inputs()
    for make in HEADS.values():
        layer = make(dropout=0.5, seed=1, dtype="float64")
        assert not np.array_equal(layer(q, v, training=True), layer(q, v))
        masked = layers.Masking(dtype="float64")(np.where(QUERY_MASK[..., None], q, 0))
        np.testing.assert_array_equal(get_mask(layer(masked, v)), QUERY_MASK)
        short = layer(q, v[:, :2])
        cut = layers.Masking(dtype="float64")(np.where(np.arange(S)[:, None] < 2, v, 0))
        close(layer(q, cut), np.asarray(short))
        # a query that may attend to nothing gets the bias alone
        nothing = layer(q, v, attention_mask=np.zeros((N, T, S), bool))
        close(nothing, np.zeros(nothing.shape))


def test_attention_over_other_axes():
    layer = layers.MultiHeadAttention(2, 3, attention_axes=(2, 3), dtype="float64")
    x = RNG.normal(size=(1, 2, 3, 4, 5))
    y, scores = layer(x, x, return_attention_scores=True)
    assert scores.shape == (1, 2, 2, 3, 4, 3, 4)
    np.testing.assert_allclose(np.asarray(scores).sum((-1, -2)), 1, rtol=1e-12)
    flat = layers.MultiHeadAttention(2, 3, dtype="float64")
    rows = x.reshape(2, 12, 5)
    flat(rows, rows)
    flat.set_weights(layer.get_weights())
    close(y, np.asarray(flat(rows, rows)).reshape(x.shape))
    masked = layer(x, x, attention_mask=np.ones((1, 1, 3, 4, 3, 4), bool))
    np.testing.assert_array_equal(masked, y)


def test_heads_in_models():
    x = Input((None, D))
    y, scores = layers.MultiHeadAttention(2, 3)(x, x, return_attention_scores=True)
    model = Model(x, [y, scores])
    assert [one.shape for one in model.outputs] == [(None, None, D), (None, 2, None, None)]
    again = Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    data = RNG.normal(size=(N, T, D)).astype("float32")
    for a, b in zip(again(data), model(data)):
        np.testing.assert_array_equal(a, b)
    names = [w.shape for w in model.weights]
    assert names == [(D, 2, 3), (2, 3)] * 3 + [(2, 3, D), (D,)]
    with pytest.raises(ValueError, match="key and value do not fit each other"):
        layers.MultiHeadAttention(2, 3)(data, data, data[:, :2])
    with pytest.raises(ValueError, match="flash attention does not give scores"):
        layers.MultiHeadAttention(2, 3, flash_attention=True)(data, data, return_attention_scores=True)
    with pytest.raises(ValueError, match="flash attention has no dropout"):
        layers.MultiHeadAttention(2, 3, flash_attention=True, dropout=0.1)
    with pytest.raises(ValueError, match="the heads do not fit"):
        layers.GroupQueryAttention(2, 3, 2)


def test_attention_learns_to_pick():
    """The value whose first number is the largest."""
    x = RNG.normal(size=(256, 6, 3)).astype("float32")
    y = x[np.arange(256), x[..., 0].argmax(1), 1:2]
    a = Input((6, 3))
    h = layers.Dense(8)(a)
    h = layers.MultiHeadAttention(2, 8)(h, h)
    model = Model(a, layers.Dense(1)(layers.GlobalAveragePooling1D()(h)))
    from juanji.optimizers import Adam

    model.compile(Adam(0.01), "mse")
    losses = model.fit(x, y, epochs=12, batch_size=32, verbose=0).history["loss"]
    assert losses[-1] < 0.75 * losses[0]
    assert all_recorded(model)


EQUATIONS = [
    ("ab,bc->ac", (7,), None, (N, 3), (3, 7), None),
    ("abc,cd->abd", (None, 5), "d", (N, 3, 4), (4, 5), (5,)),
    ("abc,cd->abd", (3, 5), "bd", (N, 3, 4), (4, 5), (3, 5)),
    ("abc,cde->abde", (None, 2, 5), "de", (N, 3, 4), (4, 2, 5), (2, 5)),
    ("abcd,cde->abe", (None, 6), "e", (N, 3, 4, 5), (4, 5, 6), (6,)),
    ("abc,bd->adc", (6, 4), "d", (N, 3, 4), (3, 6), (6, 1)),
    ("...x,xy->...y", 6, "y", (N, 3, 4), (4, 6), (6,)),
    ("...x,xy->...y", (6,), "y", (N, 3, 2, 4), (4, 6), (6,)),
    ("...xy,yz->...xz", (None, 6), "xz", (N, 3, 2, 4), (4, 6), (2, 6)),
    ("ab...,bc->ac...", (6,), "c", (N, 3, 2, 4), (3, 6), (6, 1, 1)),
    ("abc,bc->ab", (3,), None, (N, 3, 4), (3, 4), None),
]


@pytest.mark.parametrize(("equation", "shape", "bias_axes", "taken", "kernel", "bias"), EQUATIONS)
def test_einsum_dense_is_einsum(equation, shape, bias_axes, taken, kernel, bias):
    layer = layers.EinsumDense(equation, shape, "relu", bias_axes, bias_initializer="normal", dtype="float64")
    x = RNG.normal(size=taken)
    y = layer(x)
    assert layer.kernel.shape == kernel
    assert bias is None if layer.bias is None else layer.bias.shape == bias
    expected = np.einsum(equation, x, layer.kernel) + (0 if bias is None else np.asarray(layer.bias))
    close(y, np.maximum(expected, 0))
    assert layer.compute_output_shape((None, *taken[1:])) == (None, *y.shape[1:])
    np.testing.assert_array_equal(made_again(layer, x)(x), y)
    check_gradients(lambda x: layer.call(x), x)


def test_einsum_dense_scales_by_what_is_summed():
    layer = layers.EinsumDense("abc,cde->abde", (None, 50, 20), kernel_initializer="lecun_normal")
    layer.build((None, 3, 400))
    assert np.asarray(layer.kernel).std() == pytest.approx(1 / 20, rel=0.05)


@pytest.mark.parametrize(
    ("equation", "shape", "bias_axes", "taken", "message"),
    [
        ("ab,bc", (7,), None, (N, 3), "expected a form such as 'ab,bc->ac'"),
        ("ab,bc->ac", (7,), None, (N, 3, 4), r"expected an input of 2 axes, got shape=\(2, 3, 4\)"),
        ("abc,cd->abd", (5,), None, (N, 3, 4), "expected an output_shape of 2 sizes"),
        ("abc,cd->abd", (4, 5), None, (N, 3, 4), "expected size 3 for 'b', got 4"),
        ("abc,cd->abe", (3, 5), None, (N, 3, 4), "expected letters of the output that input or kernel have, got 'e'"),
        ("abc,cd->abd", (3, None), None, (N, 3, 4), "expected a size for 'd' of the kernel"),
        ("abc,cd->abd", (3, 5), "c", (N, 3, 4), "expected bias_axes among 'abd'"),
    ],
)
def test_mistakes_of_einsum_dense_are_told(equation, shape, bias_axes, taken, message):
    with pytest.raises(ValueError, match=message):
        layers.EinsumDense(equation, shape, bias_axes=bias_axes)(np.zeros(taken))
    with pytest.raises(ValueError, match="weights are neither quantised nor adapted here; expected lora_rank=None"):
        layers.EinsumDense("ab,bc->ac", 2, lora_rank=4)


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "float32"])
def test_embedding_takes_rows(dtype):
    layer = layers.Embedding(6, 3, dtype="float64")
    numbers = RNG.integers(0, 6, (2, 4)).astype(dtype)
    y = layer(numbers)
    np.testing.assert_array_equal(y, np.asarray(layer.embeddings)[numbers.astype(int)])
    assert layer.compute_output_shape((None, 4)) == (None, 4, 3)
    with GradientTape() as tape:
        y = layer(numbers)
    gradient = tape.gradient(y, layer.embeddings)
    np.testing.assert_array_equal(gradient, np.bincount(numbers.astype(int).ravel(), minlength=6)[:, None] * np.ones(3))


def test_embedding_masks_zeros():
    numbers = np.array([[3, 1, 0], [0, 2, 0]])
    y = layers.Embedding(4, 2, mask_zero=True)(numbers)
    np.testing.assert_array_equal(get_mask(y), numbers != 0)
    assert get_mask(layers.Embedding(4, 2)(numbers)) is None
    weights = RNG.normal(size=(4, 2)).astype("float32")
    for given in (weights, [weights]):
        np.testing.assert_array_equal(layers.Embedding(4, 2, weights=given)(numbers), weights[numbers])
    with pytest.raises(ValueError, match="Embedding: input_dim has to be a whole number"):
        layers.Embedding(0, 2)
    with pytest.raises(ValueError, match="index out of range"):
        layers.Embedding(4, 2)(np.array([[4]]))


def test_embedding_in_models():
    model = Sequential([Input((5,), dtype="int32"), layers.Embedding(20, 4, mask_zero=True), layers.GRU(3)])
    model.compile("adam", "mse")
    x = RNG.integers(1, 20, (8, 5))
    x[:, 3:] = 0
    short = Sequential([Input((None,), dtype="int32"), *model.layers])
    np.testing.assert_allclose(model.predict(x, verbose=0), short(x[:, :3]), rtol=1e-5, atol=1e-6)
    before = model.layers[0].embeddings.numpy().copy()
    for _ in range(3):
        model.train_on_batch(x, np.zeros((8, 3)))
    changed = np.unique(np.nonzero(np.any(model.layers[0].embeddings.numpy() != before, axis=1))[0])
    np.testing.assert_array_equal(changed, np.unique(x[x > 0]))
    assert all_recorded(model)
    assert layers.Embedding(20, 4)(Input((5,), dtype="int32")).shape == (None, 5, 4)


@pytest.mark.parametrize("tied", [True, False])
def test_reversible_embedding(tied):
    layer = layers.ReversibleEmbedding(6, 3, tie_weights=tied, mask_zero=True, logit_soft_cap=2.0, dtype="float64")
    numbers = np.array([[1, 0, 5]])
    vectors = layer(numbers)
    np.testing.assert_array_equal(vectors, np.asarray(layer.embeddings)[numbers])
    np.testing.assert_array_equal(get_mask(vectors), numbers != 0)
    h = RNG.normal(size=(1, 3, 3))
    kernel = np.asarray(layer.embeddings).T if tied else np.asarray(layer.reverse_embeddings)
    close(layer(h, reverse=True), 2 * np.tanh(h @ kernel / 2))
    assert len(layer.weights) == 2 - tied
    assert layer(Input((3, 3)), reverse=True).shape == (None, 3, 6)
    again = made_again(layer, numbers)
    np.testing.assert_array_equal(again(h, reverse=True), layer(h, reverse=True))


def test_alpha_dropout_keeps_mean_and_variance():
    layer = layers.AlphaDropout(0.3, seed=2, dtype="float64")
    x = RNG.normal(size=(400, 500))
    y = np.asarray(layer(x, training=True))
    assert abs(y.mean()) < 0.01
    assert y.std() == pytest.approx(1, abs=0.01)
    values, counts = np.unique(y, return_counts=True)
    assert counts.max() / x.size == pytest.approx(0.3, abs=0.01)
    assert values[counts.argmax()] < -1
    np.testing.assert_array_equal(layer(x), x)
    shared = np.asarray(layers.AlphaDropout(0.5, noise_shape=(None, 1), dtype="float64")(x, training=True))
    values, counts = np.unique(shared, return_counts=True)
    replaced = shared == values[counts.argmax()]
    assert np.all(replaced.all(1) | ~replaced.any(1))
    np.testing.assert_array_equal(layers.AlphaDropout(1.0)(np.ones((2, 2)), training=True), np.zeros((2, 2)))
    assert layers.AlphaDropout.from_config(layer.get_config()).rate == 0.3

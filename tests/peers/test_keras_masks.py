"""Masks in functional models: computed alike, also by models that went through a file of the other library.

Keras makes masks part of the graph and stores them with it; here they are computed from layer to layer while the
model runs.
"""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import juanji  # noqa: E402

pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.usefixtures("eager")]
RNG = np.random.default_rng(0)


def masked_vectors(k):
    x = k.Input((5, 3))
    h = k.layers.LSTM(4, return_sequences=True)(k.layers.Masking()(x))
    return k.Model(x, k.layers.GRU(2)(k.layers.Dropout(0.1)(h)))


def masked_tokens(k):
    x = k.Input((5,), dtype="int32")
    h = k.layers.Embedding(4, 4, mask_zero=True)(x)
    h = k.layers.Bidirectional(k.layers.LSTM(4, return_sequences=True))(h)
    h = k.layers.MultiHeadAttention(2, 2)(h, h)
    h = k.layers.TimeDistributed(k.layers.Dense(3))(h)
    return k.Model(x, k.layers.GlobalAveragePooling1D()(h))


def masks_by_hand(k):
    x = k.Input((5,), dtype="int32")
    embedding = k.layers.Embedding(4, 4, mask_zero=True)
    h, mask = embedding(x), embedding.compute_mask(x)
    h = k.layers.LSTM(3, return_sequences=True)(h, mask=mask)
    h = k.layers.Add()([k.layers.Attention()([h, h], mask=[mask, mask]), k.layers.Dense(3)(h)])
    return k.Model(x, k.layers.GRU(2)(h))


def masks_inside(k):
    x = k.Input((4, 5, 3))
    h = k.layers.TimeDistributed(k.layers.Masking())(x)
    inside = k.Input((5, 3))
    inner = k.Model(inside, k.layers.LSTM(2)(k.layers.Masking()(inside)))
    return k.Model(x, [k.layers.TimeDistributed(k.layers.LSTM(2))(h), inner(x[:, 0])])


def masks_in_a_row(k):
    layers = [k.layers.Embedding(4, 4, mask_zero=True), k.layers.Dense(3, activation="tanh"), k.layers.SimpleRNN(2)]
    return k.Sequential([k.Input((5,), dtype="int32"), *layers])


@pytest.mark.parametrize("make", [masked_vectors, masked_tokens, masks_by_hand, masks_inside, masks_in_a_row])
@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_masks_agree_through_files(make, ending, tmp_path):
    theirs, ours = make(keras), make(juanji)
    for weight in theirs.weights:
        weight.assign(RNG.normal(size=weight.shape))
    ours.set_weights(theirs.get_weights())
    x = RNG.integers(0, 4, (6, *ours.input_shape[1:])).astype("float32")
    x[0, 3:] = x[1] = x[:, ..., -2:] = 0
    theirs.save(tmp_path / f"theirs.{ending}")
    ours.save(tmp_path / f"ours.{ending}")
    expected = theirs.predict(x, verbose=0)
    for model in (
        ours,
        juanji.saving.load_model(tmp_path / f"theirs.{ending}"),
        keras.saving.load_model(tmp_path / f"ours.{ending}"),
    ):
        result = model.predict(x, verbose=0)
        for one, other in zip(*(y if isinstance(y, list) else [y] for y in (expected, result))):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)

"""Masks: carried from layer to layer, and counted in losses and metrics."""

from __future__ import annotations

import gc
import warnings

import numpy as np
import pytest

import juanji
from juanji import Input, Model, Sequential, Tensor, _masks, layers, losses, metrics, ops
from juanji._masks import get_mask, set_mask
from recordings import all_recorded

RNG = np.random.default_rng(0)


def sequences(*missing, shape=(2, 4, 3)):
    x = RNG.normal(size=shape).astype("float32")
    for index in missing:
        x[index] = 0
    return x


MISSING = ((0, 1), (1, 2), (1, 3))
MASK = np.array([[True, False, True, True], [True, True, False, False]])


class Seen(layers.Layer):
    """Keeps the mask it was called with."""

    supports_masking = True

    def call(self, inputs, mask=None):
        self._mask = mask
        return inputs * 2


@pytest.mark.parametrize("kind", [np.asarray, Tensor])
def test_layers_carry_masks_on(kind):
    x = layers.Masking()(kind(sequences(*MISSING)))
    assert isinstance(x, np.ndarray) == (kind is np.asarray)
    for layer in (layers.Dense(2), layers.Dropout(0.5), layers.LayerNormalization(), layers.Activation("relu"), Seen()):
        x = layer(x)
        np.testing.assert_array_equal(get_mask(x), MASK)
    assert get_mask(x + 1) is None


def test_masks_of_arrays_are_forgotten_with_them():
    gc.collect()
    before = len(_masks._of_arrays)
    x = layers.Masking()(sequences(*MISSING))
    assert len(_masks._of_arrays) == before + 1
    del x
    gc.collect()
    assert len(_masks._of_arrays) == before


def test_the_callers_array_stays_without_a_mask():
    class Marks(layers.Layer):
        def compute_mask(self, inputs, previous_mask):
            return ops.any(inputs > 0, axis=-1)

    x = sequences()
    y = Marks()(x)
    assert get_mask(x) is None
    assert get_mask(y).shape == (2, 4)


def test_masking_with_another_number():
    x = np.full((1, 2, 2), 7.0)
    x[0, 1, 1] = 1
    layer = layers.Masking(7, dtype="float64")
    y = layer(x)
    np.testing.assert_array_equal(y, [[[0, 0], [7, 1]]])
    np.testing.assert_array_equal(get_mask(y), [[False, True]])
    assert layers.Masking.from_config(layer.get_config()).mask_value == 7


def test_a_layer_that_ends_a_mask_says_so_once():
    layer = layers.Conv1D(2, 2)
    masked = layers.Masking()(sequences(*MISSING))
    with pytest.warns(UserWarning, match="the input carries a mask, which ends here"):
        y = layer(masked)
    assert get_mask(y) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer(masked)


def test_an_explicit_mask_comes_first():
    seen = Seen()
    other = ~MASK
    y = seen(layers.Masking()(sequences(*MISSING)), mask=other)
    assert seen._mask is other
    np.testing.assert_array_equal(get_mask(y), other)


@pytest.mark.parametrize("form", ["functional", "sequential", "nested", "subclass"])
def test_models_carry_masks(form):
    seen = Seen()
    steps = [layers.Masking(), layers.Dense(2), seen]
    if form == "sequential":
        model = Sequential([Input((4, 3)), *steps])
    elif form == "nested":
        inner = Sequential([Input((4, 3)), layers.Masking(), layers.Dense(2)])
        x = Input((4, 3))
        model = Model(x, seen(inner(x)))
    elif form == "functional":
        x = Input((4, 3))
        model = Model(x, seen(layers.Dense(2)(layers.Masking()(x))))
    else:

        class Own(Model):
            def __init__(self):
                super().__init__()
                self.steps = steps

            def call(self, inputs):
                for step in self.steps:
                    inputs = step(inputs)
                return inputs

        model = Own()
    y = model(sequences(*MISSING))
    np.testing.assert_array_equal(seen._mask, MASK)
    np.testing.assert_array_equal(get_mask(y), MASK)


def test_symbolic_masks_are_arguments():
    seen = Seen()
    x = Input((4, 3))
    masking = layers.Masking()
    model = Model(x, seen(x, mask=masking.compute_mask(x)))
    again = Model.from_config(model.get_config(), custom_objects={"Seen": Seen})
    for one in (model, again):
        y = one(sequences(*MISSING))
        np.testing.assert_array_equal(one.layers[-1]._mask, MASK)
        np.testing.assert_array_equal(get_mask(y), MASK)


def test_a_model_takes_a_mask():
    seen = Seen()
    x = Input((4, 3))
    for model in (Model(x, seen(x)), Sequential([Input((4, 3)), seen])):
        model(sequences(), mask=MASK)
        np.testing.assert_array_equal(seen._mask, MASK)


def masked_mean(values, mask):
    return np.sum(values * mask) / np.sum(mask)


@pytest.mark.parametrize("weights", [None, np.array([1.0, 3.0]), RNG.random((2, 4))])
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", None])
def test_losses_count_what_the_mask_keeps(weights, reduction):
    y, pred = RNG.normal(size=(2, 4, 3)), RNG.normal(size=(2, 4, 3))
    set_mask(pred, MASK)
    factors = 1 if weights is None else weights.reshape(2, -1)
    values = np.mean((y - pred) ** 2, -1) * factors
    expected = {"sum_over_batch_size": masked_mean(values, MASK), "sum": np.sum(values * MASK), None: values * MASK}
    got = losses.MeanSquaredError(reduction=reduction)(y, pred, weights)
    np.testing.assert_allclose(got, expected[reduction], rtol=1e-12)


def test_a_mask_that_keeps_nothing_gives_no_loss():
    pred = np.ones((1, 2, 1))
    set_mask(pred, np.zeros((1, 2), bool))
    assert float(losses.MeanSquaredError()(np.zeros((1, 2, 1)), pred)) == 0


def test_metrics_count_what_the_mask_keeps():
    y, pred = RNG.normal(size=(2, 4, 3)), RNG.normal(size=(2, 4, 3))
    set_mask(pred, MASK)
    values = np.mean((y - pred) ** 2, -1)
    # As in Keras, weights of steps are averaged in each sample: both samples count by their steps.
    assert metrics.MeanSquaredError()(y, pred) == pytest.approx(masked_mean(values, MASK))


@pytest.mark.parametrize("eagerly", [True, False])
def test_training_counts_what_the_mask_keeps(eagerly):
    juanji.utils.set_random_seed(0)
    model = Sequential([Input((4, 3)), layers.Masking(), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mse"])
    model.run_eagerly = eagerly
    x, y = sequences(*MISSING), RNG.normal(size=(2, 4, 1)).astype("float32")
    for _ in range(3):
        pred = model.predict(x, verbose=0)
        mse, mae = masked_mean((y - pred)[..., 0] ** 2, MASK), masked_mean(np.abs(y - pred)[..., 0], MASK)
        values = model.evaluate(x, y, verbose=0)
        np.testing.assert_allclose(values, [mse, mae, mse], rtol=1e-6)
        model.train_on_batch(x, y)
    assert eagerly or all_recorded(model)


def test_merging_layers_pass_over_what_is_masked():
    a, b = sequences(*MISSING), sequences((0, 1), (0, 2))
    ma, mb = MASK, np.array([[True, False, False, True], [True] * 4])
    x, y = layers.Masking()(a), layers.Masking()(b)
    for layer, of_both in ((layers.Maximum(), np.maximum), (layers.Minimum(), np.minimum)):
        got = layer([x, y])
        both = of_both(a, b)
        expected = np.where((ma & mb)[..., None], both, np.where(ma[..., None], a, np.where(mb[..., None], b, 0)))
        np.testing.assert_array_equal(got, expected)
        np.testing.assert_array_equal(get_mask(got), ma | mb)
    ones = np.float32(1)
    product = np.where(ma[..., None], a, ones) * np.where(mb[..., None], b, ones) * (ma | mb)[..., None]
    np.testing.assert_array_equal(layers.Multiply()([x, y]), product)
    np.testing.assert_array_equal(get_mask(layers.Add()([x, y])), ma | mb)
    assert get_mask(layers.Add()([x, b])) is None
    np.testing.assert_array_equal(get_mask(layers.Concatenate(1)([x, y])), np.concatenate([ma, mb], 1))
    np.testing.assert_array_equal(get_mask(layers.Concatenate()([x, b])), np.ones((2, 4), bool))
    assert get_mask(layers.Dot(2)([x, y])) is None


def test_average_and_softmax_over_what_is_kept():
    x = sequences(*MISSING)
    got = layers.GlobalAveragePooling1D()(layers.Masking()(x))
    np.testing.assert_allclose(got, (x * MASK[..., None]).sum(1) / MASK.sum(1)[:, None], rtol=1e-6)
    assert get_mask(got) is None
    scores = RNG.normal(size=(2, 4))
    kept = np.exp(scores) * MASK
    softmax = layers.Softmax(dtype="float64")
    np.testing.assert_allclose(softmax(scores, mask=MASK), kept / kept.sum(1, keepdims=True), rtol=1e-12)
    np.testing.assert_array_equal(softmax(scores, mask=np.zeros((1, 4), bool)), np.zeros((2, 4)))
    with pytest.raises(ValueError, match="Softmax: the mask does not fit"):
        softmax(scores, mask=np.ones((3, 4), bool))
    over_two = layers.Softmax(axis=(0, 1), dtype="float64")
    assert float(np.sum(over_two(scores))) == pytest.approx(1)


def test_lambda_makes_masks():
    layer = layers.Lambda(lambda x, mask: x * 2 if mask is None else x, mask=lambda x, mask: x[..., 0] > 0)
    x = sequences()
    np.testing.assert_array_equal(layer(x), x * 2)
    np.testing.assert_array_equal(get_mask(layer(x)), x[..., 0] > 0)


def test_masks_of_further_arguments():
    class Attends(layers.Layer):
        supports_masking = True

        def build(self, query_shape, value_shape):
            self._shapes = query_shape, value_shape

        def call(self, query, value, query_mask=None, value_mask=None):
            self._seen = query_mask, value_mask
            assert value.dtype == np.float32
            return query

    layer = Attends()
    layer(sequences(), layers.Masking()(sequences(*MISSING)).astype("float32"))
    assert layer._seen == (None, None)
    layer(layers.Masking()(sequences(*MISSING)), np.ones((2, 5, 3)))
    np.testing.assert_array_equal(layer._seen[0], MASK)
    assert layer._seen[1] is None
    assert layer._shapes == ((2, 4, 3), (2, 4, 3))


def test_layers_have_the_order_that_masks_give_them_in_keras():
    a, b = Input((4,), dtype="int32"), Input((4,), dtype="int32")
    early = layers.Embedding(5, 2, mask_zero=True, name="early")(a)
    joined = layers.Concatenate()([early, early])  # the masks of both take four operations
    h = layers.Embedding(5, 2, name="unmasked")(b)
    for _ in range(3):
        h = layers.Dense(2)(h)
    model = Model([a, b], [layers.LSTM(2)(joined), h])
    names = [layer.name for layer in model.layers]
    assert names.index("early") < names.index("unmasked")
    assert all(len(layer._inbound_nodes) == 1 for layer in model.layers)
    assert "logical_or" not in model.to_json()

"""Recurrent layers in Keras and here: the same weights give the same outputs, states and gradients."""

from __future__ import annotations

import json

import numpy as np
import pytest

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

import juanji  # noqa: E402

TOLERANCE = 2e-5  # float32, relative to the largest value; some hundred products at each of a few steps
MASK = np.array([[1, 1, 0, 1, 1], [0, 1, 1, 0, 0], [1, 1, 1, 1, 1]], bool)
SEQUENCES, SIGNALS, IMAGES, VOLUMES = (3, 5, 4), (3, 5, 6, 2), (3, 5, 6, 5, 2), (3, 5, 3, 4, 3, 2)
ALL = {"return_sequences": True, "return_state": True}


def plain():
    for name in ("SimpleRNN", "LSTM", "GRU"):
        for options in (
            {},
            ALL,
            {"go_backwards": True},
            {"use_bias": False},
            {"dropout": 0.3, "recurrent_dropout": 0.2},
        ):
            for mask in (None, MASK):
                yield name, options, SEQUENCES, mask
        yield name, {"zero_output_for_mask": True, **ALL}, SEQUENCES, MASK
        yield name, {"zero_output_for_mask": True}, SEQUENCES, MASK
        yield name, {"go_backwards": True, **ALL}, SEQUENCES, MASK
        yield name, {"activation": "relu", "unroll": True}, SEQUENCES, None
    yield "GRU", {"reset_after": False, **ALL}, SEQUENCES, None
    yield "GRU", {"reset_after": False, "recurrent_activation": "hard_sigmoid", "use_bias": False}, SEQUENCES, MASK
    yield "LSTM", {"unit_forget_bias": False, "recurrent_activation": "hard_sigmoid"}, SEQUENCES, None


def convolutional():
    for name, shape in (("ConvLSTM1D", SIGNALS), ("ConvLSTM2D", IMAGES), ("ConvLSTM3D", VOLUMES)):
        yield name, {"kernel_size": 2, "return_sequences": True}, shape, MASK
        yield name, {"kernel_size": 3, "padding": "same", "strides": 2, **ALL}, shape, None
        yield name, {"kernel_size": 2, "dilation_rate": 2, "use_bias": False, "go_backwards": True}, shape, None


CASES = [pytest.param(*case, id=f"{case[0]}-{i}") for i, case in enumerate([*plain(), *convolutional()])]


def listed(y):
    return list(y) if isinstance(y, (list, tuple)) else [y]


def close(got, wanted, what):
    wanted = np.asarray(wanted)
    bound = TOLERANCE * max(1.0, np.abs(wanted).max(initial=0))
    np.testing.assert_allclose(np.asarray(got), wanted, rtol=0, atol=bound, err_msg=what)


def compare(theirs, ours, x, **given):
    """Outputs, and gradients for the same random gradient of each output."""
    theirs(x, **given), ours(x, **given)
    rng = np.random.default_rng(1)
    weights = [rng.normal(scale=0.5, size=w.shape).astype("float32") for w in theirs.get_weights()]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    assert [v.name for v in ours.weights] == [v.name for v in theirs.weights]
    with tf.GradientTape() as tape:
        source = tf.convert_to_tensor(x)
        tape.watch(source)
        wanted = listed(theirs(source, **given))
        arriving = [rng.normal(size=y.shape).astype("float32") for y in wanted]
        total = sum(tf.reduce_sum(y * dy) for y, dy in zip(wanted, arriving))
    expected = tape.gradient(total, [source, *(w.value for w in theirs.weights)])
    with juanji.GradientTape() as tape:
        source = juanji.Tensor(x)
        tape.watch(source)
        got = listed(ours(source, **given))
    gradients = tape.gradient(got, [source, *ours.weights], output_gradients=arriving)
    for i, (y, z) in enumerate(zip(got, wanted, strict=True)):
        close(y, z, f"output {i}")
    for i, (dy, dz) in enumerate(zip(gradients, expected, strict=True)):
        close(dy, dz, f"gradient {i}")
    return wanted


@pytest.mark.parametrize(("name", "options", "shape", "mask"), CASES)
def test_layers_agree(name, options, shape, mask):
    theirs, ours = (getattr(k.layers, name)(4, **options) for k in (keras, juanji))
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    given = {} if mask is None else {"mask": mask}
    wanted = compare(theirs, ours, x, **given)
    shapes = theirs.compute_output_shape((None, *shape[1:]))
    assert ours.compute_output_shape((None, *shape[1:])) == (shapes if len(wanted) == 1 else tuple(shapes))
    assert set(theirs.get_config()) <= set(ours.get_config()) | {"quantization_config"}
    again = type(ours).from_config(json.loads(json.dumps(theirs.get_config())))
    again(x)
    again.set_weights(ours.get_weights())
    for a, b in zip(listed(again(x, **given)), listed(ours(x, **given)), strict=True):
        np.testing.assert_array_equal(a, b)


def stacked(k):
    return k.layers.RNN([k.layers.LSTMCell(3), k.layers.GRUCell(2), k.layers.SimpleRNNCell(4)], return_sequences=True)


def wrapped(k):
    for mode in ("concat", "sum", "ave", "mul"):
        yield k.layers.Bidirectional(k.layers.LSTM(3, return_sequences=True), merge_mode=mode)
    yield k.layers.Bidirectional(k.layers.GRU(3, return_state=True), merge_mode=None)
    yield k.layers.Bidirectional(k.layers.GRU(3), backward_layer=k.layers.LSTM(2, go_backwards=True))
    yield k.layers.TimeDistributed(k.layers.Dense(3, activation="tanh"))
    yield stacked(k)


@pytest.mark.parametrize("index", range(8))
@pytest.mark.parametrize("masked", [False, True])
def test_layers_around_others_agree(index, masked):
    theirs, ours = ([*wrapped(k)][index] for k in (keras, juanji))
    x = np.random.default_rng(0).normal(size=SEQUENCES).astype("float32")
    compare(theirs, ours, x, **({"mask": MASK} if masked else {}))
    again = type(ours).from_config(json.loads(json.dumps(theirs.get_config())))
    again(x)
    again.set_weights(ours.get_weights())
    for a, b in zip(listed(again(x)), listed(ours(x)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_time_distributed_normalisation_agrees():
    theirs, ours = (k.layers.TimeDistributed(k.layers.BatchNormalization(momentum=0.7)) for k in (keras, juanji))
    x = np.random.default_rng(0).normal(size=IMAGES).astype("float32")
    for _ in range(2):
        close(ours(x, training=True), theirs(x, training=True), "output")
    for a, b in zip(ours.get_weights(), theirs.get_weights()):
        close(a, b, "weights")


def test_states_agree():
    x = np.random.default_rng(0).normal(size=SEQUENCES).astype("float32")
    states = [np.random.default_rng(i).normal(size=(3, 4)).astype("float32") for i in range(2)]
    theirs, ours = (k.layers.LSTM(4, return_state=True, stateful=True) for k in (keras, juanji))
    theirs(x), ours(x)
    ours.set_weights(theirs.get_weights())
    theirs.reset_state(), ours.reset_state()
    for given in (None, None, states, None):
        for a, b in zip(ours(x, initial_state=given), theirs(x, initial_state=given), strict=True):
            close(a, b, "state")


def padded(k):
    x = k.Input((5,), dtype="int32")
    h = k.layers.Embedding(10, 6, mask_zero=True)(x)
    h = k.layers.Bidirectional(k.layers.LSTM(4, return_sequences=True))(k.layers.Dropout(0.2)(h))
    h = k.layers.Dense(3, activation="relu")(k.layers.LayerNormalization()(h))
    h = k.layers.Concatenate()([h, k.layers.GRU(3, return_sequences=True)(h)])
    return k.Model(x, k.layers.TimeDistributed(k.layers.Dense(2))(h))


def test_masked_models_agree_in_training_and_evaluation():
    theirs, ours = padded(keras), padded(juanji)
    ours.set_weights(theirs.get_weights())
    rng = np.random.default_rng(0)
    x = rng.integers(1, 10, (8, 5))
    x[:, 3:] *= rng.integers(0, 2, (8, 2))
    y = rng.normal(size=(8, 5, 2)).astype("float32")
    weights = rng.random((8, 5)).astype("float32")
    for model, k in ((theirs, keras), (ours, juanji)):
        model.compile(k.optimizers.SGD(0.1), "mse", metrics=["mae"], weighted_metrics=["mse"])
    close(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), "prediction")
    for given in ({}, {"sample_weight": weights}):
        got, wanted = (model.evaluate(x, y, verbose=0, batch_size=8, **given) for model in (ours, theirs))
        np.testing.assert_allclose(got, wanted, rtol=1e-5)


def test_masks_of_layers_agree():
    rng = np.random.default_rng(0)
    first, second = (rng.normal(size=(2, 4, 3)).astype("float32") for _ in range(2))
    first[0, 2:], second[0, 1], second[1] = 0, 0, 0

    def run(k, name):
        a, b = k.layers.Masking()(first), k.layers.Masking()(second)
        layer = getattr(k.layers, name)() if name != "Concatenate axis 1" else k.layers.Concatenate(axis=1)
        y = layer([a, b])
        return y, k.layers.GlobalAveragePooling1D()(k.layers.Masking(7.0)(first)), y

    for name in ("Add", "Multiply", "Maximum", "Minimum", "Average", "Concatenate", "Concatenate axis 1"):
        (got, mean, y), (wanted, their_mean, z) = run(juanji, name), run(keras, name)
        close(got, wanted, name)
        close(mean, their_mean, name)
        np.testing.assert_array_equal(juanji._masks.get_mask(y), z._keras_mask)

"""Layers around recurrent ones, and convolutional LSTM layers, against their formulas."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from juanji import GradientTape, Input, Model, Sequential, layers, optimizers
from juanji._masks import get_mask
from recordings import all_recorded
from reference.gradients import check_gradients
from reference.recurrent import sigmoid

RNG = np.random.default_rng(0)
EPS = np.finfo(np.float64).eps
N, T, F, U = 2, 4, 3, 2
MASK = np.array([[1, 1, 0, 0], [1, 0, 1, 1]], bool)


def convolution(x, w, strides, dilation, padding):
    """The sum that defines it, in any number of dimensions; x (N, sizes..., C), w (sizes..., C, OC)."""
    rank = w.ndim - 2
    reach = [(k - 1) * d + 1 for k, d in zip(w.shape, dilation)]
    if padding == "same":
        totals = [max((-(-n // s) - 1) * s + r - n, 0) for n, s, r in zip(x.shape[1:], strides, reach)]
        x = np.pad(x, [(0, 0), *((t // 2, t - t // 2) for t in totals), (0, 0)])
    sizes = [(n - r) // s + 1 for n, r, s in zip(x.shape[1:], reach, strides)]
    y = np.zeros((len(x), *sizes, w.shape[-1]))
    for at in itertools.product(*map(range, sizes)):
        for tap in itertools.product(*map(range, w.shape[:rank])):
            place = tuple(i * s + k * d for i, s, k, d in zip(at, strides, tap, dilation))
            y[(slice(None), *at)] += x[(slice(None), *place)] @ w[tap]
    return y


def conv_lstm(x, weights, states, strides, dilation, padding):
    w, u, b = weights
    rank = w.ndim - 2
    h, c = states
    outputs = []
    for t in range(x.shape[1]):
        z = convolution(x[:, t], w, strides, dilation, padding) + b + convolution(h, u, [1] * rank, [1] * rank, "same")
        i, f, g, o = np.split(z, 4, -1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, 1), h, c


def close(got, expected):
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=256 * EPS * max(1.0, np.abs(expected).max()))


CONV = [
    (1, (7,), 3, 1, 1, "valid"),
    (1, (8,), 3, 2, 1, "same"),
    (1, (9,), 2, 1, 2, "valid"),
    (2, (5, 4), (3, 2), 1, 1, "valid"),
    (2, (5, 6), 3, (2, 1), 1, "same"),
    (2, (6, 5), 2, 1, 2, "same"),
    (2, (1, 1), 1, 1, 1, "valid"),
    (3, (3, 4, 3), (2, 3, 2), 1, 1, "valid"),
    (3, (4, 3, 3), 2, (2, 1, 1), 1, "same"),
]


@pytest.mark.parametrize(("rank", "sizes", "kernel", "strides", "dilation", "padding"), CONV)
def test_conv_lstm_follows_its_formula(rank, sizes, kernel, strides, dilation, padding):
    options = {"strides": strides, "padding": padding, "dilation_rate": dilation, "return_sequences": True}
    layer = getattr(layers, f"ConvLSTM{rank}D")(
        U, kernel, dtype="float64", bias_initializer="glorot_uniform", return_state=True, **options
    )
    x = RNG.normal(size=(N, 3, *sizes, F))
    layer.build(x.shape)
    states = [RNG.normal(size=s.shape) for s in layer.get_initial_state(N)]
    got = layer(x, initial_state=states)
    geometry = [(v,) * rank if isinstance(v, int) else v for v in (strides, dilation)]
    expected = conv_lstm(x, layer.get_weights(), states, *geometry, padding)
    for a, b in zip(got, expected, strict=True):
        close(a, b)
    assert layer.compute_output_shape((None, 3, *sizes, F)) == tuple((None, *y.shape[1:]) for y in expected)
    again = type(layer).from_config(json.loads(json.dumps(layer.get_config())))
    again.build(x.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(x)[0], layer(x)[0])
    symbolic = layer(Input((3, *sizes, F)))
    assert [y.shape[1:] for y in symbolic] == [y.shape[1:] for y in expected]


def test_gradients_of_conv_lstm():
    layer = layers.ConvLSTM2D(2, 2, padding="same", dtype="float64")
    x = RNG.normal(size=(1, 2, 3, 2, 1))
    layer.build(x.shape)

    def run(x, w, u, b):
        layer.cell.kernel, layer.cell.recurrent_kernel, layer.cell.bias = w, u, b
        return layer.call(x)

    check_gradients(run, x, *layer.get_weights())


def test_conv_lstm_drops_and_masks():
    x = RNG.normal(size=(N, T, 4, 4, F))
    layer = layers.ConvLSTM2D(U, 3, dropout=0.4, recurrent_dropout=0.4, seed=3, dtype="float64")
    plain, first, second = layer(x), layer(x, training=True), layer(x, training=True)
    assert not np.array_equal(plain, first)
    assert not np.array_equal(first, second)
    short = layer(x[:1, :2])
    close(layer(x, mask=MASK)[:1], np.asarray(short))
    assert layer(x[:0]).shape == (0, 2, 2, U)


def test_mistakes_of_conv_lstm_are_told():
    with pytest.raises(ValueError, match=r"the size of the images is not known.*\(2, None, 5, 3\)"):
        layers.ConvLSTM2D(2, 3).build((2, 4, None, 5, 3))
    with pytest.raises(ValueError, match="strides and dilation exclude each other"):
        layers.ConvLSTM2D(2, 3, strides=2, dilation_rate=2)
    with pytest.raises(ValueError, match="wrong rank of the input; expected 5 axes"):
        layers.ConvLSTM2D(2, 3)(np.zeros((1, 4, 4, 3)))
    layer = layers.ConvLSTM2D(2, 3)
    layer(np.zeros((1, 2, 4, 4, 3)))
    with pytest.raises(ValueError, match=r"another size of the images; expected steps of shape \(4, 4, 3\)"):
        layer(np.zeros((1, 2, 5, 4, 3)))


MERGES = {
    "concat": lambda a, b: np.concatenate([a, b], -1),
    "sum": lambda a, b: a + b,
    "ave": lambda a, b: (a + b) / 2,
    "mul": lambda a, b: a * b,
    None: lambda a, b: (a, b),
}


@pytest.mark.parametrize("mode", MERGES)
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_bidirectional_is_two_layers(mode, sequences, masked):
    options = {"return_sequences": sequences, "return_state": True, "dtype": "float64"}
    layer = layers.Bidirectional(layers.LSTM(U, **options), merge_mode=mode, dtype="float64")
    x = RNG.normal(size=(N, T, F))
    mask = MASK if masked else None
    states = [RNG.normal(size=(N, U)) for _ in range(4)]
    got = layer(x, initial_state=states, mask=mask)
    one = layers.LSTM(U, zero_output_for_mask=sequences, **options)
    other = layers.LSTM(U, zero_output_for_mask=sequences, go_backwards=True, **options)
    one.build(x.shape), other.build(x.shape)
    one.set_weights(layer.get_weights()[:3]), other.set_weights(layer.get_weights()[3:])
    a, *first = one(x, initial_state=states[:2], mask=mask)
    b, *second = other(x, initial_state=states[2:], mask=mask)
    a, b = np.asarray(a), np.asarray(b)
    merged = MERGES[mode](a, b[:, ::-1] if sequences else b)
    expected = [*(merged if mode is None else [merged]), *first, *second]
    for y, wanted in zip(got, expected, strict=True):
        np.testing.assert_array_equal(y, wanted)
    assert layer.compute_output_shape((None, T, F)) == tuple((None, *y.shape[1:]) for y in expected)
    assert [w.name for w in layer.weights] == ["kernel", "recurrent_kernel", "bias"] * 2
    assert layer.forward_layer.name.startswith("forward_lstm")
    if masked and sequences:
        np.testing.assert_array_equal(get_mask(got[0]), MASK)
    again = layers.Bidirectional.from_config(json.loads(json.dumps(layer.get_config())))
    again.build(x.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(x)[0], layer(x)[0])


def test_bidirectional_with_another_layer_and_weights():
    backward = layers.GRU(5, go_backwards=True)
    layer = layers.Bidirectional(layers.LSTM(U), backward_layer=backward)
    assert layer(np.zeros((N, T, F))).shape == (N, U + 5)
    assert layer.backward_layer is backward
    weights = layer.get_weights()
    other = layers.Bidirectional(layers.LSTM(U), weights=weights, backward_layer=layers.GRU(5, go_backwards=True))
    x = RNG.normal(size=(N, T, F)).astype("float32")
    np.testing.assert_array_equal(other(x), layer(x))
    with pytest.raises(ValueError, match="both layers go in one direction"):
        layers.Bidirectional(layers.LSTM(2), backward_layer=layers.LSTM(2))
    with pytest.raises(ValueError, match="expected the same return_state, got False and True"):
        layers.Bidirectional(layers.LSTM(2), backward_layer=layers.LSTM(2, go_backwards=True, return_state=True))
    with pytest.raises(ValueError, match="unknown merge_mode"):
        layers.Bidirectional(layers.LSTM(2), merge_mode="max")
    with pytest.raises(ValueError, match="Bidirectional: not a layer"):
        layers.Bidirectional("lstm")


def test_bidirectional_in_models():
    model = Sequential(
        [
            Input((T, F)),
            layers.Bidirectional(layers.LSTM(U, return_sequences=True)),
            layers.Bidirectional(layers.GRU(U), merge_mode="sum"),
            layers.Dense(1),
        ]
    )
    model.compile(optimizers.Adam(0.02), "mse")
    x = RNG.normal(size=(8, T, F)).astype("float32")
    losses = [float(model.train_on_batch(x, x[:, 0, :1])) for _ in range(40)]
    assert losses[-1] < 0.9 * losses[0]
    assert all_recorded(model)
    x = Input((None, F))
    outputs = layers.Bidirectional(layers.GRU(U, return_state=True), merge_mode=None)(x)
    assert [y.shape for y in Model(x, list(outputs)).outputs] == [(None, U)] * 4


@pytest.mark.parametrize("inner", ["Dense", "Conv1D", "Flatten", "BatchNormalization", "own", "model"])
def test_time_distributed_is_each_step(inner):
    class Own(layers.Layer):
        def call(self, inputs):
            return inputs / np.abs(inputs).max()  # depends on the other samples

    make = {
        "Dense": lambda: layers.Dense(2, activation="relu", dtype="float64"),
        "Conv1D": lambda: layers.Conv1D(2, 2, dtype="float64"),
        "Flatten": lambda: layers.Flatten(dtype="float64"),
        "BatchNormalization": lambda: layers.BatchNormalization(dtype="float64"),
        "own": lambda: Own(dtype="float64"),
        "model": lambda: Sequential([Input((5, F), dtype="float64"), layers.Dense(2, dtype="float64")]),
    }
    x = RNG.normal(size=(N, T, 5, F))
    layer = layers.TimeDistributed(make[inner](), dtype="float64")
    y = layer(x)
    assert layer._treats_samples_one_by_one() == (inner not in ("BatchNormalization", "own"))
    close(y, np.stack([np.asarray(layer.layer.call(x[:, t])) for t in range(T)], 1))
    assert layer.compute_output_shape((None, T, 5, F)) == (None, *y.shape[1:])
    if inner == "BatchNormalization":
        layer.layer.momentum = 0.5
        layer(x, training=True)
        mean = np.zeros(F)
        for t in range(T):
            mean = 0.5 * mean + 0.5 * x[:, t].mean((0, 1))
        np.testing.assert_allclose(layer.layer.moving_mean, mean, rtol=1e-12)


def test_time_distributed_passes_masks():
    class Masked(layers.Layer):
        def call(self, inputs, mask=None):
            return inputs * np.asarray(mask, inputs.dtype)[:, np.newaxis]

    x = RNG.normal(size=(N, T, F)).astype("float32")
    layer = layers.TimeDistributed(Masked())
    y = layer(x, mask=MASK)
    np.testing.assert_array_equal(y, x * MASK[..., np.newaxis])
    np.testing.assert_array_equal(get_mask(y), MASK)
    with pytest.raises(ValueError, match=r"the mask does not fit; expected \(2, 4\)"):
        layer(x, mask=MASK[:, :3])
    with pytest.raises(ValueError, match="expected at least 3 axes"):
        layers.TimeDistributed(layers.Dense(2))(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="TimeDistributed: not a layer"):
        layers.TimeDistributed(abs)


def test_gradients_and_configuration_of_wrappers():
    layer = layers.TimeDistributed(layers.Dense(2, dtype="float64"), dtype="float64")
    x = RNG.normal(size=(N, T, F))
    layer.build(x.shape)
    check_gradients(lambda x: layer.call(x), x)
    with GradientTape() as tape:
        y = layer(x)
    assert tape.gradient(y, layer.layer.kernel).shape == (F, 2)
    again = layers.TimeDistributed.from_config(json.loads(json.dumps(layer.get_config())))
    again.build(x.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(x), y)
    layer.trainable = False
    assert not layer.trainable_weights

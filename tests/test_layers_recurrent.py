"""Recurrent layers against their formulas step by step, and what they share."""

from __future__ import annotations

import numpy as np
import pytest

import juanji
from juanji import GradientTape, Input, Model, Sequential, layers, ops
from recordings import all_recorded
from reference import recurrent
from reference.gradients import check_gradients

RNG = np.random.default_rng(0)
EPS = np.finfo(np.float64).eps
CELLS = {
    "SimpleRNN": (layers.SimpleRNN, recurrent.simple, {}),
    "LSTM": (layers.LSTM, recurrent.lstm, {}),
    "GRU": (layers.GRU, recurrent.gru, {}),
    "GRU before": (layers.GRU, recurrent.gru, {"reset_after": False}),
}
N, T, F, U = 3, 5, 2, 4


def made(name, **options):
    layer, _, own = CELLS[name]
    return layer(U, dtype="float64", bias_initializer="glorot_normal", **own, **options)


def oracle(name, layer, x, states=None, **options):
    weights = [np.asarray(w) for w in layer.weights]
    count = 2 if name == "LSTM" else 1
    states = states or [np.zeros((len(x), U))] * count
    return recurrent.run(CELLS[name][1], x, weights, states, **options)


def close(got, expected):
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=0, atol=64 * EPS * max(1.0, np.abs(expected).max()))


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("backwards", [False, True])
def test_layers_follow_their_formulas(name, steps, backwards):
    x = RNG.normal(size=(N, steps, F))
    layer = made(name, return_sequences=True, return_state=True, go_backwards=backwards)
    outputs, *states = layer(x)
    expected, ends = oracle(name, layer, x, backwards=backwards)
    close(outputs, expected)
    for state, end in zip(states, ends, strict=True):
        close(state, end)
    last = made(name, go_backwards=backwards)
    last.build(x.shape)
    last.set_weights(layer.get_weights())
    close(last(x), expected[:, -1])
    assert layer.compute_output_shape((None, steps, F)) == ((None, steps, U), *((None, U) for _ in states))
    assert last.compute_output_shape((None, steps, F)) == (None, U)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_masked_steps_change_nothing(name, zeros, backwards):
    x = RNG.normal(size=(N, T, F))
    mask = np.array([[1, 1, 0, 1, 0], [0, 0, 1, 1, 1], [0] * 5], bool)
    options = {"zero_output_for_mask": zeros, "go_backwards": backwards}
    layer = made(name, return_sequences=True, return_state=True, **options)
    states = [RNG.normal(size=(N, U)) for _ in range(2 if name == "LSTM" else 1)]
    outputs, *ends = layer(x, initial_state=states, mask=mask)
    expected, wanted = oracle(name, layer, x, states, mask=mask, backwards=backwards, zeros=zeros)
    close(outputs, expected)
    for state, end in zip(ends, wanted, strict=True):
        close(state, end)
    last = made(name, **options)
    last.build(x.shape)
    last.set_weights(layer.get_weights())
    close(last(x, initial_state=states, mask=mask.astype("float64")), expected[:, -1])


@pytest.mark.parametrize("name", CELLS)
def test_gradients(name):
    layer = made(name, return_sequences=True)
    x = RNG.normal(size=(2, 3, F))
    layer.build(x.shape)
    mask = np.array([[True, True, False], [True, True, True]])
    states = [RNG.normal(size=(2, U)) for _ in range(2 if name == "LSTM" else 1)]

    def run(x, w, u, b, *states):
        layer.cell.kernel, layer.cell.recurrent_kernel, layer.cell.bias = w, u, b
        return layer.call(x, initial_state=list(states), mask=mask)

    check_gradients(run, x, *layer.get_weights(), *states)


@pytest.mark.parametrize("name", CELLS)
def test_cells_are_single_steps(name):
    layer = made(name, return_state=True)
    x = RNG.normal(size=(N, 1, F))
    _, *expected = layer(x)
    output, states = layer.cell(x[:, 0], layer.cell.get_initial_state(N))
    for got, wanted in zip([output, *states], [expected[0], *expected], strict=True):
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("options", [{}, {"implementation": 1}, {"recurrent_dropout": 0.5}])
@pytest.mark.parametrize("name", CELLS)
def test_dropout_is_that_of_training_alone(name, options):
    options = {"dropout": 0.5, **options}
    x = RNG.normal(size=(N, T, F))
    layer = made(name, seed=1, **options)
    plain = layer(x)
    expected, _ = oracle(name, layer, x)
    close(plain, expected[:, -1])
    first, second = layer(x, training=True), layer(x, training=True)
    assert not np.array_equal(first, plain)
    assert not np.array_equal(first, second)
    again = made(name, seed=1, **options)
    again.build(x.shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(x, training=True), first)


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU", "GRU before"])
def test_dropout_is_the_same_at_every_step(name):
    """Of inputs alike at all steps, without recurrence, the outputs are then alike as well."""
    layer = made(name, dropout=0.5, recurrent_initializer="zeros", return_sequences=True)
    x = np.repeat(RNG.normal(size=(N, 1, 40)), 3, axis=1)
    layer.build(x.shape)
    projected = np.asarray(layer.cell.prepare(N, True).project(x))
    np.testing.assert_array_equal(projected[:, 0], projected[:, 2])
    assert np.abs(projected - np.asarray(layer.cell.prepare(N, True).project(x))).max() > 0


def test_recurrent_dropout_scales_what_it_keeps():
    layer = made("SimpleRNN", recurrent_dropout=0.5, activation=None, kernel_initializer="zeros", use_bias=False)
    layer.build((1, 2, F))
    layer.cell.recurrent_kernel.assign(np.eye(U))
    state = np.ones((500, U))
    y = np.asarray(layer(np.zeros((500, 1, F)), initial_state=state, training=True))
    assert set(np.unique(y)) == {0.0, 2.0}
    assert abs(y.mean() - 1) < 0.1


def test_the_forget_gate_begins_open():
    layer = layers.LSTM(3)
    layer.build((None, None, 2))
    np.testing.assert_array_equal(layer.cell.bias, [0] * 3 + [1] * 3 + [0] * 6)
    layer = layers.LSTM(3, unit_forget_bias=False)
    layer.build((None, None, 2))
    np.testing.assert_array_equal(layer.cell.bias, np.zeros(12))


def test_without_bias():
    for name in CELLS:
        layer = made(name, use_bias=False)
        x = RNG.normal(size=(N, T, F))
        y = layer(x)
        assert len(layer.weights) == 2
        weights = [np.asarray(w) for w in layer.weights]
        gates = weights[1].shape[1]
        zero = np.zeros((2, gates)) if name == "GRU" else np.zeros(gates)
        states = [np.zeros((N, U))] * 2
        expected, _ = recurrent.run(CELLS[name][1], x, [*weights, zero], states[: 2 if name == "LSTM" else 1])
        close(y, expected[:, -1])


@pytest.mark.parametrize("eagerly", [True, False])
def test_stateful_layers_go_on_where_the_batch_before_ended(eagerly):
    x = RNG.normal(size=(2, 6, F)).astype("float32")
    whole = Sequential([Input(batch_shape=(2, 6, F)), layers.LSTM(3)])
    model = Sequential([Input(batch_shape=(2, 2, F)), layers.LSTM(3, stateful=True)])
    model.compile("sgd", "mse", run_eagerly=eagerly)
    model.set_weights(whole.get_weights())
    layer = model.layers[0]
    for _ in range(3):
        layer.reset_state()
        for t in range(0, 6, 2):
            y = model.predict_on_batch(x[:, t : t + 2])
        np.testing.assert_allclose(y, whole(x), rtol=1e-5, atol=1e-6)
    for _ in range(3):
        model.train_on_batch(x[:, :2], np.zeros((2, 3), "float32"))
    assert np.abs(layer.states[0].numpy()).max() > 0
    with pytest.raises(ValueError, match="another batch size; expected 2, as states are kept between batches, got 3"):
        layer(np.zeros((3, 2, F)))
    with pytest.raises(ValueError, match="the batch size is not known"):
        layers.LSTM(3, stateful=True).build((None, 2, F))
    assert len(layer.weights) == 3


class Minimal(layers.Layer):
    """The cell of Keras' documentation."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units), "glorot_uniform", name="kernel")
        self.recurrent = self.add_weight((self.units, self.units), "glorot_uniform", name="recurrent_kernel")

    def call(self, inputs, states):
        output = ops.matmul(inputs, self.kernel) + ops.matmul(states[0], self.recurrent)
        return output, [output]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_cells_of_ones_own_alone_and_stacked():
    x = RNG.normal(size=(N, T, F))
    rnn = layers.RNN(Minimal(U, dtype="float64"), return_sequences=True, dtype="float64")
    y = rnn(x)
    h = np.zeros((N, U))
    w, u = rnn.get_weights()
    for t in range(T):
        h = x[:, t] @ w + h @ u
        close(y[:, t], h)
    again = layers.RNN.from_config(rnn.get_config(), custom_objects={"Minimal": Minimal})
    again.build(x.shape)
    again.set_weights(rnn.get_weights())
    np.testing.assert_array_equal(again(x), y)
    stacked = layers.RNN([Minimal(U, dtype="float64"), Minimal(3, dtype="float64")], dtype="float64")
    assert stacked(x).shape == (N, 3)
    assert layers.RNN(Minimal(U))(Input((None, F))).shape == (None, U)


@pytest.mark.parametrize("masked", [False, True])
def test_stacked_cells_are_layers_on_each_other(masked):
    x = RNG.normal(size=(N, T, F))
    mask = RNG.random((N, T)) > 0.3 if masked else None
    cells = [layers.LSTMCell(3, dtype="float64"), layers.GRUCell(2, dtype="float64")]
    stacked = layers.RNN(cells, return_sequences=True, return_state=True, dtype="float64")
    y, lstm_states, gru_states = stacked(x, mask=mask)
    lstm = layers.LSTM(3, return_sequences=True, return_state=True, dtype="float64")
    gru = layers.GRU(2, return_sequences=True, return_state=True, dtype="float64")
    lstm.build(x.shape), gru.build((N, T, 3))
    lstm.set_weights(cells[0].get_weights()), gru.set_weights(cells[1].get_weights())
    h, *expected_states = lstm(x, mask=mask)
    expected, state = gru(h, mask=mask)
    np.testing.assert_allclose(y, expected, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(gru_states[0], state, rtol=1e-14, atol=1e-15)
    for a, b in zip(lstm_states, expected_states, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-15)
    shapes = stacked.compute_output_shape((None, T, F))
    assert shapes == ((None, T, 2), [(None, 3), (None, 3)], (None, 2))
    again = layers.RNN.from_config(stacked.get_config())
    assert [type(cell).__name__ for cell in again.cell.cells] == ["LSTMCell", "GRUCell"]


def test_encoder_and_decoder_share_states():
    source, target = Input((None, F)), Input((None, F))
    _, h, c = layers.LSTM(4, return_state=True)(source)
    y = layers.LSTM(4, return_sequences=True)(target, initial_state=[h, c])
    model = Model([source, target], layers.Dense(1)(y))
    x = RNG.normal(size=(2, 3, F)).astype("float32")
    assert y.shape == (None, None, 4)
    assert model.predict([x, x], verbose=0).shape == (2, 3, 1)
    again = Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again([x, x]), model([x, x]))


@pytest.mark.parametrize("name", CELLS)
def test_configuration_makes_the_layer_again(name):
    layer = made(name, dropout=0.1, kernel_regularizer="l2", return_sequences=True, activity_regularizer="l1")
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.units == U
    assert again.kernel_regularizer.get_config() == layer.kernel_regularizer.get_config()
    cell = type(layer.cell).from_config(layer.cell.get_config())
    assert cell.get_config() == layer.cell.get_config()


def test_masks_reach_recurrent_layers_and_those_behind():
    x = RNG.normal(size=(2, 4, F)).astype("float32")
    x[0, 2:] = 0
    model = Sequential([Input((4, F)), layers.Masking(), layers.LSTM(3, return_sequences=True), layers.GRU(2)])
    short = Sequential([Input((None, F)), *model.layers[1:]])
    np.testing.assert_allclose(model(x)[:1], short(x[:1, :2]), rtol=1e-6)


def test_a_sequence_task_is_learned():
    """Whether the sum of the numbers so far is positive, at every step."""
    juanji.utils.set_random_seed(0)
    x = RNG.normal(size=(256, 12, 1)).astype("float32")
    y = (np.cumsum(x, axis=1) > 0).astype("float32")
    model = Sequential([Input((12, 1)), layers.LSTM(12, return_sequences=True), layers.Dense(1, activation="sigmoid")])
    model.compile(juanji.optimizers.Adam(0.02), "binary_crossentropy", metrics=["binary_accuracy"])
    history = model.fit(x, y, epochs=12, batch_size=64, verbose=0).history
    assert history["binary_accuracy"][-1] > 0.93
    assert all_recorded(model)


def test_weights_are_regularised_and_frozen():
    layer = layers.GRU(3, kernel_regularizer="l2", trainable=False)
    layer(np.zeros((1, 2, F)))
    assert not layer.trainable_weights
    layer.trainable = True
    with GradientTape() as tape:
        penalty = sum(layer.losses, 0.0)
    assert tape.gradient(penalty, layer.cell.kernel) is not None


def test_mistakes_are_told():
    with pytest.raises(ValueError, match=r"LSTMCell: units has to be a whole number.*got units=0"):
        layers.LSTM(0)
    with pytest.raises(ValueError, match=r"GRU 'gru.*wrong rank of the input; expected 3 axes.*shape=\(2, 3\)"):
        layers.GRU(2)(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="there are no steps"):
        layers.GRU(2)(np.zeros((2, 0, 3)))
    with pytest.raises(ValueError, match="RNN: not a cell"):
        layers.RNN(layers.Dense(2))
    with pytest.raises(ValueError, match="LSTM: use_cudnn is not clear"):
        layers.LSTM(2, use_cudnn="yes")
    layer = layers.SimpleRNN(2)
    layer(np.zeros((1, 2, 3)))
    with pytest.raises(ValueError, match="wrong number of features; expected 3 on the last axis"):
        layer(np.zeros((1, 2, 4)))
    with pytest.raises(AttributeError, match="'SimpleRNN' object has no attribute 'width'"):
        _ = layer.width

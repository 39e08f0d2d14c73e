"""Dense, Flatten, Activation, ReLU, Softmax, Dropout, pooling and Input."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import layers, utils

X = np.random.default_rng(0).standard_normal((3, 5, 6, 4))


@pytest.mark.parametrize("shape", [(2, 5), (2, 3, 5), (2, 3, 4, 5), (1, 5), (0, 5)])
def test_dense_works_on_the_last_axis(shape):
    x = np.random.default_rng(1).standard_normal(shape)
    layer = layers.Dense(7, dtype="float64", bias_initializer="ones")
    y = layer(x)
    assert y.shape == layer.compute_output_shape(shape) == (*shape[:-1], 7)
    np.testing.assert_allclose(y.numpy(), x @ layer.kernel.numpy() + 1, rtol=0, atol=1e-14)


def test_dense_without_bias_and_with_activation():
    layer = layers.Dense(2, "sigmoid", use_bias=False, dtype="float64")
    x = np.array([[1.0, -2.0, 3.0]])
    np.testing.assert_allclose(layer(x).numpy(), 1 / (1 + np.exp(-x @ layer.kernel.numpy())), rtol=1e-14)
    assert layer.bias is None


def test_dense_refuses_other_inputs():
    layer = layers.Dense(2, name="out")
    with pytest.raises(ValueError, match=r"Dense 'out': wrong rank.*at least 2 axes.*got shape=\(3,\)"):
        layer(np.zeros(3))
    layer.build((None, 4))
    with pytest.raises(
        ValueError, match=r"Dense 'out': wrong number of features; expected shape \(\.\.\., 4\), got shape=\(1, 5\)"
    ):
        layer(np.zeros((1, 5)))
    with pytest.raises(ValueError, match="the number of features is not known"):
        layers.Dense(2).build((None, None))


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 3), (2,), (0, 3, 4), (1, 1, 1, 1)])
def test_flatten(shape):
    x = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    y = layers.Flatten()(x)
    np.testing.assert_array_equal(y, x.reshape(shape[0], int(np.prod(shape[1:]))))
    assert layers.Flatten().compute_output_shape(shape) == y.shape


def test_flatten_of_varying_sizes():
    assert layers.Flatten().compute_output_shape((None, None, 3)) == (None, None)
    assert layers.Flatten().compute_output_shape((None, 2, 3)) == (None, 6)


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("relu", lambda x: np.maximum(x, 0)),
        ("tanh", np.tanh),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
        ("linear", lambda x: x),
        (None, lambda x: x),
        ("exponential", np.exp),
    ],
)
def test_activation(name, formula):
    y = layers.Activation(name, dtype="float64")(X)
    np.testing.assert_allclose(y, formula(X), rtol=1e-14, atol=1e-15)


def test_unknown_activations_are_refused():
    with pytest.raises(ValueError, match=r"unknown name.*'relu'.*got identifier='rellu'"):
        layers.Activation("rellu")


@pytest.mark.parametrize("max_value", [None, 0.5, 0.0])
@pytest.mark.parametrize("slope", [0.0, 0.25])
@pytest.mark.parametrize("threshold", [0.0, 0.75])
def test_relu_is_its_definition(max_value, slope, threshold):
    if max_value is not None and max_value < threshold:
        max_value = threshold + 0.5
    y = np.asarray(layers.ReLU(max_value, slope, threshold, dtype="float64")(X))
    expected = np.where(threshold <= X, X, slope * (X - threshold))
    if max_value is not None:
        expected = np.where(max_value <= X, max_value, expected)
    np.testing.assert_allclose(y, expected, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize(
    "arguments", [{"max_value": -1}, {"negative_slope": -0.1}, {"threshold": None}, {"threshold": -1}]
)
def test_relu_refuses_negative_arguments(arguments):
    with pytest.raises(
        ValueError, match=f"ReLU: {next(iter(arguments))} is out of range; expected a number of at least 0"
    ):
        layers.ReLU(**arguments)


@pytest.mark.parametrize("axis", [-1, 1, 3])
def test_softmax(axis):
    y = np.asarray(layers.Softmax(axis, dtype="float64")(X))
    np.testing.assert_allclose(y, np.exp(X) / np.exp(X).sum(axis, keepdims=True), rtol=1e-13)


def test_dropout_only_acts_in_training():
    x = np.ones((100, 100), "float32")
    layer = layers.Dropout(0.25, seed=1)
    for training in (False, None):
        assert np.asarray(layer(x, training=training)) is x or np.array_equal(layer(x, training=training), x)
    y = np.asarray(layer(x, training=True))
    np.testing.assert_allclose(np.unique(y), [0, 1 / 0.75], rtol=1e-6)
    # five standard deviations of a binomial with 10,000 draws
    assert abs((y == 0).mean() - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 1e4)
    assert not np.array_equal(y, np.asarray(layer(x, training=True)))


def test_dropout_repeats_with_its_seed():
    x = np.ones((10, 10), "float32")
    first, second = (np.asarray(layers.Dropout(0.5, seed=7)(x, training=True)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    utils.set_random_seed(3)
    first = np.asarray(layers.Dropout(0.5)(x, training=True))
    utils.set_random_seed(3)
    np.testing.assert_array_equal(first, np.asarray(layers.Dropout(0.5)(x, training=True)))


def test_dropout_shares_a_mask_along_axes_of_size_one():
    y = np.asarray(layers.Dropout(0.5, noise_shape=(None, 1, 1), seed=0)(np.ones((50, 4, 3), "float32"), training=True))
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1, :1], y.shape))
    assert 0 < (y == 0).mean() < 1


def test_dropout_extremes():
    x = np.ones((4, 4), "float32")
    np.testing.assert_array_equal(layers.Dropout(0.0)(x, training=True), x)
    np.testing.assert_array_equal(np.asarray(layers.Dropout(1.0)(x, training=True)), 0 * x)
    for rate in (-0.1, 1.1, float("nan"), "half"):
        with pytest.raises(ValueError, match="Dropout: rate is out of range; expected a number from 0 to 1"):
            layers.Dropout(rate)


@pytest.mark.parametrize(("make", "reduce"), [(layers.MaxPooling2D, np.max), (layers.AveragePooling2D, np.mean)])
@pytest.mark.parametrize(("size", "strides"), [((2, 2), None), ((3, 2), (1, 2)), ((1, 1), 2)])
def test_pooling_is_a_reduction_over_windows(make, reduce, size, strides):
    layer = make(size, strides, dtype="float64")
    y = np.asarray(layer(X))
    step = size if strides is None else (strides if isinstance(strides, tuple) else (strides, strides))
    seen = np.lib.stride_tricks.sliding_window_view(X, size, axis=(1, 2))[:, :: step[0], :: step[1]]
    np.testing.assert_allclose(y, reduce(seen, axis=(-2, -1)), rtol=1e-15, atol=1e-15)
    assert y.shape == layer.compute_output_shape(X.shape)


@pytest.mark.parametrize(
    ("make", "fill", "reduce"),
    [(layers.MaxPooling2D, -np.inf, np.nanmax), (layers.AveragePooling2D, np.nan, np.nanmean)],
)
def test_padding_does_not_count(make, fill, reduce):
    y = np.asarray(make(2, padding="same", dtype="float64")(X))
    padded = np.pad(X, [(0, 0), (0, 1), (0, 0), (0, 0)], constant_values=fill)
    seen = np.lib.stride_tricks.sliding_window_view(padded, (2, 2), axis=(1, 2))[:, ::2, ::2]
    np.testing.assert_allclose(y, reduce(seen, axis=(-2, -1)), rtol=1e-15, atol=1e-15)


def test_pooling_aliases():
    assert layers.MaxPool2D is layers.MaxPooling2D
    assert layers.AvgPool2D is layers.AveragePooling2D
    assert layers.GlobalAvgPool2D is layers.GlobalAveragePooling2D
    assert layers.GlobalMaxPool2D is layers.GlobalMaxPooling2D


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(
    ("make", "reduce"), [(layers.GlobalAveragePooling2D, np.mean), (layers.GlobalMaxPooling2D, np.max)]
)
def test_global_pooling(make, reduce, keepdims):
    layer = make(keepdims=keepdims, dtype="float64")
    y = np.asarray(layer(X))
    np.testing.assert_allclose(y, reduce(X, axis=(1, 2), keepdims=keepdims), rtol=1e-14, atol=1e-16)
    assert y.shape == layer.compute_output_shape(X.shape)


@pytest.mark.parametrize("layer", [layers.MaxPooling2D(name="p"), layers.GlobalMaxPooling2D(name="p")])
def test_pooling_refuses_other_ranks(layer):
    with pytest.raises(ValueError, match=r"'p': wrong rank of the input; expected 4 axes.*got shape=\(3, 4\)"):
        layer(np.zeros((3, 4)))


def test_pooling_refuses_windows_larger_than_the_image():
    with pytest.raises(ValueError, match="the window does not fit"):
        layers.MaxPooling2D(4).compute_output_shape((None, 3, 8, 1))


def test_input_takes_one_kind_of_shape():
    assert layers.Input((3, None), batch_size=2).shape == (2, 3, None)
    assert layers.Input(batch_shape=(None, 4)).shape == (None, 4)
    with pytest.raises(ValueError, match="expected either shape or batch_shape"):
        layers.Input()
    with pytest.raises(ValueError, match="expected either shape or batch_shape"):
        layers.Input((1,), batch_shape=(None, 1))
    with pytest.raises(ValueError, match=r"shape is not a shape; expected a tuple.*got shape=3"):
        layers.Input(3)


def test_symbolic_inputs_give_symbolic_outputs():
    y = layers.Dense(2, name="d")(layers.Input((4,)))
    assert (y.shape, y.dtype) == ((None, 2), "float32")

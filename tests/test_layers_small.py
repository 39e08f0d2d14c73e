"""Rectifiers, noise, and layers that are a line of code."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import Input, Model, Sequential, layers, ops
from reference.gradients import check_gradients

RNG = np.random.default_rng(0)
EPS = np.finfo(np.float64).eps
VALUES = np.array([[-100.0, -1.5, -1e-300, 0.0, 0.3, 2.0]])


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (layers.LeakyReLU(dtype="float64"), np.where(VALUES < 0, 0.3 * VALUES, VALUES)),
        (layers.LeakyReLU(negative_slope=0, dtype="float64"), np.maximum(VALUES, 0)),
        (layers.ELU(dtype="float64"), np.where(VALUES < 0, np.expm1(VALUES), VALUES)),
        (layers.ELU(2.5, dtype="float64"), np.where(VALUES < 0, 2.5 * np.expm1(VALUES), VALUES)),
    ],
)
def test_rectifiers_are_their_formulas(layer, expected):
    np.testing.assert_allclose(layer(VALUES), expected, rtol=4 * EPS, atol=1e-300)
    assert layer.compute_output_shape((None, 6)) == (None, 6)


@pytest.mark.parametrize(
    ("shared", "shape"), [(None, (4, 5, 3)), ((1, 2), (1, 1, 3)), ([-1], (4, 5, 1)), (2, (4, 1, 3))]
)
def test_prelu_learns_its_slopes(shared, shape):
    x = RNG.normal(size=(2, 4, 5, 3))
    layer = layers.PReLU(alpha_initializer="uniform", shared_axes=shared, dtype="float64")
    y = layer(x)
    alpha = layer.alpha.numpy()
    assert alpha.shape == shape
    np.testing.assert_allclose(y, np.where(x < 0, alpha * x, x), rtol=4 * EPS)
    check_gradients(layer, x)


def test_prelu_for_images_of_any_size():
    x = Input((None, None, 3))
    assert layers.PReLU(shared_axes=(1, 2))(x).shape == (None, None, None, 3)
    with pytest.raises(ValueError, match=r"a size is not known.*shared_axes=\(1, 2\)"):
        layers.PReLU()(x)
    with pytest.raises(ValueError, match="no such axis"):
        layers.PReLU(shared_axes=5)(Input((2, 2)))


@pytest.mark.parametrize(
    "layer", [layers.GaussianNoise(0.5, seed=1), layers.GaussianDropout(0.2, seed=1)], ids=["noise", "dropout"]
)
def test_noise_is_normal_and_for_training_only(layer):
    x = np.full((100, 1000), 3, "float32")
    np.testing.assert_array_equal(layer(x), x)
    first, second = np.asarray(layer(x, training=True)), np.asarray(layer(x, training=True))
    assert (first != second).mean() > 0.99
    deviation = 0.5 if isinstance(layer, layers.GaussianNoise) else 3 * np.sqrt(0.2 / 0.8)
    # 100,000 numbers: the mean is good to deviation / 316, the deviation to 1/447
    assert abs(first.mean() - 3) < 5 * deviation / 316
    assert abs(first.std() / deviation - 1) < 5 / 447
    again = type(layer).from_config(layer.get_config())
    np.testing.assert_array_equal(np.asarray(again(x, training=True)), first)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (layers.SpatialDropout1D(0.4), (50, 6, 40)),
        (layers.SpatialDropout2D(0.4), (50, 3, 2, 40)),
        (layers.SpatialDropout3D(0.4), (50, 3, 1, 2, 40)),
    ],
)
def test_spatial_dropout_drops_whole_channels(layer, shape):
    x = np.ones(shape, "float32")
    np.testing.assert_array_equal(layer(x), x)
    y = np.asarray(layer(x, training=True)).reshape(shape[0], -1, shape[-1])
    assert (y == y[:, :1]).all()
    kept = y[:, 0] != 0
    np.testing.assert_allclose(y[:, 0][kept], 1 / 0.6, rtol=1e-6)
    assert abs(kept.mean() - 0.6) < 5 * np.sqrt(0.24 / kept.size)
    with pytest.raises(ValueError, match="wrong rank"):
        layer(np.ones((2, 3)))
    with pytest.raises(ValueError, match=f"{type(layer).__name__}: rate is out of range"):
        type(layer)(1.5)


def test_identity_keeps_everything():
    x = np.arange(3)
    assert layers.Identity()(x) is x
    y = layers.Identity(name="here")(Input((3,), dtype="int32"))
    assert (y.shape, y.dtype) == ((None, 3), "int32")


def test_rescaling_by_numbers_and_by_channels():
    pixels = np.array([[[[0, 51, 255]]]], "uint8")
    np.testing.assert_allclose(layers.Rescaling(1 / 255)(pixels), [[[[0, 0.2, 1]]]], rtol=1e-6)
    layer = layers.Rescaling(np.array([1.0, 2.0, 3.0]), offset=[0.5, 0, -1])
    np.testing.assert_array_equal(layer(pixels), [[[[0.5, 102, 764]]]])
    again = layers.Rescaling.from_config(layer.get_config())
    np.testing.assert_array_equal(again(pixels), layer(pixels))


def test_lambda_is_any_function():
    layer = layers.Lambda(lambda x, power: ops.sum(x**power, axis=-1), arguments={"power": 3})
    x = RNG.normal(size=(2, 4)).astype("float32")
    np.testing.assert_allclose(layer(x), (x**3).sum(axis=-1), rtol=1e-5)
    y = layer(Input((4,)))
    assert y.shape == (None,)
    assert layers.Lambda(lambda x: x, output_shape=(7,))(Input((4,))).shape == (None, 7)
    assert layers.Lambda(lambda x: x, output_shape=lambda s: (s[0], 9)).compute_output_shape((None, 4)) == (None, 9)
    ints = layers.Lambda(lambda x: ops.one_hot(x, 5))
    assert ints(np.array([1, 2])).shape == (2, 5)
    with pytest.raises(TypeError, match="Lambda: not a function"):
        layers.Lambda(3)


def test_lambda_takes_several_inputs():
    a, b = Input((2,)), Input((2,))
    model = Model([a, b], layers.Lambda(lambda xs: xs[0] * xs[1])([a, b]))
    np.testing.assert_array_equal(model([np.full((1, 2), 2.0), np.full((1, 2), 3.0)]), [[6, 6]])


def test_activity_regularization_adds_to_the_loss():
    model = Sequential([Input((3,)), layers.ActivityRegularization(l1=0.5, l2=0.25)])
    model.compile("sgd", "mse")
    x = np.array([[1.0, -2.0, 0.0], [0.0, 0.0, 4.0]])
    # (0.5 · 7 + 0.25 · 21) / 2 samples, and no error
    assert model.evaluate(x, x, verbose=0) == pytest.approx(4.375)


def test_the_old_name_of_a_slope():
    with pytest.warns(UserWarning, match="Write negative_slope"):
        layer = layers.LeakyReLU(alpha=0.2, dtype="float64")
    np.testing.assert_array_equal(layer(VALUES), np.where(VALUES < 0, 0.2 * VALUES, VALUES))
    assert layer.get_config()["negative_slope"] == 0.2

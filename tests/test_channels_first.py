"""Channels in front: the numbers of channels last, in another place."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import juanji as keras
from juanji import GradientTape, Variable, layers, ops

RNG = np.random.default_rng(0)
INPUTS = {rank: RNG.standard_normal((2, *(7, 6, 5)[:rank], 4)).astype("float32") for rank in (1, 2, 3)}

LAYERS = {
    "Conv1D": (1, lambda **k: layers.Conv1D(3, 3, padding="causal", activation="relu", **k)),
    "Conv2D": (2, lambda **k: layers.Conv2D(6, (3, 2), strides=2, groups=2, padding="same", **k)),
    "Conv3D": (3, lambda **k: layers.Conv3D(3, 2, **k)),
    "Conv1DTranspose": (1, lambda **k: layers.Conv1DTranspose(3, 3, strides=2, **k)),
    "Conv2DTranspose": (2, lambda **k: layers.Conv2DTranspose(3, 3, strides=2, padding="same", **k)),
    "Conv3DTranspose": (3, lambda **k: layers.Conv3DTranspose(3, 2, **k)),
    "DepthwiseConv1D": (1, lambda **k: layers.DepthwiseConv1D(3, **k)),
    "DepthwiseConv2D": (2, lambda **k: layers.DepthwiseConv2D(3, depth_multiplier=2, **k)),
    "SeparableConv1D": (1, lambda **k: layers.SeparableConv1D(3, 3, **k)),
    "SeparableConv2D": (2, lambda **k: layers.SeparableConv2D(3, 3, **k)),
    "MaxPooling1D": (1, layers.MaxPooling1D),
    "MaxPooling2D": (2, lambda **k: layers.MaxPooling2D((2, 3), padding="same", **k)),
    "MaxPooling3D": (3, layers.MaxPooling3D),
    "AveragePooling1D": (1, layers.AveragePooling1D),
    "AveragePooling2D": (2, lambda **k: layers.AveragePooling2D(3, strides=1, **k)),
    "AveragePooling3D": (3, layers.AveragePooling3D),
    "GlobalAveragePooling1D": (1, layers.GlobalAveragePooling1D),
    "GlobalAveragePooling2D": (2, lambda **k: layers.GlobalAveragePooling2D(keepdims=True, **k)),
    "GlobalAveragePooling3D": (3, layers.GlobalAveragePooling3D),
    "GlobalMaxPooling1D": (1, lambda **k: layers.GlobalMaxPooling1D(keepdims=True, **k)),
    "GlobalMaxPooling2D": (2, layers.GlobalMaxPooling2D),
    "GlobalMaxPooling3D": (3, layers.GlobalMaxPooling3D),
    "AdaptiveAveragePooling2D": (2, lambda **k: layers.AdaptiveAveragePooling2D((3, 2), **k)),
    "AdaptiveMaxPooling3D": (3, lambda **k: layers.AdaptiveMaxPooling3D(2, **k)),
    "UpSampling2D": (2, lambda **k: layers.UpSampling2D((2, 3), interpolation="bilinear", **k)),
    "UpSampling3D": (3, layers.UpSampling3D),
    "ZeroPadding1D": (1, lambda **k: layers.ZeroPadding1D((1, 2), **k)),
    "ZeroPadding2D": (2, lambda **k: layers.ZeroPadding2D(((1, 2), (0, 3)), **k)),
    "ZeroPadding3D": (3, layers.ZeroPadding3D),
    "Cropping2D": (2, lambda **k: layers.Cropping2D(((1, 2), (0, 3)), **k)),
    "Cropping3D": (3, layers.Cropping3D),
    "SpatialDropout2D": (2, lambda **k: layers.SpatialDropout2D(0.5, seed=1, **k)),
    "SpatialDropout3D": (3, lambda **k: layers.SpatialDropout3D(0.5, seed=1, **k)),
    "Flatten": (2, layers.Flatten),
}


def moved(x):
    """Channels from the end to the front."""
    return np.moveaxis(np.asarray(x), -1, 1) if np.ndim(x) > 2 else np.asarray(x)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_give_the_numbers_of_channels_last(name):
    rank, make = LAYERS[name]
    x = INPUTS[rank]
    last, first = make(), make(data_format="channels_first")
    last.build(x.shape)
    first.build(moved(x).shape)
    first.set_weights(last.get_weights())
    results = []
    for layer, value in ((last, x), (first, moved(x))):
        variable = Variable(value)
        with GradientTape() as tape:
            y = layer(variable, training=True)
            loss = ops.sum(ops.square(y))
        results.append((y, *tape.gradient(loss, [variable, *layer.trainable_weights])))
    expected, found = results
    np.testing.assert_array_equal(moved(expected[0]), found[0])
    np.testing.assert_array_equal(moved(expected[1]), found[1])
    for e, f in zip(expected[2:], found[2:], strict=True):
        np.testing.assert_array_equal(e, f)
    assert first.compute_output_shape(moved(x).shape) == found[0].shape
    assert first.get_config()["data_format"] == "channels_first"
    again = type(first).from_config(first.get_config())
    assert again.compute_output_shape((None, *moved(x).shape[1:])) == (None, *found[0].shape[1:])
    for other in (copy.deepcopy(first), pickle.loads(pickle.dumps(first))):
        np.testing.assert_array_equal(other(moved(x), training=False), first(moved(x), training=False))


def network(data_format):
    front = data_format == "channels_first"
    inputs = keras.Input((4, 8, 8) if front else (8, 8, 4))
    x = layers.Conv2D(6, 3, padding="same", data_format=data_format)(inputs)
    x = layers.BatchNormalization(axis=1 if front else -1)(x)
    x = layers.ReLU()(x)
    x = layers.MaxPooling2D(data_format=data_format)(x)
    x = layers.Conv2D(3, 3, data_format=data_format)(x)
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten(data_format=data_format)(x)))


def test_models_train_alike_and_come_back_from_files(tmp_path):
    images = RNG.random((12, 8, 8, 4), dtype="float32")
    labels = RNG.random((12, 2), dtype="float32")
    last, first = network("channels_last"), network("channels_first")
    first.set_weights(last.get_weights())
    for model, data in ((last, images), (first, moved(images))):
        model.compile("adam", "mse")
        model.fit(data, labels, batch_size=4, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(last.get_weights(), first.get_weights()):
        np.testing.assert_allclose(a, b, atol=64 * np.finfo("float32").eps)  # sums in another order
    first.save(tmp_path / "model.safetensors")
    loaded = keras.models.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.predict(moved(images), verbose=0), first.predict(moved(images), verbose=0))


def test_layers_of_ones_own_see_the_data_as_it_comes():
    class Standardized(layers.Conv2D):
        def call(self, inputs):
            assert inputs.shape == (2, 4, 7, 6)
            kernel = self.kernel - ops.mean(self.kernel, axis=(0, 1, 2))
            return ops.conv(inputs, kernel, 1, self.padding, data_format=self.data_format)

    layer = Standardized(3, 3, data_format="channels_first")
    y = layer(moved(INPUTS[2]))
    kernel = np.asarray(layer.kernel)
    expected = ops.conv(INPUTS[2], kernel - kernel.mean((0, 1, 2)), 1, "valid")
    np.testing.assert_allclose(y, moved(expected), atol=64 * np.finfo("float32").eps)


def test_operations():
    x = INPUTS[2].astype("float64")
    w = RNG.standard_normal((3, 3, 4, 4))
    cases = [
        (ops.conv, (w,), {"padding": "same"}),
        (ops.conv_transpose, (w,), {"strides": 2}),
        (ops.depthwise_conv, (w[..., :2],), {}),
        (ops.separable_conv, (w[..., :1], w[:1, :1]), {}),
        (ops.max_pool, (2,), {"strides": 1}),
        (ops.average_pool, ((2, 3),), {}),
    ]
    for function, args, kwargs in cases:
        expected = moved(function(x, *args, **kwargs))
        found = function(moved(x), *args, **kwargs, data_format="channels_first")
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(ops.max_pool(moved(x), 2, None, "valid", "channels_first"), moved(ops.max_pool(x, 2)))
    inputs = keras.Input((4, 7, 6))
    assert ops.conv(inputs, w.astype("float32"), data_format="channels_first").shape == (None, 4, 5, 4)
    with pytest.raises(ValueError, match="conv: wrong number of dimensions"):
        ops.conv(np.ones((2, 2)), w, data_format="channels_first")


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_conv_lstm(rank):
    x = RNG.standard_normal((2, 3, *(6, 5, 4)[:rank], 2)).astype("float32")
    first = np.moveaxis(x, -1, 2)
    kind = getattr(layers, f"ConvLSTM{rank}D")
    options = {"padding": "same", "strides": 2, "return_state": True, "return_sequences": True}
    last, other = kind(3, 3, **options), kind(3, 3, data_format="channels_first", **options)
    last.build(x.shape)
    other.build(first.shape)
    other.set_weights(last.get_weights())
    assert [w.shape for w in other.weights] == [w.shape for w in last.weights]
    expected, got = last(x), other(first)
    again = kind.from_config(other.get_config())
    for layer in (other, again):
        shapes = layer.compute_output_shape((None, *first.shape[1:]))
        assert shapes == tuple((None, *y.shape[1:]) for y in got)
    np.testing.assert_array_equal(got[0], np.moveaxis(expected[0], -1, 2))
    for a, b in zip(got[1:], expected[1:]):
        np.testing.assert_array_equal(a, np.moveaxis(b, -1, 1))
    following = other(first, initial_state=list(got[1:]))[0]
    np.testing.assert_array_equal(following, np.moveaxis(last(x, initial_state=list(expected[1:]))[0], -1, 2))
    with pytest.raises(ValueError, match="another size of the images"):
        other(first[:, :, :, :-1])


def test_conv_lstm_trains_with_states_kept_and_backwards():
    x = RNG.standard_normal((2, 3, 4, 4, 2)).astype("float32")
    losses = []
    for data_format, data in (("channels_last", x), ("channels_first", np.moveaxis(x, -1, 2))):
        options = {"data_format": data_format, "stateful": True, "go_backwards": True, "kernel_initializer": "ones"}
        inputs = keras.Input(batch_shape=data.shape)
        y = layers.ConvLSTM2D(2, 2, recurrent_initializer=keras.initializers.Constant(0.1), **options)(inputs)
        model = keras.Model(inputs, y)
        assert model.output_shape == ((2, 3, 3, 2) if data_format == "channels_last" else (2, 2, 3, 3))
        model.compile(keras.optimizers.SGD(0.1), "mse")
        target = np.zeros(model.output_shape, "float32")
        losses.append([model.train_on_batch(data, target) for _ in range(4)])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)

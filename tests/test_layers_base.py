"""The Layer class: names, weights, freezing, configuration, conversion, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import Variable, layers, optimizers, utils
from juanji.utils.naming import reset_names


class Scale(layers.Layer):
    """One weight, a factor."""

    def build(self, input_shape):
        self.factor = self.add_weight((), "ones", name="factor")

    def call(self, inputs):
        return inputs * self.factor


class Pair(layers.Layer):
    """Two layers inside, one of them in a list."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = layers.Dense(3)
        self.rest = [layers.Dense(2, use_bias=False)]

    def call(self, inputs):
        return self.rest[0](self.first(inputs))


def test_names_are_counted_per_class_like_keras():
    reset_names()
    made = [layers.Conv2D(1, 1), layers.Conv2D(1, 1), layers.MaxPooling2D(), layers.ReLU(), layers.Dense(1, name="d")]
    assert [layer.name for layer in made] == ["conv2d", "conv2d_1", "max_pooling2d", "re_lu", "d"]


def test_unknown_arguments_are_named():
    with pytest.raises(TypeError, match=r"Dense: unknown argument; got unitz=3, foo='x'"):
        layers.Dense(1, unitz=3, foo="x")


@pytest.mark.parametrize("dtype", ["float16", "int32", "nonsense", 3])
def test_unsupported_dtypes_are_refused(dtype):
    with pytest.raises(ValueError, match="Dense: unsupported dtype; expected 'float32' or 'float64'"):
        layers.Dense(1, dtype=dtype)


def test_a_layer_is_built_once_for_the_first_input():
    layer = Scale()
    assert not layer.built
    assert layer.weights == []
    layer(np.ones((2, 3)))
    factor = layer.factor
    layer(np.ones((2, 5)))
    assert layer.built
    assert layer.factor is factor
    assert len(layer.weights) == 1


def test_weights_of_inner_layers_are_found_in_order():
    layer = Pair()
    layer(np.ones((1, 4)))
    assert [v.shape for v in layer.weights] == [(4, 3), (3,), (3, 2)]
    assert [v.name for v in layer.weights] == ["kernel", "bias", "kernel"]
    assert layer.count_params() == 12 + 3 + 6
    assert all(isinstance(v, Variable) for v in layer.trainable_variables)


def test_freezing_reaches_inner_layers_and_back():
    layer = Pair()
    layer.trainable = False
    layer(np.ones((1, 4)))
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 3
    layer.trainable = True
    assert len(layer.trainable_weights) == 3
    layer.first.trainable = False
    assert [v.shape for v in layer.trainable_weights] == [(3, 2)]
    assert [v.trainable for v in layer.weights] == [False, False, True]


def test_a_frozen_layer_trains_nothing_whatever_is_set_free_inside_it_later():
    layer = Pair()
    layer(np.ones((1, 2)))
    layer.trainable = False
    layer.first.trainable = True
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == len(layer.weights) == 3
    assert len(layer.first.trainable_weights) == 2
    layer.trainable = True
    assert len(layer.trainable_weights) == 3


def test_weights_declared_not_trainable_stay_so():
    layer = layers.Layer()
    layer.add_weight((2,), "zeros", trainable=False, name="mean")
    layer.trainable = False
    layer.trainable = True
    assert layer.trainable_weights == []


def test_set_weights_changes_all_or_nothing():
    layer = layers.Dense(2)
    layer.build((None, 3))
    before = layer.get_weights()
    with pytest.raises(ValueError, match=r"set_weights: wrong shape for 'bias'.*expected \(2,\), got shape=\(3,\)"):
        layer.set_weights([np.full((3, 2), 7.0), np.zeros(3)])
    with pytest.raises(ValueError, match=r"wrong number of arrays.*expected 2, got len\(weights\)=1"):
        layer.set_weights([np.zeros((3, 2))])
    for a, b in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(a, b)
    layer.set_weights([np.full((3, 2), 7.0), np.ones(2)])
    np.testing.assert_array_equal(layer(np.ones((1, 3))).numpy(), [[22.0, 22.0]])


def test_get_weights_gives_copies():
    layer = layers.Dense(1)
    layer.build((None, 1))
    layer.get_weights()[0][...] = 99
    assert layer.kernel.numpy() != 99


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("given", ["uint8", "int64", "float16", "float32", "float64", "bool"])
def test_inputs_become_the_type_of_the_layer(dtype, given):
    layer = layers.Dense(2, dtype=dtype)
    y = layer(np.ones((1, 3), given))
    assert y.dtype == dtype
    assert layer.kernel.dtype == dtype


@pytest.mark.parametrize("value", [np.array(["a"]), np.array([[object()]]), np.ones((1, 2), complex)])
def test_other_types_are_refused(value):
    with pytest.raises(TypeError, match="unsupported dtype of the input; expected numbers"):
        layers.Flatten()(value)


def test_the_training_argument_reaches_layers_inside():
    seen = []

    class Spy(layers.Layer):
        def call(self, inputs, training=None):
            seen.append(training)
            return inputs

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.spy = Spy()

        def call(self, inputs):
            return self.spy(inputs)

    outer = Outer()
    outer(np.ones(1), training=True)
    outer(np.ones(1), training=False)
    outer(np.ones(1))
    assert seen == [True, False, None]


def test_further_arguments_reach_call():
    class Shift(layers.Layer):
        def call(self, inputs, by=1):
            return inputs + by

    assert Shift()(np.zeros(1), by=3) == 3
    with pytest.raises(TypeError, match="unexpected keyword argument 'times'"):
        Shift()(np.zeros(1), times=3)


def test_the_shape_of_a_custom_layer_is_found_by_trying():
    class Halves(layers.Layer):
        def call(self, inputs):
            return inputs[:, ::2]

    assert Halves().compute_output_shape((None, 5)) == (None, 3)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2D(4, (3, 2), strides=2, padding="SAME", groups=2, activation="tanh", kernel_regularizer="l2"),
        layers.DepthwiseConv2D(3, depth_multiplier=2, depthwise_constraint="max_norm"),
        layers.Dense(3, "softmax", use_bias=False, kernel_initializer="he_normal", name="out"),
        layers.MaxPooling2D(3, strides=1),
        layers.AveragePooling2D((2, 3), padding="same"),
        layers.GlobalAveragePooling2D(keepdims=True),
        layers.GlobalMaxPooling2D(),
        layers.Flatten(),
        layers.Activation("relu"),
        layers.ReLU(6.0, 0.1, 0.5),
        layers.Softmax(axis=1),
        layers.Dropout(0.25, noise_shape=(None, 1), seed=3),
        layers.InputLayer((3, None), batch_size=2),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_configurations_make_the_same_layer_again(layer):
    again = layers.deserialize(layers.serialize(layer))
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize("value", [0, -1, 2.5, float("nan"), "3", None, True])
def test_sizes_that_are_no_positive_integers_are_refused(value):
    with pytest.raises(ValueError, match="units has to be a whole number; expected an integer of at least 1"):
        layers.Dense(value)
    with pytest.raises(ValueError, match="filters has to be a whole number"):
        layers.Conv2D(value, 3)
    with pytest.raises(ValueError, match="kernel_size has to be a whole number"):
        layers.Conv2D(3, (3, value))
    if value is not None:
        with pytest.raises(ValueError, match="input_shape has to be a whole number"):
            layers.Dense(3, input_shape=(value,))


def test_numpy_integers_are_sizes():
    assert layers.Dense(np.int64(3)).units == 3


def test_unknown_data_formats_are_refused():
    for make in (lambda **k: layers.Conv2D(1, 3, **k), layers.MaxPooling2D, layers.Flatten, layers.GlobalMaxPooling2D):
        with pytest.raises(ValueError, match="unknown data_format; expected 'channels_last' or 'channels_first'"):
            make(data_format="NHWC")
        make(data_format="channels_last")


def test_regularizers_and_constraints_take_part():
    layer = layers.Dense(2, kernel_regularizer="l2", bias_regularizer="l1", kernel_constraint="non_neg")
    layer.build((None, 3))
    layer.set_weights([np.array([[1.0, -2], [3, -4], [5, 6]]), np.array([1.0, -2])])
    values = [float(np.asarray(v)) for v in layer.losses]
    np.testing.assert_allclose(values, [0.01 * 91, 0.01 * 3], rtol=1e-6)
    optimizers.SGD(0.0).apply_gradients([(np.zeros((3, 2), "float32"), layer.kernel)])
    assert layer.kernel.numpy().min() == 0


def test_activity_regularizers_see_the_latest_output():
    layer = layers.Dense(1, kernel_initializer="ones", activity_regularizer="l1")
    layer(np.ones((4, 3)))
    np.testing.assert_allclose(float(np.asarray(layer.losses[0])), 0.01 * 3, rtol=1e-6)


def test_clear_names_start_again():
    reset_names()
    assert layers.Flatten().name == "flatten"
    assert layers.Flatten().name == "flatten_1"
    utils.clear_session()
    assert layers.Flatten().name == "flatten"


def test_a_constructor_that_forgets_the_one_of_layer_is_named():
    class Forgetful(layers.Layer):
        def __init__(self):
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    with pytest.raises(AttributeError, match=r"Forgetful: the layer is not set up; expected super\(\).__init__\(\)"):
        Forgetful()(np.ones((2, 3)))
    assert not hasattr(layers.Dense(2), "nothing")
    with pytest.raises(AttributeError, match="'Dense' object has no attribute 'nothing'"):
        layers.Dense(2).nothing  # noqa: B018


def test_errors_of_properties_keep_their_words():
    class Odd(layers.Layer):
        @property
        def answer(self):
            return self.missing

    with pytest.raises(AttributeError, match="'Odd' object has no attribute 'missing'"):
        Odd().answer  # noqa: B018

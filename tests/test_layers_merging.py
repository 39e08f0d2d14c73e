"""Layers with several inputs, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import juanji
from juanji import GradientTape, Input, Model, Tensor, layers

RNG = np.random.default_rng(0)
EPS = np.finfo(np.float64).eps
MERGERS = {
    "Add": lambda xs: sum(xs),
    "Multiply": np.prod,
    "Average": lambda xs: sum(xs) / len(xs),
    "Maximum": np.maximum.reduce,
    "Minimum": np.minimum.reduce,
}


def arrays(*shapes):
    return [RNG.normal(size=shape) for shape in shapes]


def reference(name, xs):
    if name == "Multiply":
        product = xs[0]
        for x in xs[1:]:
            product = product * x
        return product
    return MERGERS[name](xs)


@pytest.mark.parametrize("name", MERGERS)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_merging_is_element_by_element(name, count):
    xs = arrays(*[(2, 3, 5, 4)] * count)
    layer = getattr(layers, name)(dtype="float64")
    y = layer(xs)
    np.testing.assert_allclose(y, reference(name, xs), rtol=4 * EPS, atol=4 * EPS)
    function = getattr(layers, name.lower())
    np.testing.assert_array_equal(function(xs, dtype="float64", name="named"), y)


@pytest.mark.parametrize(
    ("shapes", "expanded"),
    [
        ([(2, 4), (2, 3, 4)], [(2, 1, 4), (2, 3, 4)]),
        ([(2, 3, 5, 4), (2, 4)], [(2, 3, 5, 4), (2, 1, 1, 4)]),
        ([(2, 3, 1, 4), (2, 1, 5, 1)], [(2, 3, 1, 4), (2, 1, 5, 1)]),
        ([(2,), (2, 3)], [(2, 1), (2, 3)]),
    ],
)
def test_fewer_axes_are_filled_behind_the_batch(shapes, expanded):
    xs = arrays(*shapes)
    expected = sum(x.reshape(shape) for x, shape in zip(xs, expanded))
    layer = layers.Add(dtype="float64")
    np.testing.assert_array_equal(layer(xs), expected)
    assert layer.compute_output_shape([(None, *shape[1:]) for shape in shapes]) == (None, *expected.shape[1:])


def test_subtract_takes_two():
    a, b = arrays((2, 3), (2, 3))
    np.testing.assert_array_equal(layers.Subtract(dtype="float64")([a, b]), a - b)
    np.testing.assert_array_equal(layers.subtract([a, b], dtype="float64"), a - b)
    with pytest.raises(ValueError, match="expected a list of exactly 2, got 3 inputs"):
        layers.Subtract()([a, a, a])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.ones((2, 3)), r"it merges several inputs; expected a list of at least 1, got one input of shape \(2, 3\)"),
        ([np.ones((2, 3)), np.ones((2, 4))], "the shapes of the inputs do not fit"),
        ([np.ones((2, 3)), np.ones((3, 3))], "different batch sizes"),
        ([np.ones((2, 3)), np.ones(())], "different batch sizes"),
    ],
)
def test_wrong_inputs_are_refused(inputs, message):
    with pytest.raises(ValueError, match=message):
        layers.Add(name="sum")(inputs)


def test_gradients_reach_every_input():
    a, b, c = (Tensor(x) for x in arrays((2, 3), (2, 3), (2, 3)))
    with GradientTape() as tape:
        tape.watch([a, b, c])
        y = layers.Multiply(dtype="float64")([a, b, c])
    gradients = tape.gradient(y, [a, b, c])
    for got, others in zip(gradients, [(b, c), (a, c), (a, b)]):
        np.testing.assert_allclose(got, others[0].numpy() * others[1].numpy(), rtol=4 * EPS)


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -3])
def test_concatenate_is_numpy_s(axis):
    shapes = []
    for size in (1, 4, 3):
        shape = [2, 3, 4, 5]
        shape[axis] = size
        shapes.append(tuple(shape))
    xs = arrays(*shapes)
    layer = layers.Concatenate(axis=axis, dtype="float64")
    expected = np.concatenate(xs, axis=axis)
    np.testing.assert_array_equal(layer(xs), expected)
    assert layer.compute_output_shape([(None, *s[1:]) for s in shapes]) == (None, *expected.shape[1:])
    np.testing.assert_array_equal(layers.concatenate(xs, axis=axis, dtype="float64"), expected)


def test_concatenate_with_unknown_sizes():
    assert layers.Concatenate()([Input((None, 3)), Input((5, None))]).shape == (None, 5, None)
    assert layers.Concatenate(axis=1)([Input((None, 3)), Input((5, 3))]).shape == (None, None, 3)
    with pytest.raises(ValueError, match="expected equal sizes but for axis -1"):
        layers.Concatenate()([Input((4, 3)), Input((5, 3))])
    with pytest.raises(ValueError, match="no such axis"):
        layers.Concatenate(axis=3)([Input((4, 3)), Input((5, 3))])


@pytest.mark.parametrize(
    ("axes", "shapes", "sum_of_products"),
    [
        (1, [(3, 5), (3, 5)], "nk,nk->n"),
        ((1, 2), [(3, 5, 2), (3, 4, 5)], "nka,nbk->nab"),
        (-1, [(3, 2, 5), (3, 4, 5)], "nak,nbk->nab"),
        ((2, 1), [(3, 4, 5), (3, 5)], "nak,nk->na"),
        (1, [(3, 5), (3, 5, 4)], "nk,nkb->nb"),
        ((3, 1), [(3, 2, 4, 5), (3, 5, 6, 2)], "nabk,nkcd->nabcd"),
    ],
)
@pytest.mark.parametrize("normalize", [False, True])
def test_dot_is_a_sum_of_products(axes, shapes, sum_of_products, normalize):
    x, y = arrays(*shapes)
    a, b = (axes, axes) if isinstance(axes, int) else axes
    unit = [v / np.linalg.norm(v, axis=axis, keepdims=True) for v, axis in ((x, a), (y, b))] if normalize else [x, y]
    expected = np.einsum(sum_of_products, *unit)
    expected = expected[:, None] if expected.ndim == 1 else expected
    layer = layers.Dot(axes, normalize=normalize, dtype="float64")
    np.testing.assert_allclose(layer([x, y]), expected, rtol=0, atol=16 * EPS * np.abs(expected).max())
    assert layer.compute_output_shape([(None, *s[1:]) for s in shapes]) == (None, *expected.shape[1:])
    np.testing.assert_array_equal(layers.dot([x, y], axes, normalize=normalize, dtype="float64"), layer([x, y]))


def test_dot_says_what_does_not_fit():
    with pytest.raises(ValueError, match="the sizes do not fit"):
        layers.Dot(1)([np.ones((2, 3)), np.ones((2, 4))])
    with pytest.raises(ValueError, match="the batch axis cannot be summed over"):
        layers.Dot(0)([np.ones((2, 3)), np.ones((2, 3))])
    with pytest.raises(ValueError, match="axes are not clear"):
        layers.Dot((1, 2, 3))
    with pytest.raises(ValueError, match="expected a list of exactly 2"):
        layers.Dot(1)(np.ones((2, 3)))


def test_a_list_for_a_layer_of_one_input_is_refused():
    with pytest.raises(ValueError, match="Dense 'd': too many inputs; expected one array, got a list of 2"):
        layers.Dense(2, name="d")([np.ones((1, 3)), np.ones((1, 3))])
    np.testing.assert_array_equal(layers.Flatten()([[1.0, 2.0]]), [[1, 2]])


def test_custom_layers_take_nested_inputs():
    class Mix(layers.Layer):
        def build(self, input_shape):
            self.seen = input_shape
            self.scale = self.add_weight((input_shape["a"][-1],), "ones")

        def call(self, inputs, weight=1.0, training=None):
            return inputs["a"] * self.scale + inputs["b"][0] * weight

    layer = Mix()
    a, b = np.ones((2, 3), "float32"), np.full((2, 3), 2, "float32")
    np.testing.assert_array_equal(layer({"a": a, "b": [b]}, 0.5), a + b * 0.5)
    assert layer.seen == {"a": (2, 3), "b": [(2, 3)]}
    y = layer({"a": Input((3,)), "b": [Input((3,))]}, weight=2.0)
    assert y.shape == (None, 3)
    with pytest.raises(TypeError, match="the arguments do not fit"):
        layer({"a": a, "b": [b]}, 0.5, None, 3)


def test_one_sample_serves_a_batch_after_the_first_call():
    layer = layers.Add()
    a, b = (x.astype("float32") for x in arrays((3, 4), (1, 4)))
    with pytest.raises(ValueError, match="different batch sizes"):
        layer([a, b])
    layer([a, a])
    np.testing.assert_array_equal(layer([a, b]), a + b)


def test_one_sample_serves_a_batch_in_a_functional_model():
    inputs = [Input((4,)), Input((4,))]
    model = juanji.Model(inputs, layers.Multiply()(inputs))
    a, b = (x.astype("float32") for x in arrays((3, 4), (1, 4)))
    np.testing.assert_array_equal(model([a, b]), a * b)


@pytest.mark.parametrize("name", ["Add", "Subtract", "Multiply", "Maximum", "Minimum", "Concatenate"])
def test_integers_stay_integers(name):
    layer = getattr(layers, name)()
    a, b = np.array([[1, 2]], "int32"), np.array([[3, 1]], "int32")
    assert layer([a, b]).dtype == "int32"
    assert layer([a, b.astype("float32")]).dtype == "float32"
    symbolic = [Input((2,), dtype="int32") for _ in range(2)]
    assert getattr(layers, name)()(symbolic).dtype == "int32"


def test_joined_numbers_of_words():
    a, b = (Input((3,), dtype="int32") for _ in range(2))
    model = Model([a, b], layers.Embedding(5, 2)(layers.Concatenate()([a, b])))
    x = np.array([[0, 4, 1]], "int32")
    np.testing.assert_array_equal(model.predict([x, x], verbose=0)[0, :3], model.get_weights()[0][x[0]])

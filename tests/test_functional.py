"""Functional models: symbolic tensors, the graphs between them, and what is computed."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import juanji
from juanji import Input, KerasTensor, Model, Sequential, layers, ops

RNG = np.random.default_rng(0)


def residual_model() -> Model:
    x = Input((6, 6, 3), name="image")
    y = layers.Conv2D(3, 3, padding="same", activation="relu", name="conv")(x)
    y = layers.Add(name="sum")([x, y])
    return Model(x, layers.Dense(4, name="head")(layers.GlobalAveragePooling2D(name="pool")(y)))


def test_a_residual_model_computes_what_its_layers_say():
    model = residual_model()
    image = RNG.normal(size=(5, 6, 6, 3)).astype("float32")
    conv, head = model.get_layer("conv"), model.get_layer("head")
    expected = head((image + np.asarray(conv(image))).mean(axis=(1, 2)))
    np.testing.assert_allclose(model(image), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(model.predict(image, batch_size=5, verbose=0), model(image))


def test_a_functional_model_learns():
    model = residual_model()
    model.compile("adam", "mse")
    x, y = RNG.normal(size=(32, 6, 6, 3)), RNG.normal(size=(32, 4))
    before = [v.numpy().copy() for v in model.trainable_variables]
    losses = model.fit(x, y, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert all((a != v.numpy()).any() for a, v in zip(before, model.trainable_variables))


def test_functions_and_operators_are_recorded():
    a, b = Input((4,)), Input((4,))
    y = ops.concatenate([2.0 - a * b, ops.relu(a)[:, :2], abs(-b) ** 2], axis=-1) @ np.ones((10, 3), "float32") / 4
    model = Model([a, b], y)
    x1, x2 = RNG.normal(size=(2, 7, 4)).astype("float32")
    whole = np.concatenate([2 - x1 * x2, np.maximum(x1, 0)[:, :2], x2**2], axis=-1)
    np.testing.assert_allclose(model([x1, x2]), whole @ np.ones((10, 3)) / 4, rtol=1e-5, atol=1e-5)
    assert y.shape == (None, 3)


def test_numpy_arrays_on_the_left_are_recorded_too():
    x = Input((3,))
    y = np.array([1.0, 2.0, 3.0], "float32") * x
    assert isinstance(y, KerasTensor)
    assert isinstance(np.float32(2) - x, KerasTensor)
    np.testing.assert_array_equal(Model(x, np.maximum(x, 1.5) + np.exp(x))(np.zeros((1, 3))), [[2.5, 2.5, 2.5]])
    np.testing.assert_array_equal(Model(x, y)(np.full((2, 3), 2, "float32")), [[2, 4, 6]] * 2)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (np.sum, r"cannot be used with np.add.*juanji.ops"),
        (np.spacing, r"cannot be used with np.spacing"),
        (lambda x: np.concatenate([x, x]), r"cannot be used as an array"),
        (np.mean, "cannot be used as an array.*juanji.ops"),
        (np.asarray, "cannot be used as an array"),
        (bool, "cannot be used as a condition.*ops.where"),
        (float, "cannot be used as a number"),
        (int, "cannot be used as a number"),
        (len, r"cannot be used with len\(\).*x.shape"),
        (list, "cannot be used in a loop.*split"),
    ],
)
def test_a_symbolic_tensor_is_no_array(use, message):
    with pytest.raises(TypeError, match=message):
        use(Input((4,), name="x"))


def test_unknown_sizes_stay_unknown():
    x = Input((None, None, 3))
    assert layers.Conv2D(8, 3, strides=2)(x).shape == (None, None, None, 8)
    assert (x + x).shape == (None, None, None, 3)
    assert ops.mean(x, axis=(1, 2)).shape == (None, 3)
    assert ops.reshape(x, (-1, 3)).shape == (None, 3)
    assert Input((4,), batch_size=5).shape == (5, 4)
    assert (Input((4,), batch_size=5) + 1).shape == (5, 4)


def test_errors_of_functions_come_at_once_and_say_how_they_were_found():
    with pytest.raises(ValueError, match=r"reshape: the sizes do not fit.*zeros in the place of symbolic tensors"):
        ops.reshape(Input((4,)), (3, 7))
    with pytest.raises(ValueError, match="concatenate: the shapes do not fit"):
        ops.concatenate([Input((4,)), Input((4, 4))], axis=1)


def test_errors_with_arrays_are_those_of_the_function():
    with pytest.raises(ValueError, match=r"got newshape=\(3, 7\) for x.shape=\(4,\)\. Choose .* product is 4\.$"):
        ops.reshape(np.ones(4), (3, 7))


def test_a_shared_layer_has_one_set_of_weights():
    shared = layers.Dense(3, name="shared")
    a, b = Input((4,)), Input((4,))
    model = Model([a, b], layers.subtract([shared(a), shared(b)]))
    assert len(model.weights) == 2
    x = RNG.normal(size=(6, 4)).astype("float32")
    np.testing.assert_array_equal(model([x, x]), np.zeros((6, 3)))
    with pytest.raises(ValueError, match=r"a name is used twice.*'d'"):
        Model(a, layers.Dense(2, name="d")(layers.Dense(2, name="d")(a)))


def test_models_are_layers_of_models():
    inner = residual_model()
    x = Input((6, 6, 3))
    outer = Model(x, layers.Dense(2)(inner(x * 0.5)))
    assert len(outer.weights) == len(inner.weights) + 2
    image = RNG.normal(size=(3, 6, 6, 3)).astype("float32")
    np.testing.assert_allclose(outer(image), outer.layers[-1](inner(image * np.float32(0.5))), rtol=1e-5, atol=1e-6)
    stack = Sequential([layers.Dense(5), layers.Dense(2)])
    y = stack(inner(x))
    assert (y.shape, len(Model(x, y).weights)) == ((None, 2), len(inner.weights) + 4)


def test_a_model_from_the_middle_of_another_shares_its_layers():
    model = residual_model()
    features = Model(model.input, model.get_layer("sum").output)
    image = RNG.normal(size=(2, 6, 6, 3)).astype("float32")
    between = features(image)
    assert between.shape == (2, 6, 6, 3)
    rest = Model(model.get_layer("pool").input, model.output)
    np.testing.assert_array_equal(rest(between), model(image))
    assert rest.get_layer("head") is model.get_layer("head")
    assert [type(x).__name__ for x in rest.layers] == ["InputLayer", "GlobalAveragePooling2D", "Dense"]


def test_nested_inputs_and_outputs():
    a, b = Input((2,), name="a"), Input((2,), name="b")
    model = Model({"first": a, "others": [b]}, {"sum": a + b, "parts": (a * 1, [b * 2])})
    x, y = np.ones((1, 2), "float32"), np.full((1, 2), 3, "float32")
    out = model({"first": x, "others": [y]})
    assert set(out) == {"sum", "parts"}
    np.testing.assert_array_equal(out["sum"], x + y)
    np.testing.assert_array_equal(out["parts"][1][0], y * 2)
    by_name = Model([b, a], a - b)
    np.testing.assert_array_equal(by_name({"a": x, "b": y, "more": y}), x - y)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([np.ones((1, 2))], r"expected 2 \('a', 'b'\), got a list of 1"),
        (np.ones((1, 2)), r"expected 2 \('a', 'b'\), got one array"),
        ({"a": np.ones((1, 2))}, r"expected 2 \('a', 'b'\), got a dictionary with 'a'"),
        ([np.ones((1, 2)), np.ones((1, 3))], r"wrong shape of the input 'b'; expected \(None, 2\), got shape=\(1, 3\)"),
        ([np.ones((1, 2)), np.array(["x", "y"])], "input 'b' holds no numbers"),
    ],
)
def test_wrong_inputs_are_named(inputs, message):
    a, b = Input((2,), name="a"), Input((2,), name="b")
    with pytest.raises((ValueError, TypeError), match=message):
        Model([a, b], a + b)(inputs)


def test_graphs_that_are_none_are_refused():
    a, b = Input((2,), name="a"), Input((2,), name="b")
    with pytest.raises(ValueError, match=r"the graph is disconnected.*needs 'b'"):
        Model(a, a + b)
    with pytest.raises(ValueError, match=r"outputs are not symbolic.*got array"):
        Model(a, np.ones(3))
    with pytest.raises(ValueError, match="inputs are not symbolic"):
        Model(np.ones(3), a)
    with pytest.raises(ValueError, match="an input appears twice"):
        Model([a, a], a * 2)
    with pytest.raises(ValueError, match="comes from nowhere"):
        Model(KerasTensor((None, 2)), a)
    with pytest.raises(ValueError, match="outputs are not symbolic"):
        Model(inputs=a)


def test_a_deep_chain_is_no_recursion():
    x = y = Input((2,))
    for _ in range(1500):
        y = -y
    assert Model(x, y)(np.ones((1, 2), "float32")).tolist() == [[1.0, 1.0]]


def test_a_subclass_may_be_functional():
    class Net(Model):
        def __init__(self, units: int) -> None:
            x = Input((3,))
            self.body = layers.Dense(units)
            super().__init__(inputs=x, outputs=self.body(x))

    model = Net(5)
    assert (model.output_shape, len(model.weights), model.layers[1]) == ((None, 5), 2, model.body)


def test_symbolic_ends_of_a_sequential():
    model = Sequential([Input((4,)), layers.Dense(3, name="a"), layers.Dense(2)])
    inner = Model(model.input, model.get_layer("a").output)
    x = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(inner(x), model.layers[0](x))
    assert (model.output.shape, [t.shape for t in model.inputs]) == ((None, 2), [(None, 4)])
    with pytest.raises(ValueError, match="no symbolic inputs"):
        _ = Sequential([layers.Dense(1)]).inputs


def test_training_reaches_layers_through_the_graph():
    x = Input((100,))
    model = Model(x, layers.Dropout(0.5)(x))
    ones = np.ones((4, 100), "float32")
    assert (np.asarray(model(ones)) == 1).all()
    assert (np.asarray(model(ones, training=True)) == 0).any()
    always = Model(x, layers.Dropout(0.5)(x, training=True))
    assert (np.asarray(always(ones)) == 0).any()


def test_layers_without_a_shape_rule_are_tried_out():
    class Halves(juanji.Layer):
        def call(self, inputs):
            return {"left": inputs[:, ::2], "rest": [ops.sum(inputs, axis=1)]}

    x = Input((6,))
    y = Halves()(x)
    assert (y["left"].shape, y["rest"][0].shape) == ((None, 3), (None,))
    out = Model(x, y)(np.arange(6, dtype="float32")[None])
    assert (out["left"].tolist(), out["rest"][0].tolist()) == ([[0, 2, 4]], [15])


def test_layers_inside_a_layer_are_built():
    class Block(juanji.Layer):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(6)

        def call(self, inputs):
            return self.dense(inputs) + inputs

        def compute_output_shape(self, input_shape):
            return input_shape

    x = Input((6,))
    model = Model(x, Block()(x))
    assert len(model.weights) == 2


def test_last_axis_of_one_may_be_missing():
    x = Input((1,))
    model = Model(x, x * 2)
    assert model(np.ones(3, "float32")).shape == (3, 1)
    y = Input((3,))
    assert Model(y, y * 2)(np.ones((2, 3, 1), "float32")).shape == (2, 3)


def test_integer_inputs_keep_their_type():
    x = Input((2,), dtype="int32")
    assert (x + 1).dtype == "int32"
    model = Model(x, layers.Dense(1, kernel_initializer="ones")(x))
    np.testing.assert_array_equal(model(np.array([[1, 2]])), [[3.0]])


def test_a_fixed_batch_size_allows_a_short_last_batch():
    x = Input((2,), batch_size=4)
    model = Model(x, x * 2)
    assert model.input_shape == (4, 2)
    assert model.predict(np.ones((7, 2)), batch_size=4, verbose=0).shape == (7, 2)


def test_other_kinds_of_inputs_are_refused():
    assert Input((2,), sparse=False, ragged=None, optional=False).shape == (None, 2)
    with pytest.raises(ValueError, match="expected sparse=False, got sparse=True"):
        Input((2,), sparse=True)
    with pytest.raises(TypeError, match="unknown argument; got shap"):
        Input((2,), shap=3)


def test_the_input_may_be_named():
    class Named(juanji.Layer):
        def call(self, query, value, training=None):
            return query * value

    a, b = np.full((1, 2), 2, "float32"), np.full((1, 2), 3, "float32")
    np.testing.assert_array_equal(Named()(query=a, value=b), Named()(a, b))
    x = Input((2,))
    np.testing.assert_array_equal(Model(x, Named()(x, value=x))(b), [[9, 9]])
    with pytest.raises(TypeError, match=r"the arguments do not fit; expected \(query, value, training\)"):
        Named()(value=b)


def test_trying_out_leaves_no_penalty():
    class Quiet(juanji.Layer):
        def call(self, inputs):
            return inputs + 1

    x = Input((2,))
    model = Model(x, Quiet(activity_regularizer="l2")(x))
    assert model.losses == []
    model(np.ones((1, 2), "float32"))
    assert [float(penalty) for penalty in model.losses] == pytest.approx([0.08])


def test_models_are_pickled_and_copied():
    x = y = Input((4,))
    for _ in range(100):
        y = layers.Dense(4)(y) + x
    model = Model(x, y)
    data = RNG.normal(size=(2, 4)).astype("float32")
    for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(again(data), model(data))


def test_shapes_are_found_without_computing():
    seen = []

    class Watching(juanji.Layer):
        def call(self, inputs):
            seen.append(type(inputs).__name__)
            return ops.relu(inputs) * 2

    assert Watching()(Input((200, 200, 64))).shape == (None, 200, 200, 64)
    assert "ndarray" not in seen
    asking = layers.Lambda(lambda x: x if np.asarray(x).sum() == 0 else x[0])
    assert asking(Input((3,))).shape == (None, 3)


def test_a_shared_layer_is_penalised_for_every_output():
    shared = layers.Dense(1, use_bias=False, kernel_initializer="ones", activity_regularizer=lambda y: ops.sum(y))
    a, b = Input((1,)), Input((1,))
    model = Model([a, b], [shared(a), shared(b)])
    for _ in range(2):
        model([np.full((2, 1), 3.0), np.full((2, 1), 4.0)])
        assert [float(penalty) for penalty in model.losses] == [3.0, 4.0]
    shared(np.full((1, 1), 5.0))
    assert [float(penalty) for penalty in shared.losses] == [5.0]


def test_a_sequential_may_begin_with_a_model():
    inner = residual_model()
    model = Sequential([inner, layers.Dense(2)])
    assert (model.input_shape, model.output_shape) == ((None, 6, 6, 3), (None, 2))
    image = RNG.normal(size=(2, 6, 6, 3)).astype("float32")
    np.testing.assert_array_equal(model(image), model.layers[1](inner(image)))


def test_a_sequential_may_begin_with_integers():
    model = Sequential([Input((2, 2, 1), dtype="uint8"), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(1)])
    assert (model.dtype, model.inputs[0].dtype) == ("float32", "uint8")
    model.compile("sgd", "mse")
    pixels = RNG.integers(0, 256, (8, 2, 2, 1)).astype("uint8")
    labels = np.full((8, 1), -0.75)
    first = np.asarray(model(pixels))
    loss = model.evaluate(pixels, labels, verbose=0)
    assert loss == pytest.approx(float(((first + 0.75) ** 2).mean()), rel=1e-5)
    codes = Sequential([Input((1,), dtype="int32"), layers.Lambda(lambda n: ops.one_hot(n, 3)), layers.Flatten()])
    np.testing.assert_array_equal(codes.predict(np.array([[2], [0]]), verbose=0), [[0, 0, 1], [1, 0, 0]])


def test_frozen_parts_and_fixed_modes():
    inner = Sequential([Input((4,)), layers.Dense(3), layers.BatchNormalization()])
    x = Input((4,))
    inner.trainable = False
    model = Model(x, layers.Dense(1)(inner(x, training=False)))
    model.compile("sgd", "mse")
    before = inner.get_weights()
    model.fit(RNG.normal(size=(16, 4)), RNG.normal(size=(16, 1)), verbose=0)
    for old, new in zip(before, inner.get_weights()):
        np.testing.assert_array_equal(old, new)
    assert Model.from_config(model.get_config()).layers[1].name == inner.name


def test_weights_are_saved_and_loaded(tmp_path):
    def build():
        shared = layers.Dense(4)
        a, b = Input((4,)), Input((4,))
        inner = Model(a, shared(a) + 1)
        return Model([a, b], layers.Concatenate()([inner(a), shared(b), Sequential([layers.Dense(2)])(b)]))

    first, second = build(), build()
    first.save_weights(tmp_path / "w.safetensors")
    second.load_weights(tmp_path / "w.safetensors")
    x = list(RNG.normal(size=(2, 3, 4)))
    np.testing.assert_array_equal(first(x), second(x))


def test_layers_that_do_not_keep_their_word_are_told():
    class Nothing(juanji.Layer):
        def call(self, inputs):
            pass

    class NoShape(juanji.Layer):
        def compute_output_shape(self, input_shape):
            return "abc"

    with pytest.raises(ValueError, match=r"Nothing 'n': the result is missing; expected arrays or tensors, got None"):
        Nothing(name="n")(Input((3,)))
    with pytest.raises(ValueError, match=r"compute_output_shape gives no shape; .* got 'abc'"):
        NoShape()(Input((3,)))
    with pytest.raises(TypeError, match=r"Dense 'd': the arguments do not fit; .*'units'"):
        layers.Dense(2, name="d")(Input((3,)), units=4)
    assert layers.Dense(2)(Input((3,)), training=True).shape == (None, 2)
    for name in (5, "a/b"):
        with pytest.raises(ValueError, match="not a name; expected a string without '/'"):
            Input((3,), name=name)


def test_layers_add_to_the_loss_of_the_model():
    class Shy(juanji.Layer):
        def call(self, inputs, training=None):
            y = inputs * 2
            self.add_loss([ops.sum(y), y[0] * 0])
            return y

    x = Input((2,))
    shy = Shy()
    model = Model(x, [shy(x), shy(x + 1)])
    assert model.losses == []
    model.compile("sgd", "mse", jit_compile=True)
    for _ in range(3):
        # 2 · (1 + 1) and 2 · (2 + 2), and no error
        logs = model.test_on_batch(np.ones((1, 2)), [np.full((1, 2), 2.0), np.full((1, 2), 4.0)], return_dict=True)
        assert logs["loss"] == 12.0
    model(np.zeros((1, 2)))
    assert [float(loss) for loss in model.losses] == [0.0, 0.0, 4.0, 0.0]


def test_inputs_nested_in_another_way_are_taken_in_their_order():
    inputs = [Input((2,), name=name) for name in "abc"]
    model = Model(inputs, layers.Concatenate()(inputs))
    a, b, c = (np.full((3, 2), number, "float32") for number in range(3))
    for given in (((a, b, c),), [[a, b], c], (a, [b, c])):
        np.testing.assert_array_equal(model(given), np.concatenate([a, b, c], axis=1))
    for given in ([a, b], [[a, b], [c, c]]):
        with pytest.raises(ValueError, match="the inputs do not fit; expected 3"):
            model(given)

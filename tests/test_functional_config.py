"""Functional models as tables, as configurations and as copies."""

from __future__ import annotations

import json

import numpy as np
import pytest

from juanji import Input, Model, Sequential, layers, models, ops

RNG = np.random.default_rng(0)


def branched_model() -> Model:
    a, b = Input((4, 4, 3), name="a"), Input((5,), name="b")
    shared = layers.Dense(6, name="shared")
    inner = Sequential([layers.Conv2D(2, 3, name="conv"), layers.Flatten()], name="inner")
    x = layers.Concatenate(name="join")([inner(a), shared(b) * 0.5])
    y = shared(x[..., 1:6]) @ np.ones((6, 2), "float32")
    return Model([a, b], {"y": layers.Dense(3, name="head")(x), "z": [ops.split(y, 2, axis=-1)[1]]}, name="net")


def assert_same_results(first: Model, second: Model) -> None:
    x = [RNG.normal(size=(2, 4, 4, 3)), RNG.normal(size=(2, 5))]
    second.set_weights(first.get_weights())
    before, after = first(x), second(x)
    np.testing.assert_array_equal(before["y"], after["y"])
    np.testing.assert_array_equal(before["z"][0], after["z"][0])


def test_a_model_comes_back_from_json():
    model = branched_model()
    config = json.loads(json.dumps(model.get_config()))
    again = Model.from_config(config)
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    assert json.loads(json.dumps(again.get_config())) == config
    assert_same_results(model, again)


def test_a_nested_model_comes_back():
    a, b = Input((4, 4, 3)), Input((5,))
    outer = Model([a, b], branched_model()([a, b]))
    assert_same_results(outer, layers.deserialize(json.loads(json.dumps(layers.serialize(outer)))))


def test_inbound_nodes_are_those_of_keras():
    x = Input((2,), name="x")
    y = layers.Dense(1, name="d")(x)
    layers.Dense(3)(y)
    call = Model(x, y).get_config()["layers"][1]["inbound_nodes"]
    tensor = {"shape": [None, 2], "dtype": "float32", "keras_history": ["x", 0, 0]}
    assert call == [{"args": [{"class_name": "__keras_tensor__", "config": tensor}], "kwargs": {}}]


def test_custom_layers_are_found_by_name():
    class Twice(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    x = Input((2,))
    config = Model(x, Twice()(x)).get_config()
    with pytest.raises(ValueError, match=r"unknown name.*'Twice'"):
        Model.from_config(config)
    again = Model.from_config(config, custom_objects={"Twice": Twice})
    np.testing.assert_array_equal(again(np.ones((1, 2), "float32")), [[2, 2]])


@pytest.mark.parametrize("history", [["nowhere", 0, 0], ["d", 0, 0], ["x", 3, 0]])
def test_damaged_graphs_are_refused(history):
    x = Input((2,), name="x")
    config = json.loads(json.dumps(Model(x, layers.Dense(2, name="d")(x)).get_config()))
    config["layers"][1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = history
    with pytest.raises(ValueError, match=r"Model\.from_config: (a layer is missing|the graph does not close)"):
        Model.from_config(config)


def test_functions_are_looked_up_among_juanji_s_own():
    x = Input((2,), name="x")
    config = json.loads(json.dumps(Model(x, x * 2).get_config()))
    config["layers"][1]["config"]["function"] = "os.system"
    with pytest.raises(ValueError, match="no such function"):
        Model.from_config(config)


def test_clones_share_nothing():
    model = branched_model()
    clone = models.clone_model(model)
    assert not {id(v) for v in model.weights} & {id(v) for v in clone.weights}
    assert_same_results(model, clone)


def test_clones_with_other_layers_and_inputs():
    x = Input((4,))
    model = Model(x, layers.Dense(2, name="d", activation="relu")(x))
    wide = models.clone_model(
        model, Input((4,), batch_size=8), clone_function=lambda layer: layers.Dense(7, name=layer.name)
    )
    assert wide.output_shape == (8, 7)
    doubled = models.clone_model(model, call_function=lambda layer, *args, **kwargs: layer(*args, **kwargs) * 2)
    doubled.set_weights(model.get_weights())
    data = RNG.normal(size=(3, 4)).astype("float32")
    np.testing.assert_array_equal(doubled(data), np.asarray(model(data)) * 2)
    with pytest.raises(ValueError, match="wrong number of input_tensors; expected 1, got 2"):
        models.clone_model(model, [x, x])


def test_models_inside_are_cloned_layer_by_layer():
    inside = Sequential([Input((4,)), layers.Dense(5, name="first")], name="inside")
    x = Input((4,))
    y = layers.Dense(3, name="outside")(inside(x))
    z = Input((3,))
    model = Model(x, Model(z, layers.Dense(2, name="last")(z), name="end")(y))
    seen = []

    def make(layer):
        seen.append(layer.name)
        return type(layer).from_config(layer.get_config())

    models.clone_model(model, clone_function=make)
    assert seen == ["inside", "outside", "end"]
    seen.clear()
    clone = models.clone_model(model, clone_function=make, recursive=True)
    assert seen == ["first", "outside", "last"]
    assert clone.get_layer("inside").get_layer("first") is not inside.get_layer("first")
    clone.set_weights(model.get_weights())
    data = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(clone(data), model(data))


def test_a_sequential_is_cloned():
    model = Sequential([Input((4,)), layers.Dense(2)], name="s")
    clone = models.clone_model(model)
    assert (clone.name, clone.output_shape, type(clone)) == ("s", (None, 2), Sequential)
    with pytest.raises(ValueError, match="call_function is for functional models"):
        models.clone_model(model, call_function=print)

    class Custom(Model):
        pass

    with pytest.raises(ValueError, match="the model cannot be copied"):
        models.clone_model(Custom())


def summary_of(model: Model, **kwargs: object) -> str:
    lines: list[str] = []
    model.summary(print_fn=lines.append, **kwargs)
    return "\n".join(lines)


def test_a_branched_model_says_what_is_connected_to_what():
    text = summary_of(branched_model(), line_length=140)
    rows = {row.split()[1]: row for row in text.splitlines() if row.startswith("│")}
    assert "Connected to" in text
    assert "inner[0][0], multiply" in rows["join"]
    assert rows["b"].split("│")[4].strip() == "-"
    assert "b[0][0], get_item" in rows["shared"]
    assert "(ops.split)" in text
    assert "Trainable" in summary_of(branched_model(), line_length=140, show_trainable=True)


def test_a_chain_needs_no_connections():
    x = Input((4,))
    assert "Connected to" not in summary_of(Model(x, layers.Dense(2)(x * 2)))
    assert "Connected to" in summary_of(Model(x, x + x))


def test_nested_rows_are_expanded():
    text = summary_of(branched_model(), line_length=140, expand_nested=True)
    assert "   └ conv (Conv2D)" in text

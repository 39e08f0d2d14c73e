"""The .h5 files of models that Keras wrote before .keras files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from juanji import Input, Model, Sequential, layers, losses, ops, optimizers, saving, utils

h5py = pytest.importorskip("h5py")
RNG = np.random.default_rng(0)


def images():
    model = Sequential(
        [
            Input((6, 6, 3)),
            layers.Conv2D(4, 3, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.layers[0].trainable = False
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, RNG.normal(size=(12, 6, 6, 3)), RNG.integers(0, 2, 12)


def branched():
    a, b, inside = Input((4,), name="a"), Input((4,), name="b"), Input((4,))
    inner = Model(inside, layers.Dense(3)(inside), name="inner")
    shared = layers.Dense(4, name="shared")
    x = shared(a) + shared(b) * 2.0
    outputs = [inner(x), layers.Dense(1, name="head")(layers.Concatenate()([inner(a), ops.tanh(x[:, :2])]))]
    model = Model({"a": a, "b": b}, outputs)
    rate = optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    model.compile(optimizers.SGD(rate, momentum=0.9), ["mse", losses.MeanAbsoluteError()], [1.0, 0.5], [["mae"], None])
    data = {"a": RNG.normal(size=(12, 4)), "b": RNG.normal(size=(12, 4))}
    return model, data, [RNG.normal(size=(12, 3)), RNG.normal(size=(12, 1))]


def sequences():
    cells = layers.StackedRNNCells([layers.GRUCell(3), layers.LSTMCell(2)])
    model = Sequential(
        [layers.Embedding(9, 4, mask_zero=True), layers.Bidirectional(layers.RNN(cells)), layers.Dense(1)]
    )
    model.compile(optimizers.Adam(clipnorm=1.0), losses.LogCosh())
    return model, RNG.integers(0, 9, (12, 5)), RNG.normal(size=(12, 1))


@pytest.mark.parametrize("make", [images, branched, sequences])
@pytest.mark.parametrize("ending", ["h5", "hdf5"])
def test_a_model_comes_back_and_trains_on_with_the_same_bits(make, ending, tmp_path):
    utils.set_random_seed(0)
    model, x, y = make()
    model.fit(x, y, epochs=2, batch_size=4, shuffle=False, verbose=0)
    model.save(tmp_path / f"m.{ending}")
    again = saving.load_model(tmp_path / f"m.{ending}")
    assert [layer.trainable for layer in again.layers] == [layer.trainable for layer in model.layers]
    for one in (model, again):
        one.fit(x, y, epochs=2, batch_size=4, shuffle=False, verbose=0)
    assert model.history.history == again.history.history
    for one, other in zip([*model.weights, *model.optimizer.variables], [*again.weights, *again.optimizer.variables]):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_without_optimizer_and_without_compiling(tmp_path):
    model, x, y = images()
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "full.h5")
    model.save(tmp_path / "bare.h5", include_optimizer=False)
    assert saving.load_model(tmp_path / "full.h5", compile=False).optimizer is None
    bare = saving.load_model(tmp_path / "bare.h5")
    assert bare.optimizer is None
    np.testing.assert_array_equal(bare.predict(x, verbose=0), model.predict(x, verbose=0))
    with pytest.raises(FileExistsError, match="the file exists"):
        model.save(tmp_path / "full.h5", overwrite=False)


def model_of(names=("first", "second"), units=(3, 2)):
    return Sequential([Input((4,)), *(layers.Dense(size, name=name) for name, size in zip(names, units))])


def test_weights_by_order_and_by_name(tmp_path):
    model = model_of()
    model.save(tmp_path / "m.h5")
    other = model_of(("second", "first"), (3, 2))
    other.load_weights(tmp_path / "m.h5")
    for one, another in zip(model.weights, other.weights):
        np.testing.assert_array_equal(one, another)
    longer = Sequential([Input((4,)), layers.Dense(5, name="new"), layers.Dense(2, name="second")])
    before = [w.numpy().copy() for w in longer.weights]
    with pytest.raises(ValueError, match=r"of 'second' of shapes \[\(5, 2\), \(2,\)\], got \[\(3, 2\), \(2,\)\]"):
        longer.load_weights(tmp_path / "m.h5", by_name=True)
    with pytest.warns(UserWarning, match="left as they are, since they differ in .*m.h5.*: second"):
        longer.load_weights(tmp_path / "m.h5", by_name=True, skip_mismatch=True)
    for value, weight in zip(before, longer.weights):
        np.testing.assert_array_equal(value, weight)
    same_end = Sequential([Input((3,)), layers.Dense(2, name="second"), layers.Dense(1, name="last")])
    same_end.load_weights(tmp_path / "m.h5", by_name=True)
    np.testing.assert_array_equal(same_end.weights[0], model.weights[2])
    model_of(("a", "b", "c"), (3, 2, 1)).save(tmp_path / "n.h5")
    with pytest.raises(ValueError, match="expected 2 layers with weights, got 3"):
        model.load_weights(tmp_path / "n.h5")
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match=r"expected by_name=False, got by_name=True with filepath='.*m\.keras'"):
        model.load_weights(tmp_path / "m.keras", by_name=True)


def test_weights_of_the_model_itself(tmp_path):
    model, again = model_of(), model_of()
    for one in (model, again):
        one.scale = one.add_weight((2,), "ones", name="scale")
    model.scale.assign([3.0, 4.0])
    model.save(tmp_path / "m.h5")
    again.load_weights(tmp_path / "m.h5")
    np.testing.assert_array_equal(again.scale, [3.0, 4.0])
    with pytest.raises(ValueError, match=r"of 'sequential\w*' of shapes \[\], got \[\(2,\)\]"):
        saving.load_model(tmp_path / "m.h5")


def test_many_layers_with_long_names(tmp_path):
    names = [f"{'long' * 100}_{i}" for i in range(200)]  # 80 kB, more than an attribute can hold
    model = Sequential([Input((2,)), *(layers.UnitNormalization(name=name) for name in names), layers.Dense(1)])
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert {"layer_names0", "layer_names1"} <= set(file["model_weights"].attrs)
    again = saving.load_model(tmp_path / "m.h5")
    np.testing.assert_array_equal(again.weights[0], model.weights[0])


HISTORY = ["input_1", 0, 0, {}]
KERAS_2 = {
    "class_name": "Functional",
    "config": {
        "name": "model",
        "layers": [
            {
                "class_name": "InputLayer",
                "config": {
                    "batch_input_shape": [None, 4, 4, 2],
                    "dtype": "float32",
                    "sparse": False,
                    "name": "input_1",
                },
                "name": "input_1",
                "inbound_nodes": [],
            },
            {
                "class_name": "BatchNormalization",
                "config": {"name": "bn", "trainable": True, "dtype": "float32", "axis": [3], "momentum": 0.9},
                "name": "bn",
                "inbound_nodes": [[HISTORY]],
            },
            {
                "class_name": "Add",
                "config": {"name": "add", "trainable": True, "dtype": "float32"},
                "name": "add",
                "inbound_nodes": [[HISTORY, ["bn", 0, 0, {"training": False}]]],
            },
            {
                "class_name": "Conv2D",
                "config": {
                    "name": "conv",
                    "trainable": True,
                    "dtype": "float32",
                    "filters": 3,
                    "kernel_size": [3, 3],
                    "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
                },
                "name": "conv",
                "inbound_nodes": [[["add", 0, 0, {}]]],
            },
        ],
        "input_layers": [["input_1", 0, 0]],
        "output_layers": [["conv", 0, 0]],
    },
}


def test_files_of_keras_2(tmp_path):
    arrays = {
        "bn": [RNG.uniform(0.5, 1.5, (2,)).astype("float32") for _ in range(4)],
        "conv": [RNG.normal(size=(3, 3, 2, 3)).astype("float32"), RNG.normal(size=3).astype("float32")],
    }
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(KERAS_2).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"input_1", b"bn", b"add", b"conv"]
        for name in ("input_1", "bn", "add", "conv"):
            one = group.create_group(name)
            one.attrs["weight_names"] = [f"{name}/weight_{i}:0".encode() for i in range(len(arrays.get(name, ())))]
            for i, array in enumerate(arrays.get(name, ())):
                one[f"{name}/weight_{i}:0"] = array
        file.copy("model_weights", file, "top")
    model = saving.load_model(tmp_path / "m.h5")
    x = RNG.normal(size=(2, 4, 4, 2)).astype("float32")
    gamma, beta, mean, variance = arrays["bn"]
    z = x + ((x - mean) / np.sqrt(variance + 1e-3) * gamma + beta)
    windows = np.lib.stride_tricks.sliding_window_view(z, (3, 3), axis=(1, 2))
    expected = np.einsum("nhwcij,ijco->nhwo", windows, arrays["conv"][0]) + arrays["conv"][1]
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-4)
    with h5py.File(tmp_path / "m.h5") as file, h5py.File(tmp_path / "weights.h5", "w") as alone:
        for name in file["model_weights"]:
            file.copy(f"model_weights/{name}", alone)
        alone.attrs["layer_names"] = file["model_weights"].attrs["layer_names"]
    for weight in model.weights:
        weight.assign(np.zeros(weight.shape))
    model.load_weights(tmp_path / "weights.h5")
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-4)


def test_refusals(tmp_path):
    class Own(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    model = Own()
    model(np.ones((1, 3), "float32"))
    with pytest.raises(ValueError, match=r"save_model: \.h5 files hold Sequential and functional models.*got Own"):
        model.save(tmp_path / "m.h5")
    with pytest.raises(
        ValueError, match=r"expected another ending than \.weights\.h5, got filepath='.*m\.weights\.h5'"
    ):
        model_of().save(tmp_path / "m.weights.h5")
    model_of().save(tmp_path / "m.h5")
    with pytest.raises(ValueError, match="has no weights; expected a built model"):
        Sequential([layers.Dense(3)]).load_weights(tmp_path / "m.h5")


def spoil_config(file):
    del file.attrs["model_config"]


def spoil_names(file):
    del file["model_weights/first"].attrs["weight_names"]


def spoil_array(file):
    del file["model_weights/first/first/kernel"]


def spoil_with_link(file):
    del file["model_weights/first"]
    file["model_weights/first"] = h5py.ExternalLink("other.h5", "/")


def spoil_shape(file):
    del file["model_weights/first/first/kernel"]
    file["model_weights/first/first/kernel"] = np.zeros((4, 4), "float32")


def spoil_size(file):
    config = json.loads(file.attrs["model_config"])
    config["config"]["layers"][1]["config"]["units"] = 10**9
    file.attrs["model_config"] = json.dumps(config)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_config, "there is no architecture in it: make the model, and use model.load_weights"),
        (spoil_names, "expected the attribute 'weight_names', got none in '/model_weights/first'"),
        (spoil_array, "expected 'first/kernel' in the file itself"),
        (spoil_with_link, "expected 'first' in the file itself"),
        (spoil_shape, r"expected weights of 'first' of shapes \[\(4, 3\), \(3,\)\], got \[\(4, 4\), \(3,\)\]"),
        (spoil_size, "bytes"),
    ],
)
def test_damaged_files(spoil, message, tmp_path):
    path = tmp_path / "m.h5"
    model_of().save(path)
    with h5py.File(path, "a") as file:
        spoil(file)
    with pytest.raises(ValueError, match=message):
        saving.load_model(path)


def test_half_a_file(tmp_path):
    model_of().save(tmp_path / "m.h5")
    data = (tmp_path / "m.h5").read_bytes()
    (tmp_path / "m.h5").write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match=r"load_model: '.*m\.h5' cannot be read; expected a complete file"):
        saving.load_model(tmp_path / "m.h5")


def nested(depth):
    config = {"class_name": "Sequential", "config": {"layers": []}}
    for _ in range(depth):
        config = {"class_name": "Sequential", "config": {"layers": [config]}}
    return config


@pytest.mark.parametrize(
    "config",
    [
        None,
        [],
        {"class_name": "Dense", "config": {"units": 1}},
        {"class_name": "Popen", "config": {"args": "true"}},
        {"class_name": "Functional", "config": {"layers": 3}},
        {
            "class_name": "Functional",
            "config": {"layers": [{"class_name": "Eval", "config": {}, "inbound_nodes": [3]}]},
        },
        {"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {"function": ["x"]}}]}},
        {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"units": 10**12}}]}},
        nested(300),
    ],
    ids=range(9),
)
def test_hostile_architectures_give_one_clear_error(config, tmp_path):
    path = tmp_path / "m.h5"
    model_of().save(path)
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(ValueError, match="load_model: "):
        saving.load_model(path)

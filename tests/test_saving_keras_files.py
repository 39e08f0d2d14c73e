"""Files in Keras' formats, as far as they can be tested without Keras (see tests/peers/test_keras_files.py)."""

from __future__ import annotations

import io
import json
import sys
import zipfile

import numpy as np
import pytest

from juanji import Input, Model, Sequential, layers, ops, saving

h5py = pytest.importorskip("h5py")
RNG = np.random.default_rng(0)


def model_and_data():
    a, b = Input((5,), name="a"), Input((5,), name="b")
    shared = layers.Dense(4, activation="relu", name="shared")
    inside = Input((4,))
    inner = Model(inside, Sequential([layers.Dense(3), layers.BatchNormalization()])(inside))
    x = ops.concatenate([inner(shared(a)), shared(b) * 0.5], axis=-1)
    outputs = [layers.Dense(2, name="p")(ops.mean(x[:, None, :4], axis=1)), layers.Dense(1, name="q")(x)]
    model = Model([a, b], outputs)
    model.compile("sgd", ["mse", "mae"])
    return model, [RNG.normal(size=(8, 5)), RNG.normal(size=(8, 5))], [RNG.normal(size=(8, 2)), RNG.normal(size=(8, 1))]


def test_a_model_comes_back(tmp_path):
    model, x, y = model_and_data()
    model.fit(x, y, epochs=2, verbose=0)
    model.save(tmp_path / "m.keras")
    again = saving.load_model(tmp_path / "m.keras")
    for one, other in zip(model.predict(x, verbose=0), again.predict(x, verbose=0)):
        np.testing.assert_array_equal(one, other)
    model.reset_metrics()
    assert model.train_on_batch(x, y) == again.train_on_batch(x, y)
    assert int(again.optimizer.iterations) == int(model.optimizer.iterations) == 3


def test_the_members_are_those_of_keras(tmp_path):
    model = Sequential([Input((6, 6, 3)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)])
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        config = json.loads(archive.read("config.json"))
        names: list[str] = []
        h5py.File(io.BytesIO(archive.read("model.weights.h5"))).visit(names.append)
    assert (config["module"], config["class_name"]) == ("keras", "Sequential")
    assert config["config"]["layers"][1]["module"] == "keras.layers"
    assert "layers/conv2d/vars/1" in names
    assert "layers/dense/vars/0" in names


@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
def test_weights_alone(ending, tmp_path):
    model, x, y = model_and_data()
    model.fit(x, y, verbose=0)
    path = tmp_path / f"w{ending}"
    (model.save if ending == ".keras" else model.save_weights)(path)
    other = model_and_data()[0]
    other.load_weights(path)
    for one, two in zip(model.get_weights(), other.get_weights()):
        np.testing.assert_array_equal(one, two)
    smaller = Sequential([Input((5,)), layers.Dense(4)])
    before = smaller.get_weights()
    with pytest.raises(ValueError, match=r"load_weights: .* belongs to another model"):
        smaller.load_weights(path)
    np.testing.assert_array_equal(smaller.get_weights()[0], before[0])
    with pytest.warns(UserWarning, match="left as they are"):
        smaller.load_weights(path, skip_mismatch=True)


def test_weights_of_a_subclass_lie_under_its_attributes(tmp_path):
    class Classifier(Model):
        def __init__(self):
            super().__init__()
            self.hidden = layers.Dense(3)
            self.heads = [layers.Dense(2), layers.Dense(2)]

        def call(self, inputs):
            x = self.hidden(inputs)
            return self.heads[0](x) + self.heads[1](x)

    model = Classifier()
    model(np.ones((1, 4), "float32"))
    model.save_weights(tmp_path / "m.weights.h5")
    names: list[str] = []
    h5py.File(tmp_path / "m.weights.h5").visit(names.append)
    assert [name for name in names if name.endswith("vars/0")] == [
        "heads/dense/vars/0", "heads/dense_1/vars/0", "hidden/vars/0"
    ]  # fmt: skip
    other = Classifier()
    other(np.ones((1, 4), "float32"))
    other.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(other.heads[1].kernel, model.heads[1].kernel)


def test_without_h5py(tmp_path, monkeypatch):
    model = Sequential([Input((2,)), layers.Dense(2)])
    model.save(tmp_path / "m.keras")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"save_model: files of Keras need h5py.*pip install"):
        model.save(tmp_path / "n.keras")
    with pytest.raises(ImportError, match=r"load_model: files of Keras need h5py"):
        saving.load_model(tmp_path / "m.keras")
    with pytest.raises(ImportError, match=r"save_weights: files of Keras need h5py"):
        model.save_weights(tmp_path / "m.weights.h5")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.keras"]


def rewritten(path, config=None, weights=None):
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if config is not None:
        data = json.loads(members["config.json"])
        config(data)
        members["config.json"] = json.dumps(data).encode()
    if weights is not None:
        buffer = io.BytesIO(members["model.weights.h5"])
        with h5py.File(buffer, "a") as file:
            weights(file)
        members["model.weights.h5"] = buffer.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def huge(file):
    del file["layers/dense/vars/0"]
    file.create_dataset("layers/dense/vars/0", (10**6, 10**6), "float32", chunks=(1000, 1000))


def linked(file):
    file["layers/dense/vars/2"] = h5py.ExternalLink("/etc/passwd", "/")


def linked_twice(file):
    file["layers/dense/vars/again"] = file["layers"]


def text(file):
    del file["layers/dense/vars/0"]
    file["layers/dense/vars/0"] = np.array([b"abc"])


def other_shape(file):
    del file["layers/dense/vars/0"]
    file["layers/dense/vars/0"] = np.zeros((3, 3))


def without(file):
    del file["layers/dense/vars/1"]


def additional(file):
    file["layers/dense_1/vars/0"] = np.zeros(3)


@pytest.mark.parametrize("damage", [huge, linked, linked_twice, text, other_shape, without, additional])
def test_damaged_weights_give_one_clear_error(damage, tmp_path):
    path = tmp_path / "m.keras"
    Sequential([Input((2,)), layers.Dense(2)]).save(path)
    rewritten(path, weights=damage)
    with pytest.raises(ValueError, match="load_model: "):
        saving.load_model(path)


def test_code_in_a_file_is_refused(tmp_path):
    path = tmp_path / "m.keras"
    Sequential([Input((2,)), layers.Lambda(ops.relu)]).save(path)
    code = {"class_name": "__lambda__", "config": {"value": ["4wEAAAA=", None, None]}}
    rewritten(path, config=lambda data: data["config"]["layers"][1]["config"].update(function=code))
    with pytest.raises(ValueError, match="there is code in the configuration"):
        saving.load_model(path, safe_mode=False)


def test_flipped_bytes_give_a_model_or_one_clear_error(tmp_path):
    path = tmp_path / "m.keras"
    Sequential([Input((2,)), layers.Dense(2, activation="relu")]).save(path)
    data = path.read_bytes()
    random = np.random.default_rng(1)
    messages = []
    for _ in range(200):
        broken = bytearray(data)
        for place in random.integers(0, len(data), random.integers(1, 4)):
            broken[place] = random.integers(0, 256)
        path.write_bytes(bytes(broken[: random.integers(1, len(data))] if random.integers(0, 4) == 0 else broken))
        try:
            saving.load_model(path)
        except ValueError as error:
            messages.append(str(error))
    assert len(messages) > 100
    assert all(message.startswith("load_model: ") for message in messages)


def test_weight_files_hold_the_state_of_an_optimizer_in_use(tmp_path):
    path = tmp_path / "m.weights.h5"
    model, x, y = model_and_data()
    model.compile("adam", ["mse", "mae"])
    model.fit(x, y, epochs=2, verbose=0)
    model.save_weights(path)
    expected = [v.numpy() for v in model.optimizer.variables]
    model.fit(x, y, epochs=1, verbose=0)
    model.optimizer.learning_rate = 0.5
    model.load_weights(path)
    for variable, value in zip(model.optimizer.variables, expected, strict=True):
        np.testing.assert_array_equal(variable, value)
    other = model_and_data()[0]  # with another optimizer: its own state stays
    other.fit(x, y, verbose=0)
    other.load_weights(path)
    assert int(other.optimizer.iterations) == 1
    with h5py.File(path, "a") as file:
        file["optimizer/vars/0"][()] = -1
    model.fit(x, y, verbose=0)
    steps = int(model.optimizer.iterations)
    model.load_weights(path)  # no such state exists
    assert int(model.optimizer.iterations) == steps

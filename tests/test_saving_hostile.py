"""Files that are damaged or lie give one clear error, whatever they hold, and no code of theirs is run."""

from __future__ import annotations

import json

import numpy as np
import pytest

import child
from juanji import Input, Model, Sequential, layers, optimizers, saving
from saved_models import images_model

RNG = np.random.default_rng(0)


def changed(path, change):
    """The file again, with another architecture."""
    from juanji.saving import arrays

    stored, metadata = arrays.read("load_model", path)
    form = change(json.loads(metadata["model"]))
    metadata["model"] = form if isinstance(form, str) else json.dumps(form)
    path.write_bytes(arrays.to_bytes(stored, metadata))


def dense(form):
    return form["config"]["layers"][-1]["config"]


HOSTILE = {
    "huge": lambda form: dense(form).update(units=10**12),
    "huger": lambda form: dense(form).update(units=10**30),
    "negative": lambda form: dense(form).update(units=-1),
    "text": lambda form: dense(form).update(units="2"),
    "unknown argument": lambda form: dense(form).update(wings=2),
    "unknown class": lambda form: form["config"]["layers"][-1].update(class_name="Popen", module="subprocess"),
    "module": lambda form: form["config"]["layers"][-1].update(class_name="system", module="os"),
    "code": lambda form: dense(form).update(activation={"class_name": "__lambda__", "config": {"value": "x"}}),
    "builtin": lambda form: dense(form).update(
        activation={"class_name": "function", "config": "eval", "module": "builtins", "registered_name": "function"}
    ),
    "no model": lambda form: form.update(class_name="Dense", config={"units": 1}),
    "layers": lambda form: form["config"].update(layers=3),
    "shape": lambda form: form["config"]["layers"][0]["config"].update(batch_shape=[None, -6, 6, 3]),
    "no layers": lambda form: form["config"].pop("layers"),
    "build": lambda form: form["config"]["layers"][-1].update(build_config={"input_shape": [None, 10**11]}),
    "optimizer": lambda form: form["compile_config"]["optimizer"]["config"].update(learning_rate=-1.0),
    "loss": lambda form: form["compile_config"].update(loss="nothing"),
    "compile": lambda form: form["compile_config"].update(wings=1),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_architectures_give_one_clear_error(what, tmp_path):
    model = images_model()[0]
    path = tmp_path / "m.safetensors"
    model.save(path)

    def change(form):
        HOSTILE[what](form)
        return form

    changed(path, change)
    with pytest.raises(ValueError, match="load_model: "):
        saving.load_model(path)


@pytest.mark.parametrize("text", ["", "[]", "3", '"x"', "{", "[" * 100_000, '{"a":' * 5_000 + "1" + "}" * 5_000])
def test_other_json_gives_one_clear_error(text, tmp_path):
    path = tmp_path / "m.safetensors"
    images_model()[0].save(path)
    changed(path, lambda form: text)
    with pytest.raises(ValueError, match="load_model: "):
        saving.load_model(path)


def test_flipped_bytes_give_a_model_or_one_clear_error(tmp_path):
    path = tmp_path / "m.safetensors"
    Sequential([Input((2,)), layers.Dense(2, activation="relu")]).save(path)
    data = path.read_bytes()
    random = np.random.default_rng(1)
    messages = []
    for _ in range(300):
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


def changed_graph(change):
    a = Input((4,), name="a")
    x = layers.Dense(4, name="x")(a)
    form = json.loads(Model(a, layers.Dense(2, name="y")(x) + 1.0, name="m").to_json())
    change(form["config"])
    return form


def set_source(layer, source):
    def change(config):
        config["layers"][layer]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = source

    return change


GRAPHS = {
    "circle": set_source(1, ["y", 0, 0]),
    "itself": set_source(1, ["x", 0, 0]),
    "negative call": set_source(2, ["x", -1, 0]),
    "negative result": set_source(2, ["x", 0, -1]),
    "no call": set_source(2, ["x", 10**9, 0]),
    "no layer": set_source(2, ["nothing", 0, 0]),
    "text": set_source(2, "x"),
    "no tensor": lambda config: config["layers"][3]["inbound_nodes"][0].update(args=[1.0, 2.0]),
    "function": lambda config: config["layers"][3]["config"].update(function="os.system"),
    "loop": lambda config: config["layers"][3]["config"].update(function="juanji.ops.while_loop"),
    "loop of Keras": lambda config: config["layers"][3].update(
        module="keras.src.ops.core", class_name="ForiLoop", config={"name": "l", "lower": 0, "upper": 10**9}
    ),
    "dunder": lambda config: config["layers"][3]["config"].update(function="juanji.ops.__builtins__"),
    "operation": lambda config: config["layers"][3].update(module="keras.src.ops.numpy", class_name="Nothing"),
    "wrong end": lambda config: config.update(output_layers=["y", 5, 0]),
    "no end": lambda config: config.update(output_layers=[]),
    "ends": lambda config: config.update(output_layers=None),
    "twice": lambda config: config["layers"].append(config["layers"][1]),
    "sizes": lambda config: config["layers"][0]["config"].update(batch_shape=[None, 10**12]),
}


@pytest.mark.parametrize("what", GRAPHS)
def test_hostile_graphs_give_one_clear_error(what, tmp_path):
    model, path = Sequential([Input((4,)), layers.Dense(2)]), tmp_path / "m.safetensors"
    model.save(path)
    changed(path, lambda form: changed_graph(GRAPHS[what]))
    with pytest.raises(ValueError, match="load_model: "):
        saving.load_model(path)


ODD = [
    None, 0, -1, 7, 10**9, 10**30, 1e308, float("nan"), "", "x", "relu", "__class__", [], {}, [1], [None], True,
    {"class_name": "Dense", "config": {"units": 1}}, [10**9] * 3, "juanji.ops.zeros",
    {"class_name": "__numpy__", "config": {"value": [1], "dtype": "O"}},
]  # fmt: skip


def places(data, before=()):
    members = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in members:
        yield (*before, key)
        yield from places(value, (*before, key))


@pytest.mark.parametrize("seed", range(2))
def test_changed_architectures_give_a_model_or_one_clear_error(seed, tmp_path):
    a = Input((4, 4, 2), name="a")
    x = layers.Flatten()(layers.Dropout(0.5)(layers.Conv2D(2, 3, activation="relu")(a) * 2.0))
    model, path = Model(a, layers.Dense(2)(x)), tmp_path / "m.safetensors"
    model.compile(optimizers.Adam(optimizers.schedules.CosineDecay(0.1, 10)), "mse", metrics=["mae"])
    model.save(path)
    data, random = path.read_bytes(), np.random.default_rng(seed)
    form = json.loads(model.to_json())
    every, messages = list(places(form)), []
    for _ in range(50):
        path.write_bytes(data)
        place = every[random.integers(len(every))]

        def change(form, place=place):
            inner = form
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = ODD[random.integers(len(ODD))]
            return form

        changed(path, change)
        try:
            saving.load_model(path)
        except ValueError as error:
            messages.append(str(error))
    assert len(messages) > 15
    assert all(message.startswith("load_model: ") for message in messages)


LITTLE_MEMORY = """
    import resource, safetensors.numpy
    from juanji import Input, Sequential, layers, saving
    model = Sequential([Input((2000,)), layers.Dense(5000)])  # 40 MB, which malloc gives back
    model.save({path!r})
    saving.load_model({path!r})
    with open("/proc/self/statm") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
    for action in (lambda: model.save({path!r}), lambda: saving.load_model({path!r})):
        outcomes = []
        for more in range(0, 150, 15):
            resource.setrlimit(resource.RLIMIT_AS, (held + more * 2**20, -1))
            try:
                action()
                outcomes.append("done")
            except MemoryError:
                outcomes.append("no memory")
            finally:
                resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
        assert "no memory" in outcomes, outcomes
    model.save({path!r})
    saving.load_model({path!r})
"""


def test_too_little_memory_is_a_memory_error(tmp_path):
    child.run(LITTLE_MEMORY.format(path=str(tmp_path / "m.safetensors")))

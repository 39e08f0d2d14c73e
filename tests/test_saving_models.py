"""Whole models in juanji's own files: they come back with their bits, and damaged files give one clear error."""

from __future__ import annotations

import json

import numpy as np
import pytest

import juanji
from juanji import Input, Model, Sequential, layers, models, ops, optimizers, saving
from saved_models import branched_model, images_model

RNG = np.random.default_rng(0)


def trained_on(model, x, y):
    return model.fit(x, y, epochs=2, batch_size=4, shuffle=False, verbose=0).history


@pytest.mark.parametrize("make", [images_model, branched_model])
def test_a_model_comes_back_and_trains_on_with_the_same_bits(make, tmp_path):
    model, x, y = make()
    trained_on(model, x, y)
    model.save(tmp_path / "m.safetensors")
    again = saving.load_model(tmp_path / "m.safetensors")
    for one, other in zip(*(ops_flat(m.predict(x, verbose=0)) for m in (model, again))):
        np.testing.assert_array_equal(one, other)
    assert trained_on(model, x, y) == trained_on(again, x, y)
    for one, other in zip([*model.weights, *model.optimizer.variables], [*again.weights, *again.optimizer.variables]):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def ops_flat(results):
    return results if isinstance(results, list) else [results]


def test_without_compile_and_without_optimizer(tmp_path):
    model, x, y = images_model()
    trained_on(model, x, y)
    path = tmp_path / "m.safetensors"
    model.save(path)
    assert not models.load_model(path, compile=False).compiled
    models.save_model(model, path, include_optimizer=False)
    again = models.load_model(path)
    assert not again.compiled
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_weights_can_be_taken_from_a_model_file(tmp_path):
    model, x, y = images_model()
    trained_on(model, x, y)
    model.save(tmp_path / "m.safetensors")
    other = images_model()[0]
    other.load_weights(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(other.predict(x, verbose=0), model.predict(x, verbose=0))
    other.save_weights(tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=r"holds no model; expected a file that model\.save wrote"):
        saving.load_model(tmp_path / "w.safetensors")


def test_a_subclass_comes_back_from_its_arguments(tmp_path):
    class Classifier(Model):
        def __init__(self, units, rate=0.1, **kwargs):
            super().__init__(**kwargs)
            self.hidden = layers.Dense(units, activation="relu")
            self.heads = [layers.Dense(2), layers.Dense(3)]

        def call(self, inputs):
            x = self.hidden(inputs)
            return ops.concatenate([head(x) for head in self.heads], axis=-1)

    model, x = Classifier(5, rate=0.2), RNG.normal(size=(3, 4)).astype("float32")
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "m.safetensors")
    with pytest.raises(ValueError, match=r"load_model: .*class_name='Classifier'"):
        saving.load_model(tmp_path / "m.safetensors")
    again = saving.load_model(tmp_path / "m.safetensors", custom_objects={"Classifier": Classifier})
    np.testing.assert_array_equal(again.predict(x, verbose=0), expected)


def test_parts_of_ones_own(tmp_path):
    @saving.register_keras_serializable("tests")
    class Scaled(layers.Layer):
        def __init__(self, factor, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, inputs):
            return inputs * self.factor

    def own_loss(y_true, y_pred):
        return ops.mean(ops.square(y_true - y_pred), axis=-1)

    model = Sequential([Input((3,)), layers.Dense(2), Scaled(0.5), layers.Activation(own_activation)])
    model.compile("sgd", own_loss)
    model.save(tmp_path / "m.safetensors")
    with pytest.raises(ValueError, match="own_activation"):
        saving.load_model(tmp_path / "m.safetensors")
    with pytest.raises(ValueError, match=r"unknown function.*'own_loss'"):
        saving.load_model(tmp_path / "m.safetensors", {"own_activation": own_activation})
    known = {"own_activation": own_activation, "own_loss": own_loss}
    with saving.custom_object_scope(known):
        again = saving.load_model(tmp_path / "m.safetensors")
    x, y = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))
    assert again.layers[1].factor == 0.5
    assert again.train_on_batch(x, y) == model.train_on_batch(x, y)


def own_activation(x):
    return ops.tanh(x) * 2


def test_lambdas_are_refused_when_saving(tmp_path):
    path = tmp_path / "m.safetensors"
    model = Sequential([Input((3,)), layers.Lambda(lambda x: x * 2)])
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="a lambda cannot be stored"):
        model.save(path)
    with pytest.raises(ValueError, match="a lambda cannot be stored"):
        Sequential([Input((3,)), layers.Dense(1, activation=lambda x: x)]).save(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_named_function_in_a_lambda_layer(tmp_path):
    model = Sequential([Input((3,)), layers.Lambda(own_activation)])
    model.save(tmp_path / "m.safetensors")
    with pytest.raises(ValueError, match="own_activation"):
        saving.load_model(tmp_path / "m.safetensors")
    again = saving.load_model(tmp_path / "m.safetensors", {"own_activation": own_activation})
    np.testing.assert_array_equal(again.predict(np.ones((1, 3)), verbose=0), model.predict(np.ones((1, 3)), verbose=0))


def test_refusals(tmp_path):
    model = images_model()[0]
    path = tmp_path / "m.safetensors"
    model.save(path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="the file exists"):
        model.save(path, overwrite=False)
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match=r"save_model: unknown file type; expected a name ending in \.safetensors"):
        model.save(tmp_path / "m.pb")
    with pytest.raises(ValueError, match="load_model: unknown file type"):
        saving.load_model(tmp_path / "m.pb")
    with pytest.raises(FileNotFoundError, match="no such file"):
        saving.load_model(tmp_path / "other.safetensors")
    with pytest.raises(TypeError, match="filepath is not a path"):
        model.save(3)
    with pytest.raises(ValueError, match=r"export: no such format.*format='onnx'"):
        model.export(tmp_path / "m.onnx", format="onnx")


def test_weights_that_do_not_fit_can_be_skipped(tmp_path):
    model = Sequential([Input((3,)), layers.Dense(2), layers.Dense(4)])
    model.save_weights(tmp_path / "w.safetensors")
    other = Sequential([Input((3,)), layers.Dense(2), layers.Dense(5)])
    old = other.get_weights()
    with pytest.raises(ValueError, match="wrong shape of 'dense_1/bias'"):
        other.load_weights(tmp_path / "w.safetensors")
    np.testing.assert_array_equal(other.get_weights()[0], old[0])
    with pytest.warns(UserWarning, match=r"left as they are.*dense_1/bias"):
        other.load_weights(tmp_path / "w.safetensors", skip_mismatch=True)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
    np.testing.assert_array_equal(other.get_weights()[2], old[2])


def test_a_layer_shared_with_a_model_inside(tmp_path):
    encoder, x = Sequential([Input((6,)), layers.Dense(4)], name="encoder"), Input((6,))
    inner, y = Model(x, [encoder(x), layers.Dense(2)(x)]), Input((6,))
    model = Model(y, layers.Concatenate()([*inner(y), encoder(y) * 2]))
    model.save(tmp_path / "m.safetensors")
    again = saving.load_model(tmp_path / "m.safetensors")
    assert len(again.weights) == len(model.weights) == 4
    data = RNG.normal(size=(3, 6)).astype("float32")
    np.testing.assert_array_equal(again.predict(data, verbose=0), model.predict(data, verbose=0))


OPTIMIZERS = "SGD RMSprop Adam AdamW Adamax Nadam Adagrad Adadelta Adafactor Lion Lamb Muon Ftrl"


@pytest.mark.parametrize("name", OPTIMIZERS.split())
def test_every_optimizer_goes_on_with_the_same_bits(name, tmp_path):
    settings = {"use_ema": True, "gradient_accumulation_steps": 2, "clipnorm": 1.0} if name == "Adam" else {}
    model = Sequential([Input((4,)), layers.Dense(3, activation="tanh"), layers.Dropout(0.2), layers.Dense(1)])
    model.compile(getattr(optimizers, name)(0.01, **settings), "mse")
    x, y = RNG.normal(size=(12, 4)), RNG.normal(size=(12, 1))
    trained_on(model, x, y)
    model.save(tmp_path / "m.safetensors")
    again = saving.load_model(tmp_path / "m.safetensors")
    assert trained_on(model, x, y) == trained_on(again, x, y)
    for one, other in zip(model.weights, again.weights):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.mark.parametrize("optimizer", ["sgd", "adam", optimizers.Adam(optimizers.schedules.CosineDecay(0.1, 10))])
def test_a_model_that_was_compiled_but_never_trained(optimizer, tmp_path):
    model = Sequential([Input((4,)), layers.Dense(3)])
    model.compile(optimizer, "mse")
    model.save(tmp_path / "m.safetensors")
    again = saving.load_model(tmp_path / "m.safetensors")
    x, y = RNG.normal(size=(12, 4)), RNG.normal(size=(12, 3))
    assert trained_on(model, x, y) == trained_on(again, x, y)


def test_an_unbuilt_model(tmp_path):
    model = Sequential([layers.Dense(2), layers.Dense(1)])
    model.compile("adam", "mse")
    model.save(tmp_path / "m.safetensors")
    again = saving.load_model(tmp_path / "m.safetensors")
    assert not again.built
    again.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)


def test_a_layer_that_stores_itself(tmp_path):
    @saving.register_keras_serializable("tests")
    class Counting(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.table = np.zeros(2)

        def save_own_variables(self, store):
            store["table"] = self.table

        def load_own_variables(self, store):
            self.table = np.asarray(store["table"])

    model = Sequential([Input((2,)), Counting()])
    model.layers[0].table = np.array([3.0, 4.0])
    model.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(saving.load_model(tmp_path / "m.safetensors").layers[0].table, [3.0, 4.0])


def test_saving_to_a_link_writes_the_file_it_points_to(tmp_path):
    runs = tmp_path / "runs"
    runs.mkdir()
    link = tmp_path / "latest.safetensors"
    link.symlink_to(runs / "third.safetensors")
    model = Sequential([Input((2,)), layers.Dense(1)])
    for _ in range(2):  # the file is created, then replaced
        model.save(link)
        assert link.is_symlink()
        assert [path.name for path in runs.iterdir()] == ["third.safetensors"]
    x = np.ones((1, 2), "float32")
    np.testing.assert_array_equal(saving.load_model(link)(x), model(x))


def test_json_keeps_the_architecture():
    model = branched_model()[0]
    again = models.model_from_json(model.to_json())
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    assert again.get_config() == model.get_config()
    with pytest.raises(ValueError, match="this is not JSON"):
        models.model_from_json("{")
    with pytest.raises(ValueError, match="not a model"):
        models.model_from_config(layers.serialize(layers.Dense(2)))


def test_one_object_at_two_places_is_one_again():
    start = juanji.initializers.GlorotUniform(seed=3)
    model = Sequential(
        [Input((2,)), layers.Dense(2, kernel_initializer=start), layers.Dense(2, kernel_initializer=start)]
    )
    form = json.loads(model.to_json())
    assert '"shared_object_id"' in json.dumps(form)
    first, second = models.model_from_config(form).layers
    assert first.kernel_initializer is second.kernel_initializer

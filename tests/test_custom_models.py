"""Layers and models of one's own: arguments, attributes, outputs of every form, and what Keras offers around them."""

from __future__ import annotations

import numpy as np
import pytest

import juanji as keras
from juanji import Variable, layers, metrics, ops

RNG = np.random.default_rng(0)
PICTURES = RNG.random((20, 8, 8, 3), dtype="float32")
VECTORS = RNG.random((20, 6), dtype="float32")
CLASSES = RNG.integers(0, 3, 20)


def test_a_vision_transformer_from_its_parts():
    class Patches(layers.Layer):
        def __init__(self, patch_size):
            super().__init__()
            self.patch_size = patch_size

        def call(self, images):
            batch_size, height, width, channels = ops.shape(images)
            count = (height // self.patch_size) * (width // self.patch_size)
            patches = ops.image.extract_patches(images, size=self.patch_size)
            return ops.reshape(patches, (batch_size, count, self.patch_size * self.patch_size * channels))

    class PatchEncoder(layers.Layer):
        def __init__(self, num_patches, dim):
            super().__init__()
            self.num_patches = num_patches
            self.projection = layers.Dense(units=dim)
            self.position_embedding = layers.Embedding(input_dim=num_patches, output_dim=dim)

        def call(self, patch):
            positions = ops.expand_dims(ops.arange(start=0, stop=self.num_patches, step=1), axis=0)
            return self.projection(patch) + self.position_embedding(positions)

    augmentation = keras.Sequential([layers.Normalization(), layers.RandomFlip("horizontal")])
    augmentation.layers[0].adapt(PICTURES)
    inputs = keras.Input(shape=(8, 8, 3))
    encoded = PatchEncoder(4, 8)(Patches(4)(augmentation(inputs)))
    for _ in range(2):
        x1 = layers.LayerNormalization(epsilon=1e-6)(encoded)
        x2 = layers.Add()([layers.MultiHeadAttention(num_heads=2, key_dim=4, dropout=0.1)(x1, x1), encoded])
        x3 = layers.Dense(8, activation=keras.activations.gelu)(layers.LayerNormalization(epsilon=1e-6)(x2))
        encoded = layers.Add()([layers.Dropout(0.1)(x3), x2])
    model = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(encoded)))
    model.compile(
        optimizer=keras.optimizers.AdamW(learning_rate=1e-2, weight_decay=1e-4),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[metrics.SparseTopKCategoricalAccuracy(2, name="top-2-accuracy")],
    )
    history = model.fit(PICTURES, CLASSES, batch_size=10, epochs=4, validation_split=0.1, verbose=0).history
    assert set(history) == {"loss", "top-2-accuracy", "val_loss", "val_top-2-accuracy"}
    assert history["loss"][-1] < history["loss"][0]


def test_layers_with_several_inputs_and_other_arguments():
    class Bilinear(layers.Layer):
        def build(self, a_shape, b_shape):
            self.w = self.add_weight(shape=(a_shape[-1], b_shape[-1]))

        def call(self, a, b, negative=False):
            y = ops.matmul(a, self.w) + b
            return -y if negative else y

    a, b = keras.Input((2,)), keras.Input((4,))
    layer = Bilinear()
    model = keras.Model([a, b], layer(a, b, negative=True))
    x = [VECTORS[:, :2], VECTORS[:, 2:]]
    np.testing.assert_allclose(model.predict(x, verbose=0), -(x[0] @ layer.w.numpy() + x[1]), rtol=1e-5)


def test_layers_in_dictionaries_lists_and_tuples_are_found():
    class Nest(layers.Layer):
        def __init__(self):
            super().__init__()
            self.parts = {"a": layers.Dense(2), "b": [layers.Dense(2)]}
            self.more = (layers.Dense(2, use_bias=False),)

        def call(self, x):
            return self.parts["a"](x) + self.parts["b"][0](x) + self.more[0](x)

    nest = Nest()
    nest(VECTORS)
    assert len(nest.trainable_variables) == 5
    assert {v.path for v in nest.variables} >= {f"{nest.name}/{nest.parts['a'].name}/kernel"}
    assert nest.path == nest.name


@pytest.mark.parametrize("kind", ["dictionary", "tuple"])
def test_subclasses_with_several_outputs(kind):
    class Two(keras.Model):
        def __init__(self):
            super().__init__()
            self.p, self.q = layers.Dense(1), layers.Dense(3, activation="softmax")

        def call(self, x):
            found = {"p": self.p(x["v"]), "q": self.q(x["v"])}
            return found if kind == "dictionary" else tuple(found.values())

    model, y = Two(), {"p": VECTORS[:, :1], "q": CLASSES}
    losses = {"p": "mse", "q": "sparse_categorical_crossentropy"}
    if kind == "tuple":
        y, losses = tuple(y.values()), list(losses.values())
    model.compile("adam", loss=losses)
    assert len(model.fit({"v": VECTORS}, y, verbose=0).history) == 3
    assert len(model.predict({"v": VECTORS}, verbose=0)) == 2


def test_subclasses_are_built_for_a_shape():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = keras.Sequential([layers.Dense(4), layers.BatchNormalization()])
            self.out = layers.Dense(2)

        def call(self, x, training=False):
            return self.out(self.inner(x, training=training))

    model = Net()
    model.build((None, 6))
    assert model.built
    assert model.count_params() == 28 + 16 + 10
    lines = []
    model.summary(print_fn=lines.append, expand_nested=True)
    assert "54" in lines[0]
    again = Net()
    again.build(input_shape=(None, 6))
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(np.asarray(again(VECTORS)), np.asarray(model(VECTORS)))


def test_a_model_that_needs_values_is_built_by_its_first_call():
    class Choosing(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            if float(ops.max(x)) <= 0:
                raise RuntimeError("no data")
            return self.dense(x)

    model = Choosing()
    model.build((None, 6))
    assert model.weights == []
    model(VECTORS)
    assert len(model.weights) == 2


def test_the_default_of_training_counts_in_an_outermost_call():
    class Doubling(layers.Layer):
        def call(self, x, training=True):
            return x * 2 if training else x

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.doubling = Doubling()

        def call(self, x, training=False):
            return self.doubling(x)

    one = np.ones(1, "float32")
    assert float(np.asarray(Doubling()(one))[0]) == 2
    assert float(np.asarray(Doubling()(one, training=False))[0]) == 1
    assert float(np.asarray(Outer()(one))[0]) == 1


def test_parts_of_a_model_become_models():
    base = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3, name="first"), layers.Flatten(), layers.Dense(3)]
    )
    every = keras.Model(inputs=base.inputs, outputs=[layer.output for layer in base.layers])
    assert [y.shape for y in every(PICTURES)] == [(20, 6, 6, 4), (20, 144), (20, 3)]
    named = keras.Model(base.input, {layer.name: layer.output for layer in base.layers})
    np.testing.assert_array_equal(np.asarray(named(PICTURES)["first"]), np.asarray(every(PICTURES)[0]))
    assert keras.Model(base.input, base.layers[-2].output).output_shape == (None, 144)


def test_a_layer_that_adds_loss_and_metric_takes_the_labels_as_input():
    class LogisticEndpoint(layers.Layer):
        def __init__(self, name=None):
            super().__init__(name=name)
            self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
            self.accuracy_metric = metrics.BinaryAccuracy(name="accuracy")

        def call(self, targets, logits, sample_weight=None):
            self.add_loss(self.loss_fn(targets, logits, sample_weight))
            self.accuracy_metric.update_state(targets, logits, sample_weight)
            return ops.softmax(logits)

    inputs, targets = keras.Input((6,), name="inputs"), keras.Input((3,), name="targets")
    logits = layers.Dense(3)(inputs)
    model = keras.Model([inputs, targets], LogisticEndpoint(name="predictions")(targets, logits))
    model.compile(optimizer="adam")
    history = model.fit({"inputs": VECTORS, "targets": np.eye(3)[CLASSES]}, epochs=3, verbose=0).history
    assert set(history) == {"loss", "accuracy"}
    assert history["loss"][-1] < history["loss"][0]


def test_metrics_of_layers_and_models_are_told_and_reset():
    class Watching(layers.Layer):
        def __init__(self):
            super().__init__()
            self.mean = metrics.Mean(name="activity")

        def call(self, x):
            self.mean.update_state(ops.mean(x))
            return x

    inputs = keras.Input((6,))
    model = keras.Model(inputs, layers.Dense(1)(Watching()(inputs)))
    model.compile("adam", "mse")
    expected = VECTORS.mean()
    for _ in range(4):
        found = model.fit(VECTORS, VECTORS[:, :1], batch_size=10, verbose=0).history["activity"]
        assert found == pytest.approx([expected], rel=1e-5)
    assert model.metrics_names == ["loss", "activity"]
    assert model.get_metrics_result()["activity"] == pytest.approx(expected, rel=1e-5)
    model.reset_metrics()
    assert model.get_metrics_result() == {"loss": 0, "activity": 0}
    assert len(model.metrics_variables) == 4


def test_metrics_of_compile_are_one_until_they_are_asked_for():
    model = keras.Sequential([layers.Dense(2)])
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mse"])
    assert [m.name for m in model.metrics] == ["loss", "compile_metrics"]
    model.evaluate(VECTORS, VECTORS[:, :2], verbose=0)
    assert len(model.metrics_names) == 3
    assert set(model.metrics[1].result()) == set(model.metrics_names[1:])
    model.optimizer = keras.optimizers.Adam(0.5)
    assert model.optimizer.learning_rate == 0.5


def test_weights_of_every_kind():
    class Weights(layers.Layer):
        def __init__(self):
            super().__init__()
            self.attribute = Variable("ones", shape=(2,), name="attribute")
            self.frozen = Variable(3, trainable=False, dtype="int64")
            self.a = self.add_weight(shape=2, initializer="ones", name="a", autocast=False, aggregation="mean")
            self.count = self.add_weight(dtype="int32", trainable=False)
            self.again = self.a

        def call(self, x):
            return x * self.a * self.attribute

    layer = Weights()
    assert len(layer.weights) == 4
    assert len(layer.trainable_weights) == 2
    assert int(layer.count.numpy()) == 0
    layer.trainable = False
    assert layer.trainable_weights == []
    layer.trainable = True
    assert [w.name for w in layer.trainable_weights] == ["attribute", "a"]
    with pytest.raises(ValueError, match="add_weight takes the shape first"):
        layer.add_weight("kernel")
    with pytest.raises(ValueError, match="the shape is missing"):
        Variable("zeros")

    class Early(layers.Layer):
        def __init__(self):
            self.w = Variable(1.0)
            super().__init__()

    with pytest.raises(RuntimeError, match="a variable is set too early"):
        Early()


def test_calls_with_other_values_leave_the_weights_alone():
    layer = layers.BatchNormalization()
    layer.build((None, 6))
    before = layer.get_weights()
    twos = [np.full(6, 2.0, "float32")] * 2
    outputs, state = layer.stateless_call(
        twos, [w.numpy() for w in layer.non_trainable_variables], VECTORS, training=True
    )
    mean = VECTORS.mean(0)
    np.testing.assert_allclose(outputs, (VECTORS - mean) / np.sqrt(VECTORS.var(0) + 1e-3) * 2 + 2, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(state[0], 0.01 * mean, rtol=1e-4)
    for a, b in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(
        ValueError, match=r"wrong number of trainable_variables; expected a value for each of 2 variables"
    ):
        layer.stateless_call([], [], VECTORS)


def test_what_is_not_there_says_so():
    model = keras.Sequential([layers.Dense(2)])
    with pytest.raises(ValueError, match=r"layers cannot be quantized.*mode='int8'"):
        model.quantize("int8")
    with pytest.raises(TypeError, match="add_metric is not there; expected a metric as an attribute"):
        model.add_metric(1.0, name="x")


def test_variables_are_weights_by_another_name():
    layer = layers.Layer()
    v = layer.add_variable((2,), "ones", trainable=False, name="v")
    assert layer.non_trainable_weights == [v]
    assert v.path == f"{layer.name}/v"


def test_paths_name_the_layers_around_a_weight():
    class Own(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.seq = keras.Sequential([layers.Dense(4, name="q")], name="seq")
            self.wrapped = layers.TimeDistributed(layers.Dense(1, name="d", use_bias=False), name="td")

        def call(self, x):
            return self.wrapped(self.seq(x))

    model = Own()
    model(np.zeros((1, 2, 5), "float32"))
    assert [w.path for w in model.weights] == ["own/seq/q/kernel", "own/seq/q/bias", "own/td/d/kernel"]
    built = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="d", use_bias=False)], name="s")
    assert [w.path for w in built.weights] == ["s/d/kernel"]
    alone = layers.Dense(2, name="alone", use_bias=False)
    alone.build((None, 3))
    assert [w.path for w in alone.weights] == ["alone/kernel"]

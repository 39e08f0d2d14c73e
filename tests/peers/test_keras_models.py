"""The article's network in Keras and here: the same weights give the same outputs, gradients and training."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import juanji  # noqa: E402

TOLERANCE = 1e-4  # float32, sums of up to 2,048 products in another order


def network(k):
    """The article's network from the layers of ``k``, keras or juanji."""
    return k.Sequential(
        [
            k.layers.Input((32, 32, 3)),
            k.layers.Conv2D(32, (3, 3), padding="same", activation="relu"),
            k.layers.MaxPooling2D((2, 2)),
            k.layers.Conv2D(64, (3, 3), padding="same", activation="relu"),
            k.layers.MaxPooling2D((2, 2)),
            k.layers.Conv2D(128, (3, 3), padding="same", activation="relu"),
            k.layers.MaxPooling2D((2, 2)),
            k.layers.Flatten(),
            k.layers.Dense(512, activation="relu"),
            k.layers.Dense(10, activation="softmax"),
        ]
    )


def other_network(k):
    """Layers and settings that the article's network does not have."""
    return k.Sequential(
        [
            k.layers.Input((32, 32, 3)),
            k.layers.Conv2D(8, (5, 3), strides=2, activation="tanh", kernel_regularizer="l2"),
            k.layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2),
            k.layers.ReLU(max_value=6.0, negative_slope=0.1),
            k.layers.AveragePooling2D(3, strides=2, padding="same"),
            k.layers.Conv2D(12, 3, padding="same", dilation_rate=2, groups=2, use_bias=False),
            k.layers.Activation("sigmoid"),
            k.layers.GlobalAveragePooling2D(),
            k.layers.Dense(10),
            k.layers.Softmax(),
        ]
    )


@pytest.fixture(params=[network, other_network], ids=lambda f: f.__name__)
def pair(request):
    keras.utils.set_random_seed(0)
    theirs, ours = request.param(keras), request.param(juanji)
    ours.set_weights(theirs.get_weights())
    return theirs, ours


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    return rng.random((16, 32, 32, 3)).astype("float32"), np.eye(10, dtype="float32")[rng.integers(0, 10, 16)]


def assert_close(ours, theirs):
    theirs = np.asarray(theirs)
    np.testing.assert_allclose(np.asarray(ours), theirs, rtol=0, atol=TOLERANCE * max(np.abs(theirs).max(), 1e-6))


def test_outputs(pair, batch):
    theirs, ours = pair
    assert_close(ours.predict(batch[0], verbose=0), theirs.predict(batch[0], verbose=0))
    assert ours.count_params() == theirs.count_params()
    assert ours.output_shape == theirs.output_shape


def test_gradients(pair, batch):
    tf = pytest.importorskip("tensorflow")
    theirs, ours = pair
    x, y = batch
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.categorical_crossentropy(y, theirs(x, training=True)))
    expected = tape.gradient(loss, theirs.trainable_variables)
    with juanji.GradientTape() as record:
        value = juanji.losses.CategoricalCrossentropy()(y, ours(x, training=True))
    assert_close(value, loss)
    for g, e in zip(record.gradient(value, ours.trainable_variables), expected):
        assert_close(g, e)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_training(pair, batch, optimizer):
    theirs, ours = pair
    x, y = batch
    settings = {"optimizer": optimizer, "loss": "categorical_crossentropy", "metrics": ["accuracy"]}
    theirs.compile(**settings)
    ours.compile(**settings)
    arguments = {"batch_size": 6, "epochs": 2, "shuffle": False, "verbose": 0, "validation_data": (x, y)}
    expected = theirs.fit(x, y, **arguments).history
    history = ours.fit(x, y, **arguments).history
    assert sorted(history) == sorted(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=2e-3, err_msg=name)


def test_weighted_training(batch):
    x, y = batch
    theirs, ours = network(keras), network(juanji)
    ours.set_weights(theirs.get_weights())
    for model in (theirs, ours):
        model.compile("sgd", "categorical_crossentropy", weighted_metrics=["accuracy"])
    weights = np.linspace(0, 2, 16)
    arguments = {"sample_weight": weights, "batch_size": 5, "shuffle": False, "verbose": 0}
    expected = theirs.fit(x, y, **arguments).history
    history = ours.fit(x, y, **arguments).history
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-4, err_msg=name)
    np.testing.assert_allclose(
        ours.evaluate(x, y, sample_weight=weights, verbose=0),
        theirs.evaluate(x, y, sample_weight=weights, verbose=0),
        rtol=1e-4,
    )


def test_the_summary_has_the_same_rows():
    theirs, ours = network(keras), network(juanji)
    rows = []
    for model in (theirs, ours):
        lines = []
        model.summary(print_fn=lines.append, line_length=76)
        cells = [line.split("│")[1:4] for line in "\n".join(lines).splitlines() if line.startswith("│")]
        rows.append([(c[0].split("(")[1].strip(), c[1].strip(), c[2].strip()) for c in cells])
        totals = [line.strip() for line in "\n".join(lines).splitlines() if "params:" in line]
        rows[-1] += totals
    assert rows[0] == rows[1]


def test_freezing_counts_what_keras_counts():
    """Setting what is set already is left out: TensorFlow stops it before it reaches the setter of Keras."""

    def counts(k):
        inner = k.Sequential([k.Input((4,)), k.layers.Dense(3), k.layers.BatchNormalization()])
        outer = k.Sequential([k.Input((4,)), inner, k.layers.Dense(2)])
        parts = (outer, inner, *inner.layers)
        found = []
        order = [(0, False), (2, True), (1, True), (0, True), (1, False), (3, True), (1, True), (0, False), (0, True)]
        for part, value in order:
            parts[part].trainable = value
            found.append([(len(p.trainable_weights), len(p.non_trainable_weights)) for p in parts])
        return found

    assert counts(juanji) == counts(keras)

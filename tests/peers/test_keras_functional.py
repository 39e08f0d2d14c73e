"""Functional models in Keras and here: the same layers in the same order, the same weights give the same outputs."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import juanji  # noqa: E402

TOLERANCE = 1e-5  # float32, relative to the largest output; sums of up to a few hundred products in another order


def residual(k):
    """Shortcuts with and without a projection, operators between layers."""

    def block(x, filters, stride):
        y = k.layers.Conv2D(filters, 3, strides=stride, padding="same", activation="relu")(x)
        y = k.layers.BatchNormalization()(k.layers.Conv2D(filters, 3, padding="same")(y))
        if stride != 1:
            x = k.layers.Conv2D(filters, 1, strides=stride)(k.layers.ZeroPadding2D(((0, 1), (1, 0)))(x))
            x = k.layers.Cropping2D(((0, x.shape[1] - y.shape[1]), (0, x.shape[2] - y.shape[2])))(x)
        return k.layers.ReLU()(k.layers.Add()([x, y]))

    x = first = k.Input((12, 12, 3))
    x = k.layers.Conv2D(6, 3, padding="same")(x * 2.0 - 1.0)
    for filters, stride in ((6, 1), (8, 2), (8, 1)):
        x = block(x, filters, stride)
    return k.Model(first, k.layers.Dense(5)(k.layers.GlobalAveragePooling2D()(x)))


def shared(k):
    """Two inputs, a shared layer, a nested model, functions, and outputs in a dictionary."""
    a, b = k.Input((9,)), k.Input((9,))
    tower = k.Sequential([k.Input((9,)), k.layers.Dense(7, activation="tanh"), k.layers.Dense(4)])
    x, y = tower(a), tower(b)
    joined = k.layers.concatenate([x, y, k.layers.dot([x, y], axes=1), k.layers.maximum([x, y])])
    head = k.layers.Dense(3, activation="softmax")
    inner = k.Model(a, k.ops.stack([x, k.ops.relu(x)], axis=1))
    return k.Model([a, b], {"classes": head(joined), "more": k.ops.sum(inner(b) ** 2, axis=-1)[:, ::-1]})


def decoder(k):
    """Layers that enlarge, between images and sequences."""
    first = k.Input((4, 5, 6))
    x = k.layers.Conv2DTranspose(5, 3, strides=2, padding="same", activation="relu")(first)
    x = k.layers.Concatenate()([x, k.layers.UpSampling2D(2, interpolation="bilinear")(first)])
    x = k.layers.SeparableConv2D(4, 3, padding="same", depth_multiplier=2)(k.layers.PReLU(shared_axes=[1, 2])(x))
    x = k.layers.Reshape((8, -1))(x)
    x = k.layers.Conv1D(6, 3, padding="causal")(k.layers.Permute((2, 1))(x))
    x = k.layers.MaxPooling1D(2)(k.layers.Conv1DTranspose(4, 3, strides=2)(x))
    return k.Model(first, k.layers.GlobalMaxPooling1D()(x))


def leaves(structure):
    return [structure[key] for key in sorted(structure)] if isinstance(structure, dict) else [structure]


@pytest.mark.parametrize("build", [residual, shared, decoder])
def test_models_agree(build):
    theirs, ours = build(keras), build(juanji)
    assert [type(layer).__name__ for layer in ours.layers] == [
        {"Functional": "Model"}.get(type(layer).__name__, type(layer).__name__) for layer in theirs.layers
    ]
    rng = np.random.default_rng(0)
    weights = [rng.uniform(0.1, 0.5, w.shape) * rng.choice([-1, 1], w.shape) for w in theirs.get_weights()]
    for variable, w in zip(theirs.weights, weights):
        if "variance" in variable.name:
            np.abs(w, out=w)
    theirs.set_weights(weights)
    ours.set_weights(weights)
    x = [rng.normal(size=(3, *t.shape[1:])).astype("float32") for t in theirs.inputs]
    x = x if len(x) > 1 else x[0]
    for got, wanted in zip(leaves(ours(x)), leaves(theirs(x))):
        wanted = np.asarray(wanted)
        np.testing.assert_allclose(got, wanted, rtol=0, atol=TOLERANCE * np.abs(wanted).max())


@pytest.mark.parametrize("build", [residual, shared, decoder])
def test_shapes_and_sizes_agree(build):
    theirs, ours = build(keras), build(juanji)
    assert (ours.input_shape, ours.output_shape) == (theirs.input_shape, theirs.output_shape)
    assert ours.count_params() == theirs.count_params()
    assert [layer.count_params() for layer in ours.layers] == [layer.count_params() for layer in theirs.layers]


def two_outputs(k):
    a, b = k.Input((6,), name="a"), k.Input((5,), name="b")
    x = k.layers.Concatenate()([k.layers.Dense(7, activation="tanh")(a), b])
    return k.Model([a, b], [k.layers.Dense(3, activation="softmax", name="p")(x), k.layers.Dense(2, name="q")(x)])


def test_training_of_several_outputs_agrees():
    theirs, ours = two_outputs(keras), two_outputs(juanji)
    ours.set_weights(theirs.get_weights())
    rng = np.random.default_rng(0)
    x = {"a": rng.normal(size=(40, 6)).astype("float32"), "b": rng.normal(size=(40, 5)).astype("float32")}
    y = [rng.integers(0, 3, 40), rng.normal(size=(40, 2)).astype("float32")]
    weights = [rng.uniform(size=40).astype("float32") for _ in range(2)]
    results = []
    for k, model in ((keras, theirs), (juanji, ours)):
        model.compile(
            k.optimizers.SGD(0.1, momentum=0.9),
            {"p": "sparse_categorical_crossentropy", "q": "mse"},
            loss_weights={"p": 1.0, "q": 0.5},
            metrics={"p": ["accuracy"], "q": ["mae"]},
        )
        options = {"sample_weight": weights, "verbose": 0}
        history = model.fit(x, y, epochs=4, batch_size=8, shuffle=False, **options).history
        results.append((history, model.evaluate(x, y, batch_size=8, **options)))
    (h1, e1), (h2, e2) = results
    assert set(h1) == set(h2)
    for name in h1:
        np.testing.assert_allclose(h2[name], h1[name], rtol=1e-4)
    np.testing.assert_allclose(e2, e1, rtol=1e-4)
    for v, w in zip(ours.get_weights(), theirs.get_weights()):
        np.testing.assert_allclose(v, w, rtol=0, atol=1e-5)

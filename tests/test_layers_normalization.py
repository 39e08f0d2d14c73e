"""Normalisation layers: Keras' formulas, weights, moving statistics, freezing, axes, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import GradientTape, Tensor, layers, models, ops, optimizers

X = np.random.default_rng(0).normal(size=(4, 3, 5, 6)) * 2 + 1


def _normalized(x, mean, variance, epsilon, gamma=1.0, beta=0.0):
    return (x - mean) / np.sqrt(variance + epsilon) * gamma + beta


def _over(axis, rank=4):
    return tuple(i for i in range(rank) if i != axis % rank)


@pytest.mark.parametrize("axis", [-1, 3, 1, -2, 0])
def test_batch_normalization_in_training(axis):
    layer = layers.BatchNormalization(axis=axis, momentum=0.75, dtype="float64")
    layer.build(X.shape)
    size = X.shape[axis]
    gamma, beta = np.random.default_rng(1).normal(size=(2, size))
    layer.set_weights([gamma, beta, np.full(size, 2.0), np.full(size, 3.0)])
    y = np.asarray(layer(X, training=True))
    over = _over(axis)
    mean, variance = X.mean(over, keepdims=True), X.var(over, keepdims=True)
    expected = _normalized(X, mean, variance, 1e-3, gamma.reshape(mean.shape), beta.reshape(mean.shape))
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-14 * np.abs(expected).max())
    np.testing.assert_allclose(layer.moving_mean, 0.75 * 2 + 0.25 * mean.ravel(), rtol=1e-14)
    np.testing.assert_allclose(layer.moving_variance, 0.75 * 3 + 0.25 * variance.ravel(), rtol=1e-14)


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("training", [False, None])
def test_batch_normalization_at_inference(axis, training):
    layer = layers.BatchNormalization(axis=axis, epsilon=0.1, dtype="float64")
    layer.build(X.shape)
    size = X.shape[axis]
    gamma, beta, mean, variance = weights = np.random.default_rng(2).uniform(0.5, 2, size=(4, size))
    layer.set_weights(list(weights))
    shape = [1] * 4
    shape[axis] = size
    expected = _normalized(
        X, *(a.reshape(shape) for a in (mean, variance)), 0.1, gamma.reshape(shape), beta.reshape(shape)
    )
    np.testing.assert_allclose(layer(X, training=training), expected, rtol=1e-13, atol=1e-13)
    np.testing.assert_array_equal(layer.moving_mean, mean)


def test_batch_normalization_has_keras_weights():
    layer = layers.BatchNormalization()
    layer.build((None, 7))
    assert [v.name for v in layer.weights] == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert [v.name for v in layer.trainable_weights] == ["gamma", "beta"]
    assert [float(np.asarray(v)[0]) for v in layer.weights] == [1, 0, 0, 1]
    bare = layers.BatchNormalization(center=False, scale=False, dtype="float64")
    y = np.asarray(bare(X, training=True))
    assert [v.name for v in bare.weights] == ["moving_mean", "moving_variance"]
    np.testing.assert_allclose(y, _normalized(X, X.mean((0, 1, 2)), X.var((0, 1, 2)), 1e-3), rtol=0, atol=1e-13)
    np.testing.assert_allclose(
        bare(X),
        (X - np.asarray(bare.moving_mean)) / np.sqrt(np.asarray(bare.moving_variance) + 1e-3),
        rtol=0,
        atol=1e-13,
    )


def test_a_frozen_batch_normalization_runs_in_inference_mode():
    layer = layers.BatchNormalization(dtype="float64")
    layer.build(X.shape)
    layer.trainable = False
    np.testing.assert_array_equal(layer(X, training=True), layer(X, training=False))
    np.testing.assert_array_equal(layer.moving_mean, np.zeros(6))
    assert layer.trainable_weights == []
    layer.trainable = True
    assert [v.name for v in layer.trainable_weights] == ["gamma", "beta"]
    assert not np.array_equal(layer(X, training=True), layer(X, training=False))


def test_moving_statistics_can_be_updated_under_a_tape():
    layer = layers.BatchNormalization(dtype="float64")
    with GradientTape() as tape:
        y = layer(X, training=True)
        loss = layer(y, training=True) ** 2
    gradients = tape.gradient(loss, layer.trainable_weights)
    assert [g.shape for g in gradients] == [(6,), (6,)]
    assert np.isfinite([np.asarray(g) for g in gradients]).all()


def test_batch_normalization_trains_in_a_model():
    rng = np.random.default_rng(3)
    x = (rng.normal(size=(256, 4, 4, 3)) * [1, 10, 100] + [0, 50, -500]).astype("float32")
    label = (x[..., 1].mean((1, 2)) > 50).astype("int64")
    model = models.Sequential(
        [
            layers.Input((4, 4, 3)),
            layers.BatchNormalization(momentum=0.9),
            layers.Conv2D(8, 3, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, label, batch_size=32, epochs=15, verbose=0).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    moving_mean = np.asarray(model.layers[0].moving_mean)
    np.testing.assert_allclose(moving_mean, x.mean((0, 1, 2)), rtol=0.05, atol=0.5)
    assert model.evaluate(x, label, verbose=0)[1] > 0.9


def test_batch_normalization_config_makes_the_same_layer():
    layer = layers.BatchNormalization(
        axis=1, momentum=0.5, epsilon=0.2, gamma_regularizer="l2", beta_initializer="ones", center=True, name="b"
    )
    config = layer.get_config()
    again = layers.BatchNormalization.from_config(config)
    assert again.get_config() == config
    assert (again.axis, again.momentum, again.epsilon, again.name) == (1, 0.5, 0.2, "b")
    assert layers.deserialize(layers.serialize(layer)).get_config() == config


def test_batch_normalization_refuses():
    layer = layers.BatchNormalization(name="bn")
    layer.build((None, 3))
    with pytest.raises(
        ValueError, match=r"'bn': wrong size of the normalised axes; expected \(3,\) on axis -1, got shape=\(2, 4\)"
    ):
        layer(np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"batch_norm: there is nothing to take the mean of"):
        layer(np.zeros((0, 3)), training=True)
    assert layer(np.zeros((0, 3))).shape == (0, 3)
    with pytest.raises(ValueError, match=r"'bn': the mask does not fit; .* \(2,\), got mask.shape=\(3,\)"):
        layer(np.zeros((2, 3)), mask=np.ones(3, bool))
    with pytest.raises(ValueError, match=r"no such axis; expected an axis from -2 to 1, got axis=3"):
        layers.BatchNormalization(axis=3)(np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"the size of the normalised axis is not known"):
        layers.BatchNormalization().build((None, None))
    for axis in ("last", [1], 1.5, None, True):
        with pytest.raises(
            TypeError, match="BatchNormalization: axis is not of the right kind; expected an integer, got axis="
        ):
            layers.BatchNormalization(axis=axis)
    with pytest.raises(ValueError, match=r"unknown limits; expected 'rmin', 'rmax' and 'dmax' .*, got 'top'"):
        layers.BatchNormalization(renorm=True, renorm_clipping={"top": 1})
    for limits in ({"rmin": 2, "rmax": 1}, {"dmax": -1}):
        with pytest.raises(ValueError, match="renorm_clipping leaves no value"):
            layers.BatchNormalization(renorm=True, renorm_clipping=limits)


def _random_weights(layer, seed=4):
    rng = np.random.default_rng(seed)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    return layer.get_weights()


AXES = [-1, 1, (1, 2), (-1, 1), (1, 2, 3), [2, 3]]


def _along(value, axes):
    return value.reshape([d if i in axes else 1 for i, d in enumerate(X.shape)])


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(("center", "scale"), [(True, True), (False, True), (True, False), (False, False)])
def test_layer_normalization(axis, center, scale):
    layer = layers.LayerNormalization(axis, 0.1, center, scale, dtype="float64")
    layer.build(X.shape)
    weights = _random_weights(layer)
    axes = tuple(sorted(a % 4 for a in ((axis,) if isinstance(axis, int) else axis)))
    expected = (X - X.mean(axes, keepdims=True)) / np.sqrt(X.var(axes, keepdims=True) + 0.1)
    if scale:
        expected = expected * _along(weights.pop(0), axes)
    if center:
        expected = expected + _along(weights.pop(0), axes)
    for training in (False, True):
        np.testing.assert_allclose(layer(X, training=training), expected, rtol=0, atol=1e-14 * np.abs(expected).max())


@pytest.mark.parametrize("axis", AXES)
def test_rms_normalization(axis):
    layer = layers.RMSNormalization(axis, 0.1, dtype="float64")
    layer.build(X.shape)
    axes = tuple(sorted(a % 4 for a in ((axis,) if isinstance(axis, int) else axis)))
    expected = X / np.sqrt((X**2).mean(axes, keepdims=True) + 0.1) * _along(_random_weights(layer)[0], axes)
    np.testing.assert_allclose(layer(X), expected, rtol=0, atol=1e-14 * np.abs(expected).max())


@pytest.mark.parametrize("axis", AXES)
def test_unit_normalization(axis):
    y = np.asarray(layers.UnitNormalization(axis, dtype="float64")(X))
    axes = axis if isinstance(axis, int) else tuple(axis)
    np.testing.assert_allclose(y, X / np.sqrt((X**2).sum(axes, keepdims=True)), rtol=1e-14)
    np.testing.assert_array_equal(layers.UnitNormalization(axis)(0 * X), 0 * X)


@pytest.mark.parametrize(("axis", "groups"), [(-1, 1), (-1, 2), (-1, 6), (-1, -1), (1, 3), (2, 5), (-2, 1), (3, 3)])
@pytest.mark.parametrize(("center", "scale"), [(True, True), (False, False)])
def test_group_normalization(axis, groups, center, scale):
    layer = layers.GroupNormalization(groups, axis, 0.1, center, scale, dtype="float64")
    layer.build(X.shape)
    weights = _random_weights(layer)
    moved = np.moveaxis(X, axis, -1)
    count = moved.shape[-1] if groups == -1 else groups
    parts = []
    for part in np.split(moved, count, -1):
        mean, variance = part.mean((1, 2, 3), keepdims=True), part.var((1, 2, 3), keepdims=True)
        parts.append((part - mean) / np.sqrt(variance + 0.1))
    expected = np.concatenate(parts, -1)
    if scale:
        expected = expected * weights[0] + weights[1]
    expected = np.moveaxis(expected, -1, axis)
    np.testing.assert_allclose(layer(X), expected, rtol=0, atol=1e-14 * np.abs(expected).max())


MADE = {
    "layer": lambda: layers.LayerNormalization(axis=(1, -1), gamma_regularizer="l2", name="n"),
    "group": lambda: layers.GroupNormalization(groups=3, epsilon=0.2, beta_initializer="ones", name="n"),
    "unit": lambda: layers.UnitNormalization(axis=[1, 2], name="n"),
    "rms": lambda: layers.RMSNormalization(axis=1, epsilon=0.5, name="n"),
}


@pytest.mark.parametrize("name", MADE)
def test_configs_make_the_same_layer(name):
    layer = MADE[name]()
    before = layers.serialize(layer)
    y = layer(X)
    again = layers.deserialize(layers.serialize(layer))
    np.testing.assert_array_equal(again(X), y)
    np.testing.assert_array_equal(layers.deserialize(before)(X), y)
    assert layer.compute_output_shape((None, 3, 5, 6)) == (None, 3, 5, 6)


@pytest.mark.parametrize("name", MADE)
def test_gradients_reach_input_and_weights(name):
    layer = MADE[name]()
    x = Tensor(X.astype("float32"))
    layer(x)
    with GradientTape() as tape:
        tape.watch(x)
        y = layer(x) ** 2
    gradients = tape.gradient(y, [x, *layer.trainable_weights])
    assert [g.shape for g in gradients] == [X.shape, *(w.shape for w in layer.trainable_weights)]
    assert all(np.isfinite(np.asarray(g)).all() for g in gradients)


def test_normalization_layers_refuse():
    for groups in (0, -2, 1.5, True, "all"):
        with pytest.raises(ValueError, match="GroupNormalization: groups is out of range; expected an integer"):
            layers.GroupNormalization(groups)
    with pytest.raises(ValueError, match=r"cannot be divided into equal groups; expected a divisor of 6, got groups=4"):
        layers.GroupNormalization(4)(X)
    with pytest.raises(ValueError, match=r"channels cannot be on the batch axis; .* got axis=0"):
        layers.GroupNormalization(2, axis=0)(X)
    for layer in (layers.LayerNormalization, layers.UnitNormalization, layers.RMSNormalization):
        with pytest.raises(TypeError, match="axis is not of the right kind; expected an integer or a list of integers"):
            layer(axis="last")
        with pytest.raises(ValueError, match=r"the input has no such axis; .* got axis=4"):
            layer(axis=(1, 4))(X)
    for made in ("layer", "group", "rms"):
        layer = MADE[made]()
        layer(X)
        with pytest.raises(ValueError, match=r"'n': wrong size of the normalised axes"):
            layer(np.zeros((2, 7, 5, 7)))
    with pytest.raises(ValueError, match=r"expected rms_scaling=False, got rms_scaling=True. Use RMSNormalization"):
        layers.LayerNormalization(rms_scaling=True)
    with pytest.raises(ValueError, match=r"layer_normalization: gamma has the wrong shape; expected \(6,\) .*\(5,\)"):
        ops.layer_normalization(X, np.ones(5))
    with pytest.raises(ValueError, match=r"rms_normalization: no axis, or one named twice; .* got axis=\(1, -3\)"):
        ops.rms_normalization(X, axis=(1, -3))


@pytest.mark.parametrize("axis", [-1, 1])
def test_masked_steps_do_not_count(axis):
    layer = layers.BatchNormalization(axis=axis, momentum=0.5, dtype="float64")
    mask = np.random.default_rng(6).random(X.shape[:-1]) < 0.6
    y = np.asarray(layer(X, training=True, mask=mask))
    kept = np.broadcast_to(mask[..., None], X.shape)
    over = _over(axis)
    mean = X.mean(over, keepdims=True, where=kept)
    variance = X.var(over, keepdims=True, where=kept)
    # the number of steps is counted with 1e-7 more, as in Keras
    np.testing.assert_allclose(y, _normalized(X, mean, variance, 1e-3), rtol=0, atol=1e-6)
    np.testing.assert_allclose(layer.moving_mean, 0.5 * mean.ravel(), rtol=0, atol=1e-6)
    np.testing.assert_array_equal(layer(X, mask=mask), layer(X))


@pytest.mark.parametrize("limits", [None, {"rmin": 0.9, "rmax": 1.1, "dmax": 0.2}])
@pytest.mark.parametrize("center", [True, False])
def test_renormalization(limits, center):
    layer = layers.BatchNormalization(
        renorm=True, renorm_clipping=limits, renorm_momentum=0.8, momentum=0.6, center=center, dtype="float64"
    )
    layer.build(X.shape)
    assert [v.name for v in layer.weights[-3:]] == ["moving_stddev", "renorm_mean", "renorm_stddev"]
    gamma, usual_mean, usual_deviation, moving_deviation = np.random.default_rng(7).uniform(0.5, 2, (4, 6))
    start = np.zeros(6)
    beta = [np.full(6, 0.3)] if center else []
    layer.set_weights([gamma, *beta, start, start + 1, moving_deviation, usual_mean, usual_deviation])
    y = np.asarray(layer(X, training=True))
    mean, deviation = X.mean((0, 1, 2)), np.sqrt(X.var((0, 1, 2)) + 1e-3)
    r, d = deviation / usual_deviation, (mean - usual_mean) / usual_deviation
    if limits:
        r, d = np.clip(r, 0.9, 1.1), np.clip(d, -0.2, 0.2)
    expected = ((X - mean) / deviation * r + d) * gamma + (0.3 if center else 0)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-13)
    after = [np.asarray(v) for v in layer.weights[-5:]]
    moved = 0.6 * moving_deviation + 0.4 * deviation
    for got, wanted in zip(
        after,
        (0.4 * mean, moved**2 - 1e-3, moved, 0.8 * usual_mean + 0.2 * mean, 0.8 * usual_deviation + 0.2 * deviation),
        strict=True,
    ):
        np.testing.assert_allclose(got, wanted, rtol=1e-13, atol=1e-14)
    config = layer.get_config()
    assert layers.BatchNormalization.from_config(config).get_config() == config


@pytest.mark.parametrize("kind", [layers.RMSNormalization, layers.LayerNormalization])
def test_axes_from_the_end_serve_other_ranks(kind):
    layer = kind()
    layer.build((5, 4, 3, 10))
    x = np.random.default_rng(0).normal(size=(2, 10)).astype("float32")
    np.testing.assert_array_equal(layer(x), kind()(x))
    assert layer.get_config()["axis"] == [-1]

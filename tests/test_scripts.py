"""Keras scripts for vision run after their imports are changed, and learn."""

from __future__ import annotations

import numpy as np
import pytest

import juanji as keras
import scripts_generative as generative
import scripts_vision as vision
from juanji import GradientTape, layers, ops

RNG = np.random.default_rng(0)
SMALL = RNG.random((24, 8, 8, 1), dtype="float32")
COLOUR = RNG.random((24, 8, 8, 3), dtype="float32")
LABELS = RNG.integers(0, 3, 24)


@pytest.fixture(autouse=True)
def one_seed():
    keras.utils.set_random_seed(0)


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (generative.variational_autoencoder, ["loss", "reconstruction_loss", "kl_loss"]),
        (generative.generative_adversarial_network, ["d_loss", "g_loss"]),
        (generative.denoising_diffusion, ["n_loss"]),
    ],
)
def test_generative_models_with_steps_of_their_own(make, names):
    model = make(keras, GradientTape)
    before = model.get_weights()
    history = model.fit(SMALL, epochs=3, batch_size=8, verbose=0).history
    assert list(history) == names
    assert all(np.isfinite(values).all() for values in history.values())
    assert history[names[0]][-1] < history[names[0]][0]
    assert any((a != b).any() for a, b in zip(before, model.get_weights()))


def test_the_moving_average_of_a_diffusion_model_follows_its_weights():
    model = generative.denoising_diffusion(keras, GradientTape)
    first = [w.copy() for w in model.network.get_weights()]
    model.fit(SMALL, batch_size=24, verbose=0)
    for start, weight, average in zip(first, model.network.get_weights(), model.ema_network.get_weights()):
        np.testing.assert_allclose(average, 0.9 * start + 0.1 * weight, rtol=1e-5, atol=1e-7)
    assert list(model.evaluate(SMALL, verbose=0, return_dict=True)) == ["n_loss"]


def test_an_autoencoder_reconstructs():
    model = generative.autoencoder(keras)
    history = model.fit(SMALL, SMALL, epochs=5, validation_data=(SMALL, SMALL), verbose=0).history
    assert history["val_loss"][-1] < history["val_loss"][0]
    assert model.decoder(model.encoder(SMALL)).shape == SMALL.shape


def test_siamese_towers_share_their_weights():
    model = vision.siamese(keras)
    assert len(model.layers) == 6
    tower = model.layers[2]
    assert tower.count_params() + 4 + 2 == model.count_params()
    y = RNG.integers(0, 2, 24).astype("float32")
    history = model.fit([SMALL, SMALL[::-1]], y, validation_data=([SMALL, SMALL], y), epochs=2, verbose=0).history
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    same = model.predict([SMALL, SMALL], verbose=0)
    assert np.ptp(same) < 1e-6


def test_models_with_dictionaries_of_inputs_and_outputs():
    model = vision.mixed_inputs(keras)
    x = {"picture": COLOUR * 255, "row": RNG.random((24, 5))}
    y = {"price": RNG.random((24, 1)), "kind": LABELS}
    history = model.fit(x, y, epochs=2, batch_size=8, verbose=0).history
    assert set(history) == {"loss", "price_loss", "kind_loss", "price_mae", "kind_accuracy"}
    np.testing.assert_allclose(
        history["loss"], np.add(np.multiply(2.0, history["price_loss"]), np.multiply(0.5, history["kind_loss"]))
    )
    found = model.predict(x, verbose=0)
    assert {name: value.shape for name, value in found.items()} == {"price": (24, 1), "kind": (24, 3)}


def test_segmentation():
    model = vision.unet(keras)
    pictures, masks = RNG.random((8, 16, 16, 3)), RNG.integers(0, 3, (8, 16, 16, 1))
    history = model.fit(pictures, masks, epochs=4, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert model.predict(pictures, verbose=0).shape == (8, 16, 16, 3)


def test_distillation_overrides_compute_loss_and_leaves_the_teacher_alone():
    model = vision.distiller(keras)
    before = model.teacher.get_weights()
    history = model.fit(SMALL, LABELS, epochs=2, verbose=0).history
    assert list(history) == ["sparse_categorical_accuracy", "loss"] or set(history) == {
        "loss", "sparse_categorical_accuracy",
    }  # fmt: skip
    for a, b in zip(before, model.teacher.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert len(model.evaluate(SMALL, LABELS, verbose=0)) == 2


def test_contrastive_learning_with_two_optimizers():
    model = vision.contrastive(keras, GradientTape)
    history = model.fit(COLOUR, LABELS, batch_size=12, epochs=3, validation_data=(COLOUR, LABELS), verbose=0).history
    assert {"c_loss", "c_acc", "p_loss", "p_acc", "val_p_loss", "val_p_acc"} == set(history)
    assert history["c_loss"][-1] < history["c_loss"][0]


def test_transfer_learning_freezes_and_sets_free():
    model = vision.transfer(keras)
    base = model.get_layer("base")
    y = RNG.integers(0, 2, 24)
    frozen = base.get_weights()
    assert len(model.trainable_weights) == 2
    model.fit(COLOUR * 255, y, epochs=2, verbose=0)
    for a, b in zip(frozen, base.get_weights()):
        np.testing.assert_array_equal(a, b)
    base.trainable = True
    for layer in base.layers[1:]:
        layer.trainable = False
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=keras.losses.BinaryCrossentropy(from_logits=True))
    assert len(model.trainable_weights) == 4
    model.fit(COLOUR * 255, y, epochs=2, verbose=0)
    changed = [bool((a != b).any()) for a, b in zip(frozen, base.get_weights())]
    assert changed == [True, True, False, False, False, False]  # inference mode: no moving average moves


def test_layers_losses_metrics_and_penalties_of_ones_own():
    model = vision.own_parts(keras)
    x, y = RNG.standard_normal((24, 8)), RNG.standard_normal((24, 2))
    history = model.fit(x, y, batch_size=12, epochs=3, verbose=0).history
    assert set(history) == {"loss", "largest", "mae"} or set(history) == {"loss", "largest", "mean_absolute_error"}
    assert history["loss"][-1] < history["loss"][0]
    first, _, last = model.stack
    assert [w.name for w in first.weights] == ["w", "b", "scale", "calls"] or {w.name for w in first.weights} == {
        "w", "b", "scale", "calls",
    }  # fmt: skip
    assert float(first.calls.numpy()) == float(last.calls.numpy()) == 6
    assert first.scale.numpy() != 1
    error = np.abs(model.predict(x, verbose=0) - y)
    assert model.evaluate(x, y, verbose=0, return_dict=True)["largest"] == pytest.approx(error.max(), rel=1e-5)
    again = type(first).from_config(first.get_config())
    assert again.units == 4


@pytest.mark.parametrize("weights", [None, np.linspace(0, 1, 24)])
def test_steps_as_the_guide_writes_them(weights):
    own = vision.generic_steps(keras, GradientTape)
    usual = keras.Model(own.inputs, own.outputs)
    start = own.get_weights()
    x, y = RNG.standard_normal((24, 8)), RNG.standard_normal((24, 2))
    settings = {"batch_size": 8, "epochs": 2, "shuffle": False, "verbose": 0, "sample_weight": weights}
    history = own.fit(x, y, **settings).history
    found = own.get_weights()
    usual.set_weights(start)
    usual.compile("adam", "mse", metrics=["mae"])
    expected = usual.fit(x, y, **settings).history
    for a, b in zip(found, usual.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert set(history) == set(expected)
    for name in history:
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-6)
    np.testing.assert_allclose(own.evaluate(x, y, verbose=0), usual.evaluate(x, y, verbose=0), rtol=1e-6)


def test_super_resolution_with_pictures_of_any_size():
    model = vision.super_resolution(keras)
    low, high = RNG.random((6, 6, 6, 1)), RNG.random((6, 12, 12, 1))
    model.fit(low, high, epochs=2, verbose=0)
    assert model.predict(low, verbose=0).shape == (6, 12, 12, 1)
    assert model.predict(RNG.random((2, 5, 9, 1)), verbose=0).shape == (2, 10, 18, 1)


def test_a_loop_written_from_scratch():
    inputs = keras.Input(shape=(8, 8, 1))
    x = layers.Conv2D(4, 3, activation="relu")(inputs)
    outputs = layers.Dense(3, name="predictions")(layers.Flatten()(x))
    model = keras.Model(inputs=inputs, outputs=outputs)
    optimizer = keras.optimizers.SGD(learning_rate=0.1)
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    train_acc_metric = keras.metrics.SparseCategoricalAccuracy()
    losses = []
    for _ in range(3):
        for start in range(0, 24, 8):
            x_batch, y_batch = SMALL[start : start + 8], LABELS[start : start + 8]
            with GradientTape() as tape:
                logits = model(x_batch, training=True)
                loss_value = loss_fn(y_batch, logits)
                loss_value += sum(model.losses)
            grads = tape.gradient(loss_value, model.trainable_weights)
            optimizer.apply(grads, model.trainable_weights)
            train_acc_metric.update_state(y_batch, logits)
            losses.append(float(loss_value))
        assert 0 <= float(train_acc_metric.result()) <= 1
        train_acc_metric.reset_state()
    assert sum(losses[-3:]) < sum(losses[:3])


def test_class_activation_maps_by_gradients():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", name="last_conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, name="scores"),
        ]
    )
    model.layers[-1].activation = None
    grad_model = keras.models.Model(model.inputs, [model.get_layer("last_conv").output, model.output])
    with GradientTape() as tape:
        last_conv_layer_output, preds = grad_model(SMALL[:1])
        pred_index = int(ops.argmax(preds[0]))
        class_channel = preds[:, pred_index]
    grads = tape.gradient(class_channel, last_conv_layer_output)
    pooled_grads = ops.mean(grads, axis=(0, 1, 2))
    heatmap = last_conv_layer_output[0] @ pooled_grads[..., None]
    heatmap = ops.squeeze(heatmap)
    assert heatmap.shape == (6, 6)
    kernel = model.get_layer("scores").get_weights()[0][:, pred_index]
    np.testing.assert_allclose(pooled_grads, kernel / 36, rtol=1e-5)


def test_adversarial_pictures_by_the_sign_of_the_gradient():
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(3, activation="softmax")])
    picture = keras.ops.convert_to_tensor(SMALL[:1])
    label = np.eye(3, dtype="float32")[[0]]
    loss_object = keras.losses.CategoricalCrossentropy()
    with GradientTape() as tape:
        tape.watch(picture)
        loss = loss_object(label, model(picture))
    perturbation = ops.sign(tape.gradient(loss, picture))
    worse = loss_object(label, model(picture + 0.1 * perturbation))
    assert float(worse) > float(loss)

"""Training steps, gradients, schedules and callbacks of one's own."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import juanji as keras
from juanji import GradientTape, Variable, layers, ops
from recordings import programs

RNG = np.random.default_rng(0)
PICTURES = RNG.random((20, 8, 8, 3), dtype="float32")
VECTORS = RNG.random((20, 6), dtype="float32")
CLASSES = RNG.integers(0, 3, 20)


def test_schedules_of_ones_own_are_followed():
    class Rising(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.01 * ops.minimum(ops.cast(step, "float32") + 1.0, 5.0)

    v = Variable(0.0)
    optimizer = keras.optimizers.SGD(Rising())
    for _ in range(7):
        optimizer.apply([np.float32(1.0)], [v])
    assert float(v) == pytest.approx(-0.01 * (1 + 2 + 3 + 4 + 5 + 5 + 5), rel=1e-5)


def test_a_callback_may_predict_and_change_the_rate():
    class Halving(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.predict(VECTORS, verbose=0)
            self.model.optimizer.learning_rate = float(self.model.optimizer.learning_rate) * 0.5

    model = keras.Sequential([layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.4), "mse")
    model.fit(VECTORS, VECTORS[:, :1], epochs=3, callbacks=[Halving()], verbose=0)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.05)


def test_second_derivatives_by_tapes_in_tapes():
    x = Variable(3.0)
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = x**3
        first = inner.gradient(y, x)
    assert float(first) == pytest.approx(27, rel=1e-6)
    assert float(outer.gradient(first, x)) == pytest.approx(18, rel=1e-6)


def test_steps_of_ones_own_are_recorded_when_asked_for():
    class Own(keras.Model):
        def train_step(self, data):
            x, y = data
            with GradientTape() as tape:
                loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
            variables = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            return self.compute_metrics(x, y, self(x, training=False))

    results = []
    for jit in (False, True):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((6,))
        model = Own(inputs, layers.Dense(1)(layers.Dropout(0.2)(inputs)))
        model.compile("adam", "mse", metrics=["mae"], jit_compile=jit)
        history = model.fit(VECTORS, VECTORS[:, :1], batch_size=5, epochs=3, verbose=0).history
        results.append((history, [w.tobytes() for w in model.get_weights()]))
        assert len(programs(model)) == jit
    assert results[0] == results[1]


def test_a_gradient_penalty_is_the_gradient_of_a_gradient():
    convolution = layers.Conv2D(4, 3, strides=2, activation="tanh")
    critic = keras.Sequential([keras.Input((8, 8, 3)), convolution, layers.Flatten(), layers.Dense(1)])
    between = keras.Tensor(PICTURES[:4])

    def penalty():
        with GradientTape() as inner:
            inner.watch(between)
            scores = critic(between, training=True)
        norm = ops.sqrt(ops.sum(ops.square(inner.gradient(scores, between)), axis=[1, 2, 3]))
        return ops.mean((norm - 1.0) ** 2)

    kernel = convolution.kernel
    with GradientTape() as tape:
        value = penalty()
    slope = np.asarray(tape.gradient(value, kernel))
    direction = RNG.standard_normal(slope.shape).astype("float32")
    start, step = kernel.numpy().copy(), 1e-2
    ends = []
    for sign in (1, -1):
        kernel.assign(start + sign * step * direction)
        ends.append(float(penalty()))
    assert float((slope * direction).sum()) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=2e-2)


def test_a_weight_may_be_changed_before_it_is_used():
    class Masked(layers.Layer):
        def __init__(self):
            super().__init__()
            self.conv = layers.Conv2D(2, 3, padding="same")

        def build(self, input_shape):
            self.conv.build(input_shape)
            self.mask = np.zeros(self.conv.kernel.shape, "float32")
            self.mask[0] = 1.0

        def call(self, x):
            self.conv.kernel.assign(self.conv.kernel * self.mask)
            return self.conv(x)

    inputs = keras.Input((8, 8, 3))
    masked = Masked()
    model = keras.Model(inputs, masked(inputs))
    model.compile("adam", "mse")
    model.fit(PICTURES, PICTURES[..., :2], epochs=2, verbose=0)
    model.predict(PICTURES, verbose=0)
    assert not masked.conv.kernel.numpy()[1:].any()
    assert masked.conv.kernel.numpy()[0].all()


def test_vectors_are_quantised_with_a_gradient_that_goes_straight_through():
    class Quantizer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.embeddings = self.add_weight(shape=(4, 6), initializer="random_uniform", name="embeddings")

        def call(self, x):
            flat = ops.reshape(x, [-1, 4])
            distances = (
                ops.sum(flat**2, axis=1, keepdims=True)
                + ops.sum(self.embeddings**2, axis=0)
                - 2 * ops.matmul(flat, self.embeddings)
            )
            codes = ops.one_hot(ops.argmin(distances, axis=1), 6)
            quantized = ops.reshape(ops.matmul(codes, ops.transpose(self.embeddings)), ops.shape(x))
            self.add_loss(ops.mean((quantized - ops.stop_gradient(x)) ** 2))
            return x + ops.stop_gradient(quantized - x)

    inputs = keras.Input((8, 8, 3))
    encoded = layers.Conv2D(4, 3, strides=2, padding="same")(inputs)
    outputs = layers.Conv2DTranspose(3, 3, strides=2, padding="same")(Quantizer()(encoded))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "mse")
    before = model.get_weights()
    assert np.isfinite(model.fit(PICTURES, PICTURES, epochs=5, verbose=0).history["loss"]).all()
    assert all((a != b).any() for a, b in zip(before, model.get_weights()))
    points = ops.convert_to_tensor(np.linspace(-1, 1, 24, dtype="float32").reshape(6, 4))
    factors = np.arange(24, dtype="float32").reshape(6, 4)
    with GradientTape() as tape:
        tape.watch(points)
        total = ops.sum(model.layers[2](points) * factors)
    np.testing.assert_array_equal(tape.gradient(total, points), factors)


def test_steps_of_ones_own_take_data_of_any_form():
    class Embedding(keras.Model):
        def train_step(self, data):
            anchors, positives = data[0], data[1]
            with GradientTape() as tape:
                similar = ops.einsum("ae,pe->ap", self(anchors, training=True), self(positives, training=True)) / 0.2
                loss = self.compute_loss(y=ops.arange(3), y_pred=similar)
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            for metric in self.metrics:
                metric.update_state(loss)
            return {metric.name: metric.result() for metric in self.metrics}

    class Pairs(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return np.stack([PICTURES[:3], PICTURES[3:6]])

    inputs = keras.Input((8, 8, 3))
    x = layers.UnitNormalization()(layers.Dense(4)(layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(inputs))))
    model = Embedding(inputs, x)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert len(model.fit(Pairs(), epochs=2, verbose=0).history["loss"]) == 2
    with pytest.raises(ValueError, match="wrong shape of the input"):
        model.predict(Pairs(), verbose=0)


def test_functions_of_steps_run_on_the_next_batch_of_an_iterator():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    batches = iter([(VECTORS[:5], VECTORS[:5, :1]), (VECTORS[5:], VECTORS[5:, :1])])
    train, test = model.make_train_function(), model.make_test_function()
    before = model.get_weights()
    assert set(train(batches)) == {"loss"}
    assert (before[0] != model.get_weights()[0]).any()
    assert set(test(batches)) == {"loss"}
    assert model.train_function is train
    predict = model.make_predict_function()
    np.testing.assert_array_equal(predict(iter([(VECTORS,)])), model.predict(VECTORS, verbose=0))
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(VECTORS, verbose=0), model.predict(VECTORS, verbose=0))

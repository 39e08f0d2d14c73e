"""fit, evaluate and predict on generators, data sets with worker threads, and other things that give batches."""

from __future__ import annotations

import threading
import time
import traceback

import numpy as np
import pytest

from juanji import Model, Sequential, callbacks, layers, utils
from recordings import recorded_steps
from small_models import LABELS, X, Y, classifier, linear


def batches(x=X, y=Y, size=10, weights=None):
    for start in range(0, len(x), size):
        rows = slice(start, start + size)
        yield (x[rows], y[rows]) if weights is None else (x[rows], y[rows], weights[rows])


def endless():
    while True:
        yield from batches()


class Batches(utils.PyDataset):
    """The rows of X and Y in batches, with a record of what was asked for."""

    def __init__(self, size=10, delay=None, **kwargs):
        super().__init__(**kwargs)
        self.size, self.delay = size, delay
        self.asked, self.threads, self.epochs = [], set(), []

    def __len__(self):
        return -(-len(X) // self.size)

    def __getitem__(self, index):
        self.asked.append(index)
        self.threads.add(threading.current_thread().name)
        if self.delay:
            time.sleep(self.delay(index))
        rows = slice(index * self.size, (index + 1) * self.size)
        return X[rows], Y[rows]

    def on_epoch_begin(self):
        self.epochs.append("begin")

    def on_epoch_end(self):
        self.epochs.append("end")


class Again:
    """Something that can be gone through again and again, and is neither list nor array."""

    def __iter__(self):
        return batches()


class TensorLike:
    """What other libraries call a tensor: an array behind ``__array__``."""

    def __init__(self, value):
        self.value = value

    def __array__(self, dtype=None, copy=None):
        return np.array(self.value, dtype)


def trained_on_arrays(epochs=2, **kwargs):
    model = linear(metrics=["mae"])
    start = model.get_weights()
    history = model.fit(X, Y, batch_size=10, epochs=epochs, shuffle=False, verbose=0, **kwargs)
    return start, model.get_weights(), history.history


def assert_same_training(make, epochs=2, **kwargs):
    start, expected, history = trained_on_arrays(epochs)
    model = linear(metrics=["mae"])
    model.set_weights(start)
    found = model.fit(make(), epochs=epochs, shuffle=False, verbose=0, **kwargs)
    for a, b in zip(model.get_weights(), expected):
        np.testing.assert_array_equal(a, b)
    assert found.history == history


@pytest.mark.parametrize(
    ("make", "kwargs"),
    [
        (endless, {"steps_per_epoch": 5}),
        (Again, {}),
        (Again, {"steps_per_epoch": 5}),
        (Batches, {}),
        (lambda: Batches(workers=0), {}),
        (lambda: Batches(workers=3, use_multiprocessing=True, max_queue_size=2), {}),
        (lambda: Batches(workers=3, delay=lambda i: 0.004 * (4 - i)), {}),
        (lambda: Batches(workers=2), {"steps_per_epoch": 5}),
        (lambda: ((TensorLike(x), TensorLike(y)) for _ in range(2) for x, y in batches()), {"steps_per_epoch": 5}),
        (lambda: ([x.tolist(), y.tolist()] for _ in range(2) for x, y in batches()), {"steps_per_epoch": 5}),
    ],
)
def test_all_sources_train_with_the_bits_of_arrays(make, kwargs):
    assert_same_training(make, **kwargs)


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_epochs_shorter_and_longer_than_a_pass_go_on_through_the_data(workers):
    data = Batches(workers=workers)
    _, _, expected = trained_on_arrays(epochs=4, steps_per_epoch=3)
    model = linear(metrics=["mae"])
    assert_same = linear(metrics=["mae"])
    assert_same.set_weights(model.get_weights())
    history = model.fit(data, epochs=4, steps_per_epoch=3, shuffle=False, verbose=0).history
    again = assert_same.fit(X, Y, batch_size=10, epochs=4, steps_per_epoch=3, shuffle=False, verbose=0).history
    assert history == again
    assert len(history["loss"]) == len(expected["loss"]) == 4


def test_worker_threads_make_the_batches_and_end_with_the_training():
    data = Batches(workers=3, delay=lambda i: 0.002)
    linear().fit(data, epochs=2, shuffle=False, verbose=0)
    assert data.threads <= {f"juanji-batches-{i}" for i in range(3)}
    assert sorted(data.asked) == sorted([*range(5)] * 2)
    assert data.epochs == ["begin", "end"] * 2
    assert not [t for t in threading.enumerate() if t.name.startswith("juanji-batches")]


def test_no_more_batches_are_made_ahead_than_the_queue_holds():
    data = Batches(size=1, workers=4, max_queue_size=3)
    most = []

    class Watch(callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            time.sleep(0.001)
            most.append(len(data.asked) - batch)

    linear().fit(data, shuffle=False, callbacks=[Watch()], verbose=0)
    assert 1 <= max(most) <= 4


def test_shuffling_draws_the_order_of_the_batches_from_the_seed():
    def order(seed):
        utils.set_random_seed(seed)
        data = Batches(size=5, workers=0)
        linear().fit(data, epochs=2, verbose=0)
        return data.asked

    first = order(1)
    assert first == order(1) != order(2)
    assert sorted(first[:10]) == sorted(first[10:]) == list(range(10))
    assert first[:10] != first[10:]


def test_an_error_in_a_worker_surfaces_with_its_trace_and_ends_the_threads():
    class Broken(Batches):
        def __getitem__(self, index):
            if index == 2:
                return self.fails_here(index)
            return super().__getitem__(index)

        def fails_here(self, index):
            raise OSError("the disk is gone")

    data, steps = Broken(workers=2), []
    watch = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: steps.append(batch))
    with pytest.raises(OSError, match="the disk is gone") as raised:
        linear().fit(data, shuffle=False, callbacks=[watch], verbose=0)
    assert any(frame.name == "fails_here" for frame in traceback.extract_tb(raised.value.__traceback__))
    assert steps == [0, 1]
    assert not [t for t in threading.enumerate() if t.name.startswith("juanji-batches")]


@pytest.mark.parametrize("end", ["interrupt", "stop"])
def test_a_training_that_is_given_up_leaves_no_thread(end):
    class Break(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                if end == "interrupt":
                    raise KeyboardInterrupt
                self.model.stop_training = True

    data = Batches(size=2, workers=3)
    if end == "interrupt":
        with pytest.raises(KeyboardInterrupt):
            linear().fit(data, callbacks=[Break()], verbose=0)
    else:
        linear().fit(data, callbacks=[Break()], verbose=0)
    assert not [t for t in threading.enumerate() if t.name.startswith("juanji-batches")]
    assert len(data.asked) < 25


def test_sets_without_end_need_a_number_of_steps():
    class Endless(utils.PyDataset):
        num_batches = None

        def __getitem__(self, index):
            return np.full((2, 4), index, "float32"), np.zeros((2, 1), "float32")

    history = linear(optimizer="adam").fit(Endless(workers=2), steps_per_epoch=4, epochs=2, verbose=0)
    assert len(history.epoch) == 2
    assert linear().predict(Endless(), steps=3, verbose=0).shape == (6, 1)


def test_validation_data_may_be_any_source():
    model = linear()
    expected = model.evaluate(X, Y, verbose=0)
    for given in (Batches(), Again(), (X, Y), batches()):
        np.testing.assert_allclose(model.evaluate(*given, verbose=0) if isinstance(given, tuple) else
                                   model.evaluate(given, verbose=0), expected, rtol=1e-6)  # fmt: skip
    frozen = linear(optimizer="sgd")
    frozen.set_weights(model.get_weights())
    frozen.optimizer.learning_rate = 0.0
    history = frozen.fit(X, Y, epochs=2, validation_data=Batches(), verbose=0).history
    np.testing.assert_allclose(history["val_loss"], [expected, expected], rtol=1e-6)
    history = frozen.fit(Again(), epochs=2, validation_data=endless(), validation_steps=5, verbose=0).history
    np.testing.assert_allclose(history["val_loss"], [expected, expected], rtol=1e-6)
    history = frozen.fit(Again(), epochs=3, validation_data=Again(), validation_freq=2, verbose=0).history
    assert len(history["val_loss"]) == 1


def test_batches_with_weights_and_class_weights():
    weights = np.linspace(0, 1, 50).astype("float32")
    models = [classifier() for _ in range(3)]
    for model in models[1:]:
        model.set_weights(models[0].get_weights())
    table = {0: 2.0, 2: 0.5}
    by_class = np.array([2.0, 1.0, 0.5], "float32")[LABELS]
    models[0].fit(batches(y=LABELS, weights=by_class), verbose=0)
    models[1].fit(batches(y=LABELS), class_weight=table, verbose=0)
    models[2].fit(batches(y=LABELS, weights=weights), verbose=0)
    for a, b, c in zip(*(model.get_weights() for model in models)):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)


def test_models_with_several_inputs_and_outputs_take_dictionaries_and_lists():
    a, b = layers.Input((4,), name="a"), layers.Input((1,), name="b")
    first, second = layers.Dense(1, name="first")(a), layers.Dense(2, name="second")(b)

    def build():
        model = Model([a, b], [first, second])
        model.compile("sgd", "mse")
        return model

    two = np.concatenate([Y, -Y], 1)
    by_name = ({"a": X[i : i + 10], "b": Y[i : i + 10]} for i in range(0, 50, 10))
    labels = [{"first": Y[i : i + 10], "second": two[i : i + 10]} for i in range(0, 50, 10)]
    in_lists = (([X[i : i + 10], Y[i : i + 10]], [Y[i : i + 10], two[i : i + 10]]) for i in range(0, 50, 10))
    model, start = build(), None
    start = model.get_weights()
    model.fit(zip(by_name, labels), verbose=0)
    found = model.get_weights()
    model.set_weights(start)
    model.compile("sgd", "mse")
    model.fit(in_lists, verbose=0)
    for left, right in zip(found, model.get_weights()):
        np.testing.assert_array_equal(left, right)
    predictions = model.predict(({"a": X[i : i + 10], "b": Y[i : i + 10]} for i in range(0, 50, 10)), verbose=0)
    assert [p.shape for p in predictions] == [(50, 1), (50, 2)]


def test_models_without_a_shape_are_built_by_the_first_batch():
    model = Sequential([layers.Dense(3), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(batches(), verbose=0)
    assert model.output_shape == (None, 1)


def test_predict_on_generators_gives_all_rows_in_order():
    model = linear()
    expected = model.predict(X, verbose=0)
    for source in ((x for x, _ in batches()), ((x,) for x, _ in batches(size=7)), Batches(workers=2), batches()):
        np.testing.assert_allclose(model.predict(source, verbose=0), expected, rtol=1e-6)
    assert model.predict(Batches(), steps=2, verbose=0).shape == (20, 1)
    assert model.predict(Batches(), steps=200, verbose=0).shape == (50, 1)


def test_a_generator_that_ends_early_says_so_and_ends_the_training():
    with pytest.warns(UserWarning, match="the data ran out; expected at least one batch in each epoch, got 0"):
        history = linear().fit(batches(), epochs=3, verbose=0)
    assert history.epoch == [0]
    with pytest.warns(UserWarning, match="the data ran out; expected 4 batches in each epoch, got 1"):
        history = linear().fit(batches(), epochs=2, steps_per_epoch=4, verbose=0)
    assert history.epoch == [0, 1]


@pytest.mark.parametrize(("length", "error"), [(2.5, TypeError), ("4", TypeError), (-1, ValueError)])
def test_lengths_that_are_no_counts(length, error):
    class Wrong(Batches):
        def __len__(self):
            return length

    model = linear()
    with pytest.raises(error, match=r"integer|>= 0"):
        model.fit(Wrong(), verbose=0)


def test_steps_on_batches_from_generators_are_recorded():
    model = linear()
    model.fit(Batches(workers=2), epochs=2, verbose=0)
    assert recorded_steps(model) == {"train_step"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.fit(batches(), Y), "fit: y is given twice; expected it in each batch of x"),
        (lambda m: m.fit(Batches(), sample_weight=Y), "sample_weight is given twice"),
        (lambda m: m.fit(batches(), validation_split=0.2), "validation_split needs arrays"),
        (lambda m: m.fit((x for x, _ in batches())), "needs labels; expected y"),
        (lambda m: m.fit((x[:, :2], y) for x, y in batches()), "wrong shape of the input"),
        (lambda m: m.fit((x, y[:3]) for x, y in batches()), "x and y differ in length"),
        (lambda m: m.fit(iter([(1, 2, 3, 4)])), "wrong number of parts"),
        (lambda m: Batches(workers=-1), "workers is out of range"),
        (lambda m: Batches(max_queue_size=0.5), "max_queue_size is out of range"),
    ],
)
def test_mistakes(call, message):
    with pytest.raises(ValueError, match=message):
        call(linear())


def test_data_sets_that_lack_a_method_say_which():
    with pytest.raises(TypeError, match="the number of batches is not known"):
        linear().fit(utils.PyDataset(), verbose=0)

    class Sized(utils.PyDataset):
        def __len__(self):
            return 1

    with pytest.raises(TypeError, match="there is no way to make a batch"):
        linear().fit(Sized(), verbose=0)


def test_progress_counts_steps_where_the_number_of_images_is_not_known(capsys):
    linear().fit(batches(), verbose=2)
    assert "steps/s - loss" in capsys.readouterr().out
    linear().predict(Batches(), verbose=2)
    assert "steps/s" in capsys.readouterr().out


def test_memory_is_flat_while_batches_come_from_threads():
    class Large(utils.PyDataset):
        num_batches = None

        def __getitem__(self, index):
            return np.full((64, 4096), index % 7, "float32"), np.zeros((64, 1), "float32")

    model = Sequential([layers.Input((4096,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    resident = []

    class Watch(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            with open("/proc/self/statm") as file:
                resident.append(int(file.read().split()[1]) * 4096)

    model.fit(Large(workers=3, max_queue_size=4), steps_per_epoch=40, epochs=5, callbacks=[Watch()], verbose=0)
    assert resident[-1] - resident[1] < 16 << 20  # the 120 batches in between are 126 MB

"""Callbacks: when they are called, what they decide, and what is shown."""

from __future__ import annotations

import csv
import io
import re
import sys

import numpy as np
import pytest

from juanji import Sequential, callbacks, layers
from juanji.callbacks.progress import _duration, _number
from juanji.utils import Progbar

X = np.random.default_rng(0).standard_normal((20, 3)).astype("float32")
Y = X[:, :1].copy()


def model_of(optimizer="sgd", **compiled):
    model = Sequential([layers.Dense(1, input_dim=3, kernel_initializer="zeros")])
    model.compile(optimizer, "mse", **compiled)
    return model


class Recorder(callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.calls = []

    def __getattribute__(self, name):
        if name.startswith("on_") and name not in ("on_batch_begin", "on_batch_end"):
            calls = self.calls
            return lambda *args: calls.append((name, *args))
        return super().__getattribute__(name)


# methods have to exist on the class to be called
for _name in [n for n in dir(callbacks.Callback) if n.startswith("on_")]:
    setattr(Recorder, _name, lambda self, *args: None)


def test_the_order_of_calls():
    recorder = Recorder()
    model_of().fit(X, Y, batch_size=15, epochs=1, validation_data=(X, Y), verbose=0, callbacks=recorder)
    assert [call[0] for call in recorder.calls] == [
        "on_train_begin",
        "on_epoch_begin",
        *["on_train_batch_begin", "on_train_batch_end"] * 2,
        "on_test_begin",
        *["on_test_batch_begin", "on_test_batch_end"] * 2,
        "on_test_end",
        "on_epoch_end",
        "on_train_end",
    ]
    end = recorder.calls[-2]
    assert end[1] == 0
    assert sorted(end[2]) == ["loss", "val_loss"]
    assert recorder.params == {"epochs": 1, "steps": 2, "samples": 20, "batch_size": 15, "verbose": 0}


def test_the_order_of_calls_in_predict():
    recorder = Recorder()
    model_of().predict(X, batch_size=20, verbose=0, callbacks=[recorder])
    assert [call[0] for call in recorder.calls] == [
        "on_predict_begin", "on_predict_batch_begin", "on_predict_batch_end", "on_predict_end",
    ]  # fmt: skip
    assert recorder.calls[2][2]["outputs"].shape == (20, 1)


def test_batch_aliases_are_called():
    seen = []

    class Old(callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            seen.append((batch, logs["loss"]))

    model_of().fit(X, Y, batch_size=10, verbose=0, callbacks=[Old()])
    assert [batch for batch, _ in seen] == [0, 1]


def losses_of(monkeypatch, callback, values, **fit):
    """Trains as many epochs as there are values, with these as the validation losses; returns the model."""
    model = model_of()
    queue = iter(values)
    monkeypatch.setattr("juanji.models.loops.run_evaluate", lambda *a: {"loss": next(queue), "accuracy": 1 - 0.1})
    model.fit(X, Y, epochs=len(values), validation_data=(X, Y), verbose=0, callbacks=[callback], **fit)
    return model


@pytest.mark.parametrize(
    ("arguments", "values", "epochs"),
    [
        ({}, [3, 2, 2, 1], 3),
        ({"patience": 1}, [3, 2, 2, 2, 1], 3),
        ({"patience": 2}, [3, 2, 2, 2, 1], 4),
        ({"patience": 2}, [3, 2, 2.5, 1, 1, 1, 1], 6),
        ({"min_delta": 0.5}, [3, 2.8, 1], 2),
        ({"min_delta": 0.5}, [3, 2.4, 1.8], 3),
        ({"mode": "max"}, [1, 2, 1, 3], 3),
        ({"baseline": 1.5}, [3, 2.5, 2], 3),
        ({"baseline": 1.5, "patience": 2}, [3, 2.5, 2.6, 2.7, 2.8], 3),
        ({"baseline": 4, "patience": 2}, [3, 2.5, 2.6, 2.7, 2.8], 4),
        ({"start_from_epoch": 2}, [1, 2, 3, 4, 5], 4),
        ({}, [float("nan"), float("nan"), 1], 2),
    ],
)
def test_early_stopping(monkeypatch, arguments, values, epochs):
    stop = callbacks.EarlyStopping(**arguments)
    model = losses_of(monkeypatch, stop, values)
    assert len(model.history.epoch) == epochs


def test_early_stopping_restores_the_best_weights(monkeypatch):
    kept = []

    class Keep(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            kept.append(self.model.get_weights()[0])

    stop = callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    model = model_of()
    queue = iter([3, 1, 2, 2, 2])
    monkeypatch.setattr("juanji.models.loops.run_evaluate", lambda *a: {"loss": next(queue)})
    model.fit(X, Y, epochs=5, validation_data=(X, Y), verbose=0, callbacks=[Keep(), stop])
    assert len(kept) == 4
    np.testing.assert_array_equal(model.get_weights()[0], kept[1])
    assert stop.best_epoch == 1


def test_early_stopping_warns_when_the_number_is_missing():
    with pytest.warns(UserWarning, match=r"EarlyStopping: 'val_loss' is not available; expected one of loss"):
        model_of().fit(X, Y, verbose=0, callbacks=[callbacks.EarlyStopping()])
    with pytest.raises(ValueError, match="unknown mode; expected 'auto', 'min' or 'max'"):
        callbacks.EarlyStopping(mode="best")


@pytest.mark.parametrize(("monitor", "larger"), [("val_accuracy", True), ("acc", True), ("auc", True), ("loss", False)])
def test_auto_mode_goes_by_the_name(monitor, larger):
    watch = callbacks.EarlyStopping(monitor)
    assert watch.is_improvement(2.0, 1.0) is larger
    assert watch.is_improvement(1.0, 2.0) is not larger
    assert watch.is_improvement(1.0, None)


def test_checkpoints_are_saved_every_epoch(tmp_path):
    model = model_of()
    keep = callbacks.ModelCheckpoint(tmp_path / "new" / "w-{epoch:02d}.safetensors")
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[keep])
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["w-01.safetensors", "w-02.safetensors"]
    again = model_of()
    again.load_weights(tmp_path / "new" / "w-02.safetensors")
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])


def test_only_the_best_checkpoint_is_saved(tmp_path, monkeypatch):
    keep = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{val_loss:.0f}.safetensors", save_best_only=True)
    losses_of(monkeypatch, keep, [3, 4, 2, 2, 1])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1-3.safetensors", "3-2.safetensors", "5-1.safetensors"]


def test_checkpoints_by_batches_and_their_mistakes(tmp_path):
    keep = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}.safetensors", save_freq=2)
    model_of().fit(X, Y, batch_size=5, verbose=0, callbacks=[keep])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1-2.safetensors", "1-4.safetensors"]
    with pytest.raises(ValueError, match=r"ending in \.safetensors or \.keras or \.h5, got filepath='model.pb'"):
        callbacks.ModelCheckpoint("model.pb")
    with pytest.raises(ValueError, match=r"ending in \.safetensors or \.weights\.h5, got filepath='model.keras'"):
        callbacks.ModelCheckpoint("model.keras", save_weights_only=True)
    with pytest.raises(ValueError, match="unknown save_freq"):
        callbacks.ModelCheckpoint("w.safetensors", save_freq="batch")
    with pytest.raises(ValueError, match=r"unknown field in the file name; expected epoch, loss, got 'val_acc'"):
        model_of().fit(X, Y, verbose=0, callbacks=[callbacks.ModelCheckpoint(tmp_path / "{val_acc}.safetensors")])


def test_csv_table(tmp_path):
    path = tmp_path / "t.csv"
    model = model_of()
    history = model.fit(X, Y, epochs=2, validation_data=(X, Y), verbose=0, callbacks=[callbacks.CSVLogger(path)])
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert [float(row["val_loss"]) for row in rows] == history.history["val_loss"]
    model.fit(X, Y, epochs=3, initial_epoch=2, verbose=0, callbacks=[callbacks.CSVLogger(path, append=True)])
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert rows[2]["val_loss"] == "NA"


def test_learning_rate_scheduler():
    model = model_of()
    schedule = callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    history = model.fit(X, Y, epochs=2, verbose=0, callbacks=[schedule, Recorder()])
    np.testing.assert_allclose(float(model.optimizer.learning_rate), 0.01 * 0.25, rtol=1e-6)
    assert len(history.epoch) == 2
    with pytest.raises(ValueError, match="the schedule failed"):
        model.fit(X, Y, verbose=0, callbacks=[callbacks.LearningRateScheduler(lambda epoch, rate: None)])


def test_lambda_callback():
    seen = []
    made = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(epoch), on_test_end=lambda logs: seen.append("test")
    )
    model_of().fit(X, Y, epochs=2, validation_data=(X, Y), verbose=0, callbacks=[made])
    assert seen == ["test", 0, "test", 1]
    with pytest.raises(TypeError, match="expected the name of a Callback method, got 'on_lunch'"):
        callbacks.LambdaCallback(on_lunch=print)


def test_terminate_on_nan(capsys):
    model = model_of()
    model.fit(X * np.nan, Y, batch_size=5, epochs=3, verbose=0, callbacks=[callbacks.TerminateOnNaN()])
    assert model.optimizer.iterations == 1
    assert "invalid loss" in capsys.readouterr().out


def test_terminate_on_nan_may_raise():
    guard = callbacks.TerminateOnNaN(raise_error=True)
    with pytest.raises(RuntimeError, match=r"got loss=nan in batch 0"):
        model_of().fit(X * np.nan, Y, batch_size=5, verbose=0, callbacks=guard)


def test_a_list_of_callbacks_in_a_loop_of_ones_own(capsys):
    class Note(callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            notes.append((batch, logs))

    notes, model = [], model_of()
    calls = callbacks.CallbackList(
        [Note()], add_history=True, add_progbar=True, model=model, epochs=1, steps=2, verbose=1
    )
    assert [type(c).__name__ for c in calls.callbacks] == ["Note", "History", "ProgbarLogger"]
    calls.append(callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: notes.append(epoch)))
    calls.on_train_begin()
    calls.on_epoch_begin(0)
    for step in range(2):
        calls.on_train_batch_begin(step)
        calls.on_train_batch_end(step, logs={"loss": 0.5})
    calls.on_epoch_end(0, {"loss": 0.25})
    calls.on_train_end(logs={})
    assert notes == [(0, {"loss": 0.5}), (1, {"loss": 0.5}), 0]
    assert model.history.history == {"loss": [0.25]}
    assert "Epoch 1/1" in capsys.readouterr().out
    given = [callbacks.History(), callbacks.ProgbarLogger()]
    assert callbacks.CallbackList(given, add_history=True, add_progbar=True).callbacks == given


LINE = (
    r"Epoch {}/2 - \d+\.\d\ds - [\d,]+ images/s - loss: [\d.e-]+ - accuracy: [\d.e-]+"
    r" - val_loss: [\d.e-]+ - val_accuracy: [\d.e-]+"
)


@pytest.mark.parametrize("verbose", ["auto", 1, 2, True])
def test_one_plain_line_per_epoch_where_there_is_no_terminal(capsys, verbose):
    model_of(metrics=["accuracy"]).fit(X, Y, epochs=2, validation_data=(X, Y), verbose=verbose)
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert captured.err == ""
    assert "\r" not in captured.out
    assert len(lines) == 2
    for i, line in enumerate(lines):
        assert re.fullmatch(LINE.format(i + 1), line), line


@pytest.mark.parametrize("verbose", [0, False])
def test_silence(capsys, verbose):
    model = model_of()
    model.fit(X, Y, verbose=verbose)
    model.evaluate(X, Y, verbose=verbose)
    model.predict(X, verbose=verbose)
    assert capsys.readouterr() == ("", "")


def test_programs_without_a_console_train(monkeypatch):
    monkeypatch.setattr("sys.stdout", None)
    model = model_of()
    assert len(model.fit(X, Y, epochs=2).epoch) == 2
    assert model.predict(X).shape == (len(X), 1)
    model.summary()
    Progbar(3).update(3)


def test_evaluate_and_predict_say_one_line(capsys):
    model = model_of()
    model.evaluate(X, Y)
    model.predict(X)
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"Evaluate - \d+\.\d\ds - [\d,]+ images/s - loss: [\d.]+", first)
    assert re.fullmatch(r"Predict - \d+\.\d\ds - [\d,]+ images/s", second)


class Terminal(io.StringIO):
    """Standard output that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


def test_a_terminal_sees_a_bar_that_ends_as_a_line(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setattr("juanji.callbacks.progress._REFRESH_SECONDS", 0.0)
    monkeypatch.setenv("COLUMNS", "120")
    model_of(metrics=["accuracy"]).fit(X, Y, epochs=2, batch_size=1, validation_data=(X, Y))
    text = terminal.getvalue()
    assert "images/s" in text
    assert " left" in text
    # what stays on the screen: the last state of every line
    kept = [line.split("\r")[-1] for line in text.split("\n")]
    assert len(kept) == 3
    for i, line in enumerate(kept[:2]):
        assert re.fullmatch(LINE.format(i + 1), line.strip()), line
    assert kept[2] == ""


def test_an_interrupted_bar_is_removed(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)

    class Interrupt(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model_of().fit(X, Y, callbacks=[Interrupt()])
    assert terminal.getvalue().split("\r")[-1].strip() == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.004, "0.00s"), (9.994, "9.99s"), (11.62, "11.6s"), (60, "1m 00s"), (185.4, "3m 05s"), (3720, "1h 02m")],
)
def test_durations(seconds, text):
    assert _duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.0000"), (1.23456, "1.2346"), (1e-5, "1.000e-05"), (float("nan"), "nan"), (-2e-4, "-2.000e-04")],
)
def test_numbers(value, text):
    assert _number(value) == text


def test_checkpoints_of_keras_need_h5py_before_training_starts(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    for arguments in (("best.weights.h5", "loss", 0, False, True), ("best.keras",)):
        with pytest.raises(ImportError, match=r"ModelCheckpoint: files of Keras need h5py\. Install it with"):
            callbacks.ModelCheckpoint(*arguments)


def test_columns_of_tables_are_sorted(tmp_path):
    table = callbacks.CSVLogger(tmp_path / "t.csv")
    table.on_train_begin()
    table.on_epoch_end(0, {"val_loss": 3.0, "loss": 1.0, "accuracy": 2.0})
    assert (tmp_path / "t.csv").read_text().splitlines() == ["epoch,accuracy,loss,val_loss", "0,2.0,1.0,3.0"]

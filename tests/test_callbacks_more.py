"""Callbacks that change the learning rate, swap weights, or tell others how training goes."""

from __future__ import annotations

import json
import sys
import threading
import types
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar
from urllib.parse import parse_qs

import numpy as np
import pytest

from juanji import Sequential, callbacks, layers, models, optimizers

X = np.random.default_rng(0).standard_normal((20, 3)).astype("float32")
Y = X[:, :1].copy()


def model_of(optimizer="sgd", **compiled):
    model = Sequential([layers.Dense(1, input_dim=3, kernel_initializer="zeros")])
    model.compile(optimizer, "mse", **compiled)
    return model


def rates_after(monkeypatch, callback, values, optimizer=None):
    """The learning rate after each epoch, when these are the losses of validation."""
    queue = iter(values)
    monkeypatch.setattr("juanji.models.loops.run_evaluate", lambda *a: {"loss": next(queue)})
    model = model_of(optimizer or optimizers.SGD(1e-3))
    rates = []
    watch = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: rates.append(float(model.optimizer.learning_rate))
    )
    history = model.fit(
        X, Y, epochs=len(values), validation_data=(X, Y), verbose=0, callbacks=[callback, watch]
    ).history
    return rates, history


@pytest.mark.parametrize(
    ("arguments", "values", "exponents"),
    [
        ({"patience": 2}, [3, 3, 3, 3, 3], [0, 0, 1, 1, 2]),
        ({"patience": 1}, [3, 2, 1, 1, 0.5], [0, 0, 0, 1, 1]),
        ({"patience": 1, "cooldown": 2}, [3, 3, 3, 3, 3, 3], [0, 1, 1, 2, 2, 3]),
        ({"patience": 1, "min_delta": 0.5}, [3, 2.6, 2.2, 2.2], [0, 1, 1, 2]),
        ({"patience": 1, "mode": "max"}, [1, 2, 2, 3], [0, 0, 1, 1]),
        ({"patience": 1, "min_lr": 2e-4}, [1, 1, 1, 1, 1], [0, 1, 2, 3, 4]),
    ],
)
def test_the_rate_falls_on_a_plateau(monkeypatch, arguments, values, exponents):
    rates, history = rates_after(monkeypatch, callbacks.ReduceLROnPlateau(factor=0.5, **arguments), values)
    expected = [max(1e-3 * 0.5**n, arguments.get("min_lr", 0)) for n in exponents]
    np.testing.assert_allclose(rates, expected)
    np.testing.assert_allclose(history["learning_rate"], [1e-3, *expected[:-1]])


def test_plateaus_with_several_optimizers_and_mistakes(monkeypatch, capsys):
    chosen = optimizers.OptimizerMap(optimizers.SGD(0.5, name="a"), {"bias": optimizers.SGD(0.25, name="b")})
    model = model_of(optimizers.MultiOptimizer(chosen))
    slower = callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=1e9, verbose=1)
    history = model.fit(X, Y, epochs=2, verbose=0, callbacks=[slower]).history
    assert history["learning_rate_a"] == [0.5, 0.5]
    assert [float(one.learning_rate) for one in model.optimizer.optimizers] == [0.025, 0.05]
    assert "Epoch 2: learning rate reduced to 0.05" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"expected a number of at least 0 and below 1, got factor=1\.0"):
        callbacks.ReduceLROnPlateau(factor=1.0)
    with pytest.warns(UserWarning, match="'val_loss' is not available"):
        model_of().fit(X, Y, verbose=0, callbacks=[callbacks.ReduceLROnPlateau()])


def test_averages_are_swapped_in_for_evaluation():
    model = model_of(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))
    seen = []
    watch = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(model.get_weights()[0].copy()),
        on_test_begin=lambda logs: seen.append(model.get_weights()[0].copy()),
    )
    swap = callbacks.SwapEMAWeights()
    model.fit(X, Y, epochs=1, batch_size=5, validation_data=(X, Y), verbose=0, callbacks=[swap, watch])
    tested, trained = seen
    np.testing.assert_array_equal(model.get_weights()[0], tested)  # fit ends with the averages
    assert (trained != tested).any()
    model.optimizer.swap_averages()
    before = [w.copy() for w in model.get_weights()]
    model.predict(X, verbose=0, callbacks=[swap])
    model.evaluate(X, Y, verbose=0, callbacks=[swap])
    for a, b in zip(model.get_weights(), before):
        np.testing.assert_array_equal(a, b)


def test_averages_stay_for_callbacks_of_epochs():
    model = model_of(optimizers.LossScaleOptimizer(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)))
    plain = model_of(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))
    seen, trained = [], []
    watch = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(model.get_weights()[0].copy()))
    other = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: trained.append(plain.optimizer.variables[2].numpy().copy())
    )
    arguments = {"epochs": 3, "batch_size": 10, "verbose": 0, "shuffle": False}
    model.fit(X, Y, callbacks=[callbacks.SwapEMAWeights(swap_on_epoch=True), watch], **arguments)
    plain.fit(X, Y, callbacks=[other], **arguments)
    for a, b in zip(seen, trained):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    np.testing.assert_array_equal(model.get_weights()[0], seen[-1])
    with pytest.raises(ValueError, match=r"there are no averages; expected an optimizer with use_ema=True"):
        model_of().fit(X, Y, validation_data=(X, Y), verbose=0, callbacks=[callbacks.SwapEMAWeights()])


class Server(HTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.status = 200


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.requests.append((self.path, self.headers["Content-Type"], self.headers["X-Key"], body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args):
        return


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("status", [200, 500])
def test_epochs_are_sent_to_a_server(server, status):
    server.status = status
    root = f"http://127.0.0.1:{server.server_port}"
    send = callbacks.RemoteMonitor(root, "/here", "numbers", {"X-Key": "7"})
    losses = model_of().fit(X, Y, epochs=2, verbose=0, callbacks=[send]).history["loss"]
    send = callbacks.RemoteMonitor(root, send_as_json=True)
    send.on_epoch_end(3, {"loss": np.float32(0.5), "list": np.arange(2)})
    forms = [json.loads(parse_qs(body)["numbers"][0]) for _, _, _, body in server.requests[:2]]
    assert forms == [{"epoch": 0, "loss": losses[0]}, {"epoch": 1, "loss": losses[1]}]
    assert server.requests[0][:3] == ("/here", "application/x-www-form-urlencoded", "7")
    path, kind, _, body = server.requests[2]
    assert (path, kind) == ("/publish/epoch/end/", "application/json")
    assert json.loads(body) == {"epoch": 3, "loss": 0.5, "list": [0, 1]}


def test_a_server_that_is_not_there_is_told():
    with pytest.warns(UserWarning, match=r"cannot be reached; expected one at http://127\.0\.0\.1:1, got"):
        callbacks.RemoteMonitor("http://127.0.0.1:1").on_epoch_end(0, {})


def test_checkpoints_of_whole_models_and_of_weights(tmp_path, capsys):
    model = model_of("adam")
    whole = callbacks.ModelCheckpoint(tmp_path / "whole.safetensors", verbose=1)
    weights = callbacks.ModelCheckpoint(tmp_path / "w.safetensors", save_weights_only=True, verbose=1)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[whole, weights])
    assert f"Epoch 2: model saved to {tmp_path / 'whole.safetensors'}" in capsys.readouterr().out
    again = models.load_model(tmp_path / "whole.safetensors")
    assert int(again.optimizer.iterations) == 2
    fresh = model_of()
    fresh.load_weights(tmp_path / "w.safetensors")
    for a, b, c in zip(model.get_weights(), again.get_weights(), fresh.get_weights()):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def test_the_first_checkpoint_has_to_beat_a_threshold(tmp_path):
    for limit, saved in ((1e-9, False), (1e9, True)):
        keep = callbacks.ModelCheckpoint(
            tmp_path / "m.safetensors", "loss", save_best_only=True, initial_value_threshold=limit
        )
        model_of().fit(X, Y, verbose=0, callbacks=[keep])
        assert (tmp_path / "m.safetensors").exists() is saved
    keep = callbacks.ModelCheckpoint(tmp_path / "without.safetensors", save_best_only=True)
    with pytest.warns(UserWarning, match="'val_loss' is not available"):
        model_of().fit(X, Y, verbose=0, callbacks=[keep])
    assert (tmp_path / "without.safetensors").exists()


class FakeWriter:
    """What tensorboardX's SummaryWriter was asked to write."""

    made: ClassVar[dict[str, FakeWriter]] = {}

    def __init__(self, folder):
        self.calls = []
        self.closed = False
        FakeWriter.made[folder] = self

    def __getattr__(self, name):
        return lambda *args, **kwargs: self.calls.append((name, *args))

    def close(self):
        self.closed = True

    def named(self, method):
        return {call[1]: call[2:] for call in self.calls if call[0] == method}


@pytest.fixture
def writers(monkeypatch):
    module = types.ModuleType("tensorboardX")
    module.SummaryWriter = FakeWriter
    monkeypatch.setitem(sys.modules, "tensorboardX", module)
    FakeWriter.made = {}
    return FakeWriter.made


def image_model():
    model = Sequential([layers.Input((6, 6, 3)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2)])
    model.compile("adam", "mse")
    return model


IMAGES = np.random.default_rng(1).standard_normal((8, 6, 6, 3)).astype("float32")
LABELS = np.ones((8, 2), "float32")


def test_what_is_written_for_tensorboard(writers, tmp_path):
    board = callbacks.TensorBoard(tmp_path, histogram_freq=2, write_images=True, write_steps_per_second=True)
    history = (
        image_model()
        .fit(IMAGES, LABELS, epochs=3, batch_size=4, validation_split=0.5, verbose=0, callbacks=[board])
        .history
    )
    train, validation = writers[str(tmp_path / "train")], writers[str(tmp_path / "validation")]
    assert train.closed
    assert validation.closed
    scalars = [call for call in train.calls if call[:2] == ("add_scalar", "epoch_loss")]
    assert [call[2:] for call in scalars] == [(loss, epoch) for epoch, loss in enumerate(history["loss"])]
    assert set(train.named("add_scalar")) == {"epoch_loss", "epoch_learning_rate", "epoch_steps_per_second"}
    assert set(validation.named("add_scalar")) == {"epoch_loss", "evaluation_loss_vs_iterations"}
    assert validation.named("add_scalar")["evaluation_loss_vs_iterations"] == (history["val_loss"][-1], 3)
    names = {"conv2d/kernel", "conv2d/bias", "dense/kernel", "dense/bias"}
    assert set(train.named("add_histogram")) == {f"{name}/histogram" for name in names}
    assert [c[3] for c in train.calls if c[:2] == ("add_histogram", "dense/bias/histogram")] == [0, 2]
    pictures = train.named("add_images")
    assert pictures["dense/kernel/image"][0].shape == (1, 2, 64, 1)
    assert pictures["dense/bias/image"][0].shape == (1, 1, 2, 1)
    assert pictures["conv2d/kernel/image"][0].shape == (3, 3, 3, 4)
    assert all(image.min() >= 0 and image.max() <= 1 for image, *_ in pictures.values())
    texts = train.named("add_text")
    assert "conv2d" in texts["summary"][0]
    assert json.loads(texts["architecture"][0])["class_name"] == "Sequential"


@pytest.mark.parametrize(("frequency", "steps"), [("batch", [1, 2, 3, 4]), (3, [3])])
def test_numbers_of_batches_for_tensorboard(writers, tmp_path, frequency, steps):
    board = callbacks.TensorBoard(str(tmp_path), update_freq=frequency, write_graph=False)
    model_of().fit(X, Y, epochs=2, batch_size=10, verbose=0, callbacks=[board])
    calls = writers[str(tmp_path / "train")].calls
    assert [call[3] for call in calls if call[:2] == ("add_scalar", "batch_loss")] == steps
    assert not [call for call in calls if call[0] in ("add_text", "add_histogram")]


def test_mistakes_with_tensorboard(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"tensorboardX is missing; .*pip install juanji\[tensorboard\]"):
        model_of().fit(X, Y, verbose=0, callbacks=[callbacks.TensorBoard(tmp_path)])
    with pytest.raises(ValueError, match=r"unknown update_freq; .* got update_freq=0"):
        callbacks.TensorBoard(update_freq=0)
    with pytest.raises(ValueError, match=r"expected profile_batch=0, got 5\. juanji\.profile"):
        callbacks.TensorBoard(profile_batch=5)


def test_files_that_tensorboard_reads(tmp_path):
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto import event_pb2

    board = callbacks.TensorBoard(tmp_path, histogram_freq=1, write_images=False)
    history = image_model().fit(IMAGES, LABELS, epochs=2, verbose=0, callbacks=[board]).history
    (file,) = (tmp_path / "train").iterdir()
    data, found, at = file.read_bytes(), [], 0
    while at < len(data):  # length, checksum, event, checksum
        size = int.from_bytes(data[at : at + 8], "little")
        event = event_pb2.Event.FromString(data[at + 12 : at + 12 + size])
        found += [(v.tag, v.simple_value, event.step) for v in event.summary.value]
        at += size + 16
    losses = [(value, step) for tag, value, step in found if tag == "epoch_loss"]
    np.testing.assert_allclose(losses, [(loss, epoch) for epoch, loss in enumerate(history["loss"])], rtol=1e-6)
    assert sum(tag == "dense/kernel/histogram" for tag, _, _ in found) == 2

"""Steps with code outside juanji are recorded by themselves where that changes nothing, and follow what it reads."""

from __future__ import annotations

import cProfile
import gc
import sys
import time
from typing import Any

import pytest

import juanji as keras
import outside_models
from juanji import layers, ops
from outside_models import (
    SETTINGS,
    Noisy,
    Projections,
    Subclassed,
    Weighted,
    X,
    Y,
    compared,
    factory,
    fitted,
    functional,
    recorded,
    squares,
)
from recordings import attempts

RECORDED = {
    "noisy labels": lambda: (Noisy(), None),
    "layer": lambda: functional(Projections(4)),
    "lambda": lambda: functional(layers.Lambda(lambda x: x * outside_models.FACTOR + SETTINGS["factor"])),
    "loss function": lambda: functional(loss=squares),
    "loss closure": lambda: functional(loss=factory(0.3)),
    "loss class": lambda: functional(loss=Weighted()),
    "activation": lambda: functional(layers.Dense(3, activation=lambda x: ops.relu(x) ** 2)),
    "metric outside": lambda: functional(Projections(2)),
    "subclassed": lambda: (Subclassed(), None),
}


@pytest.mark.parametrize("name", RECORDED)
def test_usual_code_is_recorded(name: str) -> None:
    model = compared(RECORDED[name])
    assert model._recorder.refused == {}
    assert recorded(model)
    if "loss" not in name:
        assert recorded(model, "predict_step")


def test_collections_of_garbage_are_no_part_of_a_step() -> None:
    collections: list[float] = []

    def callback(phase: str, info: dict[str, int]) -> None:
        collections.append(time.perf_counter())  # neither the function nor the list could be recorded

    before = gc.get_threshold()
    gc.callbacks.append(callback)
    gc.set_threshold(1)
    try:
        model = compared(RECORDED["layer"])
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(callback)
    assert collections
    assert gc.isenabled()
    assert recorded(model), model._recorder.refused


def test_only_when_it_is_allowed() -> None:
    for options in ({"jit_compile": False}, {"run_eagerly": True}):
        _, model = fitted(RECORDED["layer"], **options)
        assert not attempts(model)
    _, model = fitted(lambda: functional(layers.Dense(2)), jit_compile=False)
    assert recorded(model)  # juanji's own code


def set_global(model: Any) -> None:
    outside_models.FACTOR *= 0.5


def set_setting(model: Any) -> None:
    SETTINGS["factor"] *= 0.5


def set_private(model: Any) -> None:
    model.layers[1]._scale *= 2.0


def set_table(model: Any) -> None:
    model.layers[1].table[:] += 1.0


def set_loss(model: Any) -> None:
    model.loss.weight *= 0.5


def set_class(model: Any) -> None:
    Changing.strength *= 0.5


class Changing(layers.Layer):
    strength = 1.0

    def call(self, x):
        return x * self.strength


class Given:
    value = 1.0


CHANGES = {
    "global": (RECORDED["layer"], set_global),
    "entry": (RECORDED["lambda"], set_setting),
    "private attribute": (RECORDED["layer"], set_private),
    "array": (RECORDED["layer"], set_table),
    "loss": (RECORDED["loss class"], set_loss),
    "class": (lambda: functional(Changing()), set_class),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes_of_what_it_reads_are_followed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, change = CHANGES[name]
    results = []
    for options in ({"run_eagerly": True}, {}):
        with monkeypatch.context() as m:
            m.setattr(outside_models, "FACTOR", 0.5)
            m.setitem(SETTINGS, "factor", 0.5)
            m.setattr(Changing, "strength", 1.0)
            found, model = fitted(make, change, **options)
            results.append(found)
    assert results[0] == results[1]
    assert recorded(model)


def test_variables_of_outer_functions_are_followed() -> None:
    results = []
    for options in ({"run_eagerly": True}, {}):
        alpha = 1.0

        def loss(y_true, y_pred):
            return alpha * squares(y_true, y_pred)  # noqa: B023

        def change(model):
            nonlocal alpha
            alpha *= 0.5

        found, model = fitted(lambda: functional(loss=loss), change, **options)
        results.append(found)
    assert results[0] == results[1]
    assert recorded(model)


def test_what_changes_at_every_step_runs_eagerly_before_long() -> None:
    class Annealed(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            SETTINGS["factor"] += 0.01

    model, loss = RECORDED["lambda"]()
    model.compile("sgd", loss)
    before = SETTINGS["factor"]
    try:
        model.fit(X, Y, batch_size=1, epochs=3, callbacks=[Annealed()], verbose=0)
    finally:
        SETTINGS["factor"] = before
    assert not recorded(model)
    assert model._recorder._observers["train_step"] == 20


def test_profilers_go_on_behind_an_observed_step() -> None:
    profiler = cProfile.Profile()
    profiler.enable()
    try:
        _, model = fitted(lambda: functional(Projections(4)))
        after_the_steps()
    finally:
        profiler.disable()
    assert any(getattr(entry.code, "co_name", "") == "after_the_steps" for entry in profiler.getstats())
    assert recorded(model)

    def own(frame: Any, event: str, argument: Any) -> None: ...

    sys.setprofile(own)
    try:
        fitted(lambda: functional(Projections(4)))
        assert sys.getprofile() is own
    finally:
        sys.setprofile(None)


def after_the_steps() -> None:
    """A call for profilers to see."""

"""Training with every optimizer, recorded and eager: the same bits, in all phases of averages and accumulation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import juanji
from juanji import layers, optimizers
from recordings import all_recorded, attempts, programs

schedules = optimizers.schedules
OPTIMIZERS: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(optimizers, name)
        for name, thing in vars(optimizers).items()
        if isinstance(thing, type)
        and issubclass(thing, optimizers.Optimizer)
        and name not in ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")
    },
    "SGD nesterov": lambda **k: optimizers.SGD(0.1, 0.9, True, **k),
    "RMSprop centered": lambda **k: optimizers.RMSprop(0.01, momentum=0.5, centered=True, **k),
    "Adam amsgrad": lambda **k: optimizers.Adam(amsgrad=True, **k),
    "Adam scheduled": lambda **k: optimizers.Adam(schedules.ExponentialDecay(0.1, 2, 0.5), **k),
    "ScheduleFreeAdamW warmup": lambda **k: optimizers.ScheduleFreeAdamW(0.1, warmup_steps=5, **k),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "clipnorm": {"clipnorm": 0.1, "weight_decay": 0.1},
    "global clipnorm": {"global_clipnorm": 0.1},
    "clipvalue": {"clipvalue": 0.01, "loss_scale_factor": 4.0},
    "average": {"use_ema": True, "ema_momentum": 0.5},
    "average that is used": {"use_ema": True, "ema_overwrite_frequency": 2},
    "accumulation": {"gradient_accumulation_steps": 3},
    "everything": {
        "weight_decay": 0.1,
        "use_ema": True,
        "ema_overwrite_frequency": 2,
        "gradient_accumulation_steps": 2,
    },
}
RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 5, 4, 2)).astype("float32")
Y = RNG.standard_normal((6, 3)).astype("float32")


def train(optimizer: Any, eagerly: bool, steps: int = 10) -> tuple[Any, Any]:
    juanji.utils.set_random_seed(1)
    model = juanji.Sequential([layers.Input(X.shape[1:]), layers.Conv2D(3, 2), layers.Flatten(), layers.Dense(3)])
    model.compile(optimizer, "mse", run_eagerly=eagerly)
    losses = [model.train_on_batch(X, Y) for _ in range(steps)]
    state = [v.numpy().tobytes() for v in (*model.weights, *model.optimizer.variables)]
    return (losses, state), model


def phases(model: Any) -> int:
    """How many recordings of the training step there are; every one that was tried succeeded."""
    assert all_recorded(model)
    return len(programs(model))


CASES = [(name, "plain") for name in OPTIMIZERS] + [("Adam", option) for option in OPTIONS if option != "plain"]
CASES += [("Lamb", "everything"), ("Nadam", "accumulation"), ("Muon", "everything"), ("Adafactor", "everything")]


@pytest.mark.parametrize(("name", "option"), CASES)
def test_the_same_bits(name: str, option: str) -> None:
    eager, _ = train(OPTIMIZERS[name](**OPTIONS[option]), True)
    recorded, model = train(OPTIMIZERS[name](**OPTIONS[option]), False)
    assert recorded == eager
    expected = {"accumulation": 2, "average that is used": 2, "everything": 4}.get(option, 1)
    assert phases(model) == expected


def test_several_optimizers_in_one_step() -> None:
    def make() -> Any:
        chosen = optimizers.OptimizerMap(optimizers.Adam(gradient_accumulation_steps=2), {".*bias": optimizers.Lion()})
        return optimizers.MultiOptimizer(chosen)

    eager, _ = train(make(), True)
    recorded, model = train(make(), False)
    assert recorded == eager
    assert phases(model) == 2


def test_a_scale_that_is_found_runs_eagerly() -> None:
    def make() -> Any:
        return optimizers.LossScaleOptimizer(optimizers.Adam(), initial_scale=8.0, dynamic_growth_steps=3)

    eager, _ = train(make(), True)
    recorded, model = train(make(), False)
    assert recorded == eager
    assert list(attempts(model).values()) == [None]
    assert float(model.optimizer.dynamic_scale) == 64.0


def test_steps_counted_by_hand_take_part_in_phases() -> None:
    def act(eagerly: bool) -> Any:
        result, model = train(optimizers.SGD(0.1, gradient_accumulation_steps=2), eagerly, 6)
        model.optimizer._iterations.assign(7)
        return result, [model.train_on_batch(X, Y) for _ in range(3)], [w.tobytes() for w in model.get_weights()]

    assert act(True) == act(False)


def test_settings_of_averages_take_effect() -> None:
    def act(eagerly: bool) -> Any:
        _, model = train(optimizers.SGD(0.1, use_ema=True), eagerly, 4)
        model.optimizer.ema_momentum = 0.1
        model.optimizer.ema_overwrite_frequency = 1
        return [model.train_on_batch(X, Y) for _ in range(4)], [w.tobytes() for w in model.get_weights()]

    assert act(True) == act(False)


@pytest.mark.parametrize("name", ["Lamb", "Adafactor", "Muon", "Nadam"])
def test_the_same_bits_at_any_thread_count(name: str, threads: Callable[[int], None]) -> None:
    results = []
    for n in (1, 2, 4):
        threads(n)
        results.append(train(OPTIMIZERS[name](use_ema=True, clipnorm=0.1), False)[0])
    assert results[0] == results[1] == results[2]


def test_fit_ends_with_the_averages() -> None:
    _, model = train(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), False, 3)
    model.fit(X, Y, epochs=2, batch_size=3, verbose=0)
    averages = model.optimizer.variables[2:]
    for weight, average in zip(model.weights, averages):
        np.testing.assert_array_equal(weight.numpy(), average.numpy())


def test_optimizers_of_users_are_not_recorded() -> None:
    class Counting(optimizers.SGD):
        calls = 0

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            self.calls += 1
            variable.assign_sub(gradient * (0.01 * self.calls))

        update = optimizers.Optimizer.update

    eager, _ = train(Counting(), True)
    recorded, model = train(Counting(), False)
    assert recorded == eager
    assert not attempts(model)

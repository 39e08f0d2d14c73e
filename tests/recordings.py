"""What a model has recorded of its steps, and whether those give the bits of eager ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def attempts(model: Any) -> dict[Any, Any]:
    """Every recording by its key, which begins with the name of the step; None for what cannot be recorded."""
    return {} if model._recorder is None else dict(model._recorder._programs)


def programs(model: Any, step: str | None = None) -> list[Any]:
    """The recorded programs, oldest first; those of one step if it is named."""
    return [p for key, p in attempts(model).items() if p is not None and step in (None, key[0])]


def recorded_steps(model: Any) -> set[str]:
    """Names of the steps that have a program."""
    return {key[0] for key, program in attempts(model).items() if program is not None}


def all_recorded(model: Any) -> bool:
    """Whether something was recorded, and nothing that was tried could not be."""
    made = attempts(model).values()
    return len(made) > 0 and None not in made


def operations(model: Any, step: str, which: int = 0) -> list[str]:
    """Names of the operations in a program of the step, the first one recorded by default."""
    return [node.name for node in programs(model, step)[which]._steps]


def same_training(make: Callable[[], Any], x: Any, y: Any, **fit: Any) -> Any:
    """Asserts that recorded training has the bits of eager training; gives the model that was recorded."""
    results = []
    for eagerly in (True, False):
        model = make()
        model.run_eagerly = eagerly
        history = model.fit(x, y, verbose=0, **fit).history
        results.append((history, [w.tobytes() for w in model.get_weights()]))
        assert ("train_step" in recorded_steps(model)) == (not eagerly)
    assert results[0] == results[1]
    return model

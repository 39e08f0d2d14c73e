"""The loops over epochs and batches; what happens in one batch is the model's ``train_step`` and its siblings."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from juanji.autograd import Tensor
from juanji.callbacks.base import CallbackList
from juanji.models.data import ArrayData, Batch
from juanji.symbolic.structure import flatten, map_structure, pack

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Validation:
    """What ``fit`` evaluates on, and after which epochs."""

    data: ArrayData
    batch_size: int
    steps: int | None
    frequency: int | Sequence[int]

    def is_due(self, epoch: int) -> bool:
        """Whether the epoch (counted from 0) ends with a validation."""
        if isinstance(self.frequency, int):
            return (epoch + 1) % self.frequency == 0
        return epoch + 1 in self.frequency


@dataclass(frozen=True)
class TrainingPlan:
    """The arguments of ``fit``, checked."""

    data: ArrayData
    validation: Validation | None
    batch_size: int
    steps: int
    epochs: range
    draw_order: Callable[[int], Array] | None  # the row order of an epoch; None to keep the rows as they are

    @property
    def params(self) -> dict[str, int]:
        """What callbacks are told."""
        whole = self.steps == self.data.steps(self.batch_size)
        return {
            "epochs": self.epochs.stop,
            "steps": self.steps,
            "samples": len(self.data) if whole else self.steps * self.batch_size,
            "batch_size": self.batch_size,
        }

    def stream(self) -> Iterator[Batch]:
        """Batches without end: one pass over the data after the other, each in its own order."""
        while True:
            order = None if self.draw_order is None else self.draw_order(len(self.data))
            yield from self.data.batches(self.batch_size, order)


def run_logged(model: Any, name: str, batch: Any) -> Any:
    """Runs a step that gives logs; tensors and arrays of one element, as steps of users give them, become numbers."""
    logs = model.run_step(name, batch)
    return {key: _as_number(value) for key, value in logs.items()} if isinstance(logs, dict) else logs


def _as_number(value: Any) -> Any:
    return (
        float(np.asarray(value).item())
        if isinstance(value, (Tensor, np.ndarray, np.generic)) and value.size == 1
        else value
    )


def run_fit(model: Any, plan: TrainingPlan, callbacks: CallbackList) -> None:
    """Trains epoch by epoch until the plan ends or a callback sets ``model.stop_training``."""
    model.stop_training = False
    callbacks.call("on_train_begin", None)
    batches = plan.stream()
    epoch_logs: dict[str, float] = {}
    for epoch in plan.epochs:
        model.reset_metrics()
        callbacks.call("on_epoch_begin", epoch, None)
        logs: dict[str, float] = {}
        for step in range(plan.steps):
            callbacks.call("on_train_batch_begin", step, None)
            logs = run_logged(model, "train_step", next(batches))
            callbacks.call("on_train_batch_end", step, logs)
            if model.stop_training:
                break
        epoch_logs = dict(logs)
        validation = plan.validation
        if validation is not None and validation.is_due(epoch):
            found = run_evaluate(model, validation.data, validation.batch_size, validation.steps, callbacks)
            epoch_logs |= {f"val_{name}": value for name, value in found.items()}
        callbacks.call("on_epoch_end", epoch, epoch_logs)
        if model.stop_training:
            break
    callbacks.call("on_train_end", epoch_logs)


def run_evaluate(
    model: Any, data: ArrayData, batch_size: int, steps: int | None, callbacks: CallbackList
) -> dict[str, float]:
    """Loss and metrics over the data, or over its first ``steps`` batches."""
    callbacks.call("on_test_begin", None)
    model.reset_metrics()
    logs: dict[str, float] = {}
    for step, batch in enumerate(itertools.islice(data.batches(batch_size), steps)):
        callbacks.call("on_test_batch_begin", step, None)
        logs = run_logged(model, "test_step", batch)
        callbacks.call("on_test_batch_end", step, logs)
    callbacks.call("on_test_end", logs)
    return logs


def run_predict(model: Any, data: ArrayData, batch_size: int, steps: int | None, callbacks: CallbackList) -> Any:
    """Outputs for all rows, or for the first ``steps`` batches, nested as the model's outputs are."""
    callbacks.call("on_predict_begin", None)
    rows = len(data) if steps is None else min(len(data), steps * batch_size)
    outputs: list[Array] = []
    results: Any = None
    done = 0
    for step, batch in enumerate(itertools.islice(data.batches(batch_size), steps)):
        callbacks.call("on_predict_batch_begin", step, None)
        results = map_structure(np.asarray, model.run_step("predict_step", batch))
        parts = flatten(results)
        outputs = outputs or [np.empty((rows, *y.shape[1:]), y.dtype) for y in parts]
        for whole, y in zip(outputs, parts):
            whole[done : done + len(y)] = y
        done += len(parts[0])
        callbacks.call("on_predict_batch_end", step, {"outputs": results})
    callbacks.call("on_predict_end", None)
    return pack(results, outputs)

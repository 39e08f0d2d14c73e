"""The loops over epochs and batches; what happens in one batch is the model's ``train_step`` and its siblings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from juanji.autograd import Tensor
from juanji.callbacks.callback_list import CallbackList
from juanji.models.data import packed
from juanji.models.progress import Progress
from juanji.models.sources import Source
from juanji.symbolic.structure import flatten, map_structure, pack

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Validation:
    """What ``fit`` evaluates on, and after which epochs."""

    source: Source
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

    source: Source
    validation: Validation | None
    steps: int | None  # batches of an epoch; those of one pass by default
    epochs: range

    @property
    def params(self) -> dict[str, Any]:
        """What callbacks are told; None stands for a number that only the end will tell."""
        source = self.source
        steps, samples = self.steps or source.steps, source.samples
        if steps != source.steps:
            samples = None if steps is None or source.batch_size is None else steps * source.batch_size
        return {"epochs": self.epochs.stop, "steps": steps, "samples": samples, "batch_size": source.batch_size}


def run_logged(model: Any, name: str, batch: Any) -> Any:
    """Runs a step that gives logs; tensors and arrays of one element, as steps of users give them, become numbers."""
    logs = model.run_step(name, packed(batch))
    return _numbers(logs) if isinstance(logs, dict) else logs


def _numbers(logs: dict[str, Any]) -> dict[str, Any]:
    """Numbers by name; a metric that gives a dictionary adds its entries."""
    found: dict[str, Any] = {}
    for key, value in logs.items():
        found |= _numbers(value) if isinstance(value, dict) else {key: _as_number(value)}
    return found


def _as_number(value: Any) -> Any:
    return (
        float(np.asarray(value).item())
        if isinstance(value, (Tensor, np.ndarray, np.generic)) and value.size == 1
        else value
    )


def run_fit(model: Any, plan: TrainingPlan, callbacks: CallbackList) -> None:
    """Trains epoch by epoch until the plan ends or a callback sets ``model.stop_training``."""
    model.stop_training = False
    model._progress = Progress(plan.source)
    try:
        callbacks.call("on_train_begin", None)
        logs = _run_epochs(model, plan, callbacks)
        if plan.epochs:
            model.optimizer.finalize_variable_values(model.trainable_variables)
        callbacks.call("on_train_end", logs)
    finally:
        model._progress = None


def _run_epochs(model: Any, plan: TrainingPlan, callbacks: CallbackList) -> dict[str, float]:
    epoch_logs: dict[str, float] = {}
    for epoch in plan.epochs:
        if epoch < model._progress.epoch:
            continue
        model.reset_metrics()
        callbacks.call("on_epoch_begin", epoch, None)
        done, logs = model._progress.enter(model, epoch)
        for step, batch in enumerate(plan.source.epoch(plan.steps, done=done), done):
            callbacks.call("on_train_batch_begin", step, None)
            logs = run_logged(model, "train_step", batch)
            callbacks.call("on_train_batch_end", step, logs)
            if model.stop_training:
                break
        if logs is None:  # the data has run out
            break
        epoch_logs = dict(logs)
        validation = plan.validation
        if validation is not None and validation.is_due(epoch):
            found = run_evaluate(model, validation.source, validation.steps, callbacks)
            epoch_logs |= {f"val_{name}": value for name, value in found.items()}
        callbacks.call("on_epoch_end", epoch, epoch_logs)
        if model.stop_training:
            break
    return epoch_logs


def run_evaluate(model: Any, source: Source, steps: int | None, callbacks: CallbackList) -> dict[str, float]:
    """Loss and metrics over the data, or over its first ``steps`` batches."""
    callbacks.call("on_test_begin", None)
    model.reset_metrics()
    logs: dict[str, float] = {}
    for step, batch in enumerate(source.epoch(steps, goes_on=False)):
        callbacks.call("on_test_batch_begin", step, None)
        logs = run_logged(model, "test_step", batch)
        callbacks.call("on_test_batch_end", step, logs)
    callbacks.call("on_test_end", logs)
    return logs


def run_predict(model: Any, source: Source, steps: int | None, callbacks: CallbackList) -> Any:
    """Outputs for all rows, or for the first ``steps`` batches, nested as the model's outputs are."""
    callbacks.call("on_predict_begin", None)
    outputs: list[_Rows] = []
    results: Any = None
    for step, batch in enumerate(source.epoch(steps, goes_on=False)):
        callbacks.call("on_predict_batch_begin", step, None)
        results = map_structure(np.asarray, model.run_step("predict_step", packed(batch)))
        parts = flatten(results)
        if not outputs:
            rows = source.samples if steps is None else _least(source.samples, steps, source.batch_size)
            outputs = [_Rows(rows) for _ in parts]
        for whole, y in zip(outputs, parts):
            whole.add(y)
        callbacks.call("on_predict_batch_end", step, {"outputs": results})
    callbacks.call("on_predict_end", None)
    return pack(results, [whole.joined() for whole in outputs])


def _least(samples: int | None, steps: int, batch_size: int | None) -> int | None:
    return None if samples is None or batch_size is None else min(samples, steps * batch_size)


class _Rows:
    """Arrays put one behind the other.

    Args:
        count: rows of all of them, so that they have their place from the beginning; None where that is not known.
    """

    def __init__(self, count: int | None) -> None:
        self._count = count
        self._whole: Array | None = None
        self._done = 0
        self._parts: list[Array] = []

    def add(self, part: Array) -> None:
        """Puts an array behind those before."""
        if self._count is None:
            self._parts.append(part)
            return
        if self._whole is None:
            self._whole = np.empty((self._count, *part.shape[1:]), part.dtype)
        self._whole[self._done : self._done + len(part)] = part
        self._done += len(part)

    def joined(self) -> Array:
        """All of them."""
        return np.concatenate(self._parts) if self._whole is None else self._whole

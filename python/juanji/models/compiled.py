"""What ``compile`` chose: optimizer, loss and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji import losses, metrics, optimizers
from juanji.autograd import Tensor
from juanji.metrics.metric import plain
from juanji.trace import deferred

Array = np.ndarray[Any, Any]


class Compiled:
    """Optimizer, loss and metrics of one model.

    Loss and metrics given by name are chosen at the first batch, when the shapes of labels and outputs are known.

    Args:
        optimizer: name or object.
        loss: name, function or object; None when the model's own penalties are all.
        loss_weight: factor of the loss.
        unweighted: metrics that ignore sample weights.
        weighted: metrics that use sample weights.
    """

    def __init__(
        self, optimizer: Any, loss: Any, loss_weight: float | None, unweighted: Sequence[Any], weighted: Sequence[Any]
    ) -> None:
        self.optimizer: Any = optimizers.get(optimizer)
        self.loss_identifier = loss
        if loss is not None:
            losses.resolve_loss(loss, (1, 1), (1, 1))  # an unknown name shall be told at compile time
        self.loss: Any = None
        self.loss_weight = loss_weight
        self.loss_tracker = metrics.Mean(name="loss")
        self._wanted = [(m, False) for m in unweighted] + [(m, True) for m in weighted]
        self._chosen: list[tuple[Any, bool]] | None = None

    @property
    def metrics(self) -> list[Any]:
        """The running loss, then the metrics that are known already."""
        return [self.loss_tracker, *(m for m, _ in self._chosen or [])]

    def parts(self) -> list[Any]:
        """The loss and the optimizer: what a step runs besides layers."""
        return [self.loss_identifier, self.optimizer]

    def reset(self) -> None:
        """Starts all averages again."""
        for metric in self.metrics:
            metric.reset_state()

    def require_labels(self, method: str, y: Any) -> None:
        """Raises ValueError when there is a loss but there are no labels."""
        if y is None and self.loss_identifier is not None:
            raise ValueError(
                f"{method}: the loss {self.loss_identifier!r} needs labels; expected y, got y=None. "
                "Pass one row of y per sample."
            )

    def require_optimizer(self, method: str) -> None:
        """Raises ValueError when compile was told to use no optimizer."""
        if self.optimizer is None:
            raise ValueError(
                f"{method}: there is no optimizer; expected compile(optimizer='adam', ...), got optimizer=None. "
                "Compile the model with one to train it."
            )

    def check_class_numbers(self, method: str, y: Array | None, output_shape: Any) -> None:
        """Raises ValueError when a label is no class, before anything is trained: a batch would tell it too late."""
        classes = output_shape[-1] if output_shape else None
        if y is None or classes is None or y.dtype.kind not in "iu" or not _takes_class_numbers(self.loss_identifier):
            return
        wrong = np.flatnonzero((y < 0) | (y >= classes))
        if wrong.size:
            row = np.unravel_index(wrong[0], y.shape)[0]
            raise ValueError(
                f"{method}: label in row {row} is not a class number; expected 0 to {classes - 1}, "
                f"got label={y.reshape(-1)[wrong[0]]}. Number the classes from 0, or give the last layer more units."
            )

    def compute_loss(self, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        """The loss of one batch, a scalar; None when there is no loss function."""
        if self.loss_identifier is None:
            return None
        self.require_labels("compute_loss", y)
        if self.loss is None:
            self.loss = losses.resolve_loss(self.loss_identifier, tuple(y.shape), y_pred.shape)
        value = self.loss(y, y_pred, sample_weight=sample_weight)
        return value if self.loss_weight is None else value * self.loss_weight

    def update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Adds one batch to every metric."""
        if y is None or not self._wanted:
            return
        if self._chosen is None:
            self._choose(tuple(y.shape), tuple(y_pred.shape))
        for metric, weighted in self._chosen or []:
            metric.update_state(plain(y), plain(y_pred), sample_weight=sample_weight if weighted else None)

    def result(self) -> dict[str, float]:
        """Name and value of the running loss and each metric."""
        return {m.name: _as_number(m.result()) for m in self.metrics}

    def _choose(self, true_shape: tuple[int, ...], predicted_shape: tuple[int, ...]) -> None:
        used = {"loss"}
        self._chosen = []
        for identifier, weighted in self._wanted:
            metric = metrics.resolve_metric(identifier, true_shape, predicted_shape)
            name, count = metric.name, 0
            while metric.name in used:
                count += 1
                metric.name = f"{name}_{count}"
            used.add(metric.name)
            self._chosen.append((metric, weighted))


@deferred
def _as_number(value: Any) -> float:
    return float(np.asarray(value))


def _takes_class_numbers(loss: Any) -> bool:
    resolved = None if loss is None else losses.resolve_loss(loss, (1, 1), (1, 1))
    if getattr(resolved, "fn", None) is not losses.sparse_categorical_crossentropy:
        return False
    return getattr(resolved, "ignore_class", None) is None and getattr(resolved, "axis", -1) == -1


def as_list(owner: str, value: Any) -> list[Any]:
    """A list of metrics or losses from None, one, or a list or dictionary of them."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [part for entry in value.values() for part in as_list(owner, entry)]
    if isinstance(value, (list, tuple)):
        return [part for entry in value for part in as_list(owner, entry)]
    if isinstance(value, (int, float, Tensor, np.ndarray)):
        raise ValueError(f"compile: wrong type; expected names, functions or objects, got {owner}={value!r}.")
    return [value]

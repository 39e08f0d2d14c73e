"""The loss and the metrics of one output of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from juanji import losses, metrics
from juanji.autograd import Tensor
from juanji.losses.loss import masked_weights
from juanji.metrics.metric import plain

Array = np.ndarray[Any, Any]


class Objective:
    """Loss and metrics of one output.

    What is given by name is chosen at the first batch, when the shapes of labels and outputs are known.

    Attributes:
        shapes: those of labels and outputs that the metrics were chosen for.

    Args:
        name: of the output, '' for a model's only one.
        loss: name, function or object; None when this output is not trained.
        loss_weight: factor of the loss; None for 1.
        unweighted: metrics that ignore sample weights.
        weighted: metrics that use sample weights.
    """

    def __init__(
        self, name: str, loss: Any, loss_weight: float | None, unweighted: Sequence[Any], weighted: Sequence[Any]
    ) -> None:
        self.name = name
        self.loss_identifier = loss
        self.loss: Any = None
        self.loss_weight = loss_weight
        self.tracker = metrics.Mean(name=f"{name}_loss")
        self._wanted = [(m, False) for m in unweighted] + [(m, True) for m in weighted]
        self._chosen: list[tuple[Any, bool]] | None = None
        self.shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None
        check_loss(loss)

    @property
    def metrics(self) -> list[Any]:
        """The metrics that are known already."""
        return [metric for metric, _ in self._chosen or []]

    def require_labels(self, method: str, y: Any) -> None:
        """Raises ValueError when there is a loss but there are no labels."""
        if y is None and self.loss_identifier is not None:
            output = f" of output {self.name!r}" if self.name else ""
            raise ValueError(
                f"{method}: the loss {self.loss_identifier!r}{output} needs labels; expected y, got y=None. "
                "Pass one row of y per sample."
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

    def example_labels(self, count: int, output_shape: Any) -> Array:
        """Zeros of the form of labels for so many samples."""
        classes = self.loss_identifier is not None and _takes_class_numbers(self.loss_identifier)
        shape = (count, *output_shape[1:])
        return np.zeros(shape[:-1], "int64") if classes else np.zeros(shape, "float32")

    def compute_loss(self, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        """The loss of one batch, a scalar, without its factor; None when there is no loss function."""
        if self.loss_identifier is None:
            return None
        self.require_labels("compute_loss", y)
        if self.loss is None:
            self.loss = losses.resolve_loss(self.loss_identifier, tuple(y.shape), y_pred.shape)
        return self.loss(y, y_pred, sample_weight=sample_weight)

    def update_metrics(self, y: Any, y_pred: Any, sample_weight: Any, used: set[str]) -> None:
        """Adds one batch to every metric; names of metrics chosen here are entered into ``used``."""
        if y is None or not self._wanted:
            return
        self.choose_metrics(tuple(y.shape), tuple(y_pred.shape), used)
        for metric, weighted in self._chosen or []:
            weights = sample_weight if weighted else None
            if isinstance(metric, metrics.MeanMetricWrapper):  # a deferred update would not see the mask
                weights = masked_weights(weights, y_pred)
            metric.update_state(plain(y), plain(y_pred), sample_weight=weights)

    def choose_metrics(self, true_shape: tuple[int, ...], predicted_shape: tuple[int, ...], used: set[str]) -> None:
        """Chooses the metrics for labels and outputs of these shapes, unless that is done."""
        if self._chosen is not None:
            return
        self.shapes = (true_shape, predicted_shape)
        self._chosen = []
        for identifier, weighted in self._wanted:
            metric = metrics.resolve_metric(identifier, true_shape, predicted_shape)
            prefix = f"{self.name}_" if self.name and not metric.name.startswith(f"{self.name}_") else ""
            if weighted and prefix + metric.name in used:
                metric.name = f"weighted_{metric.name}"
            name, count = prefix + metric.name, 0
            metric.name = name
            while metric.name in used:
                count += 1
                metric.name = f"{name}_{count}"
            used.add(metric.name)
            self._chosen.append((metric, weighted))


def check_loss(loss: Any) -> None:
    """Raises ValueError for a loss that is not known: that shall be told at compile time."""
    if loss is not None:
        losses.resolve_loss(loss, (1, 1), (1, 1))


def _takes_class_numbers(loss: Any) -> bool:
    resolved = None if loss is None else losses.resolve_loss(loss, (1, 1), (1, 1))
    if getattr(resolved, "fn", None) is not losses.sparse_categorical_crossentropy:
        return False
    return getattr(resolved, "ignore_class", None) is None and getattr(resolved, "axis", -1) == -1


def is_config(value: Any) -> bool:
    """Whether this dictionary describes one loss or metric, rather than one for each output."""
    return isinstance(value, Mapping) and "class_name" in value


def as_list(owner: str, value: Any) -> list[Any]:
    """A list of metrics or losses from None, one, or a list or dictionary of them."""
    if value is None:
        return []
    if isinstance(value, dict) and not is_config(value):
        return [part for entry in value.values() for part in as_list(owner, entry)]
    if isinstance(value, (list, tuple)):
        return [part for entry in value for part in as_list(owner, entry)]
    if isinstance(value, (int, float, Tensor, np.ndarray)):
        raise ValueError(f"compile: wrong type; expected names, functions or objects, got {owner}={value!r}.")
    return [value]


def for_outputs(owner: str, value: Any, names: Sequence[str], spread: bool) -> list[Any]:
    """What ``compile`` was told, one entry for each output.

    Args:
        owner: name of the argument, for messages.
        value: one entry, a list with one for each output, or a dictionary by the names of outputs.
        names: of the outputs.
        spread: whether one entry is meant for every output.
    """
    if value is None:
        return [None] * len(names)
    if isinstance(value, dict) and not is_config(value):
        unknown = [key for key in value if key not in names]
        if unknown:
            raise ValueError(
                f"compile: no such output; expected names among {', '.join(map(repr, names))}, got {owner} for "
                f"{unknown[0]!r}. Use the names of the layers that give the outputs, or the keys of the outputs."
            )
        return [value.get(name) for name in names]
    if isinstance(value, (list, tuple)):
        if len(value) != len(names):
            raise ValueError(
                f"compile: wrong number of {owner}; expected one for each of {len(names)} outputs "
                f"({', '.join(names)}), got {len(value)}. Pass None for an output without, or a dictionary."
            )
        return list(value)
    if not spread:
        raise ValueError(
            f"compile: {owner} is not clear; expected one for each of {len(names)} outputs ({', '.join(names)}), got "
            f"{owner}={value!r}. Pass a list or a dictionary by the names of outputs."
        )
    return [value] * len(names)

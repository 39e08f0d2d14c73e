"""What ``compile`` chose: optimizer, losses and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji import metrics, optimizers
from juanji.models.arguments import loss_factor
from juanji.models.objective import Objective, as_list, check_loss, for_outputs
from juanji.symbolic.structure import flatten
from juanji.trace import deferred


class Compiled:
    """Optimizer, losses and metrics of one model.

    Args:
        optimizer: name or object.
        loss: name, function or object; for several outputs also a list or dictionary of them.
        loss_weights: factors of the losses.
        unweighted: metrics that ignore sample weights; for several outputs a list of lists or a dictionary.
        weighted: metrics that use sample weights, in the same form.
        names: of the outputs, '' for a model's only one; None when they are not known before the first batch.
    """

    def __init__(
        self,
        optimizer: Any,
        loss: Any,
        loss_weights: Any,
        unweighted: Any,
        weighted: Any,
        names: Sequence[str] | None,
    ) -> None:
        self.optimizer: Any = optimizers.get(optimizer)
        self.loss_identifier = loss
        self.loss_tracker = metrics.Mean(name="loss")
        self._arguments = (loss, loss_weights, unweighted, weighted)
        self._objectives: list[Objective] | None = None
        self._together = CompileMetrics(self)
        for part in as_list("loss", loss):
            check_loss(part)
        for owner, given in (("metrics", unweighted), ("weighted_metrics", weighted)):
            as_list(owner, given)
        if names is not None:
            self._objectives = self._made(names)

    def _made(self, names: Sequence[str]) -> list[Objective]:
        loss, loss_weights, unweighted, weighted = self._arguments
        if len(names) == 1:
            chosen = as_list("loss", loss)
            if len(chosen) > 1:
                raise ValueError(
                    f"compile: too many losses; expected one for the model's one output, got loss={loss!r}. Pass one."
                )
            return [
                Objective(
                    "",
                    chosen[0] if chosen else None,
                    loss_factor(loss_weights),
                    as_list("metrics", unweighted),
                    as_list("weighted_metrics", weighted),
                )
            ]
        columns = zip(
            names,
            for_outputs("loss", loss, names, spread=True),
            for_outputs("loss_weights", loss_weights, names, spread=False),
            for_outputs("metrics", unweighted, names, spread=False),
            for_outputs("weighted_metrics", weighted, names, spread=False),
        )
        return [
            Objective(name, one, loss_factor(factor), as_list("metrics", some), as_list("weighted_metrics", more))
            for name, one, factor, some, more in columns
        ]

    def _objectives_for(self, y_pred: Any) -> list[Objective]:
        """Those of outputs in this nesting, made when they are first seen."""
        outputs = len(flatten(y_pred))
        if self._objectives is None:
            if isinstance(y_pred, dict) and outputs == len(y_pred) > 1:
                self._objectives = self._made(sorted(y_pred))
            else:
                self._objectives = self._made([f"output_{i + 1}" for i in range(outputs)])
        if len(self._objectives) != outputs:
            raise ValueError(
                f"fit: the number of outputs has changed; expected {len(self._objectives)}, got {outputs}. Compile the "
                "model again."
            )
        return self._objectives

    @property
    def loss(self) -> Any:
        """The loss object of the only output; None for several, and before the first batch."""
        known = self._objectives or []
        return known[0].loss if len(known) == 1 else None

    @property
    def _tracked(self) -> list[Objective]:
        """The objectives whose losses are told one by one: those of several losses."""
        trained = [one for one in self._objectives or [] if one.loss_identifier is not None]
        return trained if len(trained) > 1 else []

    @property
    def metrics(self) -> list[Any]:
        """The running loss, the running losses of several outputs, and one for all that compile was given."""
        asked = any(as_list("metrics", given) for given in self._arguments[2:])
        return [self.loss_tracker, *(one.tracker for one in self._tracked), *([self._together] if asked else [])]

    @property
    def chosen(self) -> list[Any]:
        """The metrics that compile was given, as objects; those of names appear with the first batch."""
        return [metric for one in self._objectives or [] for metric in one.metrics]

    def parts(self) -> list[Any]:
        """The losses and the optimizer: what a step runs besides layers."""
        return [*as_list("loss", self.loss_identifier), self.optimizer]

    def example_labels(self, count: int, output_shape: Any) -> Any:
        """Zeros of the form of labels for so many samples."""
        known = self._objectives or []
        shapes = output_shape if len(known) > 1 else [output_shape]
        labels = [one.example_labels(count, shape) for one, shape in zip(known, shapes)]
        return labels[0] if len(labels) == 1 else labels

    def require_labels(self, method: str, y: Any) -> None:
        """Raises ValueError when there is a loss but there are no labels."""
        if self._objectives is None:
            if y is None and self.loss_identifier is not None:
                Objective("", self.loss_identifier, None, (), ()).require_labels(method, y)
            return
        for one, labels in zip(self._objectives, self._matched(method, "y", y)):
            one.require_labels(method, labels)

    def require_optimizer(self, method: str) -> None:
        """Raises ValueError when compile was told to use no optimizer."""
        if self.optimizer is None:
            raise ValueError(
                f"{method}: there is no optimizer; expected compile(optimizer='adam', ...), got optimizer=None. "
                "Compile the model with one to train it."
            )

    def check_class_numbers(self, method: str, y: Any, output_shape: Any) -> None:
        """Raises ValueError when a label is no class, before anything is trained: a batch would tell it too late."""
        if self._objectives is None:
            return
        shapes = output_shape if len(self._objectives) > 1 else [output_shape]
        for one, labels, shape in zip(self._objectives, self._matched(method, "y", y), shapes):
            one.check_class_numbers(method, labels, shape)

    def compute_loss(self, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        """The weighted sum of the losses of one batch, a scalar; None when there is no loss function."""
        objectives = self._objectives_for(y_pred)
        tracked = self._tracked
        total = None
        columns = self._columns("compute_loss", y, y_pred, sample_weight)
        for one, (labels, prediction, weights) in zip(objectives, columns):
            value = one.compute_loss(labels, prediction, weights)
            if value is None:
                continue
            if one in tracked:
                one.tracker.update_state(value, sample_weight=prediction.shape[0])
            value = value if one.loss_weight is None else value * one.loss_weight
            total = value if total is None else total + value
        return total

    def update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Adds one batch to every metric."""
        objectives = self._objectives_for(y_pred)
        used = {metric.name for metric in (*self.metrics, *self.chosen)}
        columns = self._columns("compute_metrics", y, y_pred, sample_weight)
        for one, (labels, prediction, weights) in zip(objectives, columns):
            one.update_metrics(labels, prediction, weights, used)

    def metric_form(self) -> list[Any] | None:
        """Names of the outputs, and the shapes that metrics were chosen for; None before the first batch."""
        known = self._objectives
        return None if known is None else [[one.name, one.shapes] for one in known]

    def choose_metrics(self, form: Sequence[Any]) -> None:
        """Makes the metrics that the batch made from which :meth:`metric_form` is."""
        if self._objectives is None:
            self._objectives = self._made([name for name, _ in form])
        used = {metric.name for metric in self.metrics}
        for one, (_, shapes) in zip(self._objectives, form):
            if shapes is not None:
                labels, outputs = (tuple(shape) for shape in shapes)
                one.choose_metrics(labels, outputs, used)

    def begin_metrics(self, form: Sequence[Any]) -> None:
        """Updates the metrics with zeros: some make their state only then."""
        for one, (_, shapes) in zip(self._objectives or [], form):
            for metric in one.metrics if shapes is not None else ():
                metric.update_state(*map(np.zeros, shapes))

    def _columns(self, method: str, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        labels = self._matched(method, "y", y)
        weights = self._matched(method, "sample_weight", sample_weight, spread=True)
        return zip(labels, flatten(y_pred), weights)

    def _matched(self, method: str, name: str, given: Any, spread: bool = False) -> list[Any]:
        """One entry for each output, from what was given for all of them."""
        names = [one.name for one in self._objectives or []]
        if given is None:
            return [None] * len(names)
        nested = isinstance(given, (list, tuple, dict))
        if len(names) == 1:
            return flatten(given) if nested else [given]
        if isinstance(given, dict) and all(key in names for key in given):
            return [given.get(key) for key in names]
        keyed = isinstance(given, dict) and not any(isinstance(part, (list, tuple, dict)) for part in given.values())
        if nested and not keyed and len(flatten(given)) == len(names):
            return flatten(given)
        if not nested and spread:
            return [given] * len(names)
        got = f"keys {', '.join(map(str, given))}" if isinstance(given, dict) else f"{len(flatten(given))} of them"
        raise ValueError(
            f"{method}: {name} does not fit the outputs; expected one array for each of {', '.join(names)}, got "
            f"{got if nested else 'one array'}. Pass a list, or a dictionary by the names of outputs."
        )


class CompileMetrics(metrics.Metric):
    """All metrics that ``compile`` was given in one, for steps that update metrics one by one.

    Args:
        compiled: what has them.
    """

    def __init__(self, compiled: Compiled) -> None:
        super().__init__(name="compile_metrics")
        self._compiled = compiled

    @property
    def metrics(self) -> list[Any]:
        """The metrics; those given by name appear with the first batch."""
        return self._compiled.chosen

    @property
    def variables(self) -> list[Any]:
        """The state of all of them."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self._compiled.update_metrics(y_true, y_pred, sample_weight)

    def result(self) -> dict[str, Any]:
        """Name and value of each."""
        return {metric.name: metric.result() for metric in self.metrics}

    def reset_state(self) -> None:
        for metric in self.metrics:
            metric.reset_state()


@deferred
def as_number(value: Any) -> Any:
    """What a metric gives, as a Python number if it is one."""
    array = np.asarray(value)
    return float(array.item()) if array.size == 1 else array

"""How far a fit has come, for those who store it, and where a fit that was stored goes on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji.autograd import Variable
from juanji.models.sources import Source

Array = np.ndarray[Any, Any]


class Progress:
    """The place of a fit in its data, and the epoch and batch that it begins with.

    Args:
        source: gives the batches.

    Attributes:
        epoch: the epoch to begin with, counted from 0; not before ``initial_epoch`` of fit.
        batch: how many batches of that epoch were trained on before.
        logs: loss and metrics behind them.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.epoch = 0
        self.batch = 0
        self.logs: dict[str, Any] | None = None
        self._metrics: tuple[Any, Sequence[Array]] | None = None

    def resume(
        self, epoch: int, batch: int, logs: dict[str, Any] | None, position: Any, metrics: tuple[Any, Sequence[Array]]
    ) -> None:
        """Makes the fit begin elsewhere.

        Args:
            epoch, batch, logs: see the class.
            position: of the source.
            metrics: what :func:`metric_state` gave.
        """
        self.source.go_to(position)
        self.epoch, self.batch, self.logs, self._metrics = epoch, batch, logs, metrics

    def enter(self, model: Any, epoch: int) -> tuple[int, dict[str, Any] | None]:
        """The number of batches of this epoch that are done, and the logs behind them; restores the metrics."""
        if epoch != self.epoch or not self.batch or self._metrics is None:
            return 0, None
        restore_metrics(model, *self._metrics)
        return self.batch, self.logs


def metric_state(model: Any) -> tuple[Any, list[Array]]:
    """What the metrics were made for, in plain values, and their sums so far."""
    compiled = model._compiled
    form = None if compiled is None else compiled.metric_form()
    return form, [v.numpy() for v in _variables(model)]


def _variables(model: Any) -> list[Variable]:
    return [v for metric in model.metrics for v in metric.variables]


def restore_metrics(model: Any, form: Any, values: Sequence[Array]) -> None:
    """Gives the metrics what :func:`metric_state` took; with a warning nothing when they are others."""
    shapes = [v.shape for v in values]
    if form is not None and model._compiled is not None:
        model._compiled.choose_metrics(form)
        if [v.shape for v in _variables(model)] != shapes:
            model._compiled.begin_metrics(form)
    variables = _variables(model)
    if [v.shape for v in variables] != shapes:
        warnings.warn(
            f"fit: the metrics cannot go on; expected state of {len(values)} arrays of the shapes that were stored, "
            f"got {len(variables)}. They begin anew with this epoch; compile the model as it was.",
            stacklevel=2,
        )
        return
    for variable, value in zip(variables, values):
        variable.assign(value)

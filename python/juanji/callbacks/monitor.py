"""Callbacks that watch whether a number gets better."""

from __future__ import annotations

import operator
import warnings
from typing import Any

from juanji.callbacks.base import Callback, Logs

_LARGER_IS_BETTER = ("acc", "auc", "precision", "recall", "f1_score", "fbeta", "iou", "r2_score", "cosine_similarity")


class MonitorCallback(Callback):
    """Watches one entry of the epoch's logs.

    Args:
        monitor: name of the entry, for example 'val_loss'.
        mode: 'min', 'max', or 'auto': larger is better for accuracies and the like, smaller otherwise.
        min_delta: smallest change that counts.
    """

    def __init__(self, monitor: str = "val_loss", mode: str = "auto", min_delta: float = 0.0) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ValueError(
                f"{type(self).__name__}: unknown mode; expected 'auto', 'min' or 'max', got mode={mode!r}."
            )
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.best: float | None = None
        grows = mode == "max" or (mode == "auto" and any(part in monitor.lower() for part in _LARGER_IS_BETTER))
        self._better = operator.gt if grows else operator.lt
        self._margin = self.min_delta if grows else -self.min_delta

    def is_improvement(self, value: float, reference: float | None) -> bool:
        """Whether ``value`` beats ``reference`` by more than ``min_delta``; anything beats None."""
        return reference is None or bool(self._better(value - self._margin, reference))

    def monitored(self, logs: Logs | None) -> Any:
        """The watched number, None with a warning when the logs lack it."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(
                f"{type(self).__name__}: {self.monitor!r} is not available; expected one of "
                f"{', '.join(logs or {})}. Pass validation data, or another monitor.",
                stacklevel=2,
            )
        return value

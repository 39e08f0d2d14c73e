"""F-scores: weighted harmonic means of precision and recall."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji.autograd import Variable
from juanji.metrics._outcomes import Array, broadcast_weights, quotient
from juanji.metrics.metric import Metric, registry

AVERAGES = (None, "micro", "macro", "weighted")


@registry.register("fbeta_score", snake_case=True)
class FBetaScore(Metric):
    """``(1 + β²) precision · recall / (β² precision + recall)`` of every class.

    Args:
        average: None for an array with one score per class, 'micro' (of the counts of all classes together), 'macro'
            (mean of the classes) or 'weighted' (mean weighted by the number of labels).
        beta: how much more recall counts than precision.
        threshold: predictions above it mean yes; by default the largest of each row does.
        name: as in :class:`Metric`.
        dtype: as in :class:`Metric`.

    Example:
        >>> y_true = [[1, 1, 1], [1, 0, 0], [1, 1, 0]]
        >>> y_pred = [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]]
        >>> FBetaScore(beta=2.0, threshold=0.5)(y_true, y_pred).round(4)
        array([0.3846, 0.9091, 0.8333])
    """

    true_positives: Variable
    false_positives: Variable
    false_negatives: Variable
    intermediate_weights: Variable

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        owner = type(self).__name__
        if average not in AVERAGES:
            expected = ", ".join(map(repr, AVERAGES))
            raise ValueError(f"{owner}: unknown average; expected one of {expected}, got average={average!r}.")
        if isinstance(beta, bool) or not isinstance(beta, (int, float)) or not beta > 0:
            raise ValueError(f"{owner}: wrong beta; expected a positive number, got beta={beta!r}.")
        if threshold is not None and not (isinstance(threshold, (int, float)) and 0 < threshold <= 1):
            raise ValueError(
                f"{owner}: wrong threshold; expected a number above 0 and up to 1, or None, got threshold="
                f"{threshold!r}."
            )
        super().__init__(dtype, name)
        self.average = average
        self.beta = beta
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = np.asarray(y_true, np.float64), np.asarray(y_pred, self.dtype)
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            raise ValueError(
                f"{self.name}: wrong shapes; expected y_true and y_pred of one shape (N, classes), got y_true.shape="
                f"{y_true.shape}, y_pred.shape={y_pred.shape}."
            )
        weights = broadcast_weights(self.name, sample_weight, y_pred.shape)
        if not self._variables:
            self._build(y_pred.shape[1])
        if self.threshold is None:  # a row of zeros chooses nothing
            chosen = (y_pred >= y_pred.max(axis=-1, keepdims=True)) & (np.abs(y_pred) > 1e-9)
        else:
            chosen = y_pred > np.asarray(self.threshold, self.dtype)
        axis = None if self.average == "micro" else 0
        self.true_positives.assign_add((weights * chosen * y_true).sum(axis))
        self.false_positives.assign_add((weights * chosen * (1 - y_true)).sum(axis))
        self.false_negatives.assign_add((weights * ~chosen * y_true).sum(axis))
        self.intermediate_weights.assign_add((weights * y_true).sum(axis))

    def _build(self, classes: int) -> None:
        for name in ("true_positives", "false_positives", "false_negatives", "intermediate_weights"):
            setattr(self, name, self.add_variable(() if self.average == "micro" else (classes,), name=name))

    def result(self) -> Any:
        if not self._variables:
            return 0.0
        tp, fp, fn, labels = (v.numpy() for v in self._variables)
        precision, recall = quotient(tp, tp + fp), quotient(tp, tp + fn)
        scores: Array = (1 + self.beta**2) * quotient(precision * recall, self.beta**2 * precision + recall)
        if self.average is None:
            return scores
        return float(quotient((scores * labels).sum(), labels.sum()) if self.average == "weighted" else scores.mean())

    def get_config(self) -> dict[str, Any]:
        own = {"average": self.average, "beta": self.beta, "threshold": self.threshold}
        return {**super().get_config(), **own}


@registry.register(snake_case=True)
class F1Score(FBetaScore):
    """The harmonic mean of precision and recall of every class: :class:`FBetaScore` with β = 1.

    Args:
        average: None for an array with one score per class, 'micro', 'macro' or 'weighted'.
        threshold: predictions above it mean yes; by default the largest of each row does.
        name: as in :class:`Metric`.
        dtype: as in :class:`Metric`.

    Example:
        >>> y_true = [[1, 1, 1], [1, 0, 0], [1, 1, 0]]
        >>> y_pred = [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]]
        >>> F1Score(threshold=0.5)(y_true, y_pred).round(4)
        array([0.5   , 0.8   , 0.6667])
    """

    def __init__(
        self, average: str | None = None, threshold: float | None = None, name: str = "f1_score", dtype: Any = None
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["beta"]
        return config

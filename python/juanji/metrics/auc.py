"""The area under a curve of two qualities of a classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from juanji import ops
from juanji.metrics._curves import CURVES, METHODS, area
from juanji.metrics._outcomes import OUTCOMES, OutcomeMetric, quotient
from juanji.metrics.confusion import threshold_list
from juanji.metrics.metric import registry
from juanji.metrics.operating_point import even_thresholds
from juanji.utils.registry import plain
from juanji.utils.serialization import deserialize_keras_object

EPSILON = 1e-7


@registry.register(snake_case=True)
class AUC(OutcomeMetric):
    """The area under the ROC or the precision-recall curve, as a sum over thresholds.

    Args:
        num_thresholds: thresholds from 0 to 1 that are tried.
        curve: 'ROC' (share of positives found over share of negatives missed), 'PR' (precision over recall) or
            'PRGAIN' (precision gain over recall gain; Flach and Kull, 2015).
        summation_method: 'interpolation' (trapezoids; for 'PR' true and false positives are interpolated, after Davis
            and Goadrich, 2006), 'minoring' (from below) or 'majoring' (from above).
        name: as in :class:`Metric`.
        dtype: as in :class:`Metric`.
        thresholds: the thresholds between 0 and 1, in the place of ``num_thresholds``.
        multi_label: one curve per column of (N, labels), whose areas are averaged; otherwise all is one curve.
        num_labels: the number of columns, when it shall be known before the first batch.
        label_weights: weight of each column.
        from_logits: whether predictions are logits, to which the sigmoid is still to be applied.

    Example:
        >>> AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
        0.75
        >>> round(AUC(num_thresholds=3, curve="PR")([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]), 4)
        0.8207
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        given = thresholds is not None
        inner = sorted(threshold_list("AUC", thresholds)) if given else even_thresholds("AUC", num_thresholds, 2)[1:-1]
        self.num_thresholds = len(inner) + 2
        self.curve = _one_of("curve", curve.upper(), CURVES)
        self.summation_method = _one_of("summation_method", summation_method.lower(), METHODS)
        self.thresholds = [-EPSILON, *inner, 1 + EPSILON]  # 0 is above the first, 1 is not above the last
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = _plain_weights(label_weights)
        self.from_logits = from_logits
        self._given_thresholds = given
        if num_labels and not multi_label:
            raise ValueError(
                f"AUC: num_labels belongs to multi_label=True; expected None, got num_labels={num_labels}."
            )
        self._shape: tuple[int, ...] = ()
        super().__init__(self.thresholds, name=name, dtype=dtype)
        if num_labels:
            self._make_label_counts(num_labels)

    def make_counts(self, shape: tuple[int, ...]) -> None:
        if not self.multi_label:
            super().make_counts(shape)

    def _make_label_counts(self, labels: int) -> None:
        self._shape = (self.num_thresholds, labels)
        super().make_counts(self._shape)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred = np.asarray(y_pred)
        if self.from_logits:
            y_pred = ops.sigmoid(y_pred)
        is_true, chances, weights = self._prepared(y_true, y_pred, sample_weight)
        if not self.multi_label:
            if self.label_weights is not None:
                weights = weights * np.asarray(self.label_weights)
            return self._count(is_true, chances, weights, labels=0)
        _check_columns(self.name, chances.shape, self._shape[1] if self._shape else None)
        if not self._shape:
            self._make_label_counts(chances.shape[1])
        self._count(is_true, chances, weights, labels=chances.shape[1])

    def result(self) -> float:
        if self.multi_label and not self._shape:
            return 0.0
        tp, fp, tn, fn = (getattr(self, name).numpy() for name in OUTCOMES)
        areas = area((tp, fp, tn, fn), self.curve, self.summation_method)
        if not self.multi_label:
            return float(areas)
        weights = np.ones(self._shape[1]) if self.label_weights is None else np.asarray(self.label_weights, np.float64)
        return float(quotient((areas * weights).sum(), weights.sum()))

    def get_config(self) -> dict[str, Any]:
        arguments = ("num_thresholds", "curve", "summation_method", "multi_label", "num_labels", "label_weights")
        config = {**super().get_config(), **{name: getattr(self, name) for name in (*arguments, "from_logits")}}
        return {**config, "thresholds": self.thresholds[1:-1]} if self._given_thresholds else config


def _plain_weights(weights: Any) -> Any:
    return plain(np.asarray(deserialize_keras_object(weights)) if isinstance(weights, Mapping) else weights)


def _check_columns(name: str, shape: tuple[int, ...], labels: int | None) -> None:
    if len(shape) != 2 or labels not in (None, shape[1]):
        raise ValueError(
            f"{name}: wrong shape of predictions; expected (N, {labels or 'labels'}) with multi_label=True, got "
            f"y_pred.shape={shape}."
        )


def _one_of(name: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise ValueError(f"AUC: unknown {name}; expected one of {', '.join(map(repr, known))}, got {name}={value!r}.")
    return value

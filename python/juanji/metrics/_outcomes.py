"""Counting right and wrong yes-or-no predictions at many thresholds at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji.autograd import Variable
from juanji.losses.loss import same_rank
from juanji.metrics.metric import Metric

Array = np.ndarray[Any, Any]

OUTCOMES = ("true_positives", "false_positives", "true_negatives", "false_negatives")


class OutcomeMetric(Metric):
    """Base of metrics of how many predictions above a threshold are right; state is one count per threshold.

    Args:
        thresholds: predictions above one mean yes; increasing or not.
        counted: which of the four outcomes are kept.
        class_id: the only class that counts; all by default.
        top_k: only the k best classes of a sample may mean yes.
        name: as in :class:`Metric`.
        dtype: type in which predictions and thresholds are compared.
    """

    true_positives: Variable
    false_positives: Variable
    true_negatives: Variable
    false_negatives: Variable

    def __init__(
        self,
        thresholds: Sequence[float],
        counted: Sequence[str] = OUTCOMES,
        class_id: int | None = None,
        top_k: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        self._limits: Array = np.asarray(thresholds, self.dtype)
        self._counted = tuple(counted)
        self.class_id = class_id
        self.top_k = top_k
        self.make_counts((len(self._limits),))

    def make_counts(self, shape: tuple[int, ...]) -> None:
        """Makes the state: one count, or one for each label, per threshold."""
        for name in self._counted:
            setattr(self, name, self.add_variable(shape, name=name))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred, weights = self._prepared(y_true, y_pred, sample_weight)
        self._count(y_true, y_pred, weights, labels=0)

    def _prepared(self, y_true: Any, y_pred: Any, sample_weight: Any) -> tuple[Array, Array, Array]:
        """Labels as booleans, predictions from 0 to 1 (-inf where one may not mean yes), and weights of that shape."""
        y_true, y_pred = same_rank(np.asarray(y_true), np.asarray(y_pred, self.dtype))
        if y_true.shape != y_pred.shape:
            raise ValueError(
                f"{self.name}: labels and predictions differ in shape; expected y_true.shape={y_pred.shape} "
                f"like y_pred, got y_true.shape={y_true.shape}."
            )
        weights = broadcast_weights(self.name, sample_weight, y_pred.shape)
        chosen = np.clip(y_pred, 0, 1)
        if self.top_k is not None:
            chosen = np.where(_among_best(y_pred, self.top_k), chosen, -np.inf)
        if self.class_id is None:
            return y_true != 0, chosen, weights
        if y_pred.ndim < 2:
            raise ValueError(
                f"{self.name}: predictions have no classes; expected y_pred.shape=(N, classes) with class_id="
                f"{self.class_id}, got y_pred.shape={y_pred.shape}."
            )
        return y_true[..., self.class_id] != 0, chosen[..., self.class_id], weights[..., self.class_id]

    def _count(self, y_true: Array, y_pred: Array, weights: Array, labels: int) -> None:
        """Adds a batch; with ``labels`` the last axis is counted apart."""
        for of, yes, no in (
            (y_true, "true_positives", "false_negatives"),
            (~y_true, "false_positives", "true_negatives"),
        ):
            if yes in self._counted or no in self._counted:
                above, below = _above_and_below(y_pred, weights * of, self._limits, labels)
                for name, counts in ((yes, above), (no, below)):
                    if name in self._counted:
                        getattr(self, name).assign_add(counts)

    def share(self, part: str, *whole: str) -> Array:
        """One count divided by the sum of several, per threshold; 0 where that is 0."""
        total = sum(getattr(self, name).numpy() for name in whole)
        return quotient(getattr(self, part).numpy(), np.asarray(total))


def quotient(a: Array, b: Array) -> Array:
    """``a / b``, and 0 where b is 0."""
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=b != 0)


def broadcast_weights(name: str, sample_weight: Any, shape: tuple[int, ...]) -> Array:
    """Sample weights in the shape of the predictions, first axis first; ones by default.

    Raises:
        ValueError: when the shapes do not fit.
    """
    if sample_weight is None:
        return np.ones(shape)
    weights = np.asarray(sample_weight, np.float64)
    if weights.ndim == len(shape) + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    if weights.ndim < len(shape):
        weights = weights.reshape(weights.shape + (1,) * (len(shape) - weights.ndim))
    try:
        return np.broadcast_to(weights, shape)
    except ValueError:
        raise ValueError(
            f"{name}: sample weights do not fit the predictions; expected shape {shape[:1]} or {shape}, got "
            f"sample_weight.shape={np.shape(sample_weight)}."
        ) from None


def _among_best(y_pred: Array, k: int) -> Array:
    """Whether each prediction is among the k largest of its row, the first of equal ones before the others."""
    order = np.argsort(-y_pred, axis=-1, kind="stable")[..., :k]
    best = np.zeros(y_pred.shape, bool)
    np.put_along_axis(best, order, True, axis=-1)
    return best


def _above_and_below(values: Array, weights: Array, limits: Array, labels: int) -> tuple[Array, Array]:
    """Sums of the weights of the values above each limit, and of the others; NaN is above none."""
    order = np.argsort(limits, kind="stable")
    passed = np.searchsorted(limits[order], values, side="left")  # how many limits are below the value
    passed = np.where(np.isnan(values), 0, passed)
    columns = max(labels, 1)
    if labels:
        passed = passed * labels + np.arange(labels)
    sums = np.bincount(passed.ravel(), weights.ravel(), (len(limits) + 1) * columns).reshape(-1, columns)
    above, below = np.empty((len(limits), columns)), np.empty((len(limits), columns))
    above[order] = np.cumsum(sums[::-1], axis=0)[::-1][1:]
    below[order] = np.cumsum(sums, axis=0)[:-1]
    return (above, below) if labels else (above[:, 0], below[:, 0])

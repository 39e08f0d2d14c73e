"""Counts of yes-or-no predictions, precision and recall."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from juanji.metrics._outcomes import Array, OutcomeMetric
from juanji.metrics.metric import registry
from juanji.utils.registry import plain

Thresholds = float | Sequence[float] | None


def threshold_list(owner: str, thresholds: Thresholds, default: float = 0.5) -> list[float]:
    """The thresholds as a list. Raises ValueError for what is not from 0 to 1."""
    if thresholds is None:
        return [default]
    values: list[Any] = plain(thresholds) if np.ndim(thresholds) else [thresholds]
    for value in values:
        if not isinstance(value, Real) or not 0 <= float(value) <= 1:
            raise ValueError(f"{owner}: wrong threshold; expected numbers from 0 to 1, got thresholds={thresholds!r}.")
    return [float(value) for value in values]


class _ThresholdMetric(OutcomeMetric):
    """A metric at thresholds that the user gives; one number for one threshold, else an array."""

    def __init__(
        self,
        thresholds: Thresholds,
        counted: Sequence[str],
        name: str | None,
        dtype: Any,
        top_k: int | None = None,
        class_id: int | None = None,
    ) -> None:
        default = 0.5 if top_k is None else -math.inf
        self.thresholds = threshold_list(type(self).__name__, thresholds, default)
        self.init_thresholds = plain(thresholds)
        super().__init__(self.thresholds, counted, class_id, top_k, name, dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


def _one_or_all(values: Array) -> Any:
    return float(values[0]) if len(values) == 1 else values


class _Count(_ThresholdMetric):
    """The (weighted) number of one outcome."""

    _outcome: str

    def __init__(self, thresholds: Thresholds = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(thresholds, [self._outcome], name, dtype)

    def result(self) -> Any:
        return _one_or_all(getattr(self, self._outcome).numpy())


@registry.register(snake_case=True)
class TruePositives(_Count):
    """The (weighted) number of positive labels with a prediction above the threshold.

    Args:
        thresholds: a number from 0 to 1 or a list of them, 0.5 by default; a list gives an array.

    Example:
        >>> TruePositives()([0, 1, 1, 1], [1, 0, 1, 1])
        2.0
    """

    _outcome = "true_positives"


@registry.register(snake_case=True)
class TrueNegatives(_Count):
    """The (weighted) number of negative labels with a prediction not above the threshold.

    Args:
        thresholds: a number from 0 to 1 or a list of them, 0.5 by default; a list gives an array.

    Example:
        >>> TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0])
        2.0
    """

    _outcome = "true_negatives"


@registry.register(snake_case=True)
class FalsePositives(_Count):
    """The (weighted) number of negative labels with a prediction above the threshold.

    Args:
        thresholds: a number from 0 to 1 or a list of them, 0.5 by default; a list gives an array.

    Example:
        >>> FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1])
        2.0
    """

    _outcome = "false_positives"


@registry.register(snake_case=True)
class FalseNegatives(_Count):
    """The (weighted) number of positive labels with a prediction not above the threshold.

    Args:
        thresholds: a number from 0 to 1 or a list of them, 0.5 by default; a list gives an array.

    Example:
        >>> FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0], sample_weight=[0, 0, 1, 0.5])
        1.5
    """

    _outcome = "false_negatives"


class _PrecisionOrRecall(_ThresholdMetric):
    _state: tuple[str, str]

    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(thresholds, self._state, name, dtype, top_k, class_id)

    def result(self) -> Any:
        return _one_or_all(self.share("true_positives", *self._state))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "top_k": self.top_k, "class_id": self.class_id}


@registry.register(snake_case=True)
class Precision(_PrecisionOrRecall):
    """The share of positive predictions whose label is positive; 0 when there are none.

    Args:
        thresholds: predictions above one are positive: a number from 0 to 1 or a list of them, which gives an array;
            0.5 by default, or none with ``top_k``.
        top_k: only the k largest predictions of a sample may be positive.
        class_id: the only class that counts; all by default.

    Example:
        >>> round(Precision()([0, 1, 1, 1], [1, 0, 1, 1]), 4)
        0.6667
        >>> Precision(top_k=2)([[0, 0, 1, 1]], [[0.1, 0.4, 0.9, 0.3]])
        0.5
    """

    _state = ("true_positives", "false_positives")


@registry.register(snake_case=True)
class Recall(_PrecisionOrRecall):
    """The share of positive labels whose prediction is positive; 0 when there are none.

    Args:
        thresholds: predictions above one are positive: a number from 0 to 1 or a list of them, which gives an array;
            0.5 by default, or none with ``top_k``.
        top_k: only the k largest predictions of a sample may be positive.
        class_id: the only class that counts; all by default.

    Example:
        >>> round(Recall()([0, 1, 1, 1], [1, 0, 1, 1]), 4)
        0.6667
    """

    _state = ("true_positives", "false_negatives")

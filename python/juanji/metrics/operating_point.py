"""One quality of a yes-or-no classifier at a given value of another: the best over many thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji.metrics._outcomes import Array, OutcomeMetric
from juanji.metrics.metric import registry
from juanji.utils.arguments import share


def even_thresholds(owner: str, count: int, least: int) -> list[float]:
    """Thresholds from 0 to 1 at equal distances. Raises ValueError for too few."""
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < least:
        raise ValueError(
            f"{owner}: wrong number of thresholds; expected a whole number of at least {least}, got "
            f"num_thresholds={count!r}."
        )
    return [0.5] if count == 1 else [0.0, *(i / (count - 1) for i in range(1, count - 1)), 1.0]


class OperatingPoint(OutcomeMetric):
    """Base: :meth:`curves` gives the quality that is required and the one that is to be best, per threshold.

    Args:
        value: what is required at least.
        num_thresholds: thresholds from 0 to 1 that are tried.
        class_id: the only class that counts; all by default.
        name: as in :class:`Metric`.
        dtype: as in :class:`Metric`.
    """

    _required: str

    def __init__(
        self,
        value: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        owner = type(self).__name__
        self.value = share(owner, self._required, value)
        self.num_thresholds = num_thresholds
        self.thresholds = even_thresholds(owner, num_thresholds, 1)
        super().__init__(self.thresholds, class_id=class_id, name=name, dtype=dtype)

    def curves(self) -> tuple[Array, Array]:
        """What is required and what is to be best, per threshold."""
        raise TypeError(f"{type(self).__name__}: no curves; expected a class with its own curves().")

    def recalls(self) -> Array:
        """Per threshold, the share of the positive labels that are found (sensitivity)."""
        return self.share("true_positives", "true_positives", "false_negatives")

    def precisions(self) -> Array:
        """Per threshold, the share of the positive predictions that are right."""
        return self.share("true_positives", "true_positives", "false_positives")

    def specificities(self) -> Array:
        """Per threshold, the share of the negative labels that are found."""
        return self.share("true_negatives", "true_negatives", "false_positives")

    def result(self) -> float:
        required, wanted = self.curves()
        return float(np.max(np.where(required >= self.value, wanted, 0.0), initial=0.0))

    def get_config(self) -> dict[str, Any]:
        own = {"num_thresholds": self.num_thresholds, self._required: self.value, "class_id": self.class_id}
        return {**super().get_config(), **own}


@registry.register(snake_case=True)
class SensitivityAtSpecificity(OperatingPoint):
    """The best sensitivity (share of positives found) at which the specificity is at least a given one.

    Args:
        specificity: share of negatives that has to be found, from 0 to 1.
        num_thresholds: thresholds from 0 to 1 that are tried.
        class_id: the only class that counts; all by default.

    Example:
        >>> SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
        0.5
    """

    _required = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def curves(self) -> tuple[Array, Array]:
        return self.specificities(), self.recalls()


@registry.register(snake_case=True)
class SpecificityAtSensitivity(OperatingPoint):
    """The best specificity (share of negatives found) at which the sensitivity is at least a given one.

    Args:
        sensitivity: share of positives that has to be found, from 0 to 1.
        num_thresholds: thresholds from 0 to 1 that are tried.
        class_id: the only class that counts; all by default.

    Example:
        >>> round(SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]), 4)
        0.6667
    """

    _required = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def curves(self) -> tuple[Array, Array]:
        return self.recalls(), self.specificities()


@registry.register(snake_case=True)
class PrecisionAtRecall(OperatingPoint):
    """The best precision at which the recall is at least a given one.

    Args:
        recall: share of positives that has to be found, from 0 to 1.
        num_thresholds: thresholds from 0 to 1 that are tried.
        class_id: the only class that counts; all by default.

    Example:
        >>> PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
        0.5
    """

    _required = "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def curves(self) -> tuple[Array, Array]:
        return self.recalls(), self.precisions()


@registry.register(snake_case=True)
class RecallAtPrecision(OperatingPoint):
    """The best recall at which the precision is at least a given one.

    Args:
        precision: share of positive predictions that has to be right, from 0 to 1.
        num_thresholds: thresholds from 0 to 1 that are tried.
        class_id: the only class that counts; all by default.

    Example:
        >>> RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
        0.5
    """

    _required = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def curves(self) -> tuple[Array, Array]:
        return self.precisions(), self.recalls()

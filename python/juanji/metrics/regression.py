"""How well numbers are predicted: the coefficient of determination and correlations."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Variable
from juanji.losses.loss import prepare, same_rank
from juanji.metrics._outcomes import broadcast_weights
from juanji.metrics.metric import MeanMetricWrapper, Metric, registry

EPSILON = 1e-7
AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


@registry.register(snake_case=True)
class R2Score(Metric):
    """``1 - Σ (y_true - y_pred)² / Σ (y_true - mean)²`` of every output: 1 is perfect, 0 no better than the mean.

    Args:
        class_aggregation: None for an array with one value per output, 'uniform_average', or
            'variance_weighted_average'.
        num_regressors: number p of independent variables for the adjusted value ``1 - (1 - R²) (n - 1) / (n - p - 1)``,
            in which n counts labels, all outputs together as in Keras; 0 for none.
        name: as in :class:`Metric`.
        dtype: as in :class:`Metric`.

    Example:
        >>> round(R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]), 4)
        0.5714
    """

    squared_sum: Variable
    sum: Variable
    total_mse: Variable
    count: Variable

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        if class_aggregation not in AGGREGATIONS:
            raise ValueError(
                f"R2Score: unknown aggregation; expected one of {', '.join(map(repr, AGGREGATIONS))}, got "
                f"class_aggregation={class_aggregation!r}."
            )
        if num_regressors < 0:
            raise ValueError(
                f"R2Score: wrong number of regressors; expected at least 0, got num_regressors={num_regressors}."
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable(name="num_samples")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = same_rank(np.asarray(y_true, np.float64), np.asarray(y_pred, np.float64))
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            raise ValueError(
                f"{self.name}: wrong shapes; expected y_true and y_pred of one shape (N, outputs), got y_true.shape="
                f"{y_true.shape}, y_pred.shape={y_pred.shape}."
            )
        weights = broadcast_weights(self.name, sample_weight, y_true.shape)
        if len(self._variables) == 1:
            for name, title in (("squared_sum", ""), ("sum", ""), ("total_mse", "residual"), ("count", "")):
                setattr(self, name, self.add_variable(y_true.shape[1:], name=title or name))
        self.sum.assign_add((y_true * weights).sum(0))
        self.squared_sum.assign_add((y_true * y_true * weights).sum(0))
        self.total_mse.assign_add(((y_true - y_pred) ** 2 * weights).sum(0))
        self.count.assign_add(weights.sum(0))
        self.num_samples.assign_add(y_true.size)

    def result(self) -> Any:
        if len(self._variables) == 1:
            return 0.0
        total = self.squared_sum.numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            total = total - self.sum.numpy() ** 2 / self.count.numpy()
            scores = 1 - self.total_mse.numpy() / total
            scores = np.where(np.isinf(scores), 0.0, scores)
            if self.class_aggregation == "uniform_average":
                scores = scores.mean()
            elif self.class_aggregation is not None:
                scores = (total * scores).sum() / total.sum()
        if self.num_regressors:
            scores = _adjusted(scores, float(self.num_samples), self.num_regressors)
        return scores if self.class_aggregation is None else float(scores)

    def get_config(self) -> dict[str, Any]:
        own = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return {**super().get_config(), **own}


def _adjusted(scores: Any, samples: float, regressors: int) -> Any:
    free = samples - 1 - regressors
    if free > 0:
        return 1 - (1 - scores) * (samples - 1) / free
    warnings.warn(
        f"R2Score: too few samples for the adjusted value; expected more than {regressors + 1}, got {samples:.0f}. The "
        "plain value is given.",
        stacklevel=4,
    )
    return scores


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Pearson's correlation along an axis: the covariance divided by both standard deviations.

    Returns:
        The shape without that axis; NaN where one side is constant.

    Example:
        >>> import numpy as np
        >>> pearson_correlation(np.array([[1.0, 2.0, 3.0]]), np.array([[2.0, 4.0, 7.0]])).round(4)
        array([0.9934])
    """
    y_true, y_pred = prepare(y_true, y_pred, "pearson_correlation")
    return ops.mean(ops.multiply(_standardized(y_true, axis), _standardized(y_pred, axis)), axis=axis)


def _standardized(x: Any, axis: int) -> Any:
    centered = ops.subtract(x, ops.mean(x, axis=axis, keepdims=True))
    return ops.divide(centered, ops.std(centered, axis=axis, keepdims=True))


@registry.register(snake_case=True)
class PearsonCorrelation(MeanMetricWrapper):
    """The mean of :func:`pearson_correlation` over samples.

    Args:
        axis: the axis along which vectors are correlated.

    Example:
        >>> round(PearsonCorrelation()([[1.0, 2.0, 3.0]], [[2.0, 4.0, 7.0]]), 4)
        0.9934
    """

    def __init__(self, name: str = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """``2 cov / (var_true + var_pred + (mean_true - mean_pred)²)`` along an axis (Lin, 1989).

    It is 1 for equal vectors only, where Pearson's correlation forgives another scale.

    Returns:
        The shape without that axis; 0 where both sides are constant and equal.

    Example:
        >>> import numpy as np
        >>> concordance_correlation(np.array([[1.0, 2.0, 3.0]]), np.array([[2.0, 4.0, 7.0]])).round(4)
        array([0.3226])
    """
    y_true, y_pred = prepare(y_true, y_pred, "concordance_correlation")
    means = [ops.mean(y, axis=axis, keepdims=True) for y in (y_true, y_pred)]
    true, pred = ops.subtract(y_true, means[0]), ops.subtract(y_pred, means[1])
    spread = ops.add(ops.mean(ops.square(true), axis=axis), ops.mean(ops.square(pred), axis=axis))
    spread = ops.add(spread, ops.squeeze(ops.square(ops.subtract(*means)), axis))
    covariance = ops.mean(ops.multiply(true, pred), axis=axis)
    return ops.divide(ops.multiply(covariance, 2.0), ops.add(spread, EPSILON))


@registry.register(snake_case=True)
class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean of :func:`concordance_correlation` over samples.

    Args:
        axis: the axis along which vectors are correlated.

    Example:
        >>> round(ConcordanceCorrelation()([[1.0, 2.0, 3.0]], [[2.0, 4.0, 7.0]]), 4)
        0.3226
    """

    def __init__(self, name: str = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)

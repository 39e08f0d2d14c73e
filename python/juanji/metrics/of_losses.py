"""Losses as metrics: the running mean of a loss function over all samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import losses
from juanji.losses.loss import prepare
from juanji.metrics.metric import MeanMetricWrapper, RunningMean, registry


@registry.register("mse", "MSE", snake_case=True)
class MeanSquaredError(MeanMetricWrapper):
    """The mean of :func:`juanji.losses.mean_squared_error`.

    Example:
        >>> round(MeanSquaredError()([[0.0, 1.0]], [[1.0, 3.0]]), 4)
        2.5
    """

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_error, name, dtype)


@registry.register("mae", "MAE", snake_case=True)
class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of :func:`juanji.losses.mean_absolute_error`.

    Example:
        >>> round(MeanAbsoluteError()([[0.0, 1.0]], [[1.0, 3.0]]), 4)
        1.5
    """

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_error, name, dtype)


@registry.register("mape", "MAPE", snake_case=True)
class MeanAbsolutePercentageError(MeanMetricWrapper):
    """The mean of :func:`juanji.losses.mean_absolute_percentage_error`.

    Example:
        >>> round(MeanAbsolutePercentageError()([[1.0, 2.0]], [[1.5, 3.0]]), 4)
        50.0
    """

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


@registry.register("msle", "MSLE", snake_case=True)
class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean of :func:`juanji.losses.mean_squared_logarithmic_error`.

    Example:
        >>> round(MeanSquaredLogarithmicError()([[3.0]], [[3.0]]), 4)
        0.0
    """

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


@registry.register(snake_case=True)
class LogCoshError(MeanMetricWrapper):
    """The mean of :func:`juanji.losses.log_cosh`.

    Example:
        >>> round(LogCoshError()([[0.0]], [[1.0]]), 4)
        0.4338
    """

    def __init__(self, name: str = "logcosh", dtype: Any = None) -> None:
        super().__init__(losses.log_cosh, name, dtype)


@registry.register(snake_case=True)
class KLDivergence(MeanMetricWrapper):
    """The mean of :func:`juanji.losses.kl_divergence`.

    Example:
        >>> round(KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]), 4)
        0.0
    """

    def __init__(self, name: str = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(losses.kl_divergence, name, dtype)


@registry.register(snake_case=True)
class Poisson(MeanMetricWrapper):
    """The mean of :func:`juanji.losses.poisson`.

    Example:
        >>> round(Poisson()([[1.0, 0.0]], [[1.0, 1.0]]), 4)
        1.0
    """

    def __init__(self, name: str = "poisson", dtype: Any = None) -> None:
        super().__init__(losses.poisson, name, dtype)


@registry.register(snake_case=True)
class Hinge(MeanMetricWrapper):
    """The mean of :func:`juanji.losses.hinge`.

    Example:
        >>> round(Hinge()([[-1.0, 1.0]], [[0.5, 0.5]]), 4)
        1.0
    """

    def __init__(self, name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(losses.hinge, name, dtype)


@registry.register(snake_case=True)
class SquaredHinge(MeanMetricWrapper):
    """The mean of :func:`juanji.losses.squared_hinge`.

    Example:
        >>> round(SquaredHinge()([[-1.0, 1.0]], [[0.5, 0.5]]), 4)
        1.25
    """

    def __init__(self, name: str = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(losses.squared_hinge, name, dtype)


@registry.register(snake_case=True)
class CategoricalHinge(MeanMetricWrapper):
    """The mean of :func:`juanji.losses.categorical_hinge`.

    Example:
        >>> round(CategoricalHinge()([[0.0, 1.0]], [[0.75, 0.5]]), 4)
        1.25
    """

    def __init__(self, name: str = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(losses.categorical_hinge, name, dtype)


@registry.register(snake_case=True)
class RootMeanSquaredError(RunningMean):
    """The square root of the mean squared error over all samples.

    Example:
        >>> RootMeanSquaredError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
        0.5
    """

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(dtype, name)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = prepare(np.asarray(y_true), np.asarray(y_pred), self.name)
        self.add(np.square(y_pred - y_true), sample_weight)

    def result(self) -> float:
        return float(super().result() ** 0.5)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The cosine of the angle between the vectors along an axis; the loss of this name is minus this.

    Example:
        >>> float(cosine_similarity([3.0, 4.0], [6.0, 8.0]).round(4))
        1.0
    """
    return -losses.cosine_similarity(y_true, y_pred, axis)


@registry.register(snake_case=True)
class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angles between labels and predictions.

    Example:
        >>> round(CosineSimilarity()([[3.0, 4.0]], [[6.0, 8.0]]), 4)
        1.0
    """

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)


@registry.register("bce", "BCE", snake_case=True)
class BinaryCrossentropy(MeanMetricWrapper):
    """The mean of :func:`juanji.losses.binary_crossentropy`.

    Example:
        >>> round(BinaryCrossentropy()([[0.0], [1.0]], [[0.5], [0.5]]), 4)
        0.6931
    """

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(losses.binary_crossentropy, name, dtype, **arguments)


@registry.register(snake_case=True)
class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean of :func:`juanji.losses.categorical_crossentropy`.

    Example:
        >>> round(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]), 4)
        0.6931
    """

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(losses.categorical_crossentropy, name, dtype, **arguments)


@registry.register(snake_case=True)
class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean of :func:`juanji.losses.sparse_categorical_crossentropy`.

    Example:
        >>> round(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]]), 4)
        0.6931
    """

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        arguments: dict[str, Any] = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(losses.sparse_categorical_crossentropy, name, dtype, **arguments)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if self.ignore_class is not None:
            labels = np.asarray(y_true)
            if labels.ndim == np.ndim(y_pred):
                labels = labels.squeeze(self.axis)
            counted = labels != self.ignore_class
            sample_weight = counted if sample_weight is None else counted * np.asarray(sample_weight)
        super().update_state(y_true, y_pred, sample_weight)

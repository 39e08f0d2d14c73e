"""Losses between numbers: every function gives the mean over the last axis, one value per sample."""

from __future__ import annotations

import math
from typing import Any

from juanji import ops
from juanji.losses.loss import LossFunctionWrapper, prepare, registry
from juanji.ops._losses import mean_squared_error as fused_mean_squared_error

EPSILON = 1e-7


@registry.register("mse", "MSE")
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """``(y_true - y_pred)²``, the mean over the last axis.

    Example:
        >>> import numpy as np
        >>> mean_squared_error(np.array([[0.0, 1.0]]), np.array([[1.0, 3.0]]))
        array([2.5])
    """
    y_true, y_pred = prepare(y_true, y_pred, "mean_squared_error", broadcast=True)
    return fused_mean_squared_error(y_true, y_pred)


@registry.register()
class MeanSquaredError(LossFunctionWrapper):
    """:func:`mean_squared_error` as a loss.

    Example:
        >>> round(float(MeanSquaredError()([[0.0, 1.0]], [[1.0, 3.0]])), 4)
        2.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


@registry.register("mae", "MAE")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """``|y_true - y_pred|``, the mean over the last axis.

    Example:
        >>> import numpy as np
        >>> mean_absolute_error(np.array([[0.0, 1.0]]), np.array([[1.0, 3.0]]))
        array([1.5])
    """
    y_true, y_pred = prepare(y_true, y_pred, "mean_absolute_error", broadcast=True)
    return ops.mean(ops.abs(ops.subtract(y_true, y_pred)), axis=-1)


@registry.register()
class MeanAbsoluteError(LossFunctionWrapper):
    """:func:`mean_absolute_error` as a loss.

    Example:
        >>> round(float(MeanAbsoluteError()([[0.0, 1.0]], [[1.0, 3.0]])), 4)
        1.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


@registry.register("mape", "MAPE")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """``100 |y_true - y_pred| / |y_true|``, the mean over the last axis.

    ``|y_true|`` is kept above 1e-7.

    Example:
        >>> import numpy as np
        >>> mean_absolute_percentage_error(np.array([[1.0, 2.0]]), np.array([[1.5, 3.0]]))
        array([50.])
    """
    y_true, y_pred = prepare(y_true, y_pred, "mean_absolute_percentage_error", broadcast=True)
    scale = ops.maximum(ops.abs(y_true), EPSILON)
    relative = ops.abs(ops.divide(ops.subtract(y_true, y_pred), scale))
    return ops.multiply(ops.mean(relative, axis=-1), 100.0)


@registry.register()
class MeanAbsolutePercentageError(LossFunctionWrapper):
    """:func:`mean_absolute_percentage_error` as a loss.

    Example:
        >>> round(float(MeanAbsolutePercentageError()([[1.0, 2.0]], [[1.5, 3.0]])), 4)
        50.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


@registry.register("msle", "MSLE")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """``(log(y_true + 1) - log(y_pred + 1))²``, the mean over the last axis.

    Inputs are kept above 1e-7.

    Example:
        >>> import numpy as np
        >>> mean_squared_logarithmic_error(np.array([[0.0]]), np.array([[np.e - 1]])).round(4)
        array([1.])
    """
    y_true, y_pred = prepare(y_true, y_pred, "mean_squared_logarithmic_error", broadcast=True)
    difference = ops.subtract(_log1p_positive(y_pred), _log1p_positive(y_true))
    return ops.mean(ops.square(difference), axis=-1)


@registry.register()
class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """:func:`mean_squared_logarithmic_error` as a loss.

    Example:
        >>> round(float(MeanSquaredLogarithmicError()([[3.0]], [[3.0]])), 4)
        0.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


def _log1p_positive(x: Any) -> Any:
    return ops.log(ops.add(ops.maximum(x, EPSILON), 1.0))


@registry.register()
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """``e² / 2`` where ``|e| <= delta``, else ``delta |e| - delta² / 2``; the mean over the last axis.

    ``e = y_pred - y_true`` (Huber, 1964).

    Example:
        >>> import numpy as np
        >>> huber(np.array([[0.0, 1.0]]), np.array([[1.0, 3.0]]))
        array([1.])
    """
    y_true, y_pred = prepare(y_true, y_pred, "huber", broadcast=True)
    size = ops.abs(ops.subtract(y_pred, y_true))
    # both branches in one, by the part of the error below delta
    inner = ops.minimum(size, delta)
    return ops.mean(ops.multiply(inner, ops.subtract(size, ops.multiply(inner, 0.5))), axis=-1)


@registry.register()
class Huber(LossFunctionWrapper):
    """:func:`huber` as a loss.

    Example:
        >>> round(float(Huber()([[0.0, 1.0]], [[1.0, 3.0]])), 4)
        1.0
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)


@registry.register("logcosh")
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """``log(cosh(y_pred - y_true))``, the mean over the last axis.

    Example:
        >>> import numpy as np
        >>> log_cosh(np.array([[0.0]]), np.array([[1.0]])).round(4)
        array([0.4338])
    """
    y_true, y_pred = prepare(y_true, y_pred, "log_cosh", broadcast=True)
    error = ops.subtract(y_pred, y_true)
    # cosh overflows; log(cosh(e)) = e + log(1 + exp(-2e)) - log(2)
    value = ops.add(error, ops.softplus(ops.multiply(error, -2.0)))
    return ops.mean(ops.subtract(value, math.log(2.0)), axis=-1)


@registry.register()
class LogCosh(LossFunctionWrapper):
    """:func:`log_cosh` as a loss.

    Example:
        >>> round(float(LogCosh()([[0.0]], [[1.0]])), 4)
        0.4338
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "log_cosh",
        dtype: Any = None,
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)


@registry.register()
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine of the angle between vectors along an axis.

    It is -1 for equal directions, and 0 for a zero vector.

    Example:
        >>> import numpy as np
        >>> cosine_similarity(np.array([[3.0, 4.0]]), np.array([[6.0, 8.0]])).round(4)
        array([-1.])
    """
    y_true, y_pred = prepare(y_true, y_pred, "cosine_similarity", broadcast=True)
    product = ops.sum(ops.multiply(_unit(y_true, axis), _unit(y_pred, axis)), axis=axis)
    return ops.negative(product)


@registry.register()
class CosineSimilarity(LossFunctionWrapper):
    """:func:`cosine_similarity` as a loss.

    Example:
        >>> round(float(CosineSimilarity()([[3.0, 4.0]], [[6.0, 8.0]])), 4)
        -1.0
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)


def _unit(x: Any, axis: int) -> Any:
    # the lower bound keeps the gradient of a zero vector finite
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return ops.divide(x, ops.sqrt(ops.maximum(squares, EPSILON * EPSILON)))

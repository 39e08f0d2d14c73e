"""Losses of segmentation: how little two masks overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import ops
from juanji.losses.loss import LossFunctionWrapper, prepare, registry

EPSILON = 1e-7


@registry.register()
def dice(y_true: Any, y_pred: Any, axis: int | Sequence[int] | None = None) -> Any:
    """``1 - 2 Σ y_true y_pred / (Σ y_true + Σ y_pred)`` (Milletari et al., 2016, arXiv:1606.04797).

    Args:
        y_true: masks of 0 and 1, the shape of ``y_pred``.
        y_pred: probabilities.
        axis: the axes of the sums, for example (1, 2, 3) for one value per image; all by default.

    Returns:
        The shape of ``y_pred`` without those axes.

    Example:
        >>> import numpy as np
        >>> dice(np.array([[1.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 0.0]]), axis=1).round(4)
        array([0.3333])
    """
    y_true, y_pred = prepare(y_true, y_pred, "dice")
    both = ops.sum(ops.multiply(y_true, y_pred), axis=axis)
    each = ops.add(ops.sum(y_true, axis=axis), ops.sum(y_pred, axis=axis))
    return ops.subtract(1.0, ops.divide(ops.multiply(both, 2.0), ops.add(each, EPSILON)))


@registry.register()
class Dice(LossFunctionWrapper):
    """:func:`dice` as a loss.

    Example:
        >>> round(float(Dice()([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])), 4)
        0.3333
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: int | Sequence[int] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=axis)


@registry.register()
def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: int | Sequence[int] | None = None
) -> Any:
    """``1 - TP / (TP + alpha P + beta Q)`` (Salehi et al., 2017, arXiv:1706.05721).

    ``TP = Σ y_true y_pred``; P, in Keras' order, counts what was missed, ``Σ y_true (1 - y_pred)``, and Q what was
    wrongly found, ``Σ (1 - y_true) y_pred``. With both factors 0.5 this is :func:`dice`.

    Args:
        y_true: masks of 0 and 1, the shape of ``y_pred``.
        y_pred: probabilities.
        alpha: weight of P.
        beta: weight of Q.
        axis: the axes of the sums, for example (1, 2, 3) for one value per image; all by default.

    Returns:
        The shape of ``y_pred`` without those axes.

    Example:
        >>> import numpy as np
        >>> tversky(np.array([[1.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 0.0]]), alpha=1.0, axis=1).round(4)
        array([0.5])
    """
    y_true, y_pred = prepare(y_true, y_pred, "tversky")
    both = ops.sum(ops.multiply(y_true, y_pred), axis=axis)
    missed = ops.sum(ops.multiply(y_true, ops.subtract(1.0, y_pred)), axis=axis)
    wrong = ops.sum(ops.multiply(ops.subtract(1.0, y_true), y_pred), axis=axis)
    errors = ops.add(ops.multiply(missed, alpha), ops.multiply(wrong, beta))
    return ops.subtract(1.0, ops.divide(both, ops.add(ops.add(both, errors), EPSILON)))


@registry.register()
class Tversky(LossFunctionWrapper):
    """:func:`tversky` as a loss.

    Example:
        >>> round(float(Tversky(alpha=1.0)([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])), 4)
        0.5
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: int | Sequence[int] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)

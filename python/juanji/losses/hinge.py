"""Hinge losses: classes are told apart by a margin."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.losses.loss import LossFunctionWrapper, prepare, registry


@registry.register()
def hinge(y_true: Any, y_pred: Any) -> Any:
    """``max(1 - y_true y_pred, 0)``, the mean over the last axis.

    Labels are -1 and 1; 0 and 1 are converted.

    Example:
        >>> import numpy as np
        >>> hinge(np.array([[-1.0, 1.0]]), np.array([[0.5, 0.5]]))
        array([1.])
    """
    y_true, y_pred = prepare(y_true, y_pred, "hinge", broadcast=True)
    return ops.mean(_margin(y_true, y_pred), axis=-1)


@registry.register()
class Hinge(LossFunctionWrapper):
    """:func:`hinge` as a loss.

    Example:
        >>> round(float(Hinge()([[-1.0, 1.0]], [[0.5, 0.5]])), 4)
        1.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(hinge, reduction, name, dtype)


@registry.register()
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """``max(1 - y_true y_pred, 0)²``, the mean over the last axis.

    Labels are -1 and 1; 0 and 1 are converted.

    Example:
        >>> import numpy as np
        >>> squared_hinge(np.array([[-1.0, 1.0]]), np.array([[0.5, 0.5]]))
        array([1.25])
    """
    y_true, y_pred = prepare(y_true, y_pred, "squared_hinge", broadcast=True)
    return ops.mean(ops.square(_margin(y_true, y_pred)), axis=-1)


@registry.register()
class SquaredHinge(LossFunctionWrapper):
    """:func:`squared_hinge` as a loss.

    Example:
        >>> round(float(SquaredHinge()([[-1.0, 1.0]], [[0.5, 0.5]])), 4)
        1.25
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "squared_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


def _margin(y_true: Any, y_pred: Any) -> Any:
    if y_true.size:
        binary = ops.equal(ops.max(ops.abs(ops.multiply(y_true, ops.subtract(y_true, 1.0)))), 0.0)
        y_true = ops.where(binary, ops.subtract(ops.multiply(y_true, 2.0), 1.0), y_true)
    return ops.relu(ops.subtract(1.0, ops.multiply(y_true, y_pred)))


@registry.register()
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """``max(1 + neg - pos, 0)``: ``pos`` is the right class' score, ``neg`` the best of the others.

    Labels are one-hot rows.

    Example:
        >>> import numpy as np
        >>> categorical_hinge(np.array([[0.0, 1.0]]), np.array([[0.75, 0.5]]))
        array([1.25])
    """
    y_true, y_pred = prepare(y_true, y_pred, "categorical_hinge", broadcast=True)
    right = ops.sum(ops.multiply(y_true, y_pred), axis=-1)
    wrong = ops.max(ops.multiply(ops.subtract(1.0, y_true), y_pred), axis=-1)
    return ops.relu(ops.add(ops.subtract(wrong, right), 1.0))


@registry.register()
class CategoricalHinge(LossFunctionWrapper):
    """:func:`categorical_hinge` as a loss.

    Example:
        >>> round(float(CategoricalHinge()([[0.0, 1.0]], [[0.75, 0.5]])), 4)
        1.25
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)

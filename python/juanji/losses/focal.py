"""Focal losses: cross-entropies in which samples that are predicted well count less (Lin et al., 2017)."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.losses.crossentropy import check_smoothing
from juanji.losses.loss import LossFunctionWrapper, prepare, registry
from juanji.ops._logits import find_logits

EPSILON = 1e-7


@registry.register()
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """``(1 - p)^gamma`` times the binary cross-entropy, p being the probability of the label; the mean over an axis.

    Lin et al., 2017, arXiv:1708.02002.

    Args:
        y_true: labels from 0 to 1, the shape of ``y_pred``.
        y_pred: probabilities, or logits.
        apply_class_balancing: whether labels of 1 count ``alpha`` and labels of 0 ``1 - alpha``.
        alpha: weight of the class 1.
        gamma: how strongly good predictions are discounted; 0 not at all.
        from_logits: whether ``y_pred`` are logits, to which the sigmoid is still to be applied.
        label_smoothing: s replaces the labels by ``y_true * (1 - s) + s / 2``.
        axis: the axis of the mean.

    Returns:
        The shape of ``y_pred`` without that axis.

    Example:
        >>> import numpy as np
        >>> binary_focal_crossentropy(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]])).round(4)
        array([0.1733])
    """
    y_true, y_pred = prepare(y_true, y_pred, "binary_focal_crossentropy")
    if label_smoothing:
        y_true = ops.add(ops.multiply(y_true, 1.0 - label_smoothing), 0.5 * label_smoothing)
    entropy = ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits)
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    # 1 - p of the label: t (1 - p) + (1 - t) p
    miss = ops.add(ops.multiply(y_true, ops.subtract(1.0, y_pred)), ops.multiply(ops.subtract(1.0, y_true), y_pred))
    values = ops.multiply(ops.power(miss, gamma), entropy)
    if apply_class_balancing:
        balance = ops.add(ops.multiply(y_true, alpha), ops.multiply(ops.subtract(1.0, y_true), 1.0 - alpha))
        values = ops.multiply(values, balance)
    return ops.mean(values, axis=axis)


@registry.register()
class BinaryFocalCrossentropy(LossFunctionWrapper):
    """:func:`binary_focal_crossentropy` as a loss.

    Example:
        >>> loss = BinaryFocalCrossentropy(from_logits=True)
        >>> round(float(loss([[0.0], [1.0]], [[0.0], [0.0]])), 4)
        0.1733
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        check_smoothing(label_smoothing)
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


@registry.register()
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """``-Σ alpha (1 - y_pred)^gamma y_true log(y_pred)`` over the classes (Lin et al., 2017, arXiv:1708.02002).

    Probabilities are divided by their sum and kept within 1e-7 and 1 - 1e-7, unless their logits are known.

    Args:
        y_true: one-hot rows or probabilities, the shape of ``y_pred``.
        y_pred: probabilities of C classes, or logits.
        alpha: weight of all classes, or one for each.
        gamma: how strongly good predictions are discounted; 0 not at all.
        from_logits: whether ``y_pred`` are logits, to which the softmax is still to be applied.
        label_smoothing: s replaces the labels by ``y_true * (1 - s) + s / C``.
        axis: the axis of the classes.

    Returns:
        One value per sample: the shape of ``y_pred`` without the axis of the classes.

    Example:
        >>> import numpy as np
        >>> categorical_focal_crossentropy(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]])).round(4)
        array([0.0433])
    """
    y_true, y_pred = prepare(y_true, y_pred, "categorical_focal_crossentropy")
    if label_smoothing:
        y_true = ops.add(ops.multiply(y_true, 1.0 - label_smoothing), label_smoothing / y_true.shape[-1])
    chances, logs = _chances_and_logs(y_pred, from_logits, axis)
    weights = ops.multiply(ops.power(ops.subtract(1.0, chances), gamma), alpha)
    return ops.negative(ops.sum(ops.multiply(weights, ops.multiply(y_true, logs)), axis=axis))


def _chances_and_logs(y_pred: Any, from_logits: bool, axis: int) -> tuple[Any, Any]:
    """Probabilities and their logarithms, from the logits behind a softmax where they are known."""
    if axis in (-1, y_pred.ndim - 1):
        y_pred, from_logits = find_logits("categorical_focal_crossentropy", y_pred, "softmax", from_logits)
    if from_logits:
        return ops.softmax(y_pred, axis=axis), ops.log_softmax(y_pred, axis=axis)
    chances = ops.clip(ops.divide(y_pred, ops.sum(y_pred, axis=axis, keepdims=True)), EPSILON, 1.0 - EPSILON)
    return chances, ops.log(chances)


@registry.register()
class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """:func:`categorical_focal_crossentropy` as a loss.

    Example:
        >>> loss = CategoricalFocalCrossentropy(from_logits=True)
        >>> round(float(loss([[0.0, 1.0]], [[0.0, 0.0]])), 4)
        0.0433
    """

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        check_smoothing(label_smoothing)
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )

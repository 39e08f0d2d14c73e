"""Losses of class numbers beside the cross-entropy: negative log-likelihood and generalised cross-entropy."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Tensor
from juanji.losses.crossentropy import class_numbers
from juanji.losses.loss import LossFunctionWrapper, registry
from juanji.ops._convert import as_float


@registry.register("nll", "NLL")
def negative_log_likelihood(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """``-y_pred[y_true]``: minus the logarithm of the probability that the right class was given.

    It is the cross-entropy of a model that ends in a log-softmax (``nll_loss`` elsewhere).

    Args:
        y_true: class numbers from 0 to C - 1; the shape of ``y_pred`` without the axis of the classes, or
            with size 1 there.
        y_pred: logarithms of the probabilities of C classes.
        axis: the axis of the classes.

    Returns:
        One value per sample: the shape of ``y_pred`` without the axis of the classes.

    Raises:
        ValueError: for labels outside 0 to C - 1, or shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> negative_log_likelihood(np.array([1]), np.log([[0.75, 0.25]])).round(4)
        array([1.3863])
    """
    return ops.negative(_of_right_class("negative_log_likelihood", y_true, as_float(y_pred), axis))


negative_log_likelihood.takes_class_numbers = True  # type: ignore[attr-defined]


@registry.register()
class NegativeLogLikelihood(LossFunctionWrapper):
    """:func:`negative_log_likelihood` as a loss.

    Example:
        >>> import numpy as np
        >>> round(float(NegativeLogLikelihood()([1, 0], np.log([[0.75, 0.25], [0.5, 0.5]]))), 4)
        1.0397
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "negative_log_likelihood",
        dtype: Any = None,
    ) -> None:
        super().__init__(negative_log_likelihood, reduction, name, dtype, axis=axis)


@registry.register()
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """``(1 - p^q) / q``, p being the probability of the right class (Zhang and Sabuncu, 2018, arXiv:1805.07836).

    It lies between the cross-entropy (q towards 0) and the mean absolute error (q towards 1) and forgives wrong labels.

    Args:
        y_true: class numbers from 0 to C - 1, shape (N,) or (N, 1).
        y_pred: probabilities of C classes, shape (N, C).
        q: between 0 and 1.

    Returns:
        One value per sample.

    Example:
        >>> import numpy as np
        >>> categorical_generalized_cross_entropy(np.array([1]), np.array([[0.75, 0.25]]), q=0.5).round(4)
        array([1.])
    """
    chances = _of_right_class("categorical_generalized_cross_entropy", y_true, as_float(y_pred), -1)
    return ops.divide(ops.subtract(1.0, ops.power(chances, q)), q)


categorical_generalized_cross_entropy.takes_class_numbers = True  # type: ignore[attr-defined]


@registry.register()
class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """:func:`categorical_generalized_cross_entropy` as a loss.

    Example:
        >>> round(float(CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]])), 4)
        1.0
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise ValueError(f"{type(self).__name__}: wrong q; expected a number between 0 and 1, got q={q!r}.")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)


def _of_right_class(name: str, y_true: Any, y_pred: Any, axis: int) -> Any:
    """The elements of ``y_pred`` that the labels name; NaN in a recorded step for a label that names none."""
    labels = class_numbers(name, y_true, y_pred, axis)
    classes = y_pred.shape[axis]
    if not isinstance(labels, Tensor) and labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(
            f"{name}: a label is no class number; expected 0 to {classes - 1}, got labels from {labels.min()} to "
            f"{labels.max()}. Check the number of outputs of the last layer."
        )
    shape = [1] * y_pred.ndim
    shape[axis] = classes
    right = ops.equal(ops.expand_dims(labels, axis), np.arange(classes, dtype=labels.dtype).reshape(shape))
    chosen = ops.sum(ops.where(right, y_pred, ops.zeros_like(y_pred)), axis=axis)
    known = ops.logical_and(ops.greater_equal(labels, 0), ops.less(labels, classes))
    return ops.where(known, chosen, ops.full_like(chosen, np.nan))

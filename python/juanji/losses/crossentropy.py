"""Losses between probability distributions."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from juanji import ops
from juanji.losses.loss import LossFunctionWrapper, prepare, registry
from juanji.ops._convert import as_array, as_float

EPSILON = 1e-7


@registry.register()
def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """``-Σ y_true log(y_pred)`` over the classes.

    Args:
        y_true: one-hot rows or probabilities, the shape of ``y_pred``.
        y_pred: probabilities of C classes, or logits.
        from_logits: whether ``y_pred`` are logits, to which the softmax is still to be applied.
        label_smoothing: s replaces the labels by ``y_true * (1 - s) + s / C`` (Szegedy et al., 2016).
        axis: the axis of the classes.

    Returns:
        One value per sample: the shape of ``y_pred`` without the axis of the classes.

    Raises:
        ValueError: when the shapes differ; class numbers belong to :func:`sparse_categorical_crossentropy`.

    Example:
        >>> import numpy as np
        >>> categorical_crossentropy(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]])).round(4)
        array([0.6931])
    """
    classes = np.shape(y_pred)[axis] if np.ndim(y_pred) else 0
    y_true, y_pred = prepare(
        y_true,
        y_pred,
        "categorical_crossentropy",
        f"For class numbers use sparse_categorical_crossentropy or to_categorical(y, num_classes={classes}).",
    )
    if classes == 1:
        warnings.warn(
            "categorical_crossentropy: the probability of the only class is always 1; expected at least 2 "
            f"classes, got y_pred.shape={y_pred.shape}. For a yes-or-no output use binary_crossentropy.",
            SyntaxWarning,
            stacklevel=2,
        )
    if label_smoothing:
        y_true = ops.add(ops.multiply(y_true, 1.0 - label_smoothing), label_smoothing / classes)
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


@registry.register()
class CategoricalCrossentropy(LossFunctionWrapper):
    """:func:`categorical_crossentropy` as a loss.

    Example:
        >>> loss = CategoricalCrossentropy(from_logits=True)
        >>> round(float(loss([[0.0, 1.0]], [[0.0, 0.0]])), 4)
        0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        check_smoothing(label_smoothing)
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, reduction, name, dtype, **arguments)


@registry.register()
def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """``-log(y_pred[y_true])``: the categorical cross-entropy with labels as class numbers.

    Args:
        y_true: class numbers from 0 to C - 1; the shape of ``y_pred`` without the axis of the classes, or
            with size 1 there.
        y_pred: probabilities of C classes, or logits.
        from_logits: whether ``y_pred`` are logits, to which the softmax is still to be applied.
        ignore_class: label of samples whose loss is 0, for example "void" in segmentation.
        axis: the axis of the classes.

    Returns:
        One value per sample: the shape of ``y_pred`` without the axis of the classes.

    Raises:
        ValueError: for labels outside 0 to C - 1, or shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> sparse_categorical_crossentropy(np.array([1]), np.array([[0.5, 0.5]])).round(4)
        array([0.6931])
    """
    y_pred = as_float(y_pred)
    labels = class_numbers("sparse_categorical_crossentropy", y_true, y_pred, axis)
    if axis % y_pred.ndim != y_pred.ndim - 1:
        y_pred = ops.moveaxis(y_pred, axis, -1)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(labels, y_pred, from_logits=from_logits)
    valid = ops.not_equal(labels, ignore_class)
    labels = ops.where(valid, labels, ops.zeros_like(labels))
    values = ops.sparse_categorical_crossentropy(labels, y_pred, from_logits=from_logits)
    return ops.where(valid, values, ops.zeros_like(values))


sparse_categorical_crossentropy.takes_class_numbers = True  # type: ignore[attr-defined]


def class_numbers(name: str, y_true: Any, y_pred: Any, axis: int) -> Any:
    """Labels as whole numbers in the shape of the predictions without the axis of the classes.

    Raises:
        ValueError: for another shape, and for numbers that are not whole.
    """
    labels = as_array(y_true)
    axis = axis % max(y_pred.ndim, 1)
    if labels.ndim == y_pred.ndim and labels.ndim > axis and labels.shape[axis] == 1:
        labels = ops.reshape(labels, labels.shape[:axis] + labels.shape[axis + 1 :])
    expected = y_pred.shape[:axis] + y_pred.shape[axis + 1 :]
    if labels.shape != expected:
        one_hot = " For one-hot rows use categorical_crossentropy." if labels.shape == y_pred.shape else ""
        raise ValueError(
            f"{name}: labels do not fit the predictions; expected one class number "
            f"per prediction, y_true.shape={expected}, got y_true.shape={labels.shape} for y_pred.shape="
            f"{y_pred.shape}.{one_hot}"
        )
    if labels.dtype.kind in "iu":
        return labels
    labels = np.asarray(labels)
    whole = np.isfinite(labels) & (np.trunc(labels) == labels)
    if not whole.all():
        raise ValueError(
            f"{name}: labels are not whole numbers; expected class numbers 0, 1, 2, ..., got {labels[~whole][0]}."
        )
    return labels.astype(np.int64)


@registry.register()
class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """:func:`sparse_categorical_crossentropy` as a loss; ignored samples do not count in the mean.

    Example:
        >>> loss = SparseCategoricalCrossentropy(from_logits=True)
        >>> round(float(loss([1], [[0.0, 0.0]])), 4)
        0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        arguments: dict[str, Any] = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, **arguments)

    def mask(self, y_true: Any, y_pred: Any, values: Any) -> Any:
        if self.ignore_class is None:
            return None
        return class_numbers("sparse_categorical_crossentropy", y_true, y_pred, self.axis) != self.ignore_class


@registry.register("bce", "BCE")
def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """``-y_true log(y_pred) - (1 - y_true) log(1 - y_pred)``, the mean over an axis.

    Args:
        y_true: labels from 0 to 1, the shape of ``y_pred``.
        y_pred: probabilities, or logits.
        from_logits: whether ``y_pred`` are logits, to which the sigmoid is still to be applied.
        label_smoothing: s replaces the labels by ``y_true * (1 - s) + s / 2``.
        axis: the axis of the mean.

    Returns:
        The shape of ``y_pred`` without that axis.

    Example:
        >>> import numpy as np
        >>> binary_crossentropy(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]])).round(4)
        array([0.6931])
    """
    y_true, y_pred = prepare(y_true, y_pred, "binary_crossentropy")
    if label_smoothing:
        y_true = ops.add(ops.multiply(y_true, 1.0 - label_smoothing), 0.5 * label_smoothing)
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


@registry.register()
class BinaryCrossentropy(LossFunctionWrapper):
    """:func:`binary_crossentropy` as a loss.

    Example:
        >>> loss = BinaryCrossentropy(from_logits=True)
        >>> round(float(loss([[0.0], [1.0]], [[0.0], [0.0]])), 4)
        0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        check_smoothing(label_smoothing)
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_crossentropy, reduction, name, dtype, **arguments)


@registry.register("kld", "KLD")
def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """``Σ y_true log(y_true / y_pred)`` over the last axis (Kullback and Leibler, 1951).

    Inputs are kept above 1e-7.

    Example:
        >>> import numpy as np
        >>> kl_divergence(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]])).round(4)
        array([0.1438])
    """
    y_true, y_pred = prepare(y_true, y_pred, "kl_divergence", broadcast=True)
    y_true, y_pred = ops.clip(y_true, EPSILON, 1.0), ops.clip(y_pred, EPSILON, 1.0)
    return ops.sum(ops.multiply(y_true, ops.log(ops.divide(y_true, y_pred))), axis=-1)


@registry.register()
class KLDivergence(LossFunctionWrapper):
    """:func:`kl_divergence` as a loss.

    Example:
        >>> float(KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]))
        0.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "kl_divergence",
        dtype: Any = None,
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)


@registry.register()
def poisson(y_true: Any, y_pred: Any) -> Any:
    """``y_pred - y_true log(y_pred)``, the mean over the last axis.

    It is the likelihood of counts that follow a Poisson distribution.

    Example:
        >>> import numpy as np
        >>> poisson(np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]])).round(4)
        array([1.])
    """
    y_true, y_pred = prepare(y_true, y_pred, "poisson", broadcast=True)
    surprise = ops.multiply(y_true, ops.log(ops.add(y_pred, EPSILON)))
    return ops.mean(ops.subtract(y_pred, surprise), axis=-1)


@registry.register()
class Poisson(LossFunctionWrapper):
    """:func:`poisson` as a loss.

    Example:
        >>> round(float(Poisson()([[1.0, 0.0]], [[1.0, 1.0]])), 4)
        1.0
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "poisson", dtype: Any = None
    ) -> None:
        super().__init__(poisson, reduction, name, dtype)


def check_smoothing(label_smoothing: float) -> None:
    """Raises ValueError for what is no share."""
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(
            f"loss: wrong label smoothing; expected a number from 0 to 1, got label_smoothing={label_smoothing!r}."
        )

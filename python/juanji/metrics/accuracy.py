"""How often the predicted class is the right one."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.losses.loss import same_rank
from juanji.metrics.metric import MeanMetricWrapper, plain, registry

Array = np.ndarray[Any, Any]


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether predictions equal labels, element by element.

    Example:
        >>> accuracy([1, 2], [1, 0])
        array([ True, False])
    """
    y_true, y_pred = _fitting("accuracy", *same_rank(plain(y_true), plain(y_pred)))
    return ops.equal(y_true, y_pred)


@registry.register(snake_case=True)
class Accuracy(MeanMetricWrapper):
    """The share of predictions equal to their labels. For class scores use the other accuracies of this page.

    Example:
        >>> Accuracy()([1, 2, 3, 4], [0, 2, 3, 4])
        0.75
    """

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """Whether predictions above a threshold fall on labels of 1, and the others on 0.

    Example:
        >>> binary_accuracy([1, 1, 0], [0.9, 0.2, 0.1])
        array([ True, False,  True])
    """
    y_true, y_pred = _fitting("binary_accuracy", *same_rank(plain(y_true), plain(y_pred)))
    return ops.equal(y_true, ops.cast(ops.greater(y_pred, threshold), y_true.dtype))


@registry.register(snake_case=True)
class BinaryAccuracy(MeanMetricWrapper):
    """The share of yes-or-no predictions that are right.

    Args:
        threshold: predictions above it mean 1.

    Example:
        >>> BinaryAccuracy()([[1], [1], [0], [0]], [[0.98], [1], [0], [0.6]])
        0.75
    """

    def __init__(self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether the class with the best score is the one with the largest label.

    Example:
        >>> categorical_accuracy([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
        array([False,  True])
    """
    y_true, y_pred = _fitting("categorical_accuracy", plain(y_true), plain(y_pred))
    return ops.equal(ops.argmax(y_true, -1), ops.argmax(y_pred, -1))


@registry.register(snake_case=True)
class CategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose best score is that of the right class; labels are one-hot rows.

    Example:
        >>> CategoricalAccuracy()([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
        0.5
    """

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether the class with the best score is the one the label names.

    Example:
        >>> sparse_categorical_accuracy([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
        array([False,  True])
    """
    labels, scores = _class_numbers("sparse_categorical_accuracy", y_true, y_pred)
    return ops.equal(labels, ops.argmax(scores, -1))


@registry.register(snake_case=True)
class SparseCategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose best score is that of the right class; labels are class numbers.

    Example:
        >>> SparseCategoricalAccuracy()([[2], [1]], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]])
        0.5
    """

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Whether the right class is among the ``k`` best scores; labels are one-hot rows.

    Example:
        >>> top_k_categorical_accuracy([[0, 0, 1], [1, 0, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0.5]], k=2)
        array([ True, False])
    """
    y_true, y_pred = _fitting("top_k_categorical_accuracy", plain(y_true), plain(y_pred))
    return _in_top_k(ops.argmax(y_true, -1), y_pred, k)


@registry.register(snake_case=True)
class TopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose right class is among the ``k`` best scores; labels are one-hot rows.

    Example:
        >>> TopKCategoricalAccuracy(k=1)([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
        0.5
    """

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """Whether the class the label names is among the ``k`` best scores.

    Args:
        y_true: class numbers.
        y_pred: scores of the classes, or class numbers with the best first.
        k: how many classes count.
        from_sorted_ids: whether ``y_pred`` are class numbers.

    Example:
        >>> sparse_top_k_categorical_accuracy([2, 0], [[0.1, 0.9, 0.8], [0.05, 0.95, 0.5]], k=2)
        array([ True, False])
        >>> sparse_top_k_categorical_accuracy([2, 0], [[1, 2, 0], [1, 2, 0]], k=2, from_sorted_ids=True)
        array([ True, False])
    """
    if from_sorted_ids:
        labels, best = _class_numbers("sparse_top_k_categorical_accuracy", y_true, y_pred)
        found = ops.equal(ops.expand_dims(ops.cast(labels, "int64"), -1), ops.cast(best[..., :k], "int64"))
        return ops.any(found, axis=-1)
    return _in_top_k(*_class_numbers("sparse_top_k_categorical_accuracy", y_true, y_pred), k)


@registry.register(snake_case=True)
class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose right class is among the ``k`` best scores; labels are class numbers.

    Example:
        >>> SparseTopKCategoricalAccuracy(k=1)([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]])
        0.5
    """

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)


def _in_top_k(labels: Array, scores: Array, k: int) -> Any:
    """Fewer than ``k`` classes score better than the right one; never where its score is not finite."""
    classes = scores.shape[-1]
    known = ops.logical_and(ops.greater_equal(labels, 0), ops.less(labels, classes))
    is_right = ops.equal(ops.expand_dims(labels, -1), np.arange(classes))
    right = ops.sum(ops.where(is_right, scores, 0), -1, keepdims=True)
    better = ops.sum(ops.cast(ops.greater(scores, right), "float32"), -1)
    found = ops.logical_and(ops.less(better, k), ops.isfinite(ops.squeeze(right, -1)))
    return ops.logical_and(found, known)


def _fitting(name: str, y_true: Array, y_pred: Array) -> tuple[Any, Any]:
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"{name}: labels and predictions differ in shape; expected y_true.shape={y_pred.shape} "
            f"like y_pred, got y_true.shape={y_true.shape}."
        )
    return y_true, y_pred


def _class_numbers(name: str, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    labels, scores = plain(y_true), plain(y_pred)
    if labels.ndim == scores.ndim and labels.shape[-1:] == (1,):
        labels = ops.squeeze(labels, -1)
    if labels.shape != scores.shape[:-1]:
        raise ValueError(
            f"{name}: labels do not fit the predictions; expected one class number per row, y_true.shape="
            f"{scores.shape[:-1]}, got y_true.shape={labels.shape} for y_pred.shape={scores.shape}."
        )
    return labels, scores

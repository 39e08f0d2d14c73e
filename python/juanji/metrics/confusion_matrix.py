"""How often each class is taken for each other one."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji.metrics._outcomes import broadcast_weights, quotient
from juanji.metrics.metric import Metric, registry

Array = np.ndarray[Any, Any]

PARTS = (None, "true", "pred", "all")


class MatrixMetric(Metric):
    """Base of metrics that are computed from a confusion matrix: rows are labels, columns are predictions.

    Pairs with a label or a prediction that is no class number do not count.

    Args:
        num_classes: number of classes.
        name: as in :class:`Metric`.
        dtype: as in :class:`Metric`.
        ignore_class: label that does not count, for example "void" in segmentation.
        sparse_y_true: whether labels are class numbers; else one-hot rows.
        sparse_y_pred: whether predictions are class numbers; else scores of the classes.
        axis: the axis of the classes, where there is one.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(dtype, name)
        if isinstance(num_classes, bool) or not isinstance(num_classes, (int, np.integer)) or num_classes < 1:
            raise ValueError(
                f"{type(self).__name__}: wrong number of classes; expected a positive whole number, got "
                f"num_classes={num_classes!r}."
            )
        self.num_classes = int(num_classes)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable((self.num_classes,) * 2, name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        labels, found = np.asarray(y_true), np.asarray(y_pred)
        labels = labels if self.sparse_y_true else labels.argmax(self.axis)
        found = found if self.sparse_y_pred else found.argmax(self.axis)
        if labels.size != found.size:
            raise ValueError(
                f"{self.name}: labels and predictions differ in number; expected one class each, got classes of "
                f"shape {labels.shape} in y_true and {found.shape} in y_pred."
            )
        weights = broadcast_weights(self.name, sample_weight, labels.shape).ravel()
        rows, columns = labels.astype(np.int64).ravel(), found.astype(np.int64).ravel()
        counts = (rows >= 0) & (rows < self.num_classes) & (columns >= 0) & (columns < self.num_classes)
        if self.ignore_class is not None:
            counts &= rows != self.ignore_class
        places = rows[counts] * self.num_classes + columns[counts]
        sums = np.bincount(places, weights[counts], self.num_classes**2)
        self.total_cm.assign_add(sums.reshape(self.num_classes, self.num_classes))

    def get_config(self) -> dict[str, Any]:
        names = ("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@registry.register(snake_case=True)
class ConfusionMatrix(MatrixMetric):
    """How often each class (row) is taken for each other one (column), as an array.

    Args:
        num_classes: number of classes.
        name: as in :class:`Metric`.
        dtype: as in :class:`Metric`.
        ignore_class: label that does not count.
        sparse_y_true: whether labels are class numbers; else one-hot rows.
        sparse_y_pred: whether predictions are class numbers; else scores of the classes.
        axis: the axis of the classes, where there is one.
        normalize: None for counts; 'true' divides by the number of each label, 'pred' by that of each prediction,
            'all' by the total.

    Example:
        >>> ConfusionMatrix(2, sparse_y_pred=False)([0, 0, 1], [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
        array([[1., 1.],
               [0., 1.]])
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
        normalize: str | None = None,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)
        if normalize not in PARTS:
            expected = ", ".join(map(repr, PARTS))
            raise ValueError(f"ConfusionMatrix: unknown normalize; expected one of {expected}, got {normalize!r}.")
        self.normalize = normalize

    def result(self) -> Array:
        matrix: Array = self.total_cm.numpy()
        if self.normalize is None:
            return np.array(matrix)
        axis = {"true": 1, "pred": 0, "all": None}[self.normalize]
        return quotient(matrix, matrix.sum(axis, keepdims=True))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "normalize": self.normalize}

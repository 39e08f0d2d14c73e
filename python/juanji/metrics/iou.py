"""Intersection over union: how well two segmentations agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji.metrics._outcomes import quotient
from juanji.metrics.confusion_matrix import MatrixMetric
from juanji.metrics.metric import registry


@registry.register("iou", snake_case=True)
class IoU(MatrixMetric):
    """``TP / (TP + FP + FN)`` of given classes, the mean over those that occur (Jaccard, 1901).

    Args:
        num_classes: number of classes.
        target_class_ids: the classes whose mean is taken.
        name: as in :class:`Metric`.
        dtype: as in :class:`Metric`.
        ignore_class: label of pixels that do not count.
        sparse_y_true: whether labels are class numbers; else one-hot rows.
        sparse_y_pred: whether predictions are class numbers; else scores of the classes.
        axis: the axis of the classes, where there is one.

    Example:
        >>> round(IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1]), 4)
        0.3333
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)
        self.target_class_ids = [int(i) for i in target_class_ids]
        if not all(0 <= i < num_classes for i in self.target_class_ids):
            raise ValueError(
                f"{type(self).__name__}: no such class; expected numbers from 0 to {num_classes - 1}, got "
                f"target_class_ids={self.target_class_ids}."
            )

    def result(self) -> float:
        matrix = self.total_cm.numpy()
        both = np.diag(matrix)
        either = (matrix.sum(axis=0) + matrix.sum(axis=1) - both)[self.target_class_ids]
        found = np.asarray(either > 1e-9)
        return float(quotient(quotient(both[self.target_class_ids], either).sum(), np.asarray(found.sum())))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_class_ids": self.target_class_ids}


@registry.register("binary_iou", snake_case=True)
class BinaryIoU(IoU):
    """:class:`IoU` of two classes, from probabilities of the second.

    Args:
        target_class_ids: 0, 1 or both, whose mean is taken.
        threshold: predictions from it on mean class 1.
        name: as in :class:`Metric`.
        dtype: as in :class:`Metric`.

    Example:
        >>> round(BinaryIoU(threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7]), 4)
        0.3333
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred = np.asarray(y_pred)
        limit = np.asarray(self.threshold, y_pred.dtype if y_pred.dtype.kind == "f" else None)
        super().update_state(y_true, y_pred >= limit, sample_weight)

    def get_config(self) -> dict[str, Any]:
        own = {"target_class_ids": self.target_class_ids, "threshold": self.threshold}
        return {"name": self.name, "dtype": self.dtype, **own}


@registry.register("mean_iou", snake_case=True)
class MeanIoU(IoU):
    """The mean of :class:`IoU` over all classes that occur.

    Args:
        num_classes: number of classes.
        name: as in :class:`Metric`.
        dtype: as in :class:`Metric`.
        ignore_class: label of pixels that do not count.
        sparse_y_true: whether labels are class numbers; else one-hot rows.
        sparse_y_pred: whether predictions are class numbers; else scores of the classes.
        axis: the axis of the classes, where there is one.

    Example:
        >>> round(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1]), 4)
        0.3333
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
        classes = range(num_classes)
        super().__init__(num_classes, classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["target_class_ids"]
        return config


@registry.register("one_hot_iou", snake_case=True)
class OneHotIoU(IoU):
    """:class:`IoU` of given classes, from one-hot labels and scores of the classes.

    Args:
        num_classes: number of classes.
        target_class_ids: the classes whose mean is taken.
        name: as in :class:`Metric`.
        dtype: as in :class:`Metric`.
        ignore_class: class of pixels that do not count.
        sparse_y_pred: whether predictions are class numbers.
        axis: the axis of the classes.

    Example:
        >>> OneHotIoU(num_classes=2, target_class_ids=[0, 1])([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])
        1.0
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["sparse_y_true"]
        return config


@registry.register("one_hot_mean_iou", snake_case=True)
class OneHotMeanIoU(MeanIoU):
    """:class:`MeanIoU` from one-hot labels and scores of the classes.

    Args:
        num_classes: number of classes.
        name: as in :class:`Metric`.
        dtype: as in :class:`Metric`.
        ignore_class: class of pixels that do not count.
        sparse_y_pred: whether predictions are class numbers.
        axis: the axis of the classes.

    Example:
        >>> OneHotMeanIoU(num_classes=2)([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])
        1.0
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["sparse_y_true"]
        return config

"""Connectionist temporal classification as a loss."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.losses.loss import LossFunctionWrapper, registry
from juanji.ops._convert import as_array, as_float


@registry.register()
def ctc(y_true: Any, y_pred: Any) -> Any:
    """:func:`juanji.ops.ctc_loss` of labels filled up with 0, which is the blank, and of all steps.

    Args:
        y_true: class numbers from 1 to C - 1, shape (N, labels), filled up with 0 behind the labels of a sample.
        y_pred: logits, shape (N, steps, C); class 0 is the blank.

    Returns:
        One value per sample, shape (N,); infinite where the labels need more steps than there are.

    Raises:
        ValueError: for other ranks.

    Example:
        >>> import numpy as np
        >>> ctc(np.array([[1]]), np.zeros((1, 2, 2))).round(4)  # 3 of 4 ways say 1: log(4/3)
        array([0.2877])
    """
    y_pred, labels = as_float(y_pred), as_array(y_true)
    if labels.ndim != 2 or y_pred.ndim != 3:
        raise ValueError(
            "ctc: wrong rank; expected y_true of shape (N, labels) and y_pred of shape (N, steps, classes), got "
            f"y_true.shape={labels.shape}, y_pred.shape={y_pred.shape}."
        )
    lengths = ops.sum(ops.cast(ops.not_equal(labels, 0), y_pred.dtype), axis=1)
    return ops.ctc_loss(labels, y_pred, lengths, [y_pred.shape[1]])


ctc.takes_class_numbers = True  # type: ignore[attr-defined]


@registry.register()
class CTC(LossFunctionWrapper):
    """:func:`ctc` as a loss.

    Example:
        >>> import numpy as np
        >>> round(float(CTC()(np.array([[1]]), np.zeros((1, 2, 2)))), 4)
        0.2877
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "ctc", dtype: Any = None
    ) -> None:
        super().__init__(ctc, reduction, name, dtype)

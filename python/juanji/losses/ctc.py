"""Connectionist temporal classification: labels of a sequence without their places, as in reading lines of text."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.losses.loss import LossFunctionWrapper, registry
from juanji.ops._convert import as_array, as_float

BLANK = 0
# in the place of -inf, whose gradients would be NaN; sums of many stay finite
IMPOSSIBLE = -1e30


@registry.register()
def ctc(y_true: Any, y_pred: Any) -> Any:
    """``-log p(y_true | y_pred)``, p summed over every way to spread the labels over the steps.

    Between labels stand any number of blanks (class 0), and every label may last for several steps
    (Graves et al., 2006). The forward recursion runs over the labels with a blank around each.

    Args:
        y_true: class numbers from 1 to C - 1, shape (N, labels), filled up with 0 behind the labels of a sample.
        y_pred: logits, shape (N, steps, C); class 0 is the blank.

    Returns:
        One value per sample, shape (N,); infinite where the labels need more steps than there are.

    Raises:
        ValueError: for other ranks.

    Example:
        >>> import numpy as np
        >>> ctc(np.array([[1]]), np.zeros((1, 2, 2))).round(4)  # blank 1, 1 blank and 1 1 of 4 ways: log(4/3)
        array([0.2877])
    """
    y_pred, labels = as_float(y_pred), as_array(y_true)
    if labels.ndim != 2 or y_pred.ndim != 3:
        raise ValueError(
            "ctc: wrong rank; expected y_true of shape (N, labels) and y_pred of shape (N, steps, classes), got "
            f"y_true.shape={labels.shape}, y_pred.shape={y_pred.shape}."
        )
    states, jumps, ends = _states(labels, y_pred.dtype)
    is_class = ops.equal(ops.expand_dims(states, 1), np.arange(y_pred.shape[2]).reshape(1, -1, 1).astype(states.dtype))
    # chances of the state's class at every step: (N, steps, states)
    emitted = ops.matmul(ops.log_softmax(y_pred), ops.cast(is_class, y_pred.dtype))
    first = np.where(np.arange(states.shape[1]) < 2, 0.0, IMPOSSIBLE).astype(y_pred.dtype)
    reached = ops.add(emitted[:, 0], first)
    for step in range(1, y_pred.shape[1]):
        one, two = _shifted(reached, 1), ops.add(_shifted(reached, 2), jumps)
        reached = ops.add(_log_add([reached, one, two]), emitted[:, step])
    total = _log_sum(ops.add(reached, ends))
    return ops.where(ops.less(total, IMPOSSIBLE / 2), ops.full_like(total, np.inf), ops.negative(total))


ctc.takes_class_numbers = True  # type: ignore[attr-defined]


def _states(labels: Any, dtype: Any) -> tuple[Any, Any, Any]:
    """The labels with blanks around each, (N, S); 0 where a state may be entered past the blank before it, and 0 at
    the two states in which a sample may end; IMPOSSIBLE elsewhere."""
    count, length = labels.shape
    blanks = ops.zeros_like(labels)
    states = ops.reshape(ops.stack([blanks, labels], axis=2), (count, 2 * length))
    states = ops.concatenate([states, ops.zeros((count, 1), labels.dtype)], axis=1)
    size = 2 * length + 1
    changes = ops.not_equal(states[:, 2:], states[:, : max(size - 2, 0)])
    changes = ops.logical_and(changes, ops.not_equal(states[:, 2:], BLANK))
    jumps = ops.pad(ops.cast(changes, dtype), ((0, 0), (min(2, size), 0)))
    last = ops.multiply(ops.sum(ops.cast(ops.not_equal(labels, BLANK), dtype), axis=1, keepdims=True), 2.0)
    place = np.arange(size, dtype=dtype)
    ends = ops.logical_or(ops.equal(place, last), ops.equal(place, ops.subtract(last, 1.0)))
    return states, *(ops.multiply(ops.subtract(1.0, ops.cast(x, dtype)), IMPOSSIBLE) for x in (jumps, ends))


def _shifted(x: Any, by: int) -> Any:
    by = min(by, x.shape[1])
    return ops.pad(x[:, : x.shape[1] - by], ((0, 0), (by, 0)), constant_values=IMPOSSIBLE)


def _log_add(terms: list[Any]) -> Any:
    top = terms[0]
    for term in terms[1:]:
        top = ops.maximum(top, term)
    top = ops.stop_gradient(top)
    total = ops.exp(ops.subtract(terms[0], top))
    for term in terms[1:]:
        total = ops.add(total, ops.exp(ops.subtract(term, top)))
    return ops.add(ops.log(total), top)


def _log_sum(x: Any) -> Any:
    top = ops.stop_gradient(ops.max(x, axis=1, keepdims=True))
    return ops.add(ops.log(ops.sum(ops.exp(ops.subtract(x, top)), axis=1)), ops.squeeze(top, 1))


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

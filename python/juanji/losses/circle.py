"""The circle loss: embeddings of one class are drawn together, those of different classes apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.losses.loss import LossFunctionWrapper, as_type, registry
from juanji.ops._convert import as_array, as_float

# in the place of -inf, whose gradients would be NaN
FAR_BELOW = -1e30


@registry.register()
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """Circle loss of embeddings (Sun et al., 2020, arXiv:2002.10857).

    With the cosine distance d to every reference: ``log(1 + Σ exp(-gamma (margin + d) (margin - d)) ·
    Σ exp(gamma (1 + margin - d) (1 - margin - d)))``, the first sum over references of the same class, the second over
    the others, factors in front kept above 0.

    Args:
        y_true: class numbers, shape (N,) or (N, 1).
        y_pred: embeddings of length 1, shape (N, features).
        ref_labels: class numbers of the references; ``y_true`` by default.
        ref_embeddings: the references; ``y_pred`` by default.
        remove_diagonal: whether an embedding is not its own reference.
        gamma: scale of the similarities.
        margin: distance that is wanted.

    Returns:
        One value per embedding, shape (N,); 0 where the batch has no other of the same class, or none of another.

    Example:
        >>> import numpy as np
        >>> circle(np.array([0, 0, 1, 1]), np.array([[1.0, 0], [0.6, 0.8], [0, 1], [0.8, 0.6]])).round(2)
        array([38.4 , 60.93, 38.4 , 60.93])
    """
    y_pred = as_float(y_pred)
    references = y_pred if ref_embeddings is None else as_type(ref_embeddings, y_pred.dtype)
    labels = ops.reshape(as_array(y_true), (-1, 1))
    others = labels if ref_labels is None else as_array(ref_labels)
    distances = ops.maximum(ops.subtract(1.0, ops.matmul(y_pred, ops.transpose(references))), 0.0)
    same = ops.equal(labels, ops.reshape(others, (1, -1)))
    different = ops.logical_not(same)
    if remove_diagonal:
        same = ops.logical_and(same, np.eye(*same.shape) == 0)
    toward = ops.multiply(ops.add(distances, margin), ops.subtract(distances, margin))
    reach = ops.maximum(ops.subtract(1.0 + margin, distances), 0.0)
    apart = ops.multiply(reach, ops.subtract(1.0 - margin, distances))
    exponent = ops.add(_log_sum_exp(same, ops.multiply(toward, gamma)), _log_sum_exp(different, apart * gamma))
    return ops.softplus(exponent)


circle.takes_class_numbers = True  # type: ignore[attr-defined]


def _log_sum_exp(mask: Any, x: Any) -> Any:
    return ops.logsumexp(ops.where(mask, x, ops.full_like(x, FAR_BELOW)), axis=1)


@registry.register()
class Circle(LossFunctionWrapper):
    """:func:`circle` as a loss within a batch; embeddings whose loss is 0 do not count in the mean.

    Example:
        >>> embeddings = [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [0.8, 0.6]]
        >>> round(float(Circle()([0, 0, 1, 1], embeddings)), 2)
        49.66
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: Any = None,
    ) -> None:
        arguments = {"gamma": gamma, "margin": margin, "remove_diagonal": remove_diagonal}
        super().__init__(circle, reduction, name, dtype, **arguments)

    def mask(self, y_true: Any, y_pred: Any, values: Any) -> Any:
        return ops.greater(values, 0)

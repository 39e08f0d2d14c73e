"""Losses, under the names of ``keras.losses``: a function per sample, and a class that reduces it."""

from typing import Any

from juanji.losses.circle import Circle, circle
from juanji.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from juanji.losses.ctc import CTC, ctc
from juanji.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
)
from juanji.losses.hinge import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from juanji.losses.likelihood import (
    CategoricalGeneralizedCrossEntropy,
    NegativeLogLikelihood,
    categorical_generalized_cross_entropy,
    negative_log_likelihood,
)
from juanji.losses.loss import Loss, LossFunctionWrapper, registry
from juanji.losses.overlap import Dice, Tversky, dice, tversky
from juanji.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)

get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize


def resolve_loss(identifier: Any, y_true_shape: tuple[int, ...], y_pred_shape: tuple[int, ...]) -> Any:
    """The :class:`Loss` that ``compile(loss=identifier)`` means, or None.

    Args:
        identifier: a name, a configuration, a function or a loss. 'crossentropy' and 'ce' mean the binary,
            categorical or sparse categorical one, whichever fits the shapes.
        y_true_shape: shape of the labels.
        y_pred_shape: shape of the model's output.

    Raises:
        ValueError: for an unknown name.

    Example:
        >>> resolve_loss("ce", (64,), (64, 10)).name
        'sparse_categorical_crossentropy'
    """
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        identifier = f"{label_kind(y_true_shape, y_pred_shape)}_crossentropy"
    loss = get(identifier)
    if loss is None or isinstance(loss, Loss):
        return loss
    return LossFunctionWrapper(loss, name=identifier if isinstance(identifier, str) else None)


def label_kind(y_true_shape: tuple[int, ...], y_pred_shape: tuple[int, ...]) -> str:
    """Which labels the shapes speak of: 'binary', 'sparse_categorical' or 'categorical', as Keras decides it.

    Example:
        >>> label_kind((64, 1), (64, 1)), label_kind((64, 1), (64, 10)), label_kind((64, 10), (64, 10))
        ('binary', 'sparse_categorical', 'categorical')
    """
    if not y_pred_shape or y_pred_shape[-1] == 1:
        return "binary"
    numbers = len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1
    return "sparse_categorical" if numbers else "categorical"


__all__ = [
    "CTC",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CosineSimilarity",
    "Dice",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "NegativeLogLikelihood",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Tversky",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "circle",
    "cosine_similarity",
    "ctc",
    "deserialize",
    "dice",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "label_kind",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "negative_log_likelihood",
    "poisson",
    "resolve_loss",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]


def __dir__() -> list[str]:
    return __all__

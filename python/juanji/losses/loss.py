"""What all losses share: conversion of their arguments, sample weights and the reduction to one number."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from juanji import ops
from juanji._masks import get_mask
from juanji.autograd import Tensor
from juanji.ops._convert import as_array, as_float
from juanji.utils.naming import auto_name
from juanji.utils.registry import Configurable, Registry

LossFunction = Callable[..., Any]

registry: Registry[Any] = Registry("juanji.losses")

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss(Configurable):
    """Base of all losses: :meth:`call` gives one value per sample, which are then weighted and reduced.

    Args:
        name: shown in messages; the class name in snake case by default.
        reduction: 'sum_over_batch_size' or 'mean' (the sum divided by the number of values), 'sum',
            'mean_with_sample_weight' (divided by the sum of the weights), or None for one value per sample.
        dtype: element type of the computation; that of ``y_pred`` by default.

    Example:
        >>> from juanji import ops
        >>> class Cubic(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return ops.mean(ops.abs(y_true - y_pred) ** 3, axis=-1)
        >>> float(Cubic()([[0.0, 0.0]], [[1.0, 2.0]]))
        4.5
    """

    takes_class_numbers: bool = False  # integer labels stay integers

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        if reduction not in REDUCTIONS:
            raise ValueError(
                f"{type(self).__name__}: unknown reduction; expected one of "
                f"{', '.join(map(repr, REDUCTIONS))}, got reduction={reduction!r}."
            )
        self.name = name or auto_name(type(self).__name__)
        self.reduction = reduction
        self.dtype = None if dtype is None else np.dtype(getattr(dtype, "compute_dtype", dtype)).name

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss.

        Args:
            y_true: what should have come out.
            y_pred: what came out.
            sample_weight: factor for each sample, shape (N,), (N, 1) or that of the values; 1 by default.
        """
        carried = get_mask(y_pred)
        y_pred = as_float(y_pred)
        if self.dtype is not None:
            y_pred = as_type(y_pred, self.dtype)
        y_true = y_true if isinstance(y_true, Tensor) else np.asarray(y_true)
        if not (self.takes_class_numbers and y_true.dtype.kind in "iu"):
            y_true = as_type(y_true, y_pred.dtype)
        values = self.call(y_true, y_pred)
        mask = self.mask(y_true, y_pred, values)
        if carried is not None:
            mask = carried if mask is None else ops.logical_and(carried, mask)
        return _reduce(values, sample_weight, mask, self.reduction, self.name)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of every sample, from arguments of one float type; to be overridden, or else `__call__`."""
        raise TypeError(
            f"{type(self).__name__}: it does not say how the loss is computed; expected a method call(y_true, y_pred), "
            "got none. Write one."
        )

    def mask(self, y_true: Any, y_pred: Any, values: Any) -> Any:
        """Which values count (booleans of the shape of the values), or None when all do."""
        return None

    def get_config(self) -> dict[str, Any]:
        config: dict[str, Any] = {"name": self.name, "reduction": self.reduction}
        return config if self.dtype is None else {**config, "dtype": self.dtype}


class LossFunctionWrapper(Loss):
    """Makes a loss of a function that gives one value per sample.

    Args:
        fn: called as ``fn(y_true, y_pred, **kwargs)``; both arguments have the same float type.
        reduction: as in :class:`Loss`.
        name: the function's name by default.
        dtype: as in :class:`Loss`.
        kwargs: passed on to ``fn``; also attributes of the loss.

    Example:
        >>> loss = LossFunctionWrapper(lambda y_true, y_pred: (y_true - y_pred) ** 2, reduction="sum")
        >>> float(loss([1.0, 2.0], [0.0, 0.0]))
        5.0
    """

    def __init__(
        self,
        fn: LossFunction,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.fn = fn
        self.takes_class_numbers = getattr(fn, "takes_class_numbers", False)
        self._arguments = kwargs

    def __getattr__(self, name: str) -> Any:
        arguments = self.__dict__.get("_arguments", {})
        if name in arguments:
            return arguments[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y_true, y_pred = same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._arguments)

    def get_config(self) -> dict[str, Any]:
        own = {"fn": registry.serialize(self.fn)} if type(self) is LossFunctionWrapper else {}
        return {**super().get_config(), **own, **self._arguments}

    @classmethod
    def from_config(cls, config: Any) -> LossFunctionWrapper:
        return cls(**{**config, "fn": registry.get(config["fn"])} if "fn" in config else config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


def as_type(x: Any, dtype: Any) -> Any:
    """An array or tensor of the given type; a tensor stays connected to its history."""
    if isinstance(x, Tensor):
        return x if x.dtype == dtype else ops.cast(x, dtype)
    array = np.asarray(x)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"loss: labels are not numbers; expected an array of numbers, got dtype={array.dtype}.")
    return array.astype(dtype, copy=False)


def prepare(y_true: Any, y_pred: Any, name: str, hint: str = "", broadcast: bool = False) -> tuple[Any, Any]:
    """Both as arrays or tensors of one float type, one rank and one shape.

    Args:
        y_true: labels.
        y_pred: predictions.
        name: of the loss.
        hint: how to fix shapes that differ.
        broadcast: whether a label may count for several outputs, as in Keras' element-wise losses. A warning tells of
            it, for seldom is it meant.

    Raises:
        ValueError: when the shapes differ, with the hint.
    """
    y_pred = as_float(y_pred)
    y_true, y_pred = same_rank(as_type(y_true, y_pred.dtype), y_pred)
    if y_true.shape == y_pred.shape:
        return y_true, y_pred
    if not broadcast or not broadcasts_to(y_true.shape, y_pred.shape):
        raise ValueError(
            f"{name}: labels and predictions differ in shape; expected "
            f"y_true.shape={y_pred.shape} like y_pred, got y_true.shape={y_true.shape}. "
            + (hint or "Check the number of outputs of the last layer.")
        )
    warnings.warn(
        f"{name}: y_true.shape={y_true.shape} is broadcast to y_pred.shape={y_pred.shape}. If each output should have "
        "its own label, check the number of outputs of the last layer.",
        stacklevel=2,
    )
    return ops.broadcast_to(y_true, y_pred.shape), y_pred


def broadcasts_to(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether an array of the shape can be broadcast to the wanted one.

    Example:
        >>> broadcasts_to((4, 1), (4, 3)), broadcasts_to((4, 3), (4, 1))
        (True, False)
    """
    return len(shape) <= len(wanted) and all(
        a in (1, b) for a, b in zip(reversed(shape), reversed(wanted), strict=False)
    )


def same_rank(a: Any, b: Any) -> tuple[Any, Any]:
    """Adds or removes a last axis of size 1 where that makes the ranks equal, as Keras does.

    Example:
        >>> import numpy as np
        >>> a, b = same_rank(np.zeros((4, 3, 1)), np.zeros((4, 3)))
        >>> a.shape, b.shape
        ((4, 3), (4, 3))
    """
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, ops.expand_dims(b, -1)) if b.ndim == 1 else (ops.squeeze(a, -1), b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (ops.expand_dims(a, -1), b) if a.ndim == 1 else (a, ops.squeeze(b, -1))
    return a, b


def _reduce(values: Any, sample_weight: Any, mask: Any, reduction: str | None, name: str) -> Any:
    values = as_array(values)
    if values.size == 0:
        raise ValueError(
            f"{name}: the batch is empty; expected at least one sample, got values of shape {values.shape}."
        )
    weights = None if sample_weight is None else align_weights(sample_weight, values, name)
    means = reduction in ("sum_over_batch_size", "mean")
    if mask is not None:
        counted = ops.cast(mask, values.dtype)
        of_values = align_weights(counted, values, name)
        weights = of_values if weights is None else weights * of_values
        if means:  # over the values that count, not over all
            weights = weights * (counted.size / ops.maximum(ops.sum(counted), 1.0))
    if weights is not None:
        values = ops.multiply(values, weights)
    if reduction in (None, "none"):
        return values
    if reduction == "sum":
        return ops.sum(values)
    if means or weights is None:
        return ops.mean(values)
    total = ops.sum(ops.broadcast_to(weights, values.shape))
    return ops.where(ops.equal(total, 0), 0.0, ops.divide(ops.sum(values), ops.where(ops.equal(total, 0), 1.0, total)))


def masked_weights(sample_weight: Any, y_pred: Any) -> Any:
    """Sample weights that are zero where the mask of the predictions says that a step does not count."""
    mask = get_mask(y_pred)
    if mask is None:
        return sample_weight
    if sample_weight is None:
        return ops.cast(mask, y_pred.dtype)
    mask, weights = same_rank(ops.cast(mask, y_pred.dtype), ops.cast(sample_weight, y_pred.dtype))
    missing = mask.ndim - weights.ndim
    return mask * (ops.reshape(weights, (*weights.shape, *(1,) * missing)) if missing > 0 else weights)


def align_weights(sample_weight: Any, values: Any, name: str) -> Any:
    """Sample weights as an array that broadcasts over the values, first axis first.

    Raises:
        ValueError: when the shapes do not fit.
    """
    weights = ops.cast(sample_weight, values.dtype)
    if not values.ndim:  # a loss with one value for the batch, such as Dice
        return weights
    if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
        weights = ops.squeeze(weights, -1)
    aligned = ops.reshape(weights, tuple(weights.shape) + (1,) * max(values.ndim - weights.ndim, 0))
    if aligned.ndim != values.ndim or any(w not in (1, n) for w, n in zip(aligned.shape, values.shape)):
        expected = f"({values.shape[0]},) or {values.shape}"
        raise ValueError(
            f"{name}: sample weights do not fit the values; expected one weight per sample, {expected}, got "
            f"sample_weight.shape={weights.shape}."
        )
    return aligned

"""Cross-entropies between labels and the output of a classifier."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import _core, ops
from juanji.autograd import Tensor, recording_tapes
from juanji.ops._convert import as_float
from juanji.ops._logits import find_logits
from juanji.ops._operation import Call, Operation
from juanji.ops._softmax import is_last_axis, log_softmax, softmax

_dense = Operation("categorical_crossentropy", _core.CrossEntropy)
_dense_gradient = Operation("categorical_crossentropy_gradient", _core.CrossEntropyGradient)
_sparse = Operation("sparse_categorical_crossentropy", _core.SparseCrossEntropy)
_sparse_gradient = Operation("sparse_categorical_crossentropy_gradient", _core.SparseCrossEntropyGradient)


def _softmax_of(call: Call) -> Any:
    """The softmax that the forward pass left; computed again where the gradient itself is to be differentiated."""
    return softmax(call.inputs[0]) if recording_tapes(call.inputs) else call.outputs[1]


@_dense.gradient
def _(call: Call, dloss: Any) -> tuple[Any, ...]:
    logits, target = call.inputs
    logits_gradient = _dense_gradient(_softmax_of(call), target, dloss) if call.needed[0] else None
    return logits_gradient, _target_gradient(log_softmax(logits), dloss) if call.needed[1] else None


@_dense_gradient.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    """Of ``dx = (p sum(target) - target) dloss``."""
    p, target, dloss = call.inputs
    scale = ops.expand_dims(dloss, -1)
    total = ops.sum(target, axis=-1, keepdims=True)
    p_gradient = ops.multiply(ops.multiply(ddx, total), scale)
    per_weight = ops.subtract(ops.sum(ops.multiply(ddx, p), axis=-1, keepdims=True), ddx)
    difference = ops.subtract(ops.multiply(p, total), target)
    return p_gradient, ops.multiply(per_weight, scale), ops.sum(ops.multiply(ddx, difference), axis=-1)


@_sparse.gradient
def _(call: Call, dloss: Any) -> tuple[Any, ...]:
    return _sparse_gradient(_softmax_of(call), call.inputs[1], dloss), None


@_sparse_gradient.gradient
def _(call: Call, ddx: Any) -> tuple[Any, ...]:
    """Of ``dx = (p - one_hot(target)) dloss``."""
    p, target, dloss = call.inputs
    ones = np.ones(dloss.shape, dloss.dtype)
    difference = _sparse_gradient(p, target, ones)
    return ops.multiply(ddx, ops.expand_dims(dloss, -1)), None, ops.sum(ops.multiply(ddx, difference), axis=-1)


def _target_gradient(log_p: Any, dloss: Any) -> Any:
    return ops.multiply(ops.negative(log_p), ops.expand_dims(dloss, -1))


_probabilities = Operation("categorical_crossentropy", _core.ProbabilityCrossEntropy)
_probabilities_gradient = Operation("categorical_crossentropy_gradient", _core.ProbabilityCrossEntropyGradient)
_sparse_probabilities = Operation("sparse_categorical_crossentropy", _core.SparseProbabilityCrossEntropy)
_sparse_probabilities_gradient = Operation(
    "sparse_categorical_crossentropy_gradient", _core.SparseProbabilityCrossEntropyGradient
)


@_probabilities.gradient
def _(call: Call, dloss: Any) -> tuple[Any, ...]:
    return _probabilities_gradient(*call.inputs, dloss), None


@_sparse_probabilities.gradient
def _(call: Call, dloss: Any) -> tuple[Any, ...]:
    return _sparse_probabilities_gradient(*call.inputs, dloss), None


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """Cross-entropy ``-sum(target log(p))`` between class weights, one-hot as a rule, and probabilities.

    From logits, p is their softmax, fused with the logarithm so that large logits stay finite. The output of
    ``ops.softmax`` counts as logits too: its own are used. Other probabilities are divided by their sum and clipped to
    [1e-7, 1 - 1e-7], as in Keras.

    Args:
        target: class weights, shape (..., classes).
        output: probabilities or logits of the same shape.
        from_logits: whether ``output`` holds logits.
        axis: the axis of the classes.

    Returns:
        One loss per row: the shape without ``axis``.

    Raises:
        ValueError: when the shapes differ.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.categorical_crossentropy(np.array([[0.0, 1.0]]), np.array([[0.25, 0.75]])).round(4)
        array([0.2877])
    """
    output = as_float(output)
    target = _as_type_of(output, target)
    _check_same_shape("categorical_crossentropy", target, output)
    if not is_last_axis("categorical_crossentropy", output, axis):
        target, output = ops.moveaxis(target, axis, -1), ops.moveaxis(output, axis, -1)
    output, from_logits = find_logits("categorical_crossentropy", output, "softmax", from_logits)
    return (_dense if from_logits else _probabilities)(output, target)


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """Cross-entropy ``-log(p[target])`` between class numbers and probabilities.

    Logits and the output of ``ops.softmax`` are treated as in :func:`categorical_crossentropy`; other probabilities are
    clipped to [1e-7, 1 - 1e-7] and then divided by their sum, as in Keras.

    Args:
        target: class numbers from 0 to classes - 1, shape (...) or (..., 1).
        output: probabilities or logits, shape (..., classes).
        from_logits: whether ``output`` holds logits.
        axis: the axis of the classes; only the last one is possible.

    Returns:
        One loss per row, shape (...).

    Raises:
        ValueError: for a label that is no class number, which the message names, or shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.sparse_categorical_crossentropy([1], np.array([[0.25, 0.75]])).round(4)
        array([0.2877])
    """
    name = "sparse_categorical_crossentropy"
    output = as_float(output)
    if not is_last_axis(name, output, axis):
        raise ValueError(
            f"{name}: the classes must lie in the last axis; expected axis=-1, got axis={axis}. "
            "Move the axis with ops.moveaxis."
        )
    labels = _class_numbers(name, target)
    if labels.ndim == output.ndim and labels.shape[-1] == 1:
        labels = ops.reshape(labels, labels.shape[:-1])
    if labels.shape != output.shape[:-1]:
        raise ValueError(
            f"{name}: one class number is needed per row; expected target.shape={output.shape[:-1]} for "
            f"output.shape={output.shape}, got target.shape={np.shape(target)}. "
            "Use categorical_crossentropy for one-hot labels."
        )
    output, from_logits = find_logits(name, output, "softmax", from_logits)
    return (_sparse if from_logits else _sparse_probabilities)(output, labels)


def _class_numbers(name: str, target: Any) -> Any:
    """Labels as int64; floats are taken when they hold whole numbers, as label files often do."""
    labels = target if isinstance(target, Tensor) else np.asarray(target)
    if labels.dtype.kind in "iub":
        return ops.cast(labels, "int64")
    if labels.dtype.kind != "f":
        raise TypeError(
            f"{name}: labels are not numbers; expected integers, got target.dtype={labels.dtype}. "
            "Number the classes first, for example with np.unique(labels, return_inverse=True)."
        )
    labels = np.asarray(labels)
    wrong = np.flatnonzero(~np.isfinite(labels) | (labels != np.floor(labels)))
    if wrong.size:
        at = int(wrong[0])
        raise ValueError(
            f"{name}: label in row {at} is not a class number; expected a whole number, "
            f"got label={labels.flat[at]}. Use categorical_crossentropy for class weights."
        )
    return labels.astype(np.int64)


def _as_type_of(output: Any, target: Any) -> Any:
    return ops.cast(target, output.dtype)


def _check_same_shape(name: str, target: Any, output: Any) -> None:
    if target.shape != output.shape:
        raise ValueError(
            f"{name}: target and output differ in shape; expected target.shape={output.shape}, "
            f"got target.shape={target.shape}. Use juanji.utils.to_categorical for one-hot labels."
        )

"""The same numbers as Keras: losses, metrics, activations, fans. Skipped without Keras."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from juanji import activations, initializers, losses, metrics, optimizers, regularizers, utils

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings("default")

TOLERANCE = {"rtol": 2e-5, "atol": 2e-6}  # both sides compute in float32


def rng():
    return np.random.default_rng(0)


def rows(kind, n=6, c=4):
    r = rng()
    scores = r.normal(size=(n, c)).astype("float32")
    chances = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    one_hot = np.eye(c, dtype="float32")[r.integers(0, c, n)]
    return {
        "numbers": (r.normal(size=(n, c)).astype("float32"), scores),
        "one hot, chances": (one_hot, chances),
        "one hot, logits": (one_hot, scores),
        "numbers of classes, chances": (r.integers(0, c, (n, 1)), chances),
        "numbers of classes, logits": (r.integers(0, c, n), scores),
        "bits, chances": (r.integers(0, 2, (n, c)).astype("float32"), chances),
        "bits, logits": (r.integers(0, 2, (n, c)).astype("float32"), scores),
        "positive": (r.uniform(0.1, 2, (n, c)).astype("float32"), r.uniform(0.1, 2, (n, c)).astype("float32")),
    }[kind]


LOSSES = [
    ("MeanSquaredError", {}, "numbers"),
    ("MeanAbsoluteError", {}, "numbers"),
    ("MeanAbsolutePercentageError", {}, "positive"),
    ("MeanSquaredLogarithmicError", {}, "positive"),
    ("Huber", {"delta": 0.7}, "numbers"),
    ("LogCosh", {}, "numbers"),
    ("CosineSimilarity", {}, "numbers"),
    ("CosineSimilarity", {"axis": 0}, "numbers"),
    ("Hinge", {}, "bits, logits"),
    ("SquaredHinge", {}, "bits, logits"),
    ("CategoricalHinge", {}, "one hot, logits"),
    ("KLDivergence", {}, "one hot, chances"),
    ("Poisson", {}, "positive"),
    ("CategoricalCrossentropy", {}, "one hot, chances"),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, "one hot, chances"),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, "one hot, logits"),
    ("SparseCategoricalCrossentropy", {}, "numbers of classes, chances"),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, "numbers of classes, logits"),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": 1}, "numbers of classes, logits"),
    ("BinaryCrossentropy", {}, "bits, chances"),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, "bits, logits"),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", None])
@pytest.mark.parametrize(("name", "arguments", "kind"), LOSSES)
def test_losses(name, arguments, kind, reduction, weighted):
    y, p = rows(kind)
    w = rng().uniform(size=4 if arguments.get("axis") == 0 else 6).astype("float32") if weighted else None
    ours = getattr(losses, name)(**arguments, reduction=reduction)(y, p, w)
    theirs = keras.ops.convert_to_numpy(getattr(keras.losses, name)(**arguments, reduction=reduction)(y, p, w))
    assert np.shape(ours) == theirs.shape
    np.testing.assert_allclose(ours, theirs, **TOLERANCE)


METRICS = [
    ("Accuracy", {}, "numbers of classes, chances"),
    ("BinaryAccuracy", {"threshold": 0.3}, "bits, chances"),
    ("CategoricalAccuracy", {}, "one hot, chances"),
    ("SparseCategoricalAccuracy", {}, "numbers of classes, chances"),
    ("TopKCategoricalAccuracy", {"k": 2}, "one hot, chances"),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, "numbers of classes, chances"),
    ("MeanSquaredError", {}, "numbers"),
    ("RootMeanSquaredError", {}, "numbers"),
    ("MeanAbsoluteError", {}, "numbers"),
    ("CosineSimilarity", {}, "numbers"),
    ("LogCoshError", {}, "numbers"),
    ("KLDivergence", {}, "one hot, chances"),
    ("CategoricalCrossentropy", {}, "one hot, chances"),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, "numbers of classes, chances"),
    ("BinaryCrossentropy", {}, "bits, chances"),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "arguments", "kind"), METRICS)
def test_metrics(name, arguments, kind, weighted):
    y, p = rows(kind, 9)
    if name == "Accuracy":
        p = rng().integers(0, 4, (9, 1))
    w = rng().uniform(size=9).astype("float32") if weighted else None
    if "ignore_class" in arguments and not weighted:
        w = np.ones(9, "float32")  # without weights Keras counts ignored samples as right; with them it does not
    ours, theirs = getattr(metrics, name)(**arguments), getattr(keras.metrics, name)(**arguments)
    for part in (slice(0, 4), slice(4, 9)):
        for m in (ours, theirs):
            m.update_state(y[part], p[part], None if w is None else w[part])
    np.testing.assert_allclose(ours.result(), float(theirs.result()), **TOLERANCE)
    assert ours.name == theirs.name


@pytest.mark.parametrize("reduce", ["Mean", "Sum"])
@pytest.mark.parametrize("weights", [None, (5,), (5, 1), (5, 3), ()])
def test_reductions_with_weights(reduce, weights):
    values = rng().normal(size=(5, 3)).astype("float32")
    w = None if weights is None else np.float32(rng().uniform(size=weights))
    ours, theirs = getattr(metrics, reduce)(), getattr(keras.metrics, reduce)()
    np.testing.assert_allclose(ours(values, w), float(theirs(values, w)), **TOLERANCE)


# threshold needs arguments; Keras' sparsemax does not add up to 1 when more than one chance is positive
APART = {"threshold", "sparsemax"}
ACTIVATIONS = [
    ("relu", {}),
    ("relu", {"negative_slope": 0.3, "max_value": 2.0, "threshold": 0.5}),
    ("relu", {"negative_slope": 0.3, "max_value": 6.0}),
    ("relu", {"max_value": 3.0, "threshold": -1.0}),
    ("gelu", {"approximate": True}),
    ("glu", {"axis": 0}),
    ("threshold", {"threshold": 0.5, "default_value": 7.0}),
    *((name, {}) for name in sorted({*activations._registry.names()} - APART)),
]


@pytest.mark.parametrize(("name", "arguments"), ACTIVATIONS)
def test_activations(name, arguments):
    x = (rng().normal(size=(8, 10)) * 4).astype("float32")
    theirs = keras.ops.convert_to_numpy(keras.activations.get(name)(x, **arguments))
    np.testing.assert_allclose(activations.get(name)(x, **arguments), theirs, **TOLERANCE)


def test_regularizers():
    w = rng().normal(size=(3, 4)).astype("float32")
    for name, arguments in [("L1", {}), ("L2", {}), ("L1L2", {"l1": 0.1, "l2": 0.2})]:
        ours, theirs = getattr(regularizers, name)(**arguments), getattr(keras.regularizers, name)(**arguments)
        np.testing.assert_allclose(ours(w), float(theirs(keras.ops.convert_to_tensor(w))), **TOLERANCE)


@pytest.mark.parametrize("shape", [(), (5,), (5, 7), (3, 5, 7), (3, 3, 5, 7), (3, 3, 5, 1)])
def test_fans(shape):
    from keras.src.initializers.random_initializers import compute_fans

    assert initializers.compute_fans(shape) == compute_fans(shape)


def test_to_categorical():
    for labels, classes in [([0, 2, 1], None), (np.array([[1], [0]], "uint8"), 3), ([[0, 1], [2, 0]], 4)]:
        ours, theirs = utils.to_categorical(labels, classes), keras.utils.to_categorical(labels, classes)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


FAMILIES = {
    losses: keras.losses,
    metrics: keras.metrics,
    initializers: keras.initializers,
    regularizers: keras.regularizers,
    optimizers.schedules: keras.optimizers.schedules,
}
CLASSES = [
    (family, name)
    for family in FAMILIES
    for name, value in vars(family).items()
    if inspect.isclass(value) and value.__module__.startswith("juanji") and hasattr(FAMILIES[family], name)
]
# what Keras takes and juanji does not: sorted class numbers
NOT_OFFERED = {"from_sorted_ids"}


@pytest.mark.parametrize(("family", "name"), CLASSES, ids=lambda v: v if isinstance(v, str) else v.__name__)
def test_arguments_and_defaults(family, name):
    """Every argument of Keras' class is one of ours, in the same place, with the same default."""

    def arguments(cls):
        parameters = inspect.signature(cls.__init__).parameters.values()
        return {p.name: p.default for p in parameters if p.name != "self" and p.kind is p.POSITIONAL_OR_KEYWORD}

    ours_class, theirs_class = getattr(family, name), getattr(FAMILIES[family], name)
    ours, theirs = arguments(ours_class), arguments(theirs_class)
    for argument, default in theirs.items():
        if argument in NOT_OFFERED:
            continue
        assert argument in ours
        if ours_class is not metrics.Metric:
            assert ours[argument] == default or (default is inspect.Parameter.empty)

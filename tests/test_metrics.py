"""juanji.metrics against counting by hand."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from juanji import Tensor, losses, metrics
from reference import losses as naive

RNG = np.random.default_rng(4)


def batches(classes, sizes=(64, 64, 17, 1)):
    """Scores and class numbers of several batches of different sizes."""
    rng = np.random.default_rng(0)
    return [(rng.integers(0, classes, n), rng.normal(size=(n, classes)).astype("float32")) for n in sizes]


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def follow(metric, pairs, weights=None):
    for i, (y, p) in enumerate(pairs):
        metric.update_state(y, p, None if weights is None else weights[i])
    return metric.result()


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("k", [1, 2, 5])
def test_accuracies_count_over_batches_of_different_size(classes, k):
    data = batches(classes)
    weights = [np.random.default_rng(len(y)).uniform(size=len(y)) for y, _ in data]
    flat = [(int(y), p.tolist(), float(w)) for (ys, ps), ws in zip(data, weights) for y, p, w in zip(ys, ps, ws)]
    top = [(p.index(max(p)) == y, sorted(p, reverse=True).index(p[y]) < k, w) for y, p, w in flat]
    rows = [(one_hot(y, classes), p) for y, p in data]
    column = [(y[:, None], p) for y, p in data]
    for weighted in (False, True):
        w = weights if weighted else None
        total = sum(t[2] for t in top) if weighted else len(top)
        best = sum(t[0] * (t[2] if weighted else 1) for t in top) / total
        best_k = sum(t[1] * (t[2] if weighted else 1) for t in top) / total
        assert follow(metrics.CategoricalAccuracy(), rows, w) == pytest.approx(best, rel=1e-12)
        assert follow(metrics.SparseCategoricalAccuracy(), data, w) == pytest.approx(best, rel=1e-12)
        assert follow(metrics.SparseCategoricalAccuracy(), column, w) == pytest.approx(best, rel=1e-12)
        assert follow(metrics.TopKCategoricalAccuracy(k=k), rows, w) == pytest.approx(best_k, rel=1e-12)
        assert follow(metrics.SparseTopKCategoricalAccuracy(k=k), data, w) == pytest.approx(best_k, rel=1e-12)


def test_plain_and_binary_accuracy():
    y, p = RNG.integers(0, 2, 50), RNG.uniform(size=50).astype("float32")
    for threshold in (0.5, 0.2):
        expected = sum((b > threshold) == bool(a) for a, b in zip(y, p)) / 50
        assert metrics.BinaryAccuracy(threshold=threshold)(y, p) == pytest.approx(expected)
        assert metrics.BinaryAccuracy(threshold=threshold)(y[:, None], p) == pytest.approx(expected)
    q = RNG.integers(0, 3, 50)
    assert metrics.Accuracy()(y, q) == pytest.approx(sum(int(a == b) for a, b in zip(y, q)) / 50)


def test_accuracy_of_maps():
    scores = RNG.normal(size=(2, 3, 4, 5))
    labels = scores.argmax(-1)
    labels[0, 0, 0] = (labels[0, 0, 0] + 1) % 5
    expected = 1 - 1 / 24
    assert metrics.SparseCategoricalAccuracy()(labels, scores) == pytest.approx(expected)
    assert metrics.CategoricalAccuracy()(one_hot(labels, 5), scores) == pytest.approx(expected)
    assert metrics.SparseTopKCategoricalAccuracy(k=1)(labels, scores) == pytest.approx(expected)
    # one weight per picture counts for all of its pixels
    per_picture = metrics.SparseCategoricalAccuracy()(labels, scores, [3.0, 1.0])
    assert per_picture == pytest.approx((3 * (11 / 12) + 1) / 4)


def test_scores_that_are_not_numbers_are_never_right():
    scores = np.array([[np.nan, np.nan, np.nan], [np.inf, 0, 0], [1, 2, 3]])
    assert metrics.sparse_top_k_categorical_accuracy([0, 1, 7], scores, k=3).tolist() == [False, True, False]


@given(st.lists(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=5), min_size=1, max_size=5))
def test_mean_and_sum(data):
    mean, total = metrics.Mean(), metrics.Sum()
    for batch in data:
        mean.update_state(batch)
        total.update_state(batch)
    flat = [v for batch in data for v in batch]
    assert total.result() == pytest.approx(sum(flat), abs=1e-9)
    assert mean.result() == pytest.approx(sum(flat) / len(flat), abs=1e-9)
    mean.reset_state()
    assert mean.result() == 0.0
    assert mean(2.0) == 2.0


def test_weighted_mean_and_sum():
    values, w = RNG.normal(size=(4, 3)), RNG.uniform(size=4)
    rows = values.mean(1)
    assert metrics.Mean()(values) == pytest.approx(values.mean())
    assert metrics.Mean()(values, w) == pytest.approx((rows * w).sum() / w.sum())
    assert metrics.Mean()(values, w[:, None]) == pytest.approx((rows * w).sum() / w.sum())
    assert metrics.Mean()(values, 0.5) == pytest.approx(values.mean())
    assert metrics.Mean()(rows, np.zeros(4)) == 0.0
    assert metrics.Sum()(values) == pytest.approx(values.sum())
    assert metrics.Sum()(values, w) == pytest.approx((values * w[:, None]).sum())
    full = RNG.uniform(size=(4, 3))
    assert metrics.Mean()(values, full) == pytest.approx((values * full).mean(1).sum() / full.mean(1).sum())


def test_long_runs_do_not_drift():
    mean = metrics.Mean()
    for _ in range(20000):
        mean.update_state(np.float32(0.1))
    assert mean.result() == pytest.approx(float(np.float32(0.1)), rel=1e-12)


def test_empty_batches_change_nothing():
    mean = metrics.Mean()
    mean.update_state([2.0])
    mean.update_state([])
    assert mean.result() == 2.0


OF_LOSSES = {
    "MeanSquaredError": naive.mean_squared_error,
    "MeanAbsoluteError": naive.mean_absolute_error,
    "MeanAbsolutePercentageError": naive.mean_absolute_percentage_error,
    "MeanSquaredLogarithmicError": naive.mean_squared_logarithmic_error,
    "LogCoshError": naive.log_cosh,
    "KLDivergence": naive.kl_divergence,
    "Poisson": naive.poisson,
    "Hinge": naive.hinge,
    "SquaredHinge": naive.squared_hinge,
    "CategoricalHinge": naive.categorical_hinge,
    "BinaryCrossentropy": naive.binary_crossentropy,
    "CategoricalCrossentropy": naive.categorical_crossentropy,
}


@pytest.mark.parametrize("name", OF_LOSSES)
def test_losses_as_metrics(name):
    rng = np.random.default_rng(0)
    pairs = [(rng.uniform(0.1, 0.9, (n, 3)), rng.uniform(0.1, 0.9, (n, 3))) for n in (4, 5)]
    expected = np.concatenate([naive.per_sample(OF_LOSSES[name], *pair) for pair in pairs]).mean()
    assert follow(getattr(metrics, name)(), pairs) == pytest.approx(expected, rel=1e-9)


def test_other_losses_as_metrics():
    y, p = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 3))
    assert metrics.RootMeanSquaredError()(y, p) == pytest.approx(np.sqrt(((y - p) ** 2).mean()))
    cosine = -naive.per_sample(naive.cosine_similarity, y, p).mean()
    assert metrics.CosineSimilarity()(y, p) == pytest.approx(cosine)
    labels, logits = np.array([0, 2, 255]), RNG.normal(size=(3, 3))
    values = naive.per_sample(naive.categorical_crossentropy_logits, np.eye(3)[[0, 2]], logits[:2])
    metric = metrics.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    assert metric(labels, logits) == pytest.approx(values.mean())
    metric.reset_state()
    assert metric(labels[:, None], logits, [1.0, 3.0, 9.0]) == pytest.approx((values * [1, 3]).sum() / 4)


def test_tensors_and_functions():
    metric = metrics.MeanMetricWrapper(lambda y, p: np.abs(y - p), name="distance")
    assert metric(Tensor(np.array([1.0, 2.0])), Tensor(np.array([1.0, 4.0]))) == 1.0
    assert metric.name == "distance"


NEED_ARGUMENTS = {
    "Metric", "MeanMetricWrapper", "ConfusionMatrix", "IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU",
    "PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity",
}  # fmt: skip
CLASSES = [n for n in metrics.__all__ if n[0].isupper() and n not in NEED_ARGUMENTS]


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_can_be_made_again(name):
    metric = metrics.get(name)
    assert isinstance(metric, getattr(metrics, name))
    again = metrics.get(metrics.serialize(metric))
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    assert [v.shape for v in again.variables] == [v.shape for v in metric.variables]


def test_configuration_keeps_arguments():
    metric = metrics.TopKCategoricalAccuracy(k=3, name="top3")
    again = metrics.deserialize(metrics.serialize(metric))
    assert (again.k, again.name) == (3, "top3")
    wrapped = metrics.MeanMetricWrapper(losses.huber, delta=2.0)
    again = metrics.deserialize(metrics.serialize(wrapped))
    assert (again.fn, again.delta) == (losses.huber, 2.0)
    with pytest.raises(AttributeError, match="no attribute 'gamma'"):
        _ = metric.gamma


@pytest.mark.parametrize(
    ("y", "p", "kind"),
    [
        ((64, 10), (64, 10), "CategoricalAccuracy"),
        ((64, 1), (64, 10), "SparseCategoricalAccuracy"),
        ((64,), (64, 10), "SparseCategoricalAccuracy"),
        ((64, 1), (64, 1), "BinaryAccuracy"),
        ((64,), (64, 1), "BinaryAccuracy"),
        ((2, 8, 8), (2, 8, 8, 5), "SparseCategoricalAccuracy"),
        ((2, 8, 8, 5), (2, 8, 8, 5), "CategoricalAccuracy"),
    ],
)
@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy"])
def test_accuracy_follows_the_shapes(name, y, p, kind):
    metric = metrics.resolve_metric(name, y, p)
    assert type(metric).__name__ == kind
    assert metric.name == name


def test_resolve_metric():
    assert metrics.resolve_metric("mse", (4, 3), (4, 3)).name == "mse"
    assert metrics.resolve_metric("MeanSquaredError", (4, 3), (4, 3)).name == "MeanSquaredError"
    assert type(metrics.resolve_metric("ce", (4,), (4, 3))) is metrics.SparseCategoricalCrossentropy
    made = metrics.CategoricalAccuracy(name="right")
    assert metrics.resolve_metric(made, (4, 3), (4, 3)) is made
    assert type(metrics.resolve_metric(metrics.Accuracy, (4,), (4,))) is metrics.Accuracy

    def largest(y_true, y_pred):
        return y_pred.max(-1)

    metric = metrics.resolve_metric(largest, (1, 2), (1, 2))
    assert metric.name == "largest"
    assert metric([[0, 0]], [[1.0, 5.0]]) == 5.0
    with pytest.raises(ValueError, match=r"metric missing; .* got None"):
        metrics.resolve_metric(None, (1,), (1,))
    with pytest.raises(
        ValueError, match=r"got identifier='acuracy'.*Did you mean '[aA]ccuracy'|got identifier='acuracy'"
    ):
        metrics.resolve_metric("acuracy", (1,), (1,))


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (
            lambda: metrics.CategoricalAccuracy()(np.zeros((4, 1)), np.zeros((4, 3))),
            r"categorical_accuracy: .*expected y_true.shape=\(4, 3\) like y_pred, got y_true.shape=\(4, 1\)",
        ),
        (
            lambda: metrics.SparseCategoricalAccuracy()(np.zeros((4, 3)), np.zeros((4, 3))),
            r"sparse_categorical_accuracy: .*y_true.shape=\(4,\), got y_true.shape=\(4, 3\)",
        ),
        (lambda: metrics.Accuracy()(np.zeros(4), np.zeros(3)), r"accuracy: .*got y_true.shape=\(4,\)"),
        (lambda: metrics.Mean()([1.0, 2.0], [1.0, 2.0, 3.0]), r"sample weights do not fit.*got .*\(3,\)"),
    ],
)
def test_messages(compute, message):
    with pytest.raises(ValueError, match=message):
        compute()


def test_own_metrics_start_from_their_initializer():
    class Smallest(metrics.Metric):
        def __init__(self):
            super().__init__()
            self.value = self.add_weight((), "ones", name="value")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.value.assign(min(float(self.value), float(np.min(y_pred))))

        def result(self):
            return float(self.value)

    smallest = Smallest()
    assert smallest.result() == 1.0
    assert smallest([0], [0.25]) == 0.25
    assert smallest.name.startswith("smallest")
    assert [v.name for v in smallest.variables] == ["value"]
    smallest.reset_state()
    assert smallest.result() == 0.0


def test_an_update_costs_little():
    y, p = one_hot(RNG.integers(0, 10, 64), 10), RNG.normal(size=(64, 10)).astype("float32")
    metric = metrics.CategoricalAccuracy()

    def seconds():
        start = time.thread_time()
        for _ in range(100):
            metric.update_state(y, p)
        return (time.thread_time() - start) / 100

    assert min(seconds() for _ in range(5)) < 200e-6


def test_results_have_numpy():
    accuracy = metrics.CategoricalAccuracy()
    accuracy.update_state(np.eye(2), [[0.9, 0.1], [0.8, 0.2]])
    assert type(accuracy.result().numpy()) is np.float32
    assert accuracy.result() == accuracy.result().numpy() == 0.5
    assert repr(accuracy.result()) == "0.5"
    scores = metrics.F1Score()
    scores.update_state(np.eye(2), np.eye(2))
    assert type(scores.result().numpy()) is np.ndarray
    assert repr(scores.result()) == "array([1., 1.])"

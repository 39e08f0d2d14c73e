"""Precision, recall, areas, F-scores, intersection over union and R² against counting one prediction at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

import juanji
from juanji import layers, metrics
from recordings import all_recorded
from reference import metrics as naive

RNG = np.random.default_rng(7)
SIZES = (40, 13, 1)
BITS = [RNG.integers(0, 2, n) for n in SIZES]
CHANCES = [RNG.uniform(size=n).round(2).astype("float32") for n in SIZES]  # some fall on thresholds
WEIGHTS = [RNG.uniform(0.1, 1, n) for n in SIZES]
MANY_BITS = [RNG.integers(0, 2, (n, 4)) for n in SIZES]
MANY = [RNG.permuted(np.tile(np.arange(1, 21) / 20, (n, 1)), axis=1)[:, :4].astype("float32") for n in SIZES]
LABELS = [RNG.integers(-1, 4, (n, 3)) for n in SIZES]
FOUND = [RNG.integers(0, 5, (n, 3)) for n in SIZES]


def follow(metric, *lists):
    """The result after all batches, and again after a reset."""
    for _ in range(2):
        metric.reset_state()
        for batch in zip(*lists):
            metric.update_state(*batch)
    return metric.result()


def flat(arrays):
    return np.concatenate([np.ravel(a) for a in arrays]).tolist()


def counts(threshold, weighted):
    weights = flat(WEIGHTS) if weighted else [1] * sum(SIZES)
    return naive.outcomes(flat(BITS), flat(CHANCES), weights, float(np.float32(threshold)))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("thresholds", [None, 0.3, [0.7, 0.0, 0.25], [0.0, 0.5, 1.0]])
def test_counts_precision_and_recall(thresholds, weighted):
    data = (BITS, CHANCES, WEIGHTS) if weighted else (BITS, CHANCES)
    limits = [0.5] if thresholds is None else np.atleast_1d(thresholds).tolist()
    table = np.array([counts(t, weighted) for t in limits])
    tp, fp, _, fn = table.T
    expected = {
        "TruePositives": tp,
        "FalsePositives": fp,
        "TrueNegatives": table[:, 2],
        "FalseNegatives": fn,
        "Precision": [naive.ratio(a, a + b) for a, b in zip(tp, fp)],
        "Recall": [naive.ratio(a, a + b) for a, b in zip(tp, fn)],
    }
    for name, values in expected.items():
        result = follow(getattr(metrics, name)(thresholds=thresholds), *data)
        np.testing.assert_allclose(result, values if isinstance(thresholds, list) else values[0], rtol=1e-12)
        assert isinstance(result, np.ndarray if isinstance(thresholds, list) else float)


def test_top_k_and_class_id():
    bits, chances = flat(MANY_BITS), flat(MANY)
    best = flat([np.argsort(np.argsort(-p)) < 2 for p in MANY])
    tp = sum(t and b for t, b in zip(bits, best))
    assert follow(metrics.Precision(top_k=2), MANY_BITS, MANY) == pytest.approx(tp / sum(best))
    assert follow(metrics.Recall(top_k=2), MANY_BITS, MANY) == pytest.approx(tp / sum(bits))
    above = [b and p > np.float32(0.6) for b, p in zip(best, chances)]
    tp = sum(t and b for t, b in zip(bits, above))
    assert follow(metrics.Recall(0.6, top_k=2), MANY_BITS, MANY) == pytest.approx(tp / sum(bits))
    third_bits, third = [t[:, 2] for t in MANY_BITS], [p[:, 2] for p in MANY]
    tp, fp, _, _ = naive.outcomes(flat(third_bits), flat(third), flat(WEIGHTS), 0.5)
    assert follow(metrics.Precision(class_id=2), MANY_BITS, MANY, WEIGHTS) == pytest.approx(tp / (tp + fp))
    second = flat([t[:, 1] for t in MANY_BITS])
    found = sum(t and b for t, b in zip(second, best[1::4]))
    assert follow(metrics.Recall(class_id=1, top_k=2), MANY_BITS, MANY) == pytest.approx(found / sum(second))


def test_equal_predictions_among_the_best():
    metric = metrics.Precision(top_k=2)  # the first two of three equal ones
    assert metric([[0, 1, 1]], [[0.5, 0.5, 0.5]]) == 0.5


def test_nothing_counted_yet():
    for name in ("Precision", "Recall", "AUC", "TruePositives", "F1Score", "R2Score"):
        assert getattr(metrics, name)().result() == 0.0
    assert metrics.MeanIoU(3).result() == 0.0
    assert metrics.PrecisionAtRecall(0.5).result() == 0.0
    assert metrics.Precision()([1, 0], [0.1, 0.2]) == 0.0


def test_not_a_number_is_above_nothing():
    assert metrics.TruePositives()([1, 1], [math.nan, 0.9]) == 1.0
    assert metrics.FalseNegatives(thresholds=[0.0, 0.5])([1, 1], [math.nan, 0.9]).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n", [1, 2, 11])
def test_operating_points(n, weighted):
    data = (BITS, CHANCES, WEIGHTS) if weighted else (BITS, CHANCES)
    limits = [0.5] if n == 1 else [i / (n - 1) for i in range(n)]
    table = [counts(t, weighted) for t in limits]
    curve = {
        "sensitivity": [naive.ratio(tp, tp + fn) for tp, fp, tn, fn in table],
        "specificity": [naive.ratio(tn, tn + fp) for tp, fp, tn, fn in table],
        "precision": [naive.ratio(tp, tp + fp) for tp, fp, tn, fn in table],
    }
    curve["recall"] = curve["sensitivity"]
    for name in ("SensitivityAtSpecificity", "SpecificityAtSensitivity", "PrecisionAtRecall", "RecallAtPrecision"):
        wanted, required = name.lower().split("at")
        required = required if required in curve else "sensitivity"
        for value in (0.0, 0.4, 0.6, 1.0):
            expected = max([w for w, r in zip(curve[wanted], curve[required]) if r >= value], default=0.0)
            assert follow(getattr(metrics, name)(value, num_thresholds=n), *data) == pytest.approx(expected)


@pytest.mark.parametrize("method", ["interpolation", "minoring", "majoring"])
@pytest.mark.parametrize("curve", ["ROC", "PR", "PRGAIN"])
def test_areas(curve, method):
    for weighted in (False, True):
        data = (BITS, CHANCES, WEIGHTS) if weighted else (BITS, CHANCES)
        for given in (None, [0.1, 0.8, 0.33]):
            limits = [-1, *([i / 10 for i in range(1, 10)] if given is None else sorted(given)), 2]
            table = [counts(t, weighted) for t in limits]
            metric = metrics.AUC(11, curve, method, thresholds=given)
            if (curve, method) == ("PR", "interpolation"):
                assert follow(metric, *data) == pytest.approx(naive.interpolated_area(table), rel=1e-6)
            else:
                assert follow(metric, *data) == pytest.approx(naive.area(table, method, curve), rel=1e-12)


def test_many_thresholds_give_the_share_of_pairs_in_order():
    bits, chances = flat(BITS), flat(CHANCES)
    pairs = [(p, q) for t, p in zip(bits, chances) if t for u, q in zip(bits, chances) if not u]
    expected = sum((p > q) + (p == q) / 2 for p, q in pairs) / len(pairs)
    assert follow(metrics.AUC(1001), BITS, CHANCES) == pytest.approx(expected)
    scores = [np.log(p / (1 - p)) for p in (np.clip(c, 0.005, 0.995) for c in CHANCES)]
    assert follow(metrics.AUC(1001, from_logits=True), BITS, scores) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("label_weights", [None, [1.0, 2.0, 0.5, 0.0]])
def test_areas_of_several_labels(label_weights):
    each = [follow(metrics.AUC(), [t[:, i] for t in MANY_BITS], [p[:, i] for p in MANY], WEIGHTS) for i in range(4)]
    together = metrics.AUC(multi_label=True, label_weights=label_weights)
    expected = np.average(each, weights=label_weights)
    assert follow(together, MANY_BITS, MANY, WEIGHTS) == pytest.approx(expected)
    assert [v.shape for v in together.variables] == [(200, 4)] * 4
    known = metrics.AUC(multi_label=True, num_labels=4, curve="PR")
    assert [v.shape for v in known.variables] == [(200, 4)] * 4
    one = metrics.AUC(label_weights=label_weights)
    weights = [np.tile(np.ones(4) if label_weights is None else label_weights, (n, 1)) for n in SIZES]
    assert follow(one, MANY_BITS, MANY) == pytest.approx(follow(metrics.AUC(), MANY_BITS, MANY, weights))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("threshold", [None, 0.5])
@pytest.mark.parametrize("beta", [1.0, 0.5, 3.0])
def test_f_scores(beta, threshold, weighted):
    chosen = [p > (np.sort(p)[:, -2:-1] if threshold is None else threshold) for p in MANY]
    w = flat(WEIGHTS) if weighted else [1.0] * 54
    data = (MANY_BITS, MANY, WEIGHTS) if weighted else (MANY_BITS, MANY)
    columns = [(flat([t[:, i] for t in MANY_BITS]), flat([c[:, i] for c in chosen])) for i in range(4)]
    each = [naive.f_beta(t, c, w, beta) for t, c in columns]
    labels = [sum(x * y for x, y in zip(t, w)) for t, _ in columns]
    expected = {
        None: each,
        "macro": np.mean(each),
        "weighted": np.average(each, weights=labels),
        "micro": naive.f_beta(flat(MANY_BITS), flat(chosen), np.repeat(w, 4).tolist(), beta),
    }
    for average, value in expected.items():
        metric = metrics.FBetaScore(average, beta, threshold)
        np.testing.assert_allclose(follow(metric, *data), value, rtol=1e-12)
        if beta == 1.0:
            np.testing.assert_allclose(follow(metrics.F1Score(average, threshold), *data), value, rtol=1e-12)


def test_a_row_of_zeros_chooses_nothing():
    assert metrics.F1Score()([[1, 0], [1, 0]], [[0.0, 0.0], [0.3, 0.2]]).tolist() == [pytest.approx(2 / 3), 0.0]


@pytest.mark.parametrize("ignore", [None, 2])
def test_confusion_matrix_and_iou(ignore):
    weights = [np.repeat(w[:, None], 3, axis=1) for w in WEIGHTS]
    t, p, w = flat(LABELS), flat(FOUND), flat(weights)
    matrix = naive.confusion_matrix([-1 if x == ignore else x for x in t], p, w, 4)
    metric = metrics.ConfusionMatrix(4, ignore_class=ignore)
    np.testing.assert_allclose(follow(metric, LABELS, FOUND, weights), matrix, rtol=1e-12)
    np.testing.assert_allclose(follow(metric, LABELS, FOUND, WEIGHTS), matrix, rtol=1e-12)
    iou = metrics.IoU(4, [0, 2], ignore_class=ignore)
    assert follow(iou, LABELS, FOUND, weights) == pytest.approx(naive.mean_iou(matrix, [0, 2]))
    mean = metrics.MeanIoU(4, ignore_class=ignore)
    assert follow(mean, LABELS, FOUND, weights) == pytest.approx(naive.mean_iou(matrix, range(4)))


def test_iou_of_one_hot_rows_and_of_chances():
    rows = [np.eye(4)[np.maximum(t, 0)] for t in LABELS]
    scores = [RNG.normal(size=r.shape) for r in rows]
    found = [s.argmax(-1) for s in scores]
    labels = [np.maximum(t, 0) for t in LABELS]
    matrix = naive.confusion_matrix(flat(labels), flat(found), [1] * 162, 4)
    assert follow(metrics.OneHotMeanIoU(4), rows, scores) == pytest.approx(naive.mean_iou(matrix, range(4)))
    assert follow(metrics.OneHotIoU(4, [1]), rows, scores) == pytest.approx(naive.mean_iou(matrix, [1]))
    assert follow(metrics.OneHotIoU(4, [1], sparse_y_pred=True), rows, found) == pytest.approx(
        naive.mean_iou(matrix, [1])
    )
    first = metrics.MeanIoU(4, sparse_y_true=False, sparse_y_pred=False, axis=1)
    moved = [[np.moveaxis(a, -1, 1) for a in arrays] for arrays in (rows, scores)]
    assert follow(first, *moved) == pytest.approx(naive.mean_iou(matrix, range(4)))
    binary = naive.confusion_matrix(flat(BITS), [int(p >= np.float32(0.3)) for p in flat(CHANCES)], flat(WEIGHTS), 2)
    for targets in ([0], [1], [0, 1]):
        metric = metrics.BinaryIoU(targets, threshold=0.3)
        assert follow(metric, BITS, CHANCES, WEIGHTS) == pytest.approx(naive.mean_iou(binary, targets))


@pytest.mark.parametrize(("part", "axis"), [("true", 1), ("pred", 0), ("all", None)])
def test_shares_of_a_confusion_matrix(part, axis):
    matrix = np.array(naive.confusion_matrix(flat(LABELS), flat(FOUND), [1] * 162, 6))
    got = follow(metrics.ConfusionMatrix(6, normalize=part), LABELS, FOUND)
    sums = matrix.sum(axis, keepdims=True)
    np.testing.assert_allclose(got, np.where(sums > 0, matrix / np.where(sums > 0, sums, 1), 0), rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_r2(weighted):
    t = [RNG.normal(size=(n, 2)) for n in SIZES]
    p = [x + RNG.normal(size=x.shape) / 2 for x in t]
    w = flat(WEIGHTS) if weighted else [1.0] * 54
    data = (t, p, WEIGHTS) if weighted else (t, p)
    columns = [(flat([x[:, i] for x in t]), flat([x[:, i] for x in p])) for i in range(2)]
    each = [naive.r2(*column, w) for column in columns]
    spread = [np.cov(column[0], aweights=w, ddof=0) for column in columns]
    expected = {
        None: each,
        "uniform_average": np.mean(each),
        "variance_weighted_average": np.average(each, weights=spread),
    }
    for aggregation, value in expected.items():
        np.testing.assert_allclose(follow(metrics.R2Score(aggregation), *data), value, rtol=1e-10)
    adjusted = 1 - (1 - np.mean(each)) * 107 / 104
    assert follow(metrics.R2Score(num_regressors=3), *data) == pytest.approx(adjusted)
    assert np.isnan(metrics.R2Score()([[1.0], [1.0]], [[1.0], [1.0]]))
    assert metrics.R2Score()([[1.0], [1.0]], [[1.0], [2.0]]) == 0.0
    with pytest.warns(UserWarning, match="too few samples"):
        metrics.R2Score(num_regressors=3)([[1.0], [2.0]], [[1.0], [2.0]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("axis", [0, 1])
def test_correlations(axis, dtype):
    t = RNG.normal(size=(6, 5)).astype(dtype)
    p = (t + RNG.normal(size=t.shape)).astype(dtype)
    pairs = zip(np.moveaxis(t, axis, -1).astype(float).tolist(), np.moveaxis(p, axis, -1).astype(float).tolist())
    found = [naive.moments(x, y) for x, y in pairs]
    pearson = [c / math.sqrt(v * w) for a, b, v, w, c in found]
    concordance = [2 * c / (v + w + (a - b) ** 2) for a, b, v, w, c in found]
    rtol = 32 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(metrics.pearson_correlation(t, p, axis), pearson, rtol=rtol)
    near = rtol + 2e-7  # 1e-7 in the denominator
    np.testing.assert_allclose(metrics.concordance_correlation(t, p, axis), concordance, rtol=near)
    assert metrics.PearsonCorrelation(axis=axis)(t, p) == pytest.approx(np.mean(pearson), rel=rtol)
    assert metrics.ConcordanceCorrelation(axis=axis)(t, p) == pytest.approx(np.mean(concordance), rel=near)


def test_sorted_class_numbers():
    ids = [[3, 1, 0, 2], [0, 1, 2, 3], [2, 3, 1, 0]]
    assert metrics.sparse_top_k_categorical_accuracy([1, 2, 2], ids, 2, True).tolist() == [True, False, True]
    assert metrics.SparseTopKCategoricalAccuracy(1, from_sorted_ids=True)([1, 0, 2], ids) == pytest.approx(2 / 3)


MADE = [
    metrics.Precision([0.1, 0.2], 3, 1),
    metrics.FalseNegatives(0.4),
    metrics.AUC(20, "pr", "Majoring", "mine", thresholds=None, multi_label=True, label_weights=np.ones(3)),
    metrics.AUC(thresholds=[0.5, 0.2]),
    metrics.AUC(thresholds=np.linspace(0.1, 0.9, 5)),
    metrics.Recall(np.array([0.25, 0.5], "float32")),
    metrics.TruePositives(np.float32(0.25)),
    metrics.PrecisionAtRecall(0.3, 50, 1),
    metrics.SensitivityAtSpecificity(0.3),
    metrics.FBetaScore("macro", 2.0, 0.5),
    metrics.F1Score("micro"),
    metrics.BinaryIoU([1], 0.4),
    metrics.MeanIoU(3, ignore_class=0),
    metrics.OneHotIoU(4, [0, 2], axis=1),
    metrics.OneHotMeanIoU(4),
    metrics.ConfusionMatrix(3, normalize="all"),
    metrics.R2Score(None, 2),
    metrics.PearsonCorrelation(axis=0),
]


@pytest.mark.parametrize("metric", MADE, ids=lambda m: type(m).__name__)
def test_configurations(metric):
    again = metrics.get(metrics.serialize(metric))
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    assert [v.shape for v in again.variables] == [v.shape for v in metric.variables]


@pytest.mark.parametrize("fast", [True, False])
def test_in_training(fast):
    juanji.utils.set_random_seed(0)
    x = RNG.normal(size=(40, 5)).astype("float32")
    y = np.eye(3, dtype="float32")[RNG.integers(0, 3, 40)]
    model = juanji.Sequential([layers.Input((5,)), layers.Dense(3, activation="softmax")])
    followed = [
        "precision",
        metrics.AUC(multi_label=True, name="auc"),
        metrics.F1Score(name="f1"),
        metrics.OneHotMeanIoU(3, name="iou"),
        metrics.RecallAtPrecision(0.3),
        metrics.R2Score(),
        "pearson_correlation",
    ]
    model.compile("sgd", "mse", metrics=followed, run_eagerly=not fast)
    history = model.fit(x, y, batch_size=8, epochs=2, verbose=0).history
    found = model.evaluate(x, y, batch_size=8, verbose=0, return_dict=True)
    assert all_recorded(model) == fast
    p = model.predict(x, verbose=0)
    for name, metric in {"precision": metrics.Precision(), "auc": followed[1], "f1": metrics.F1Score()}.items():
        metric.reset_state()
        np.testing.assert_allclose(found[name], metric(y, p), rtol=1e-12)
    assert np.shape(history["f1"]) == (2, 3)
    assert len(found) == 1 + len(followed)


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: metrics.Precision(1.5), r"Precision: wrong threshold; .* got thresholds=1\.5"),
        (lambda: metrics.TruePositives([0.2, None]), r"numbers from 0 to 1, got thresholds=\[0\.2, None\]"),
        (
            lambda: metrics.Recall()([1, 0], [0.5]),
            r"recall\w*: .*expected y_true.shape=\(1,\).*got y_true.shape=\(2,\)",
        ),
        (
            lambda: metrics.Recall(class_id=1)([1, 0], [0.5, 0.1]),
            r"predictions have no classes.*got y_pred.shape=\(2,\)",
        ),
        (lambda: metrics.Precision()([1, 0], [0.5, 1], [1, 2, 3]), r"shape \(2,\).*got sample_weight.shape=\(3,\)"),
        (lambda: metrics.AUC(1), r"AUC: .*at least 2, got num_thresholds=1"),
        (lambda: metrics.AUC(curve="DET"), r"expected one of 'ROC', 'PR', 'PRGAIN', got curve='DET'"),
        (lambda: metrics.AUC(summation_method="sum"), r"got summation_method='sum'"),
        (lambda: metrics.AUC(num_labels=3), r"num_labels belongs to multi_label=True"),
        (lambda: metrics.AUC(multi_label=True)([1], [0.5]), r"expected \(N, labels\) with multi_label=True"),
        (lambda: metrics.AUC(multi_label=True, num_labels=2)([[1]], [[0.5]]), r"expected \(N, 2\) .*\(1, 1\)"),
        (lambda: metrics.PrecisionAtRecall(1.5), r"PrecisionAtRecall: wrong recall; .*from 0 to 1, got recall=1\.5"),
        (lambda: metrics.SpecificityAtSensitivity(0.5, 0), r"at least 1, got num_thresholds=0"),
        (lambda: metrics.F1Score("mean"), r"'micro', 'macro', 'weighted', got average='mean'"),
        (lambda: metrics.FBetaScore(beta=0.0), r"positive number, got beta=0\.0"),
        (lambda: metrics.F1Score(threshold=1.5), r"above 0 and up to 1, or None, got threshold=1\.5"),
        (lambda: metrics.F1Score()([1, 0], [0.5, 1]), r"f1_score: .*\(N, classes\), got y_true.shape=\(2,\)"),
        (lambda: metrics.IoU(2, [2]), r"IoU: no such class; expected numbers from 0 to 1, got target_class_ids=\[2\]"),
        (lambda: metrics.MeanIoU(0), r"MeanIoU: .*positive whole number, got num_classes=0"),
        (lambda: metrics.MeanIoU(2)([1, 0], [1]), r"differ in number; .*\(2,\) in y_true and \(1,\) in y_pred"),
        (lambda: metrics.ConfusionMatrix(2, normalize="rows"), r"expected one of None, 'true'.*got 'rows'"),
        (lambda: metrics.R2Score("mean"), r"got class_aggregation='mean'"),
        (lambda: metrics.R2Score(num_regressors=-1), r"at least 0, got num_regressors=-1"),
        (lambda: metrics.R2Score()([[[1.0]]], [[[1.0]]]), r"\(N, outputs\), got y_true.shape=\(1, 1, 1\)"),
    ],
)
def test_messages(compute, message):
    with pytest.raises(ValueError, match=message):
        compute()

"""Metrics give Keras' numbers over several batches, with sample weights and after a reset. Skipped without Keras."""

from __future__ import annotations

import json

import numpy as np
import pytest

import juanji
from juanji import metrics

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings("default")

TOLERANCE = {"rtol": 1e-4, "atol": 1e-6}  # Keras keeps its sums in float32
RNG = np.random.default_rng(0)
N, C = 30, 4
SCORES = RNG.normal(size=(N, C)).astype("float32")
OTHERS = RNG.normal(size=(N, C)).astype("float32")
CHANCES = np.exp(SCORES) / np.exp(SCORES).sum(-1, keepdims=True)
ONE_HOT = np.eye(C, dtype="float32")[RNG.integers(0, C, N)]
NUMBERS = RNG.integers(0, C, N)
BITS = RNG.integers(0, 2, (N, C))
BIT, CHANCE = RNG.integers(0, 2, N), RNG.uniform(size=N).astype("float32")
FOUND = RNG.integers(0, C, (N, 5, 2))
MAP = RNG.integers(0, C, (N, 5, 2))
IDS = np.argsort(-SCORES)
POSITIVE = np.exp(SCORES)

METRICS = [
    ("Accuracy", {}, NUMBERS, RNG.integers(0, C, N)),
    ("BinaryAccuracy", {"threshold": 0.3}, BITS, CHANCES),
    ("CategoricalAccuracy", {}, ONE_HOT, CHANCES),
    ("SparseCategoricalAccuracy", {}, NUMBERS, CHANCES),
    ("TopKCategoricalAccuracy", {"k": 2}, ONE_HOT, CHANCES),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, NUMBERS, CHANCES),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, NUMBERS, IDS),
    ("TruePositives", {}, BIT, CHANCE),
    ("TrueNegatives", {"thresholds": 0.3}, BITS, CHANCES),
    ("FalsePositives", {"thresholds": [0.3, 0.1]}, BITS, CHANCES),
    ("FalseNegatives", {"thresholds": [0.0, 0.5, 1.0]}, BIT, CHANCE),
    ("Precision", {}, BIT, CHANCE),
    ("Precision", {"thresholds": [0.2, 0.6]}, BITS, CHANCES),
    ("Precision", {"top_k": 2}, BITS, CHANCES),
    ("Precision", {"class_id": 1, "thresholds": 0.2}, BITS, CHANCES),
    ("Recall", {}, BIT, CHANCE),
    ("Recall", {"top_k": 2, "class_id": 0}, BITS, CHANCES),
    ("Recall", {"top_k": 3, "thresholds": 0.3}, BITS, CHANCES),
    ("SensitivityAtSpecificity", {"specificity": 0.4}, BIT, CHANCE),
    ("SpecificityAtSensitivity", {"sensitivity": 0.7, "num_thresholds": 30}, BIT, CHANCE),
    ("PrecisionAtRecall", {"recall": 0.5}, BIT, CHANCE),
    ("PrecisionAtRecall", {"recall": 0.5, "class_id": 2}, BITS, CHANCES),
    ("RecallAtPrecision", {"precision": 0.55}, BIT, CHANCE),
    ("RecallAtPrecision", {"precision": 0.5, "num_thresholds": 1}, BIT, CHANCE),
    *(("AUC", {"curve": curve}, BIT, CHANCE) for curve in ("ROC", "PR", "PRGAIN")),
    *(("AUC", {"curve": curve, "summation_method": "minoring"}, BIT, CHANCE) for curve in ("ROC", "PR", "PRGAIN")),
    *(("AUC", {"curve": curve, "summation_method": "majoring"}, BIT, CHANCE) for curve in ("ROC", "PR", "PRGAIN")),
    ("AUC", {"thresholds": [0.7, 0.2]}, BITS, CHANCES),
    ("AUC", {"num_thresholds": 17, "label_weights": [1.0, 2.0, 0.5, 0.0]}, BITS, CHANCES),
    ("AUC", {"from_logits": True}, BITS, SCORES),
    ("AUC", {"multi_label": True}, BITS, CHANCES),
    ("AUC", {"multi_label": True, "label_weights": [1.0, 2.0, 0.5, 0.0], "curve": "PR"}, BITS, CHANCES),
    ("AUC", {"multi_label": True, "num_labels": 4, "thresholds": [0.1, 0.25, 0.4]}, BITS, CHANCES),
    ("F1Score", {}, ONE_HOT, CHANCES),
    ("F1Score", {"average": "macro", "threshold": 0.3}, BITS.astype("float32"), CHANCES),
    ("FBetaScore", {"average": "micro", "beta": 2.0}, ONE_HOT, CHANCES),
    ("FBetaScore", {"average": "weighted", "beta": 0.5, "threshold": 0.3}, BITS.astype("float32"), CHANCES),
    ("IoU", {"num_classes": 4, "target_class_ids": [1, 3]}, MAP, FOUND),
    ("MeanIoU", {"num_classes": 4, "ignore_class": 2}, MAP, FOUND),
    ("MeanIoU", {"num_classes": 3}, MAP, FOUND),
    ("BinaryIoU", {"target_class_ids": [1], "threshold": 0.3}, BIT, CHANCE),
    ("OneHotIoU", {"num_classes": 4, "target_class_ids": [0, 2]}, ONE_HOT, CHANCES),
    ("OneHotMeanIoU", {"num_classes": 4}, ONE_HOT, CHANCES),
    ("R2Score", {}, OTHERS, SCORES),
    ("R2Score", {"class_aggregation": None}, OTHERS, SCORES),
    ("R2Score", {"class_aggregation": "variance_weighted_average", "num_regressors": 3}, OTHERS, SCORES),
    ("PearsonCorrelation", {}, OTHERS, SCORES),
    ("ConcordanceCorrelation", {}, OTHERS, SCORES),
    ("MeanSquaredError", {}, OTHERS, SCORES),
    ("RootMeanSquaredError", {}, OTHERS, SCORES),
    ("MeanAbsoluteError", {}, OTHERS, SCORES),
    ("MeanAbsolutePercentageError", {}, POSITIVE + 1, POSITIVE),
    ("MeanSquaredLogarithmicError", {}, POSITIVE + 1, POSITIVE),
    ("CosineSimilarity", {}, OTHERS, SCORES),
    ("LogCoshError", {}, OTHERS, SCORES),
    ("Hinge", {}, BITS, SCORES),
    ("SquaredHinge", {}, BITS, SCORES),
    ("CategoricalHinge", {}, ONE_HOT, SCORES),
    ("KLDivergence", {}, ONE_HOT, CHANCES),
    ("Poisson", {}, POSITIVE + 1, POSITIVE),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, BITS, SCORES),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, ONE_HOT, CHANCES),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, NUMBERS, SCORES),
]
IDENTIFIERS = [f"{name}-{'-'.join(map(str, arguments.values()))}" for name, arguments, *_ in METRICS]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "arguments", "y", "p"), METRICS, ids=IDENTIFIERS)
def test_batches_and_reset(name, arguments, y, p, weighted):
    whole = "IoU" in name  # Keras' are of integers
    weights = RNG.integers(0, 3, N) if whole else RNG.uniform(0.1, 1, N).astype("float32")
    if whole and y.ndim == 3:
        weights = np.broadcast_to(weights[:, None, None], y.shape)
    ours, theirs = getattr(metrics, name)(**arguments), getattr(keras.metrics, name)(**arguments)
    for start in (0, 12):  # the second time after a reset
        for part in (slice(start, 17), slice(17, 18), slice(18, N)):
            for metric in (ours, theirs):
                metric.update_state(y[part], p[part], weights[part] if weighted else None)
            expected = keras.ops.convert_to_numpy(theirs.result())
            assert np.shape(ours.result()) == expected.shape
            np.testing.assert_allclose(ours.result(), expected, **TOLERANCE)
        ours.reset_state()
        theirs.reset_state()


@pytest.mark.parametrize(("name", "arguments", "y", "p"), METRICS, ids=IDENTIFIERS)
def test_configurations_of_keras_are_read(name, arguments, y, p):
    config = json.loads(json.dumps(keras.metrics.serialize(getattr(keras.metrics, name)(**arguments))))
    ours = metrics.deserialize(config)
    assert type(ours).__name__ == name
    back = keras.metrics.serialize(getattr(keras.metrics, name).from_config(ours.get_config()))
    assert json.loads(json.dumps(back)) == config


@pytest.mark.parametrize("name", ["pearson_correlation", "concordance_correlation"])
@pytest.mark.parametrize("axis", [0, -1])
def test_functions(name, axis):
    expected = getattr(keras.metrics, name)(OTHERS, SCORES, axis=axis)
    np.testing.assert_allclose(getattr(metrics, name)(OTHERS, SCORES, axis=axis), np.asarray(expected), **TOLERANCE)


@pytest.mark.parametrize("shape", [(N,), (N, 1), (N, C), (1, C), ()])
@pytest.mark.parametrize("name", ["Precision", "AUC", "TruePositives"])
def test_ranks_of_sample_weights(name, shape):
    weights = RNG.uniform(0.1, 1, shape).astype("float32")
    ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    expected = float(theirs(BITS, CHANCES, weights))
    np.testing.assert_allclose(ours(BITS, CHANCES, weights), expected, **TOLERANCE)


@pytest.mark.parametrize("reduce", ["Mean", "Sum"])
@pytest.mark.parametrize("weights", [None, (5,), (5, 1), (5, 3), ()])
def test_reductions_with_weights(reduce, weights):
    values = RNG.normal(size=(5, 3)).astype("float32")
    w = None if weights is None else np.float32(RNG.uniform(size=weights))
    ours, theirs = getattr(metrics, reduce)(), getattr(keras.metrics, reduce)()
    np.testing.assert_allclose(ours(values, w), float(theirs(values, w)), **TOLERANCE)


def test_ignored_classes_with_weights():
    weights = np.ones(N, "float32")  # without weights Keras counts ignored samples as right
    ours, theirs = (m.metrics.SparseCategoricalCrossentropy(ignore_class=1) for m in (juanji, keras))
    np.testing.assert_allclose(ours(NUMBERS, CHANCES, weights), float(theirs(NUMBERS, CHANCES, weights)), **TOLERANCE)

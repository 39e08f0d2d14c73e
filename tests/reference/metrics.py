"""Metrics by counting: plain Python, one prediction at a time."""

from __future__ import annotations

import itertools
import math


def outcomes(labels, predictions, weights, threshold):
    """Weights of true positives, false positives, true negatives and false negatives."""
    counts = [0.0] * 4
    for t, p, w in zip(labels, predictions, weights):
        counts[(0 if p > threshold else 3) if t else (1 if p > threshold else 2)] += w
    return counts


def ratio(a, b):
    return a / b if b else 0.0


def area(curve_of_counts, method, curve):
    """Area under a curve, from the counts at increasing thresholds."""
    points = []
    for tp, fp, tn, fn in curve_of_counts:
        recall, precision = ratio(tp, tp + fn), ratio(tp, tp + fp)
        if curve == "ROC":
            points.append((ratio(fp, fp + tn), recall))
        elif curve == "PR":
            points.append((recall, precision))
        else:
            odds = ratio(tp + fn, tn + fp)
            gain = max(1 - odds * ratio(fn, tp), 0) if tp else 0
            points.append((gain, 1 - odds * ratio(fp, tp) if tp else 1))
    total = 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        height = {"interpolation": (y0 + y1) / 2, "minoring": min(y0, y1), "majoring": max(y0, y1)}[method]
        total += (x0 - x1) * height
    return total


def interpolated_area(curve_of_counts, steps=20000):
    """Area under precision over recall, with true positives that grow evenly with positives; by a fine sum."""
    total = 0.0
    for (tp, fp, _, fn), (tp1, fp1, *_) in itertools.pairwise(curve_of_counts):
        rise, run = tp - tp1, tp + fp - tp1 - fp1
        if not run:
            continue
        for i in range(steps):
            part = (i + 0.5) / steps
            total += rise / steps * (tp1 + part * rise) / (tp1 + fp1 + part * run) / (tp + fn)
    return total


def f_beta(labels, chosen, weights, beta):
    """Of one class."""
    tp, fp, _, fn = outcomes(labels, chosen, weights, 0.5)
    precision, recall = ratio(tp, tp + fp), ratio(tp, tp + fn)
    return ratio((1 + beta**2) * precision * recall, beta**2 * precision + recall)


def confusion_matrix(labels, predictions, weights, classes):
    matrix = [[0.0] * classes for _ in range(classes)]
    for t, p, w in zip(labels, predictions, weights):
        if 0 <= t < classes and 0 <= p < classes:
            matrix[t][p] += w
    return matrix


def mean_iou(matrix, targets):
    values = []
    for k in targets:
        either = math.fsum(matrix[k]) + math.fsum(row[k] for row in matrix) - matrix[k][k]
        if either:
            values.append(matrix[k][k] / either)
    return math.fsum(values) / len(values) if values else 0.0


def r2(labels, predictions, weights):
    """Of one output."""
    mean = math.fsum(w * t for t, w in zip(labels, weights)) / math.fsum(weights)
    spread = math.fsum(w * (t - mean) ** 2 for t, w in zip(labels, weights))
    return 1 - math.fsum(w * (t - p) ** 2 for t, p, w in zip(labels, predictions, weights)) / spread


def moments(x, y):
    """Means, variances and covariance."""
    n = len(x)
    a, b = math.fsum(x) / n, math.fsum(y) / n
    return (
        a,
        b,
        math.fsum((v - a) ** 2 for v in x) / n,
        math.fsum((v - b) ** 2 for v in y) / n,
        math.fsum((v - a) * (w - b) for v, w in zip(x, y)) / n,
    )

"""Losses by their formulas: float64, one sample at a time, plain Python sums."""

from __future__ import annotations

import itertools
import math

import numpy as np

EPSILON = 1e-7


def per_sample(formula, y_true, y_pred):
    """Applies a formula of two lists to every row along the last axis."""
    y_true, y_pred = np.asarray(y_true, np.float64), np.asarray(y_pred, np.float64)
    values = np.empty(y_pred.shape[:-1])
    for index in np.ndindex(values.shape):
        values[index] = formula(y_true[index].tolist(), y_pred[index].tolist())
    return values


def mean(terms):
    terms = list(terms)
    return math.fsum(terms) / len(terms)


def _clip(p):
    return min(max(p, EPSILON), 1 - EPSILON)


def softmax(z):
    top = max(z)
    e = [math.exp(v - top) for v in z]
    return [v / math.fsum(e) for v in e]


def categorical_crossentropy(t, p):
    total = math.fsum(p)
    return -math.fsum(a * math.log(_clip(b / total)) for a, b in zip(t, p))


def categorical_crossentropy_logits(t, z):
    top = max(z)
    log_sum = top + math.log(math.fsum(math.exp(v - top) for v in z))
    return -math.fsum(a * (b - log_sum) for a, b in zip(t, z))


def binary_crossentropy(t, p):
    return -mean(a * math.log(_clip(b)) + (1 - a) * math.log(1 - _clip(b)) for a, b in zip(t, p))


def binary_crossentropy_logits(t, z):
    return mean(max(b, 0) - a * b + math.log1p(math.exp(-abs(b))) for a, b in zip(t, z))


def kl_divergence(t, p):
    pairs = [(min(max(a, EPSILON), 1), min(max(b, EPSILON), 1)) for a, b in zip(t, p)]
    return math.fsum(a * math.log(a / b) for a, b in pairs)


def poisson(t, p):
    return mean(b - a * math.log(b + EPSILON) for a, b in zip(t, p))


def mean_squared_error(t, p):
    return mean((a - b) ** 2 for a, b in zip(t, p))


def mean_absolute_error(t, p):
    return mean(abs(a - b) for a, b in zip(t, p))


def mean_absolute_percentage_error(t, p):
    return 100 * mean(abs(a - b) / max(abs(a), EPSILON) for a, b in zip(t, p))


def mean_squared_logarithmic_error(t, p):
    return mean((math.log(max(a, EPSILON) + 1) - math.log(max(b, EPSILON) + 1)) ** 2 for a, b in zip(t, p))


def huber(t, p, delta=1.0):
    def one(e):
        return e * e / 2 if e <= delta else delta * e - delta * delta / 2

    return mean(one(abs(b - a)) for a, b in zip(t, p))


def log_cosh(t, p):
    return mean(math.log(math.cosh(b - a)) for a, b in zip(t, p))


def cosine_similarity(t, p):
    norms = math.sqrt(math.fsum(a * a for a in t)) * math.sqrt(math.fsum(b * b for b in p))
    return -math.fsum(a * b for a, b in zip(t, p)) / norms if norms else 0.0


def hinge(t, p):
    return mean(max(1 - a * b, 0) for a, b in zip(t, p))


def squared_hinge(t, p):
    return mean(max(1 - a * b, 0) ** 2 for a, b in zip(t, p))


def categorical_hinge(t, p):
    right = math.fsum(a * b for a, b in zip(t, p))
    wrong = max((1 - a) * b for a, b in zip(t, p))
    return max(wrong - right + 1, 0)


def binary_focal_crossentropy(t, p, gamma=2.0, alpha=None):
    terms = []
    for a, b in zip(t, p):
        hit = a * b + (1 - a) * (1 - b)
        balance = 1 if alpha is None else a * alpha + (1 - a) * (1 - alpha)
        terms.append(balance * (1 - hit) ** gamma * binary_crossentropy([a], [b]))
    return mean(terms)


def categorical_focal_crossentropy(t, p, alpha=0.25, gamma=2.0):
    total = math.fsum(p)
    chances = [_clip(b / total) for b in p]
    return -math.fsum(alpha * (1 - b) ** gamma * a * math.log(b) for a, b in zip(t, chances))


def dice(t, p):
    return 1 - 2 * math.fsum(a * b for a, b in zip(t, p)) / (math.fsum(t) + math.fsum(p) + EPSILON)


def tversky(t, p, alpha, beta):
    both = math.fsum(a * b for a, b in zip(t, p))
    missed = math.fsum(a * (1 - b) for a, b in zip(t, p))
    wrong = math.fsum((1 - a) * b for a, b in zip(t, p))
    return 1 - both / (both + alpha * missed + beta * wrong + EPSILON)


def circle(labels, embeddings, references, reference_labels, own, gamma, margin):
    """One value per embedding; ``own`` tells whether row i is its own reference i, which does not count."""
    values = []
    for i, (label, x) in enumerate(zip(labels, embeddings)):
        same, other = 0.0, 0.0
        for j, (k, y) in enumerate(zip(reference_labels, references)):
            d = max(1 - math.fsum(a * b for a, b in zip(x, y)), 0)
            if k != label:
                other += math.exp(gamma * max(1 + margin - d, 0) * (1 - margin - d))
            elif not (own and i == j):
                same += math.exp(-gamma * (margin + d) * (margin - d))
        values.append(math.log1p(same * other))
    return np.array(values)


def ctc(labels, logits):
    """Every path of classes through the steps, one by one; class 0 is the blank."""
    chances = [softmax(row) for row in logits]
    wanted, total = [k for k in labels if k], 0.0
    for path in itertools.product(range(len(logits[0])), repeat=len(logits)):
        said = [k for k, before in zip(path, (None, *path)) if k != before and k != 0]
        if said == wanted:
            total += math.prod(row[k] for row, k in zip(chances, path))
    return -math.log(total) if total else math.inf

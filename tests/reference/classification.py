"""Softmax and losses in float64, straight from their definitions."""

from __future__ import annotations

import numpy as np

CLIP = 1e-7  # Keras' epsilon


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def log_softmax(x):
    z = x - x.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def cross_entropy(target, logits):
    return -(target * log_softmax(logits)).sum(-1)


def probability_cross_entropy(target, p):
    q = np.clip(p / p.sum(-1, keepdims=True), CLIP, 1 - CLIP)
    return -(target * np.log(q)).sum(-1)


def sparse_probability_cross_entropy(labels, p):
    q = np.clip(p, CLIP, 1 - CLIP)
    picked = np.take_along_axis(q, labels[..., None], -1)[..., 0]
    return np.log(q.sum(-1)) - np.log(picked)


def binary_cross_entropy(target, p):
    q = np.clip(p, CLIP, 1 - CLIP)
    return -target * np.log(q) - (1 - target) * np.log(1 - q)


def binary_cross_entropy_of_logits(target, x):
    return np.maximum(x, 0) - x * target + np.log1p(np.exp(-np.abs(x)))


def mean_squared_error(target, output):
    return ((target - output) ** 2).mean(-1)


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def numeric_gradient(f, x, dy, step=1e-6):
    """The gradient of <dy, f(x)> by central differences, x and f in float64."""
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        before = x[i]
        x[i] = before + step
        above = (dy * f(x)).sum()
        x[i] = before - step
        below = (dy * f(x)).sum()
        x[i] = before
        gradient[i] = (above - below) / (2 * step)
    return gradient

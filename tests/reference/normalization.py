"""Batch normalisation by its definition, in float64 or wider."""

from __future__ import annotations

import numpy as np


def batch_norm(x, gamma, beta, epsilon, activation="none", residual=None):
    """(y, mean, variance) of x (..., C), two-pass, in long double."""
    wide = np.asarray(x, np.longdouble)
    axes = tuple(range(wide.ndim - 1))
    mean = wide.mean(axes)
    variance = np.square(wide - mean).mean(axes)
    y = (wide - mean) / np.sqrt(variance + np.longdouble(epsilon)) * gamma + beta
    if residual is not None:
        y = y + residual
    return (np.maximum(y, 0) if activation == "relu" else y), mean, variance


def batch_norm_gradient(dy, x, y, gamma, mean, variance, epsilon, activation="none"):
    """(dx, dgamma, dbeta, dresidual) by the formulas of the paper (Ioffe and Szegedy, 2015, section 3)."""
    dy, x, mean, variance = (np.asarray(a, np.longdouble) for a in (dy, x, mean, variance))
    dz = np.where(y > 0, dy, 0) if activation == "relu" else dy
    axes = tuple(range(x.ndim - 1))
    count = x.size // x.shape[-1]
    deviation = np.sqrt(variance + np.longdouble(epsilon))
    unit = (x - mean) / deviation
    dunit = dz * gamma
    dvariance = (dunit * (x - mean)).sum(axes) * -0.5 / deviation**3
    dmean = -dunit.sum(axes) / deviation - 2 * dvariance * (x - mean).mean(axes)
    dx = dunit / deviation + dvariance * 2 * (x - mean) / count + dmean / count
    return dx, (dz * unit).sum(axes), dz.sum(axes), dz

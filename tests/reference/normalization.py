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


def group_norm(x, gamma, beta, dy, samples, groups, epsilon, centered=True):
    """(y, dx, dgamma, dbeta) of x seen as (samples, positions, groups, channels of a group), by the definition.

    dx is the transposed Jacobian of the formula of one group, applied to dy · gamma.
    """
    gamma, beta = (np.asarray(a, np.longdouble).ravel() for a in (gamma, beta))
    view = (samples, -1, groups, gamma.size // groups)
    wide, arriving = (np.asarray(a, np.longdouble).reshape(view) for a in (x, dy))
    mean = wide.mean((1, 3), keepdims=True) if centered else np.longdouble(0)
    deviation = np.sqrt(np.square(wide - mean).mean((1, 3), keepdims=True) + np.longdouble(epsilon))
    unit = (wide - mean) / deviation
    along = gamma.reshape(view[2:])
    y = unit * along + beta.reshape(view[2:])
    dunit = arriving * along
    dx = dunit - unit * (dunit * unit).mean((1, 3), keepdims=True)
    if centered:
        dx = dx - dunit.mean((1, 3), keepdims=True)
    dgamma, dbeta = (arriving * unit).sum((0, 1)), arriving.sum((0, 1))
    return y.reshape(x.shape), (dx / deviation).reshape(x.shape), dgamma.ravel(), dbeta.ravel()

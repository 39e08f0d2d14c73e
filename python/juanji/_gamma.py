"""Numbers of the gamma and beta distributions.

They are made of operations, so that steps with them can be recorded.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops, random

_CANDIDATES = 12  # all are rejected with a probability below 1e-15


def log_gamma_distributed(shape: tuple[int, ...], alpha: Any, seed: Any, dtype: str) -> Any:
    """Logarithms of numbers with the gamma distribution of shape ``alpha`` and scale 1.

    The method of Marsaglia and Tsang (*A simple method for generating gamma variables*, 2000) for ``alpha + 1``, of
    which the number for ``alpha`` is ``u ** (1 / alpha)`` as much. Logarithms, since small ``alpha`` leads to numbers
    that round to 0. Instead of repeating rejected draws, several candidates are drawn at once.

    Args:
        shape: of the result.
        alpha: above 0, a number or a tensor that broadcasts.
        seed: integer, SeedGenerator, or None for the global one.
        dtype: float32 or float64.
    """
    seed = _generator(seed)
    alpha = ops.array(alpha, dtype)
    d = ops.add(alpha, 2.0 / 3.0)
    x = random.normal((_CANDIDATES, *shape), dtype=dtype, seed=seed)
    base = ops.add(ops.divide(x, ops.sqrt(ops.multiply(d, 9.0))), 1.0)
    v = ops.multiply(ops.square(base), base)
    log_v = ops.log(ops.maximum(v, 1e-30))
    limit = ops.add(ops.multiply(ops.square(x), 0.5), ops.multiply(d, ops.add(ops.subtract(1.0, v), log_v)))
    log_u = _log_uniform((_CANDIDATES, *shape), seed, dtype)
    accepted = ops.logical_and(ops.greater(base, 0), ops.less(log_u, limit))
    chosen = ops.zeros(shape, dtype)
    for k in range(_CANDIDATES):
        chosen = ops.where(accepted[k], log_v[k], chosen)
    return ops.add(ops.add(ops.log(d), chosen), ops.divide(_log_uniform(shape, seed, dtype), alpha))


def beta_distributed(shape: tuple[int, ...], alpha: Any, beta: Any, seed: Any, dtype: str) -> Any:
    """Numbers with the beta distribution: ``a / (a + b)`` of gamma numbers for ``alpha`` and ``beta``."""
    seed = _generator(seed)
    a = log_gamma_distributed(shape, alpha, seed, dtype)
    b = log_gamma_distributed(shape, beta, seed, dtype)
    return ops.sigmoid(ops.subtract(a, b))


def dirichlet_distributed(count: int, alpha: Any, seed: Any, dtype: str) -> Any:
    """``count`` shares of 1 with the symmetric Dirichlet distribution: gamma numbers over their sum."""
    return ops.softmax(log_gamma_distributed((count,), alpha, seed, dtype))


def _generator(seed: Any) -> Any:
    """What gives every draw a key of its own; with an integer as the key, all would have the same numbers."""
    return random.SeedGenerator(int(seed)) if isinstance(seed, (int, np.integer)) else seed


def _log_uniform(shape: tuple[int, ...], seed: Any, dtype: str) -> Any:
    """Logarithms of numbers above 0 and up to 1."""
    return ops.log(ops.subtract(1.0, random.uniform(shape, dtype=dtype, seed=seed)))

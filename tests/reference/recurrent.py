"""Recurrent layers, step by step as their formulas say, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def simple(x: Array, states: list[Array], w: Array, u: Array, b: Array) -> list[Array]:
    return [np.tanh(x @ w + states[0] @ u + b)]


def lstm(x: Array, states: list[Array], w: Array, u: Array, b: Array) -> list[Array]:
    h, c = states
    n = len(u)
    i, f, g, o = (x @ w[:, k : k + n] + h @ u[:, k : k + n] + b[k : k + n] for k in range(0, 4 * n, n))
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return [sigmoid(o) * np.tanh(c), c]


def gru(x: Array, states: list[Array], w: Array, u: Array, b: Array) -> list[Array]:
    h, n = states[0], len(u)
    of_x = b[0] if b.ndim == 2 else b
    of_h = b[1] if b.ndim == 2 else np.zeros(3 * n)
    a_z, a_r, a_h = (x @ w[:, k : k + n] + of_x[k : k + n] for k in range(0, 3 * n, n))
    u_z, u_r, u_h = (u[:, k : k + n] for k in range(0, 3 * n, n))
    z = sigmoid(a_z + h @ u_z + of_h[:n])
    r = sigmoid(a_r + h @ u_r + of_h[n : 2 * n])
    inner = r * (h @ u_h + of_h[2 * n :]) if b.ndim == 2 else (r * h) @ u_h
    return [z * h + (1 - z) * np.tanh(a_h + inner)]


def run(
    cell: Callable[..., list[Array]],
    x: Array,
    weights: list[Array],
    states: list[Array],
    mask: Array | None = None,
    backwards: bool = False,
    zeros: bool = False,
) -> tuple[Array, list[Array]]:
    """Outputs (N, T, units) in the order of the steps, and the last states; sample by sample."""
    outputs: Any = []
    ends: Any = []
    for n in range(len(x)):
        own, before, row = [s[n : n + 1] for s in states], np.zeros_like(states[0][n : n + 1]), []
        for t in range(x.shape[1])[:: -1 if backwards else 1]:
            if mask is None or mask[n, t]:
                own = cell(x[n : n + 1, t], own, *weights)
                before = own[0]
                row.append(before)
            else:
                row.append(np.zeros_like(before) if zeros else before)
        outputs.append(np.concatenate(row))
        ends.append(own)
    return np.stack(outputs), [np.concatenate(parts) for parts in zip(*ends)]

"""Functions of single numbers in float64, from NumPy and the C library."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    """A function of one array.

    Attributes:
        exact: the same function in float64.
        low, high: bounds of the arguments it is tried with.
        smooth: whether finite differences give its gradient.
        factor: allowed error in eps of the result's size.
    """

    exact: Callable[[Any], Any]
    low: float = -4.0
    high: float = 4.0
    smooth: bool = True
    factor: float = 16.0


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def erf(x: Any) -> Any:
    return np.vectorize(math.erf, otypes=["float64"])(x)


def erfinv(y: Any) -> Any:
    """By bisection."""
    low, high = np.full(np.shape(y), -7.0), np.full(np.shape(y), 7.0)
    for _ in range(80):
        middle = (low + high) / 2
        below = erf(middle) < y
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return low


def project_to_simplex(x: np.ndarray) -> np.ndarray:
    """The nearest vector of probabilities, with the threshold found by bisection."""
    low, high = x.min() - 1.0, x.max()
    for _ in range(200):
        middle = (low + high) / 2
        if np.maximum(x - middle, 0).sum() > 1:
            low = middle
        else:
            high = middle
    return np.maximum(x - low, 0)


FUNCTIONS = {
    "arccos": Case(np.arccos, -0.9, 0.9),
    "arccosh": Case(np.arccosh, 1.2, 9.0),
    "arcsin": Case(np.arcsin, -0.9, 0.9),
    "arcsinh": Case(np.arcsinh),
    "arctan": Case(np.arctan),
    "arctanh": Case(np.arctanh, -0.9, 0.9),
    "cbrt": Case(np.cbrt, 0.3, 8.0),
    "ceil": Case(np.ceil, smooth=False),
    "cos": Case(np.cos, -90.0, 90.0),
    "cosh": Case(np.cosh),
    "deg2rad": Case(np.deg2rad, -360.0, 360.0),
    "erf": Case(erf),
    "erfc": Case(lambda x: np.vectorize(math.erfc, otypes=["float64"])(x), factor=64.0),
    "erfinv": Case(erfinv, -0.99, 0.99, factor=256.0),
    "exp2": Case(np.exp2, factor=64.0),
    "floor": Case(np.floor, smooth=False),
    "i0": Case(np.i0),
    "log10": Case(np.log10, 0.1, 50.0),
    "log2": Case(np.log2, 0.1, 50.0),
    "rad2deg": Case(np.rad2deg),
    "round": Case(np.round, smooth=False),
    "sin": Case(np.sin, -90.0, 90.0),
    "sinc": Case(np.sinc, factor=64.0),
    "sinh": Case(np.sinh),
    "tan": Case(np.tan, -1.4, 1.4),
    "trunc": Case(np.trunc, smooth=False),
}

ACTIVATIONS = {
    "celu": Case(lambda x: np.maximum(x, 0) + np.minimum(np.expm1(np.minimum(x, 0)), 0)),
    "elu": Case(lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0)))),
    "gelu": Case(lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))),
    "hard_shrink": Case(lambda x: x * (np.abs(x) > 0.5)),
    "hard_sigmoid": Case(lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    "hard_silu": Case(lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    "hard_swish": Case(lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    "hard_tanh": Case(lambda x: np.clip(x, -1, 1)),
    "leaky_relu": Case(lambda x: np.where(x > 0, x, 0.2 * x)),
    "log_sigmoid": Case(lambda x: np.log(sigmoid(x))),
    "relu6": Case(lambda x: np.clip(x, 0, 6), -4.0, 9.0),
    "selu": Case(lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0)))),
    "silu": Case(lambda x: x * sigmoid(x)),
    "soft_shrink": Case(lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0)),
    "softsign": Case(lambda x: x / (1 + np.abs(x))),
    "sparse_plus": Case(lambda x: np.where(x <= -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x))),
    "sparse_sigmoid": Case(lambda x: np.clip((x + 1) / 2, 0, 1)),
    "squareplus": Case(lambda x: (x + np.sqrt(x * x + 4)) / 2),
    "swish": Case(lambda x: x * sigmoid(x)),
    "tanh_shrink": Case(lambda x: x - np.tanh(x)),
}

"""Gradients by central differences in float64, to hold the tape's against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juanji import GradientTape, Tensor

STEP = 1e-5  # the truncation error is STEP**2, the rounding error eps / STEP: both near 1e-10
TOLERANCE = 2e-8


def central_differences(
    function: Callable[..., Any], inputs: list[np.ndarray], cotangent: np.ndarray
) -> list[np.ndarray]:
    """d<cotangent, function(*inputs)> / d each element of each input."""
    gradients = []
    for k, x in enumerate(inputs):
        dx = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            values = []
            for step in (STEP, -STEP):
                moved = [np.array(other) for other in inputs]
                moved[k][i] += step
                values.append(np.sum(cotangent * np.asarray(function(*moved))))
            dx[i] = (values[0] - values[1]) / (2 * STEP)
        gradients.append(dx)
    return gradients


def tape_gradients(function: Callable[..., Any], inputs: list[np.ndarray], cotangent: np.ndarray) -> list[np.ndarray]:
    tensors = [Tensor(x) for x in inputs]
    with GradientTape() as tape:
        tape.watch(tensors)
        y = function(*tensors)
    gradients = tape.gradient(y, tensors, output_gradients=cotangent)
    # None says that the output does not depend on that input.
    return [np.zeros(x.shape) if dx is None else np.asarray(dx) for x, dx in zip(inputs, gradients)]


def check_gradients(function: Callable[..., Any], *inputs: Any) -> None:
    """Compares the tape with central differences, for a random gradient arriving at the output."""
    arrays = [np.asarray(x, dtype=np.float64) for x in inputs]
    cotangent = np.random.default_rng(5).normal(size=np.shape(function(*arrays)))
    expected = central_differences(function, arrays, cotangent)
    for got, wanted in zip(tape_gradients(function, arrays, cotangent), expected):
        assert got.shape == wanted.shape
        assert got.dtype == np.float64
        np.testing.assert_allclose(got, wanted, rtol=0, atol=TOLERANCE * max(1.0, np.abs(wanted).max(initial=0.0)))


def check_second_gradients(function: Callable[..., Any], *inputs: Any) -> None:
    """The same for the gradient itself: a tape in a tape."""
    arrays = [np.asarray(x, dtype=np.float64) for x in inputs]
    cotangent = np.random.default_rng(6).normal(size=np.shape(function(*arrays)))

    def first_gradient(*xs: Any) -> Any:
        # the gradient by the first input; a tape of the caller records it
        tensors = [x if isinstance(x, Tensor) else Tensor(x) for x in xs]
        with GradientTape() as tape:
            tape.watch(tensors)
            y = function(*tensors)
        return tape.gradient(y, tensors[0], output_gradients=cotangent)

    check_gradients(first_gradient, *arrays)

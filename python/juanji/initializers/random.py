"""Initializers that draw random numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from juanji import random
from juanji.initializers.initializer import Array, Initializer, element_type, registry


class RandomInitializer(Initializer):
    """Base of initializers with a seed.

    Args:
        seed: with an integer every call gives the same values; a ``juanji.random.SeedGenerator`` moves on at
            every call; None draws an integer here, which ``juanji.utils.set_random_seed`` makes repeatable.
    """

    def __init__(self, seed: Any = None) -> None:
        self._given_seed = seed
        if isinstance(seed, Mapping):
            seed = random.SeedGenerator.from_config(seed.get("config", seed))
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer, random.SeedGenerator, type(None))):
            raise ValueError(
                f"{type(self).__name__}: wrong seed; expected an integer, a juanji.random.SeedGenerator or None, "
                f"got seed={seed!r}."
            )
        self.seed = random.make_default_seed() if seed is None else seed

    def draw(self, function: Callable[..., Any], shape: Sequence[int], dtype: Any, **arguments: Any) -> Array:
        """Calls a function of ``juanji.random`` with this seed."""
        return np.asarray(function(tuple(shape), dtype=element_type(dtype).name, seed=self.seed, **arguments))

    def get_config(self) -> dict[str, Any]:
        seed = self._given_seed
        return {"seed": seed.get_config() if isinstance(seed, random.SeedGenerator) else seed}


@registry.register("normal", snake_case=True)
class RandomNormal(RandomInitializer):
    """Normally distributed numbers.

    Args:
        mean: of the distribution.
        stddev: its standard deviation.
        seed: see :class:`RandomInitializer`.

    Example:
        >>> RandomNormal(seed=1)((2, 3)).shape
        (2, 3)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return self.draw(random.normal, shape, dtype, mean=self.mean, stddev=self.stddev)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


@registry.register(snake_case=True)
class TruncatedNormal(RandomInitializer):
    """Normally distributed numbers within two standard deviations of the mean.

    Args:
        mean: of the distribution.
        stddev: its standard deviation before the tails are cut off.
        seed: see :class:`RandomInitializer`.

    Example:
        >>> float(abs(TruncatedNormal(seed=1)((20, 30))).max()) <= 0.1
        True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return self.draw(random.truncated_normal, shape, dtype, mean=self.mean, stddev=self.stddev)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


@registry.register("uniform", snake_case=True)
class RandomUniform(RandomInitializer):
    """Numbers spread evenly over an interval.

    Args:
        minval: its lower end.
        maxval: its upper end.
        seed: see :class:`RandomInitializer`.

    Example:
        >>> float(abs(RandomUniform(seed=1)((20, 30))).max()) <= 0.05
        True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        return self.draw(random.uniform, shape, dtype, minval=self.minval, maxval=self.maxval)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


@registry.register("OrthogonalInitializer", snake_case=True)
class Orthogonal(RandomInitializer):
    """A random matrix with orthonormal rows or columns, whichever are fewer.

    All axes but the last together are the rows (Saxe et al., 2014, arXiv:1312.6120).

    Args:
        gain: factor on the matrix.
        seed: see :class:`RandomInitializer`.

    Example:
        >>> q = Orthogonal(seed=1)((2, 4), "float64")
        >>> bool(np.allclose(q @ q.T, np.eye(2)))
        True
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal: not the shape of a matrix; expected rank 2 or more, got shape={tuple(shape)}."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        normal = self.draw(random.normal, (max(rows, columns), min(rows, columns)), "float64")
        q, r = np.linalg.qr(normal)
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)  # makes q unique, so uniform over orthogonal matrices
        matrix = q if rows >= columns else q.T
        return (self.gain * matrix).reshape(shape).astype(element_type(dtype))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gain": self.gain}

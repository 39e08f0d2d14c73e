"""Random numbers of the rarer distributions; :mod:`juanji.random` has them under Keras' names.

Binomial numbers are drawn by NumPy from a Philox stream with the key of the call, because the method rejects some
draws: the same key gives the same numbers, but steps with them run eagerly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from juanji import ops, random
from juanji._gamma import beta_distributed, log_gamma_distributed
from juanji.ops._convert import as_float
from juanji.ops._numpy_side import by_numpy

Array = np.ndarray[Any, Any]


def _draw(name: str, method: Callable[..., Any]) -> Any:
    def draw(key: Array, *parameters: Array, shape: tuple[int, ...], dtype: str) -> Array:
        generator = np.random.Generator(np.random.Philox(key=key.astype(np.int64).view(np.uint64)))
        y: Array = np.asarray(method(generator, *(p.astype("float64") for p in parameters), shape)).astype(dtype)
        return y

    return by_numpy(name, draw)


_binomial = _draw(
    "random_binomial",
    lambda generator, counts, share, shape: generator.binomial(counts.astype(np.int64), share, shape),
)


def _parameters(name: str, shape: Any, dtype: DTypeLike | None, *values: Any) -> tuple[list[Any], dict[str, Any]]:
    arrays = [as_float(value) for value in values]
    sizes = random._as_shape(name, shape)
    try:
        fits = np.broadcast_shapes(sizes, *(tuple(x.shape) for x in arrays)) == sizes
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"random.{name}: the parameters do not broadcast to the shape; expected {sizes}, got shapes "
            f"{', '.join(str(tuple(x.shape)) for x in arrays)}."
        )
    return arrays, {"shape": sizes, "dtype": random._as_float_dtype(name, dtype)}


def _refuse(name: str, parameter: str, wanted: str, wrong: Any) -> None:
    if bool(np.any(np.asarray(wrong))):
        raise ValueError(f"random.{name}: unusable {parameter}; expected {wanted}, got others. Check the values.")


def gamma(
    shape: Sequence[int], alpha: Any, dtype: DTypeLike | None = None, seed: int | random.SeedGenerator | None = None
) -> Any:
    """Numbers of the gamma distribution with scale 1, whose mean and variance are ``alpha``.

    Args:
        shape: of the result.
        alpha: shape of the distribution, positive; a number, or an array that broadcasts to ``shape``.
        dtype: float32 or float64; the default float type when None.
        seed: an integer (the same numbers at every call), a :class:`SeedGenerator`, or None for the global one.

    Raises:
        ValueError: for a negative size, or ``alpha`` that is not positive.

    Example:
        >>> from juanji import random
        >>> bool(abs(random.gamma((1000,), 4.0, seed=1).mean() - 4) < 0.3)
        True
    """
    (first,), settings = _parameters("gamma", shape, dtype, alpha)
    _refuse("gamma", "alpha", "positive numbers", ops.less_equal(first, 0))
    return ops.exp(log_gamma_distributed(settings["shape"], first, seed, settings["dtype"]))


def beta(
    shape: Sequence[int],
    alpha: Any,
    beta: Any,
    dtype: DTypeLike | None = None,
    seed: int | random.SeedGenerator | None = None,
) -> Any:
    """Numbers between 0 and 1 of the beta distribution, whose mean is ``alpha / (alpha + beta)``.

    Args:
        shape: of the result.
        alpha, beta: parameters of the distribution, positive; numbers, or arrays that broadcast to ``shape``.
        dtype: float32 or float64; the default float type when None.
        seed: an integer (the same numbers at every call), a :class:`SeedGenerator`, or None for the global one.

    Raises:
        ValueError: for a negative size, or parameters that are not positive.

    Example:
        >>> from juanji import random
        >>> bool(abs(random.beta((1000,), 1.0, 3.0, seed=1).mean() - 0.25) < 0.03)
        True
    """
    (first, second), settings = _parameters("beta", shape, dtype, alpha, beta)
    _refuse("beta", "alpha", "positive numbers", ops.less_equal(first, 0))
    _refuse("beta", "beta", "positive numbers", ops.less_equal(second, 0))
    return beta_distributed(settings["shape"], first, second, seed, settings["dtype"])


def binomial(
    shape: Sequence[int],
    counts: Any,
    probabilities: Any,
    dtype: DTypeLike | None = None,
    seed: int | random.SeedGenerator | None = None,
) -> Any:
    """How many of ``counts`` trials succeed, as floats.

    Args:
        shape: of the result.
        counts: numbers of trials, from 0; a number, or an array that broadcasts to ``shape``.
        probabilities: of success, 0 to 1; a number, or an array that broadcasts to ``shape``.
        dtype: float32 or float64; the default float type when None.
        seed: an integer (the same numbers at every call), a :class:`SeedGenerator`, or None for the global one.

    Raises:
        ValueError: for a negative size or count, or probabilities outside 0 to 1.

    Example:
        >>> from juanji import random
        >>> random.binomial((2,), 3, 1.0, seed=1)
        array([3., 3.], dtype=float32)
    """
    (trials, share), settings = _parameters("binomial", shape, dtype, counts, probabilities)
    _refuse("binomial", "counts", "numbers from 0", ops.less(trials, 0))
    outside = ops.logical_or(ops.less(share, 0), ops.greater(share, 1))
    _refuse("binomial", "probabilities", "numbers from 0 to 1", outside)
    return _binomial(random._key(seed), trials, share, **settings)


def categorical(
    logits: Any, num_samples: int, dtype: DTypeLike = "int32", seed: int | random.SeedGenerator | None = None
) -> Any:
    """Class numbers drawn from each row of logits, by the largest of logits plus Gumbel noise (Gumbel, 1954).

    Args:
        logits: (N, classes), logarithms of probabilities up to a constant.
        num_samples: draws for each row.
        dtype: an integer type.
        seed: an integer (the same numbers at every call), a :class:`SeedGenerator`, or None for the global one.

    Returns:
        (N, num_samples).

    Raises:
        ValueError: for logits of another rank.

    Example:
        >>> import numpy as np
        >>> from juanji import random
        >>> random.categorical(np.array([[0.0, 100.0]]), 3, seed=1)
        array([[1, 1, 1]], dtype=int32)
    """
    x = as_float(logits)
    if len(x.shape) != 2 or x.shape[-1] == 0:
        raise ValueError(f"random.categorical: expected logits (N, classes), got logits.shape={tuple(x.shape)}.")
    numbers = random.uniform((x.shape[0], int(num_samples), x.shape[1]), dtype=x.dtype, seed=seed)
    noise = ops.negative(ops.log(ops.negative(ops.log(numbers))))
    return ops.cast(ops.argmax(ops.add(ops.expand_dims(x, 1), noise), axis=-1), dtype)

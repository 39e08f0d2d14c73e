"""Random numbers with keras.random's names, from counter-based Philox streams.

A number is a function of its seed, the call's number and its position in the array, so that results have the same bits
at any thread count and on every instruction set.
"""

from __future__ import annotations

import random as _python_random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from juanji import _core, ops
from juanji._locks import Lock
from juanji.autograd import open_trace
from juanji.config import floatx
from juanji.ops._convert import as_float
from juanji.ops._operation import Call, Operation

Array = np.ndarray[Any, Any]
Shape = Sequence[int]

_uniform = Operation("random_uniform", lambda settings: _core.RandomUniform(*settings))
_normal = Operation("random_normal", lambda settings: _core.RandomNormal(*settings))
_integer = Operation("random_integer", lambda settings: _core.RandomInteger(*settings))
_dropout = Operation("dropout", _core.Dropout)


@_dropout.gradient
def _(call: Call, dy: Any) -> tuple[Any, ...]:
    return _dropout(dy, call.inputs[1], **call.attributes), None


class SeedGenerator:
    """Gives every call of a random function its own stream of numbers.

    Args:
        seed: an integer; drawn from the global seed (:func:`juanji.utils.set_random_seed`) by default.
        name: of the generator.

    Example:
        >>> from juanji import random
        >>> generator = random.SeedGenerator(7)
        >>> first, second = (random.normal((3,), seed=generator) for _ in range(2))
        >>> bool((first == second).any())
        False
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.name = name or "seed_generator"
        self._initial_seed = seed
        self._seed = _as_seed("SeedGenerator", make_default_seed() if seed is None else seed)
        self._calls = 0
        self._lock = Lock()

    @property
    def state(self) -> Array:
        """Seed and number of the next call, as int64."""
        return np.array([self._seed, self._calls], np.int64)

    @state.setter
    def state(self, value: Any) -> None:
        self._seed, self._calls = (int(v) for v in np.asarray(value))

    def next(self) -> Array:
        """The key of one call; the state moves on."""
        with self._lock:
            key = self.state
            self._calls += 1
        return key

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock = Lock()

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this generator again."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """A generator from what :meth:`get_config` gave."""
        return cls(config.get("seed"), config.get("name"))


def _as_seed(name: str, seed: Any) -> int:
    """Any Python integer as the 64 bits of an int64."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ValueError(f"{name}: the seed is not an integer; expected an integer, got seed={seed!r}.")
    return (int(seed) + 2**63) % 2**64 - 2**63


_seeds = _python_random.Random()
_global_generator: SeedGenerator | None = None


def set_global_seed(seed: int) -> None:
    """Fixes what random functions without a seed, and layers without one, draw from here on."""
    global _global_generator
    _seeds.seed(_as_seed("set_global_seed", seed))
    _global_generator = None


@contextmanager
def preserved_state() -> Iterator[None]:
    """Whatever is drawn inside, what follows draws as if nothing had been."""
    state, generator = _seeds.getstate(), _global_generator
    calls = None if generator is None else generator.state
    try:
        yield
    finally:
        _seeds.setstate(state)
        _restore_generator(generator, calls)


def _restore_generator(generator: SeedGenerator | None, calls: Any) -> None:
    global _global_generator
    _global_generator = generator
    if generator is not None and calls is not None:
        generator.state = calls


def global_state() -> dict[str, Any]:
    """What later draws without a seed depend on, in plain numbers; see :func:`set_global_state`.

    Example:
        >>> from juanji import random
        >>> state = random.global_state()
        >>> first = random.make_default_seed()
        >>> random.set_global_state(state)
        >>> first == random.make_default_seed()
        True
    """
    version, numbers, extra = _seeds.getstate()
    generator = None if _global_generator is None else _global_generator.state.tolist()
    return {"seeds": [version, list(numbers), extra], "generator": generator}


def set_global_state(state: Mapping[str, Any]) -> None:
    """Makes draws without a seed go on from what :func:`global_state` gave."""
    version, numbers, extra = state["seeds"]
    _seeds.setstate((version, tuple(numbers), extra))
    generator = state["generator"]
    _restore_generator(None if generator is None else SeedGenerator(0), generator)


def make_default_seed() -> int:
    """A seed drawn from the global one.

    Example:
        >>> from juanji import random
        >>> random.set_global_seed(3)
        >>> a = random.make_default_seed()
        >>> random.set_global_seed(3)
        >>> a == random.make_default_seed()
        True
    """
    return _seeds.randrange(1, 2**31)


def _key(seed: int | SeedGenerator | None) -> Any:
    """The key of one call; while a trace is open, what stands for the keys of its runs."""
    if seed is not None and not isinstance(seed, SeedGenerator):
        return np.array([_as_seed("random", seed), 0], np.int64)
    trace = open_trace()
    return _next_key(seed) if trace is None else trace.feed(lambda: _next_key(seed), "int64", (2,))


def _next_key(generator: SeedGenerator | None) -> Array:
    global _global_generator
    if generator is not None:
        return generator.next()
    if _global_generator is None:
        _global_generator = SeedGenerator()
    return _global_generator.next()


def _as_shape(name: str, shape: Any) -> tuple[int, ...]:
    sizes = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if any(isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0 for n in sizes):
        raise ValueError(
            f"random.{name}: not a usable shape; expected non-negative integers, got shape={tuple(sizes)}."
        )
    return tuple(int(n) for n in sizes)


def _as_float_dtype(name: str, dtype: DTypeLike | None) -> str:
    result = str(np.dtype(floatx() if dtype is None else dtype).name)
    if result not in ("float32", "float64"):
        raise TypeError(f"random.{name}: unsupported dtype; expected float32 or float64, got dtype={result}.")
    return result


def uniform(
    shape: Shape,
    minval: float = 0.0,
    maxval: float = 1.0,
    dtype: DTypeLike | None = None,
    seed: int | SeedGenerator | None = None,
) -> Any:
    """Numbers spread evenly over ``minval <= y < maxval``.

    Args:
        shape: of the result.
        minval: smallest possible value.
        maxval: bound that is not reached (unless it equals ``minval``).
        dtype: float32 or float64; the default float type when None.
        seed: an integer (the same numbers at every call), a :class:`SeedGenerator`, or None for the global one.

    Raises:
        ValueError: for a negative size, or ``maxval`` below ``minval``.

    Example:
        >>> from juanji import random
        >>> y = random.uniform((1000,), -1.0, 1.0, seed=1)
        >>> bool(y.min() >= -1 and y.max() < 1)
        True
    """
    settings = (_as_shape("uniform", shape), _as_float_dtype("uniform", dtype), float(minval), float(maxval))
    return _uniform(_key(seed), settings=settings)


def normal(
    shape: Shape,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: DTypeLike | None = None,
    seed: int | SeedGenerator | None = None,
) -> Any:
    """Normally distributed numbers, by inversion of the distribution function (Wichura, AS 241, 1988).

    Args:
        shape: of the result.
        mean: of the distribution.
        stddev: standard deviation, 0 or more.
        dtype: float32 or float64; the default float type when None.
        seed: an integer (the same numbers at every call), a :class:`SeedGenerator`, or None for the global one.

    Raises:
        ValueError: for a negative size or standard deviation.

    Example:
        >>> from juanji import random
        >>> bool((random.normal((4,), seed=5) == random.normal((4,), seed=5)).all())
        True
    """
    settings = (_as_shape("normal", shape), _as_float_dtype("normal", dtype), float(mean), float(stddev), False)
    return _normal(_key(seed), settings=settings)


def truncated_normal(
    shape: Shape,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: DTypeLike | None = None,
    seed: int | SeedGenerator | None = None,
) -> Any:
    """Normally distributed numbers, none farther than two standard deviations from the mean.

    Args:
        shape: of the result.
        mean: of the distribution.
        stddev: standard deviation before truncation, 0 or more.
        dtype: float32 or float64; the default float type when None.
        seed: an integer (the same numbers at every call), a :class:`SeedGenerator`, or None for the global one.

    Raises:
        ValueError: for a negative size or standard deviation.

    Example:
        >>> from juanji import random
        >>> bool(abs(random.truncated_normal((1000,), seed=1)).max() <= 2)
        True
    """
    name = "truncated_normal"
    settings = (_as_shape(name, shape), _as_float_dtype(name, dtype), float(mean), float(stddev), True)
    return _normal(_key(seed), settings=settings)


def randint(
    shape: Shape,
    minval: int,
    maxval: int,
    dtype: DTypeLike = "int32",
    seed: int | SeedGenerator | None = None,
) -> Any:
    """Whole numbers spread evenly over ``minval <= y < maxval``.

    Args:
        shape: of the result.
        minval: smallest possible value.
        maxval: bound that is not reached.
        dtype: an integer type that holds the range.
        seed: an integer (the same numbers at every call), a :class:`SeedGenerator`, or None for the global one.

    Raises:
        ValueError: for an empty range, or one that the type does not hold.

    Example:
        >>> from juanji import random
        >>> y = random.randint((1000,), 3, 6, seed=1)
        >>> sorted(set(y.tolist()))
        [3, 4, 5]
    """
    kind = np.dtype(dtype)
    if kind.kind not in "iu":
        raise TypeError(f"random.randint: unsupported dtype; expected an integer type, got dtype={kind}.")
    limits, whole = np.iinfo(kind), np.iinfo(np.int64)
    low, high = max(int(limits.min), int(whole.min)), min(int(limits.max) + 1, int(whole.max))
    if not low <= minval <= high or maxval > high:
        raise ValueError(
            f"random.randint: {kind} does not hold the range; expected {low} <= minval < maxval <= {high}, "
            f"got minval={minval}, maxval={maxval}. Choose a wider dtype."
        )
    settings = (_as_shape("randint", shape), int(minval), int(maxval))
    return ops.cast(_integer(_key(seed), settings=settings), kind)


def dropout(
    inputs: Any,
    rate: float,
    noise_shape: Sequence[int | None] | None = None,
    seed: int | SeedGenerator | None = None,
) -> Any:
    """Sets elements to 0 with probability ``rate`` and scales the others by ``1 / (1 - rate)`` (Srivastava, 2014).

    The mask is not kept: the gradient makes it again from the same key.

    Args:
        inputs: array or tensor of any shape.
        rate: probability of being dropped, 0 to 1.
        noise_shape: shape of the mask where it is to be broadcast; None in it stands for the size of ``inputs``.
        seed: an integer (the same mask at every call), a :class:`SeedGenerator`, or None for the global one.

    Returns:
        The same shape and float type.

    Raises:
        ValueError: for a rate outside 0 to 1.

    Example:
        >>> import numpy as np
        >>> from juanji import random
        >>> sorted(set(random.dropout(np.ones(100), 0.75, seed=1).tolist()))
        [0.0, 4.0]
    """
    x = as_float(inputs)
    if noise_shape is None:
        return _dropout(x, _key(seed), rate=float(rate))
    sizes = tuple(m if n is None else n for n, m in zip(noise_shape, x.shape))
    mask = _dropout(np.ones(_as_shape("dropout", sizes), x.dtype), _key(seed), rate=float(rate))
    return ops.multiply(x, mask)


__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]


def __dir__() -> list[str]:
    return __all__


# They are built on what is above.
from juanji._distributions import beta, binomial, categorical, gamma  # noqa: E402
from juanji._orders import shuffle  # noqa: E402

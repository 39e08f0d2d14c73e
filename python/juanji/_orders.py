"""Random orders; :mod:`juanji.random` has them."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops, random
from juanji.autograd import open_trace
from juanji.ops._convert import as_array

Array = np.ndarray[Any, Any]


def shuffle(x: Any, axis: int = 0, seed: int | random.SeedGenerator | None = None) -> Any:
    """The slices of ``x`` along an axis, in random order.

    Args:
        x: array or tensor.
        axis: the axis to shuffle.
        seed: an integer (the same order at every call), a :class:`SeedGenerator`, or None for the global one.

    Example:
        >>> import numpy as np
        >>> from juanji import random
        >>> sorted(random.shuffle(np.arange(4), seed=1).tolist())
        [0, 1, 2, 3]
    """
    x = as_array(x)
    return ops.take(x, random_order(x.shape[axis], seed), axis=axis)


def random_order(count: int, seed: int | random.SeedGenerator | None = None) -> Any:
    """The numbers 0 to ``count - 1`` in random order, as int64.

    Args:
        count: how many.
        seed: an integer (the same order at every call), a :class:`SeedGenerator`, or None for the global one.

    Example:
        >>> sorted(random_order(4, seed=1).tolist())
        [0, 1, 2, 3]
    """
    settings = ((int(count),), -(2**63), 2**63 - 1)

    def order() -> Array:
        own = seed is None or isinstance(seed, random.SeedGenerator)
        key = random._next_key(seed) if own else random._key(seed)  # type: ignore[arg-type]
        return np.argsort(random._integer(key, settings=settings), kind="stable")

    trace = open_trace()
    return order() if trace is None else trace.feed(order, "int64", (int(count),))

"""One seed for every source of random numbers."""

from __future__ import annotations

import operator
import random
from collections.abc import Mapping
from typing import Any

import numpy as np

_LARGEST = 2**32 - 1  # what numpy.random.seed takes


def set_random_seed(seed: int) -> None:
    """Seeds Python's ``random``, NumPy's global generator and juanji, so that a run can be repeated exactly.

    Initial weights, shuffling and dropout then are the same in every run, for any number of threads.

    Args:
        seed: integer from 0 to 2**32 - 1.

    Raises:
        ValueError: for anything else.

    Example:
        >>> import numpy as np
        >>> from juanji.utils import set_random_seed
        >>> set_random_seed(1)
        >>> first = np.random.rand()
        >>> set_random_seed(1)
        >>> np.random.rand() == first
        True
    """
    from juanji.random import set_global_seed

    try:
        number = -1 if isinstance(seed, (bool, np.bool_)) else operator.index(seed)
    except TypeError:
        number = -1
    if not 0 <= number <= _LARGEST:
        raise ValueError(f"set_random_seed: not a seed; expected an integer from 0 to {_LARGEST}, got seed={seed!r}.")
    random.seed(number)
    np.random.seed(number)  # noqa: NPY002 - scripts written for Keras expect the global generator to be seeded
    set_global_seed(number)


def random_state() -> dict[str, Any]:
    """The state of everything that :func:`set_random_seed` seeds, in plain numbers.

    Example:
        >>> from juanji.utils.seed import random_state, restore_random_state
        >>> state = random_state()
        >>> first = np.random.rand()
        >>> restore_random_state(state)
        >>> np.random.rand() == first
        True
    """
    from juanji.random import global_state

    version, numbers, extra = random.getstate()
    kind, words, *rest = np.random.get_state(legacy=True)  # noqa: NPY002 - the one that is seeded above
    return {
        "python": [version, list(numbers), extra],
        "numpy": [kind, np.asarray(words).tolist(), *rest],
        "juanji": global_state(),
    }


def restore_random_state(state: Mapping[str, Any]) -> None:
    """Makes all random numbers go on from what :func:`random_state` gave."""
    from juanji.random import set_global_state

    version, numbers, extra = state["python"]
    random.setstate((version, tuple(numbers), extra))
    kind, words, *rest = state["numpy"]
    np.random.set_state((kind, np.array(words, np.uint32), *rest))  # noqa: NPY002
    set_global_state(state["juanji"])

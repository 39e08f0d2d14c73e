"""One seed for every source of random numbers."""

from __future__ import annotations

import operator
import random

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

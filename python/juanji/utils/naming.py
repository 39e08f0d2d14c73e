"""Names that objects get by themselves, as in Keras: 'conv2d', 'conv2d_1', ..."""

from __future__ import annotations

import gc
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

_used: Counter[str] = Counter()


def to_snake_case(name: str) -> str:
    """``'MaxPooling2D'`` → ``'max_pooling2d'``.

    Example:
        >>> to_snake_case("CategoricalCrossentropy")
        'categorical_crossentropy'
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """A name not yet used in this process: the prefix in snake case, numbered from the second time on.

    Example:
        >>> first, second = auto_name("NamingExample"), auto_name("NamingExample")
        >>> first, second
        ('naming_example', 'naming_example_1')
    """
    name = to_snake_case(prefix)
    count = _used[name]
    _used[name] += 1
    return f"{name}_{count}" if count else name


@contextmanager
def names_kept() -> Iterator[None]:
    """Names that are made while it lasts are not used up.

    Example:
        >>> with names_kept():
        ...     first = auto_name("KeptExample")
        >>> first, auto_name("KeptExample")
        ('kept_example', 'kept_example')
    """
    before = _used.copy()
    try:
        yield
    finally:
        _used.clear()
        _used.update(before)


def get_uid(prefix: str = "") -> int:
    """How often this was called with the prefix, this time included.

    Example:
        >>> get_uid("naming_uid_example"), get_uid("naming_uid_example")
        (1, 2)
    """
    _used[f"uid {prefix}"] += 1
    return _used[f"uid {prefix}"]


def reset_names() -> None:
    """Starts the numbering of :func:`auto_name` again."""
    _used.clear()


def clear_session(free_memory: bool = True) -> None:
    """Starts automatic names from the beginning again, as Keras' function of that name does.

    Args:
        free_memory: whether Python looks for models that refer to themselves and are used no more.

    Example:
        >>> import juanji
        >>> juanji.utils.clear_session()
        >>> juanji.layers.Dense(1).name
        'dense'
    """
    reset_names()
    if free_memory:
        gc.collect()

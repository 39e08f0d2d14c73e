"""The name of each weight in a file.

It is the class name of each layer in snake case, counted within its model, then the name of the weight:
'conv2d/kernel', 'conv2d_1/kernel', 'dense/bias'. Names do not depend on what the layers are called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from juanji.autograd import Variable
from juanji.layers._weights import WeightOwner
from juanji.random import SeedGenerator
from juanji.utils.naming import to_snake_case


def named_owners(owner: WeightOwner, prefix: str = "") -> Iterator[tuple[str, WeightOwner]]:
    """Path and object of this layer and every layer inside it; one that appears twice has two paths."""
    yield prefix, owner
    used = Counter(weight.variable.name for weight in owner._own_weights)
    for layer in owner.sublayers():
        yield from named_owners(layer, prefix + numbered(to_snake_case(type(layer).__name__), used) + "/")


def named_weights(owner: WeightOwner, prefix: str = "") -> Iterator[tuple[str, Variable]]:
    """Name and variable of every weight, in the order of ``get_weights``."""
    for path, layer in named_owners(owner, prefix):
        used: Counter[str] = Counter()
        for weight in layer._own_weights:
            yield path + numbered(weight.variable.name, used), weight.variable


def named_generators(owner: WeightOwner) -> Iterator[tuple[str, SeedGenerator]]:
    """Path and generator of every source of random numbers in layers."""
    for path, layer in named_owners(owner):
        for name, value in vars(layer).items():
            if isinstance(value, SeedGenerator):
                yield path + name.lstrip("_"), value


def numbered(name: str, used: Counter[str]) -> str:
    """The name with the number of times it was used before, if it was."""
    count = used[name]
    used[name] += 1
    return f"{name}_{count}" if count else name


def some(names: Any) -> str:
    """The first names of a list, for messages."""
    names = list(names)
    shown = ", ".join(names[:4]) or "none"
    return f"{shown}, ... ({len(names)})" if len(names) > 4 else shown

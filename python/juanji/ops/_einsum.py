"""Sums of products by index letters, as transpositions, reshapes and matrix products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from juanji import ops
from juanji.ops._convert import operands as _operands
from juanji.ops._matmul import _product
from juanji.ops._numpy_side import by_numpy

_of_integers = by_numpy("einsum", lambda *arrays, subscripts: np.einsum(subscripts, *arrays))


def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Sums of products, described by a letter for each axis (Einstein's convention).

    Letters that the result lacks are summed over; a letter repeated in one operand takes its diagonal; ``...`` stands
    for leading axes that broadcast. Several operands are joined from left to right, each pair in one matrix product.

    Args:
        subscripts: such as ``"ij,jk->ik"``; without the arrow the result has the letters that occur once, in the
            order of the alphabet.
        operands: arrays or tensors, one for each group of letters.
        kwargs: ``optimize`` is taken for Keras' sake.

    Raises:
        ValueError: when letters, ranks or sizes do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.einsum("ij,kj->ik", np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]))
        array([[11.]])
    """
    unknown = set(kwargs) - {"optimize"}
    if unknown:
        raise TypeError(f"einsum: unknown argument; expected optimize, got {', '.join(sorted(unknown))}.")
    arrays = _operands(*operands) if operands else ()
    terms, result = _parse(subscripts, tuple(len(x.shape) for x in arrays))
    sizes = _sizes(subscripts, terms, [tuple(x.shape) for x in arrays])
    if arrays[0].dtype.kind != "f":
        return _of_integers(*arrays, subscripts=subscripts)
    pairs = [_reduced(x, term, set(result).union(*_others(terms, i))) for i, (x, term) in enumerate(zip(arrays, terms))]
    x, term = pairs[0]
    for i in range(1, len(pairs)):
        kept = set(result).union(*terms[i + 1 :])
        x, term = _joined(x, term, *pairs[i], kept, sizes)
    x, term = _reduced(x, term, set(result))
    return ops.transpose(x, [term.index(letter) for letter in result])


def _others(terms: Sequence[str], i: int) -> list[set[str]]:
    return [set(term) for j, term in enumerate(terms) if j != i]


@lru_cache(maxsize=256)
def _parse(subscripts: str, ranks: tuple[int, ...]) -> tuple[tuple[str, ...], str]:
    """One letter for each axis of each operand and of the result; ``...`` becomes letters of its own."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    groups = left.split(",")
    if len(groups) != len(ranks):
        raise ValueError(
            f"einsum: not one group of letters for each operand; expected {len(groups)} operands for "
            f"subscripts={subscripts!r}, got {len(ranks)}."
        )
    longest = max((rank - len(g.replace("...", "")) for g, rank in zip(groups, ranks) if "..." in g), default=0)
    unseen = "".join(chr(0x3B1 + i) for i in range(max(longest, 0)))  # Greek letters: no subscript has them
    terms = []
    for group, rank in zip(groups, ranks):
        leading = rank - len(group.replace("...", ""))
        term = group.replace("...", unseen[len(unseen) - leading :] if leading > 0 else "", 1)
        if len(term) != rank or not all(c.isalpha() for c in term):
            raise ValueError(
                f"einsum: the letters do not fit the rank; expected one of a-z, A-Z for each axis, or ..., "
                f"got {group!r} in subscripts={subscripts!r} for an operand of rank {rank}."
            )
        terms.append(term)
    if arrow:
        result = right.replace("...", unseen, 1)
    else:
        letters = "".join(groups).replace(".", "")
        result = unseen + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    if len(set(result)) != len(result) or not set(result) <= set("".join(terms)):
        raise ValueError(
            "einsum: the result is not made of letters of the operands; expected each at most once, "
            f"got subscripts={subscripts!r}."
        )
    return tuple(terms), result


def _sizes(subscripts: str, terms: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, shapes):
        for letter, size in zip(term, shape):
            known = sizes.setdefault(letter, size)
            if known == 1:
                sizes[letter] = size
            elif size not in (1, known):
                raise ValueError(
                    f"einsum: the sizes do not fit; expected one size for each letter of subscripts={subscripts!r}, "
                    f"got {' and '.join(map(str, shapes))}."
                )
    return sizes


def _reduced(x: Any, term: str, kept: set[str]) -> tuple[Any, str]:
    """Takes diagonals of repeated letters, and sums over letters that nobody else has."""
    for letter in sorted(set(term)):
        while term.count(letter) > 1:
            x, term = _diagonal(x, term, letter)
    alone = [i for i, letter in enumerate(term) if letter not in kept]
    if alone:
        x = ops.sum(x, axis=tuple(alone))
        term = "".join(letter for letter in term if letter in kept)
    return x, term


def _diagonal(x: Any, term: str, letter: str) -> tuple[Any, str]:
    first = term.index(letter)
    second = term.index(letter, first + 1)
    size = max(x.shape[first], x.shape[second])
    rest = [i for i in range(len(term)) if i not in (first, second)]
    x = ops.transpose(x, [*rest, first, second])
    x = ops.broadcast_to(x, (*x.shape[:-2], size, size))
    x = ops.reshape(x, (*x.shape[:-2], size * size))
    x = x[..., :: size + 1]
    return x, "".join(term[i] for i in rest) + letter


def _joined(a: Any, a_term: str, b: Any, b_term: str, kept: set[str], sizes: dict[str, int]) -> tuple[Any, str]:
    """The product of two operands, summed over the letters that nobody needs afterwards."""
    shared = [letter for letter in a_term if letter in b_term]
    summed = [letter for letter in shared if letter not in kept]
    batch = [letter for letter in shared if letter in kept]
    a_free = [letter for letter in a_term if letter not in shared]
    b_free = [letter for letter in b_term if letter not in shared]
    a, b = _stretched(a, a_term, shared, sizes), _stretched(b, b_term, shared, sizes)
    term = "".join(batch + a_free + b_free)
    if not summed:
        a = _spread(a, a_term, batch, a_free, len(b_free), in_front=False)
        b = _spread(b, b_term, batch, b_free, len(a_free), in_front=True)
        return ops.multiply(a, b), term
    a, transpose_a = _matrices(a, a_term, batch, a_free, summed)
    b, transpose_b = _matrices(b, b_term, batch, b_free, summed)
    c = _product(a, b, transpose_a, not transpose_b)
    return ops.reshape(c, [sizes[letter] for letter in term]), term


def _stretched(x: Any, term: str, shared: Sequence[str], sizes: dict[str, int]) -> Any:
    wanted = tuple(sizes[letter] if letter in shared else n for letter, n in zip(term, x.shape))
    return x if tuple(x.shape) == wanted else ops.broadcast_to(x, wanted)


def _spread(x: Any, term: str, batch: list[str], free: list[str], others: int, in_front: bool) -> Any:
    x = ops.transpose(x, [term.index(letter) for letter in batch + free])
    place = len(batch) + (0 if in_front else len(free))
    return ops.expand_dims(x, [place + i for i in range(others)]) if others else x


def _matrices(x: Any, term: str, batch: list[str], free: list[str], summed: list[str]) -> tuple[Any, bool]:
    """The operand as (batch, free, summed), or as (batch, summed, free) where it lies in memory like that."""
    exchanged = bool(free) and term.index(summed[0]) < term.index(free[0])
    order = batch + (summed + free if exchanged else free + summed)
    x = ops.transpose(x, [term.index(letter) for letter in order])
    own = dict(zip(order, x.shape))
    count = [math.prod(own[letter] for letter in group) for group in (batch, free, summed)]
    rows, columns = (count[2], count[1]) if exchanged else (count[1], count[2])
    return ops.reshape(x, (count[0], rows, columns) if batch else (rows, columns)), exchanged

"""Philox4x32-10 (Salmon et al., SC 2011) in Python integers, and the mapping of its words to array elements."""

from __future__ import annotations

import math
from statistics import NormalDist

MASK = 0xFFFFFFFF


def philox(counter, key):
    c, (k0, k1) = list(counter), key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & MASK, (p0 >> 32) ^ c[3] ^ k1, p0 & MASK]
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c


def block(seed, stream, number):
    seed, stream = seed % 2**64, stream % 2**64
    halves = [number & MASK, number >> 32, stream & MASK, stream >> 32]
    return philox(halves, (seed & MASK, seed >> 32))


def word_32(seed, stream, element):
    """Element e: chunk e // 64, in which the blocks' first words come first."""
    chunk, at = divmod(element, 64)
    return block(seed, stream, 16 * chunk + at % 16)[at // 16]


def word_64(seed, stream, element):
    chunk, at = divmod(element, 32)
    words = block(seed, stream, 16 * chunk + at % 16)
    return words[2 * (at // 16)] << 32 | words[2 * (at // 16) + 1]


def unit(dtype, seed, stream, element):
    if dtype == "float32":
        return (word_32(seed, stream, element) >> 8) / 2**24
    return (word_64(seed, stream, element) >> 11) / 2**53


def normal(dtype, seed, stream, element, low=0.0):
    """`low` is the probability below which the lower half is cut off."""
    if dtype == "float32":
        word = word_32(seed, stream, element)
        half, negative = ((word & 0x7FFFFFFF) + 0.5) / 2**32, word >> 31 == 0
    else:
        word = word_64(seed, stream, element)
        half, negative = (((word & (2**63 - 1)) >> 11) + 0.5) / 2**53, word >> 63 == 0
    z = -NormalDist().inv_cdf(low + (1 - 2 * low) * half)
    return -z if negative else z


def distribution(z):
    return 0.5 * math.erfc(-z / math.sqrt(2))

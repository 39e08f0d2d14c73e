"""Random numbers for drawn pictures, the same bits everywhere.

Each block of pictures has its own stream, the raw output of the counter-based generator Philox4x64-10 (Salmon
et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) under a key made of the seed, the split and
the block's number. Only raw bits are used, since NumPy may change how its distributions are drawn.
"""

import numpy as np

from ._shape_outlines import Floats, Integers
from ._types import Bytes

TEST_SPLIT = 1 << 63


class Randoms:
    """The stream of one block.

    Args:
        seed: 0 to 2⁶⁴-1.
        block: number of the block in its split, plus `TEST_SPLIT` for the test split.
    """

    def __init__(self, seed: int, block: int) -> None:
        self._bits = np.random.Philox(key=np.array([seed, block], np.uint64))

    def uniform(self, low: float, high: float, *shape: int) -> Floats:
        """Numbers in low..high in steps of 2⁻²⁴ of the range, as float32."""
        count = int(np.prod(shape))
        steps = (self._bits.random_raw(count) >> np.uint64(40)).astype(np.float32).reshape(shape)
        numbers: Floats = np.float32(low) + steps * np.float32((high - low) / (1 << 24))
        return numbers

    def below(self, limit: int, *shape: int) -> Integers:
        """Whole numbers in 0..limit-1, for small limits."""
        count = int(np.prod(shape))
        high = self._bits.random_raw(count) >> np.uint64(32)
        numbers: Integers = ((high * np.uint64(limit)) >> np.uint64(32)).astype(np.int64).reshape(shape)
        return numbers

    def bytes(self, *shape: int) -> Bytes:
        """Bytes; the order in each raw word is little-endian on every machine."""
        count = int(np.prod(shape))
        words = self._bits.random_raw(-(-count // 8)).astype("<u8")
        return words.view(np.uint8)[:count].reshape(shape)

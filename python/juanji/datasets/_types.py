"""The types that every data set returns."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Bytes: TypeAlias = npt.NDArray[np.uint8]
Split: TypeAlias = tuple[Bytes, Bytes]
"""Images (n, 32, 32, 3) and labels (n, 1)."""
Dataset: TypeAlias = tuple[Split, Split]
"""The training split and the test split."""

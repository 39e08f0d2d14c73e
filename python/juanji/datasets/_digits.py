"""Checks of pictures of 28×28 gray pixels with ten classes."""

from typing import Any

import numpy as np

from ._types import Bytes

SIDE = 28
CLASSES = 10


def checked(owner: str, where: str, part: str, images: Any, labels: Any) -> tuple[Bytes, Bytes]:
    """Images (n, 28, 28) and labels (n,) in 0..9, both uint8.

    Args:
        owner: data set, for messages.
        where: file that they come from.
        part: 'train' or 'test'.
        images, labels: what the file holds.

    Raises:
        ValueError: they are something else.
    """
    fits = images.dtype == labels.dtype == np.uint8 and images.shape == (len(labels), SIDE, SIDE)
    if not fits or labels.ndim != 1 or not len(labels):
        raise ValueError(
            f"{owner}: {where} holds the wrong arrays; expected uint8 (n, {SIDE}, {SIDE}) and uint8 (n,) for {part}, "
            f"got {images.dtype} {images.shape} and {labels.dtype} {labels.shape}. Replace it by a good copy."
        )
    if labels.max() >= CLASSES:
        raise ValueError(
            f"{owner}: a label is out of range in {where}; expected 0..{CLASSES - 1}, got label={labels.max()}. The "
            "file is damaged: replace it by a good copy."
        )
    return images, labels

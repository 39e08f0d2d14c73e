"""Which logits lie behind a probability.

A cross-entropy computed from probabilities is useless once they saturate: a softmax that has rounded to 0 has no
logarithm. A Tensor that comes out of ``ops.softmax`` (last axis) or ``ops.sigmoid`` therefore remembers its logits,
and the losses compute from those, as Keras does.
"""

from __future__ import annotations

import warnings
from typing import Any

from juanji.autograd import Tensor, recording_tapes


def remember_logits(y: Any, activation: str, x: Any) -> Any:
    """Notes on ``y``, when it is a Tensor, that it is ``activation(x)``; returns ``y``."""
    if isinstance(y, Tensor) and isinstance(x, Tensor):
        y._logits = (activation, x)
    return y


def find_logits(loss: str, output: Any, activation: str, from_logits: bool) -> tuple[Any, bool]:
    """What a loss should compute from, and whether that is logits.

    The remembered logits are used unless a tape follows the output but not them (an output that is watched itself).
    """
    if not isinstance(output, Tensor) or output._logits is None or output._logits[0] != activation:
        return output, from_logits
    if from_logits:
        warnings.warn(
            f"{loss}: from_logits=True, but the output comes from a {activation}; "
            "its logits are used. Remove one of the two.",
            stacklevel=3,
        )
    logits = output._logits[1]
    if recording_tapes((output,)) != recording_tapes((logits,)):
        return output, False
    return logits, True

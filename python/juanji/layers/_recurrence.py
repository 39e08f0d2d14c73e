"""The loop over the steps of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.layers._recurrent_cell import Step
from juanji.symbolic.structure import flatten, map_structure, pack


def run_steps(
    sequences: Any,
    states: Any,
    advance: Step,
    mask: Any = None,
    go_backwards: bool = False,
    zero_output_for_mask: bool = False,
    return_sequences: bool = False,
) -> tuple[Any, Any]:
    """Goes through the steps of sequences, handing states from each to the next.

    Args:
        sequences: (N, T, ...), T from 1.
        states: those before the first step, nested.
        advance: called with what belongs to a step (N, ...) and the states; gives its output and the next states.
        mask: (N, T), where a step counts; a step that does not leaves states and output as they are.
        go_backwards: begin with the last step; outputs come in this order.
        zero_output_for_mask: give zeros at steps that do not count.
        return_sequences: give the outputs of all steps.

    Returns:
        The outputs (N, T, ...) of all steps or (N, ...) of the last one, and the states behind it.
    """
    steps = _steps(sequences)
    kept = [None] * len(steps) if mask is None else _steps(ops.cast(mask, bool))
    if go_backwards:
        steps, kept = steps[::-1], kept[::-1]
    outputs: list[Any] = []
    output = None
    for x, counts in zip(steps, kept):
        new, after = advance(x, states)
        if counts is not None:
            zero = np.zeros((), new.dtype)
            before = zero if zero_output_for_mask or output is None else output
            new = _where(counts, new, before)
            after = pack(states, [_where(counts, a, b) for a, b in zip(flatten(after), flatten(states))])
        output, states = new, after
        if return_sequences:
            outputs.append(output)
    return (ops.stack(outputs, axis=1) if return_sequences else output), states


def _steps(sequences: Any) -> list[Any]:
    """What belongs to each step, (N, ...)."""
    shape = sequences.shape
    parts = ops.split(sequences, shape[1], axis=1) if shape[1] > 1 else [sequences]
    return [ops.reshape(part, (shape[0], *shape[2:])) for part in parts]


def _where(counts: Any, new: Any, old: Any) -> Any:
    return ops.where(ops.reshape(counts, (counts.shape[0], *(1,) * (new.ndim - 1))), new, old)


def as_list(states: Any) -> list[Any]:
    """States in a list, as cells receive them."""
    return list(states) if isinstance(states, (list, tuple)) else [states]


def converted(states: Any, dtype: str) -> Any:
    """States in the float type of a cell."""
    return map_structure(lambda x: ops.cast(x, dtype), states)

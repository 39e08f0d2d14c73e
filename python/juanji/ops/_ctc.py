"""Connectionist temporal classification: labels of a sequence without their places, as in reading lines of text."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Tensor
from juanji.ops._convert import as_array, as_float

# in the place of -inf, whose gradients would be NaN; sums of many stay finite
IMPOSSIBLE = -1e30


def ctc_loss(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0) -> Any:
    """``-log p(target | output)``, p summed over every way to spread the labels over the steps.

    Between labels stand any number of blanks, and every label may last for several steps (Graves et al., 2006). The
    forward recursion runs over the labels with a blank around each.

    Args:
        target: class numbers, shape (N, labels).
        output: logits, shape (N, steps, C).
        target_length: how many labels of each sample count, shape (N,).
        output_length: how many steps of each sample count, shape (N,).
        mask_index: the class that is the blank.

    Returns:
        One value per sample, shape (N,); infinite where the labels need more steps than there are.

    Raises:
        ValueError: for other ranks.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> logits = np.zeros((1, 2, 2))  # of 4 ways, 1 blank, blank 1 and 1 1 say 1: log(4/3)
        >>> ops.ctc_loss([[1]], logits, [1], [2]).round(4)
        array([0.2877])
    """
    output, labels = as_float(output), as_array(target)
    _check("ctc_loss", output, mask_index)
    if labels.ndim != 2:
        raise ValueError(f"ctc_loss: wrong rank; expected target.shape=(N, labels), got target.shape={labels.shape}.")
    steps, classes = output.shape[1:]
    states, jumps, ends = _states(ops.cast(labels, "int64"), target_length, mask_index % classes, output.dtype)
    is_class = ops.equal(ops.expand_dims(states, 1), np.arange(classes).reshape(1, -1, 1))
    # chances of the class of each state at every step: (N, steps, states)
    emitted = ops.matmul(ops.log_softmax(output), ops.cast(is_class, output.dtype))
    first = np.where(np.arange(states.shape[1]) < 2, 0.0, IMPOSSIBLE).astype(output.dtype)
    reached = ops.add(emitted[:, 0], first)
    lengths = None if _all_at_least(output_length, steps) else ops.expand_dims(as_array(output_length), 1)
    for step in range(1, steps):
        one, two = _shifted(reached, 1), ops.add(_shifted(reached, 2), jumps)
        further = ops.add(_log_add(reached, one, two), emitted[:, step])
        reached = further if lengths is None else ops.where(ops.greater(lengths, step), further, reached)
    total = ops.logsumexp(ops.add(reached, ends), axis=1)
    return ops.where(ops.less(total, IMPOSSIBLE / 2), ops.full_like(total, np.inf), ops.negative(total))


def _check(name: str, output: Any, mask_index: int) -> None:
    if output.ndim != 3 or not output.shape[1]:
        raise ValueError(f"{name}: wrong shape; expected logits of shape (N, steps, classes), got {output.shape}.")
    classes = output.shape[2]
    if not -classes <= mask_index < classes:
        raise ValueError(f"{name}: no such class; expected a number below {classes}, got mask_index={mask_index}.")


def _all_at_least(lengths: Any, steps: int) -> bool:
    return not isinstance(lengths, Tensor) and bool((np.asarray(lengths) >= steps).all())


def _states(labels: Any, lengths: Any, blank: int, dtype: Any) -> tuple[Any, Any, Any]:
    """The labels with blanks around each, (N, S); 0 where a state may be entered past the blank before it, and 0 at
    the two states in which a sample may end; IMPOSSIBLE elsewhere."""
    count, length = labels.shape
    blanks = ops.full_like(labels, blank)
    states = ops.reshape(ops.stack([blanks, labels], axis=2), (count, 2 * length))
    states = ops.concatenate([states, ops.full((count, 1), blank, labels.dtype)], axis=1)
    size = 2 * length + 1
    changes = ops.not_equal(states[:, 2:], states[:, : max(size - 2, 0)])
    changes = ops.logical_and(changes, ops.not_equal(states[:, 2:], blank))
    jumps = ops.pad(ops.cast(changes, dtype), ((0, 0), (min(2, size), 0)))
    last = ops.expand_dims(ops.multiply(ops.cast(lengths, dtype), 2.0), 1)
    place = np.arange(size, dtype=dtype)
    ends = ops.logical_or(ops.equal(place, last), ops.equal(place, ops.subtract(last, 1.0)))
    return states, *(ops.multiply(ops.subtract(1.0, ops.cast(x, dtype)), IMPOSSIBLE) for x in (jumps, ends))


def _shifted(x: Any, by: int) -> Any:
    by = min(by, x.shape[1])
    return ops.pad(x[:, : x.shape[1] - by], ((0, 0), (by, 0)), constant_values=IMPOSSIBLE)


def _log_add(a: Any, b: Any, c: Any) -> Any:
    top = ops.stop_gradient(ops.maximum(ops.maximum(a, b), c))
    total = ops.add(ops.exp(ops.subtract(a, top)), ops.exp(ops.subtract(b, top)))
    return ops.add(ops.log(ops.add(total, ops.exp(ops.subtract(c, top)))), top)


def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int | None = 0,
) -> tuple[Any, Any]:
    """The labels that logits of a model trained with :func:`ctc_loss` speak of.

    Args:
        inputs: logits, shape (N, steps, C).
        sequence_lengths: how many steps of each sample count, shape (N,).
        strategy: 'greedy' (the best class of every step) or 'beam_search' (the best labels, over all ways to say them).
        beam_width: how many beginnings of labels are kept from step to step.
        top_paths: how many of the best labels are given.
        merge_repeated: whether a class that lasts is one label; the beam search always takes it so.
        mask_index: the class that is the blank; the last one for None.

    Returns:
        Labels, filled up with -1: (1, N, steps), or (top_paths, N, steps); and scores: minus the sum of the chosen
        logits, (N, 1), or logarithms of probabilities, (N, top_paths).

    Raises:
        ValueError: for another strategy, and for more paths than the beam is wide.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> logits = 9.0 * np.eye(3)[[[1, 1, 0, 1, 2]]]
        >>> labels, scores = ops.ctc_decode(logits, [5])
        >>> labels
        array([[[ 1,  1,  2, -1, -1]]], dtype=int32)
    """
    logits = np.asarray(as_float(inputs))
    blank = -1 if mask_index is None else mask_index
    _check("ctc_decode", logits, blank)
    blank %= logits.shape[2]
    if strategy not in ("greedy", "beam_search"):
        raise ValueError(
            f"ctc_decode: unknown strategy; expected 'greedy' or 'beam_search', got strategy={strategy!r}."
        )
    if strategy == "beam_search" and not 1 <= top_paths <= beam_width:
        raise ValueError(
            f"ctc_decode: wrong number of paths; expected 1 to beam_width={beam_width}, got top_paths={top_paths}."
        )
    paths = 1 if strategy == "greedy" else top_paths
    labels = np.full((paths, *logits.shape[:2]), -1, np.int32)
    scores = np.zeros((len(logits), paths), logits.dtype)
    for n, (rows, length) in enumerate(zip(logits, np.asarray(sequence_lengths).tolist())):
        found = (
            [_greedy(rows[:length], blank, merge_repeated)]
            if strategy == "greedy"
            else _best_labels(rows[:length], blank, beam_width)[:paths]
        )
        for path, (classes, score) in enumerate(found):
            labels[path, n, : len(classes)] = classes
            scores[n, path] = score
    return labels, scores


def _greedy(rows: np.ndarray[Any, Any], blank: int, merge: bool) -> tuple[list[int], float]:
    best = rows.argmax(axis=-1).tolist()
    said = [k for k, before in zip(best, [None, *best]) if k != blank and not (merge and k == before)]
    return said, -float(rows.max(axis=-1).sum())


def _best_labels(rows: np.ndarray[Any, Any], blank: int, width: int) -> list[tuple[tuple[int, ...], float]]:
    """Labels and logarithms of their probabilities, best first (prefix search of Graves and Jaitly, 2014)."""
    top = rows.max(axis=-1, keepdims=True)
    logs = rows - top - np.log(np.exp(rows - top).sum(axis=-1, keepdims=True))
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -np.inf)}  # ends in a blank, ends in a label
    for chances in logs.tolist():
        following: dict[tuple[int, ...], tuple[float, float]] = {}

        def add(prefix: tuple[int, ...], blank_end: float, label_end: float, into: Any = following) -> None:
            old = into.get(prefix, (-np.inf, -np.inf))
            into[prefix] = (float(np.logaddexp(old[0], blank_end)), float(np.logaddexp(old[1], label_end)))

        for prefix, (b, n) in beams.items():
            both = float(np.logaddexp(b, n))
            for k, chance in enumerate(chances):
                if k == blank:
                    add(prefix, both + chance, -np.inf)
                elif prefix and prefix[-1] == k:  # the label lasts, or comes again behind a blank
                    add(prefix, -np.inf, n + chance)
                    add((*prefix, k), -np.inf, b + chance)
                else:
                    add((*prefix, k), -np.inf, both + chance)
        ordered = sorted(following.items(), key=lambda item: -np.logaddexp(*item[1]))
        beams = dict(ordered[:width])
    return [(prefix, float(np.logaddexp(*ends))) for prefix, ends in beams.items()]

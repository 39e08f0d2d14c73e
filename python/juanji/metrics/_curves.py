"""Areas under curves whose points belong to decreasing counts at increasing thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji.metrics._outcomes import quotient

Array = np.ndarray[Any, Any]

CURVES = ("ROC", "PR", "PRGAIN")
METHODS = ("interpolation", "minoring", "majoring")


def area(counts: tuple[Array, Array, Array, Array], curve: str, method: str) -> Any:
    """The area under a curve, for each column.

    Args:
        counts: true positives, false positives, true negatives and false negatives; thresholds along the first axis.
        curve: 'ROC', 'PR' or 'PRGAIN'.
        method: 'interpolation', 'minoring' or 'majoring'.
    """
    if curve == "PR" and method == "interpolation":
        return _interpolated(*counts)
    x, y = _points(*counts, curve)
    ahead, behind = y[:-1], y[1:]
    heights = {
        "interpolation": (ahead + behind) / 2,
        "minoring": np.minimum(ahead, behind),
        "majoring": np.maximum(ahead, behind),
    }[method]
    return ((x[:-1] - x[1:]) * heights).sum(axis=0)


def _points(tp: Array, fp: Array, tn: Array, fn: Array, curve: str) -> tuple[Array, Array]:
    recall = quotient(tp, tp + fn)
    if curve == "ROC":
        return quotient(fp, fp + tn), recall
    if curve == "PR":
        return recall, quotient(tp, tp + fp)
    odds = quotient(tp + fn, tn + fp)
    recall_gain = np.where(tp == 0, 0.0, 1 - odds * quotient(fn, tp))
    return np.maximum(recall_gain, 0.0), np.where(tp == 0, 1.0, 1 - odds * quotient(fp, tp))


def _interpolated(tp: Array, fp: Array, tn: Array, fn: Array) -> Any:
    """Area under precision over recall where true positives grow evenly with the positives between thresholds.

    With p = tp + fp and slope = Δtp / Δp, precision (tp + slope (q - p)) / q is integrated over q from p to
    p + Δp, times slope: ``slope (Δtp + (tp - slope p) log((p + Δp) / p))``, and divided by the positive labels.
    """
    p = tp + fp
    rise, run = tp[:-1] - tp[1:], p[:-1] - p[1:]
    slope = quotient(rise, np.maximum(run, 0))
    start = tp[1:] - slope * p[1:]
    both = (p[:-1] > 0) & (p[1:] > 0)
    ratio = np.where(both, quotient(p[:-1], p[1:]), 1.0)
    return quotient(slope * (rise + start * np.log(ratio)), tp[1:] + fn[1:]).sum(axis=0)

"""A progress bar for loops of one's own."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from juanji.utils.messages import on_terminal, tell


class Progbar:
    """Shows how far a loop is and the averages of values.

    Args:
        target: steps expected; None where that is not known.
        width: of the bar, in characters.
        verbose: 0 for silence, 1 for a bar, 2 for one line at the end.
        interval: seconds between two drawings at least.
        stateful_metrics: names of values that are shown as they are; all others are averaged.
        stateless_metrics: names of values that are averaged, all others are shown as they are; not with the former.
        unit_name: what a step is called.

    Raises:
        ValueError: when both lists are given.

    Example:
        >>> bar = Progbar(2, verbose=2)
        >>> for _ in range(2):
        ...     bar.add(1, [("loss", 0.5)])
        2/2 - ... - loss: 0.5000
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("Progbar: too much; expected stateful_metrics or stateless_metrics, got both.")
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self._averaged = None if stateless_metrics is None else set(stateless_metrics)
        self._as_they_are = set(stateful_metrics or ())
        self._values: dict[str, tuple[float, int]] = {}  # sum and number of steps
        self._seen = 0
        self._start = time.time()
        self._drawn = 0.0
        self._length = 0

    def update(
        self, current: int, values: Sequence[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Sets how many steps are done.

        Args:
            current: that number.
            values: names and values of the last step.
            finalize: whether this is the last; found from ``target`` by default.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self._take(name, float(np.mean(np.asarray(value))), max(current - self._seen, 1), finalize)
        self._seen = current
        now = time.time()
        if self.verbose == 1 and (finalize or now - self._drawn >= self.interval):
            self._draw(current, now, finalize)
            self._drawn = now
        elif self.verbose == 2 and finalize:
            tell(f"{current}/{self.target or 'Unknown'} - {self._told(current, now)}")

    def add(self, n: int, values: Sequence[tuple[str, Any]] | None = None) -> None:
        """Counts ``n`` more steps."""
        self.update(self._seen + n, values)

    def _take(self, name: str, value: float, steps: int, last: bool) -> None:
        averaged = name not in self._as_they_are if self._averaged is None else name in self._averaged
        if not averaged or (last and steps == 1 and self._seen >= (self.target or math.inf)):
            self._values[name] = (value, 1)
            return
        total, count = self._values.get(name, (0.0, 0))
        self._values[name] = (total + value * steps, count + steps)

    def _told(self, current: int, now: float) -> str:
        seconds = now - self._start
        parts = [f"{seconds:.0f}s {_duration(seconds / max(current, 1))}/{self.unit_name}"]
        for name, (total, count) in self._values.items():
            mean = total / max(count, 1)
            parts.append(f"{name}: {mean:.4f}" if abs(mean) > 1e-3 else f"{name}: {mean:.4e}")
        return " - ".join(parts)

    def _draw(self, current: int, now: float, last: bool) -> None:
        if self.target:
            done = int(self.width * min(current / self.target, 1.0))
            bar = f"{current:{len(str(self.target))}d}/{self.target} {'━' * done}{'─' * (self.width - done)}"
        else:
            bar = f"{current:7d}/Unknown"
        text = f"{bar} {self._told(current, now)}"
        padding = " " * (self._length - len(text))
        self._length = len(text)
        if on_terminal():
            tell("\r" + text + padding, end="\n" if last else "")
        else:
            tell(text)


def _duration(seconds: float) -> str:
    for factor, unit in ((1.0, "s"), (1e3, "ms")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.0f}{unit}"
    return f"{seconds * 1e6:.0f}us"

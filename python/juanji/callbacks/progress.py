"""What fit, evaluate and predict show while they run.

On a terminal a bar with the metrics so far, images per second and the time left, which ends as one line per epoch.
Elsewhere (files, pipes, notebooks) only that line, so that a log stays readable.
"""

from __future__ import annotations

import time
from typing import Any

from juanji.callbacks.base import Callback, Logs
from juanji.config import is_interactive_logging_enabled
from juanji.utils.messages import on_terminal, tell

_REFRESH_SECONDS = 0.1


class ProgbarLogger(Callback):
    """Shows the progress; ``fit`` adds it unless ``verbose=0``.

    Args:
        live: draw a bar when standard output is a terminal; lines only otherwise.
    """

    def __init__(self, live: bool = True) -> None:
        super().__init__()
        self._live = live
        self._training = False
        self._title = ""
        self._start = 0.0
        self._train_seconds = 0.0
        self._bar: Any = None
        self._next_refresh = 0.0
        self._steps = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._training = True

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        total = self.params["epochs"]
        self._title = f"Epoch {epoch + 1:{len(str(total))}}/{total}"
        self._begin(self._title)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._advance(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._finish(f"{self._title} - {_duration(self._seconds())}{self._rate(self._train_seconds)}", logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if self._training:
            self._train_seconds = self._seconds()
            if self._bar is not None:
                self._bar.set_description(f"{self._title} (validating)")
        else:
            self._begin("Evaluate")

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self._training:
            self._advance(batch, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self._training:
            self._finish_pass("Evaluate", logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._begin("Predict")

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._advance(batch, None)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._finish_pass("Predict", None)

    def close(self) -> None:
        """Removes a bar that is still drawn; also when the work was interrupted."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _begin(self, title: str) -> None:
        self._start = time.perf_counter()
        self._train_seconds = 0.0
        self._next_refresh = 0.0
        if self._live and on_terminal() and is_interactive_logging_enabled():
            from juanji.callbacks.bar import make_bar

            images = self._counts_images()
            self._bar = make_bar(
                title, self.params.get("samples" if images else "steps"), "images" if images else "steps"
            )

    def _counts_images(self) -> bool:
        """Whether the number of images is known; batches are counted otherwise."""
        return self.params.get("samples") is not None and self.params.get("batch_size") is not None

    def _rate(self, seconds: float = 0.0) -> str:
        seconds = max(seconds or self._seconds(), 1e-9)
        if self._counts_images():
            return f" - {self.params['samples'] / seconds:,.0f} images/s"
        return f" - {self._steps / seconds:,.1f} steps/s"

    def _advance(self, batch: int, logs: Logs | None) -> None:
        self._steps = batch + 1
        if self._bar is None:
            return
        self._bar.n = batch + 1
        if self._counts_images():
            self._bar.n = min((batch + 1) * self.params["batch_size"], self.params["samples"])
        now = time.perf_counter()
        if now >= self._next_refresh:
            self._next_refresh = now + _REFRESH_SECONDS
            self._bar.set_postfix_str(_values(logs), refresh=True)

    def _finish_pass(self, title: str, logs: Logs | None) -> None:
        self._finish(f"{title} - {_duration(self._seconds())}{self._rate()}", logs)

    def _finish(self, text: str, logs: Logs | None) -> None:
        self.close()
        tell(" - ".join(filter(None, [text, _values(logs)])))

    def _seconds(self) -> float:
        return time.perf_counter() - self._start


def _values(logs: Logs | None) -> str:
    return " - ".join(f"{name}: {_number(value)}" for name, value in (logs or {}).items())


def _number(value: Any) -> str:
    """Four decimals, or four digits for numbers too small for that."""
    if not isinstance(value, (int, float)):
        return str(value)
    return f"{value:.4f}" if value == 0 or abs(value) >= 1e-3 else f"{value:.3e}"


def _duration(seconds: float) -> str:
    """'0.42s', '11.6s', '3m 05s' or '1h 02m'."""
    if seconds < 60:
        return f"{seconds:.2f}s" if seconds < 10 else f"{seconds:.1f}s"
    minutes = round(seconds / 60) if seconds >= 3600 else int(seconds // 60)
    return f"{minutes // 60}h {minutes % 60:02d}m" if seconds >= 3600 else f"{minutes}m {int(seconds % 60):02d}s"

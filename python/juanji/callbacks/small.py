"""Callbacks of a few lines each."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from juanji.callbacks.base import Callback, Logs


class LambdaCallback(Callback):
    """Calls functions that are given by name.

    Args:
        on_epoch_begin, on_epoch_end: functions ``(epoch, logs)``.
        on_train_begin, on_train_end: functions ``(logs)``.
        on_train_batch_begin, on_train_batch_end: functions ``(batch, logs)``.
        kwargs: any other method of :class:`Callback`.

    Raises:
        TypeError: for a name that is not a method of :class:`Callback`.

    Example:
        >>> from juanji.callbacks import LambdaCallback
        >>> show = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    """

    def __init__(
        self,
        on_epoch_begin: Callable[[int, Any], Any] | None = None,
        on_epoch_end: Callable[[int, Any], Any] | None = None,
        on_train_begin: Callable[[Any], Any] | None = None,
        on_train_end: Callable[[Any], Any] | None = None,
        on_train_batch_begin: Callable[[int, Any], Any] | None = None,
        on_train_batch_end: Callable[[int, Any], Any] | None = None,
        **kwargs: Callable[..., Any],
    ) -> None:
        super().__init__()
        given: dict[str, Callable[..., Any] | None] = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in given.items():
            if not (name.startswith("on_") and hasattr(Callback, name)):
                raise TypeError(
                    f"LambdaCallback: unknown argument; expected the name of a Callback method, got {name!r}."
                )
            if function is not None:
                setattr(self, name, function)


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of each epoch.

    Args:
        schedule: function ``(epoch, learning_rate)`` that returns the rate to use.
        verbose: 1 to print a line for each epoch.

    Raises:
        ValueError: when the function returns something that is no number.

    Example:
        >>> from juanji.callbacks import LearningRateScheduler
        >>> halve = LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    """

    def __init__(self, schedule: Callable[[int, float], float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        optimizer = self.model.optimizer
        try:
            rate = float(self.schedule(epoch, float(optimizer.learning_rate)))
        except (TypeError, ValueError) as error:
            raise ValueError(
                "LearningRateScheduler: the schedule failed; expected a function (epoch, learning_rate) that returns "
                f"a number, got: {error}."
            ) from error
        optimizer.learning_rate = rate
        if self.verbose > 0:
            print(f"Epoch {epoch + 1}: learning rate {rate:g}", flush=True)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


class TerminateOnNaN(Callback):
    """Ends training when the loss is no longer a finite number.

    Args:
        raise_error: whether to raise RuntimeError at once, in the place of ending the training in order.

    Example:
        >>> from juanji.callbacks import TerminateOnNaN
        >>> guard = TerminateOnNaN()
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            if self.raise_error:
                raise RuntimeError(
                    f"TerminateOnNaN: the loss is no number; expected a finite one, got loss={loss} in batch {batch}. "
                    "Lower the learning rate, or clip gradients."
                )
            print(f"Batch {batch}: invalid loss, training ends", flush=True)
            self.model.stop_training = True

"""Callbacks, under keras.callbacks names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji.callbacks.backup import BackupAndRestore
from juanji.callbacks.base import Callback
from juanji.callbacks.callback_list import CallbackList
from juanji.callbacks.csv_logger import CSVLogger
from juanji.callbacks.early_stopping import EarlyStopping
from juanji.callbacks.history import History
from juanji.callbacks.model_checkpoint import ModelCheckpoint
from juanji.callbacks.progress import ProgbarLogger
from juanji.callbacks.reduce_lr import ReduceLROnPlateau
from juanji.callbacks.remote_monitor import RemoteMonitor
from juanji.callbacks.small import LambdaCallback, LearningRateScheduler, TerminateOnNaN
from juanji.callbacks.swap_ema import SwapEMAWeights
from juanji.callbacks.tensorboard import TensorBoard

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]


def make_callbacks(
    model: Any,
    verbose: int | str,
    params: dict[str, Any],
    callbacks: Callback | Sequence[Callback] | None,
    history: History | None = None,
) -> CallbackList:
    """The callbacks of one fit, evaluate or predict: the user's, the progress display, then the record.

    The last two come behind the user's because those may add to the logs, for example the learning rate.

    Args:
        model: passed to each.
        verbose: 0, 1, 2 or 'auto'.
        params: what is known about the work; 'verbose' is added.
        callbacks: the user's, a list or a single one.
        history: the record of a fit.

    Raises:
        ValueError: for another ``verbose``.
        TypeError: for something that is no callback.
    """
    if verbose not in (0, 1, 2, "auto") or isinstance(verbose, float):
        raise ValueError(
            f"verbose is out of range; expected 'auto', 0, 1 or 2, got verbose={verbose!r}. 0 is silent, 1 draws a bar."
        )
    given = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or ())
    for callback in given:
        if not isinstance(callback, Callback):
            raise TypeError(
                f"callbacks: not a callback; expected objects of juanji.callbacks.Callback, got {callback!r}. "
                "Create it first, for example EarlyStopping(patience=3)."
            )
    display = ProgbarLogger(live=verbose != 2) if verbose else None
    everything = [*given, *([display] if display else []), *([history] if history else [])]
    level = {"auto": 1, False: 0, True: 1}.get(verbose, verbose)
    return CallbackList(everything, model=model, **{**params, "verbose": level})


def __dir__() -> list[str]:
    return __all__

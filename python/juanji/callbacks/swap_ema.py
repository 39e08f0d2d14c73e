"""Evaluating with averaged weights."""

from __future__ import annotations

from typing import Any

from juanji.callbacks.base import Callback, Logs


class SwapEMAWeights(Callback):
    """Puts the optimizer's moving averages into the model for evaluation, and the weights back after it.

    The optimizer needs ``use_ema=True``.

    Args:
        swap_on_epoch: put the averages in at the end of each epoch already, so that other callbacks, such as
            ModelCheckpoint, see them, and the weights back when the next one begins.

    Raises:
        ValueError: when the optimizer keeps no averages.

    Example:
        >>> from juanji.callbacks import SwapEMAWeights
        >>> averaged = SwapEMAWeights()
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._averages_in_model = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._set(False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._set(True)
            if epoch == self.params["epochs"] - 1:
                for optimizer in self._optimizers():
                    optimizer.keep_values_as_averages()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._set(True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._set(False)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._set(True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._set(False)

    def _set(self, averages: bool) -> None:
        if averages != self._averages_in_model:
            for optimizer in self._optimizers():
                optimizer.swap_averages()
            self._averages_in_model = averages

    def _optimizers(self) -> list[Any]:
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        averaging = [one for one in getattr(optimizer, "optimizers", [optimizer]) if getattr(one, "use_ema", False)]
        if not averaging or not all(one.built for one in averaging):
            raise ValueError(
                "SwapEMAWeights: there are no averages; expected an optimizer with use_ema=True that has been built, "
                f"got {type(optimizer).__name__}. Pass use_ema=True to the optimizer."
            )
        return averaging
